"""Loss curves of a run, as coordinates that ``macros.html`` draws as SVG."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BUCKET = 4.0  # pixels that share one point of the curve

_NOT_SCALARS = {"event", "stage", "step", "seconds"}
_GAME = ("discriminator", "generator")

# For each stage, the share of its steps that were done, and the value.
Series = Mapping[int, Sequence[tuple[float, float]]]


@dataclass(frozen=True)
class Chart:
    """One or more scalars over the whole run.

    Attributes:
        names: of the scalars, in the order of their colours.
        columns: for each stage its name, or number if that is too long, and the left edge and
            width of its column in pixels.
        ticks: values on the vertical axis with their distances from the top in pixels.
        curves: SVG paths of one scalar in one stage, with its number in ``names``.
    """

    title: str
    names: Sequence[str]
    columns: Sequence[tuple[str, float, float]]
    ticks: Sequence[tuple[float, float]]
    curves: Sequence[tuple[int, str]]
    # The size of any chart and the edges of its plot, in pixels from the top left.
    width, height = 960, 210
    left, right, top, bottom = 58, 952, 8, 182


@dataclass(frozen=True)
class Axis:
    """Vertical axis from ``low`` to ``high``, linear or logarithmic."""

    low: float
    high: float
    log: bool

    @classmethod
    def around(cls, values: Sequence[float]) -> "Axis":
        """An axis that shows ``values`` except for rare spikes."""
        ordered = sorted(values)
        rank = (len(ordered) - 1) * 0.01
        low, high = ordered[math.floor(rank)], ordered[math.ceil(len(ordered) - 1 - rank)]
        if low > 0 and high / low > 20:
            return cls(low / 1.1, high * 1.1, True)
        room = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
        return cls(low - room, high + room, False)

    def y(self, value: float) -> float:
        """The distance of ``value``, clamped to the axis, from the top in pixels."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return Chart.bottom - (at - low) / (high - low) * (Chart.bottom - Chart.top)

    def ticks(self) -> list[float]:
        """Three to seven round numbers on the axis."""
        if self.log:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            digits = (1,) if self.high / self.low > 1000 else (1, 2, 5)
            found = [d * 10.0**e for e in decades for d in digits]
            found = [tick for tick in found if self.low <= tick <= self.high]
            return found[:: math.ceil(len(found) / 7)]
        raw = (self.high - self.low) / 4
        unit = 10.0 ** math.floor(math.log10(raw))
        step = next(m * unit for m in (1, 2, 5, 10) if m * unit >= raw)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [i * step for i in range(first, last + 1)]


def loss_curves(
    rows: Sequence[Mapping[str, Any]], stages: Sequence[tuple[str, int]]
) -> list[Chart]:
    """A chart of the two adversarial losses, and one for each other scalar in ``rows`` from
    :func:`internal_gan.runs.records.read_metrics`; ``stages`` are the name and steps of every
    stage, including those to come, and each has a column."""
    series: dict[str, dict[int, list[tuple[float, float]]]] = {}
    for row in rows:
        if "step" in row and (stage := row["stage"]) < len(stages):
            done = min(row["step"] / max(stages[stage][1], 1), 1.0)
            for name, value in row.items():
                if name not in _NOT_SCALARS and value is not None:
                    points = series.setdefault(name, {}).setdefault(stage, [])
                    points.append((done, float(value)))
    game = [name for name in _GAME if name in series]
    others = [name for name in sorted(series) if name not in _GAME]
    groups = [("Adversarial losses", game)] if game else []
    groups += [(name.replace("_", " ").capitalize(), [name]) for name in others]
    return [_chart(title, names, series, stages) for title, names in groups]


def _chart(
    title: str,
    names: Sequence[str],
    series: Mapping[str, Series],
    stages: Sequence[tuple[str, int]],
) -> Chart:
    each = [points for name in names for points in series[name].values()]
    axis = Axis.around([value for points in each for _, value in points])
    width = (Chart.right - Chart.left) / len(stages)
    columns = [
        (name if len(name) * 8 < width else str(index), Chart.left + index * width, width)
        for index, (name, _) in enumerate(stages)
    ]
    curves = [
        (number, _path(axis, points, *columns[stage][1:]))
        for number, name in enumerate(names)
        for stage, points in series[name].items()
    ]
    return Chart(title, names, columns, [(tick, axis.y(tick)) for tick in axis.ticks()], curves)


def _path(axis: Axis, points: Sequence[tuple[float, float]], left: float, width: float) -> str:
    """A line through averages of neighbours."""
    buckets: dict[int, list[tuple[float, float]]] = {}
    for done, value in points:
        x = left + done * (width - 2) + 1
        buckets.setdefault(int(x / BUCKET), []).append((x, axis.y(value)))
    line = []
    for _, members in sorted(buckets.items()):
        x, y = (sum(values) / len(members) for values in zip(*members, strict=True))
        line.append(f"{x:.1f} {y:.1f}")
    # With round caps, a line of no length is a dot.
    return "M" + ("L".join(line) if len(line) > 1 else f"{line[0]}h0")
