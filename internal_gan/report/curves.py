"""Loss curves as inline SVG, drawn from the logged steps of a run."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

WIDTH, HEIGHT = 960, 210
LEFT, RIGHT, TOP, BOTTOM = 58, 8, 8, 28
BUCKET = 4.0  # pixels that share one point of the curve

_NOT_SCALARS = {"event", "stage", "step", "seconds"}
_GAME = ("discriminator", "generator")

Point = tuple[int, int, float]


@dataclass(frozen=True)
class Chart:
    """One drawing: a title, the names of its curves in the order of their colours, the SVG."""

    title: str
    names: Sequence[str]
    svg: str


@dataclass(frozen=True)
class Axis:
    """Vertical axis from ``low`` to ``high``, linear or logarithmic."""

    low: float
    high: float
    log: bool

    @classmethod
    def around(cls, values: Sequence[float]) -> "Axis":
        """Axis on which nearly all of ``values`` are seen; rare spikes may leave it."""
        ordered = sorted(values)
        rank = (len(ordered) - 1) * 0.01
        low, high = ordered[math.floor(rank)], ordered[math.ceil(len(ordered) - 1 - rank)]
        if low > 0 and high / low > 20:
            return cls(low / 1.1, high * 1.1, True)
        room = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
        return cls(low - room, high + room, False)

    def y(self, value: float) -> float:
        """Height of ``value`` in the drawing, in pixels from the top."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return HEIGHT - BOTTOM - (at - low) / (high - low) * (HEIGHT - BOTTOM - TOP)

    def ticks(self) -> list[float]:
        """Three to seven round numbers on the axis."""
        if self.log:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            for digits in ((1,), (1, 3), (1, 2, 5)):
                found = [d * 10.0**e for e in decades for d in digits]
                found = [tick for tick in found if self.low <= tick <= self.high]
                if len(found) >= 3:
                    break
            return found[:: math.ceil(len(found) / 7)]
        raw = (self.high - self.low) / 4
        unit = 10.0 ** math.floor(math.log10(raw))
        step = next(m * unit for m in (1, 2, 5, 10) if m * unit >= raw)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [i * step for i in range(first, last + 1)]


def loss_curves(
    rows: Sequence[Mapping[str, Any]], stages: Sequence[tuple[str, int]]
) -> list[Chart]:
    """Draw every logged scalar over the whole run, each stage in a column of the same width.

    Args:
        rows: lines of ``metrics.jsonl``; those without ``stage`` and ``step`` are passed over.
        stages: name and number of steps of every stage, also of those to come.

    Returns:
        The game of the two networks in one chart, then one chart for each other scalar.
    """
    series: dict[str, list[Point]] = {}
    for row in rows:
        stage, step = row.get("stage"), row.get("step")
        if not isinstance(stage, int) or not isinstance(step, int) or stage >= len(stages):
            continue
        for name in row.keys() - _NOT_SCALARS:
            if isinstance(row[name], int | float) and math.isfinite(row[name]):
                series.setdefault(name, []).append((stage, step, float(row[name])))
    game = [name for name in _GAME if name in series]
    groups = [("Adversarial losses", game)] if game else []
    groups += [
        (name.replace("_", " ").capitalize(), [name])
        for name in sorted(series)
        if name not in _GAME
    ]
    return [Chart(title, names, _draw(series, names, stages)) for title, names in groups]


def _draw(
    series: Mapping[str, Sequence[Point]], names: Sequence[str], stages: Sequence[tuple[str, int]]
) -> str:
    axis = Axis.around([value for name in names for _, _, value in series[name]])
    parts = [_frame(axis, [name for name, _ in stages])]
    for number, name in enumerate(names):
        for stage, (_, steps) in enumerate(stages):
            points = [(step, value) for at, step, value in series[name] if at == stage]
            if points:
                parts.append(_curve(axis, points, stage, max(steps, 1), len(stages), number))
    label = escape(", ".join(names))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label} by step">'
        f"{''.join(parts)}</svg>"
    )


def _column(stage: int, count: int) -> tuple[float, float]:
    width = (WIDTH - LEFT - RIGHT) / count
    return LEFT + stage * width, width


def _frame(axis: Axis, names: Sequence[str]) -> str:
    parts = []
    for index, name in enumerate(names):
        left, width = _column(index, len(names))
        kind = "band" if index % 2 else "band odd"
        parts.append(
            f'<rect class="{kind}" x="{left:.1f}" y="{TOP}" width="{width:.1f}" '
            f'height="{HEIGHT - TOP - BOTTOM}"/>'
        )
        text = name if len(name) * 8 < width else str(index)
        parts.append(
            f'<text x="{left + width / 2:.1f}" y="{HEIGHT - 9}" text-anchor="middle">'
            f"{escape(text)}</text>"
        )
    for tick in axis.ticks():
        y = axis.y(tick)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:.3g}</text>')
    return "".join(parts)


def _curve(
    axis: Axis, points: Sequence[tuple[int, float]], stage: int, steps: int, count: int, number: int
) -> str:
    """A line of averages over a few pixels, on the band between the least and the most."""
    left, width = _column(stage, count)
    buckets: dict[int, list[tuple[float, float]]] = {}
    for step, value in points:
        x = left + min(step / steps, 1.0) * (width - 2) + 1
        buckets.setdefault(int(x / BUCKET), []).append((x, axis.y(value)))
    line, top, bottom = [], [], []
    for _, members in sorted(buckets.items()):
        x = sum(at for at, _ in members) / len(members)
        heights = [y for _, y in members]
        line.append(f"{x:.1f} {sum(heights) / len(heights):.1f}")
        top.append(f"{x:.1f} {min(heights):.1f}")
        bottom.append(f"{x:.1f} {max(heights):.1f}")
    band = ""
    if len(line) > 1 and top != bottom:
        band = f'<path class="spread c{number}" d="M{"L".join(top + bottom[::-1])}Z"/>'
    # A curve of one point is a dot, which the round cap of a line without length draws.
    path = "L".join(line) if len(line) > 1 else f"{line[0]}h0"
    return f'{band}<path class="line c{number}" d="M{path}"/>'
