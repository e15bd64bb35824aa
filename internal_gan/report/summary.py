"""Means and spread over runs of the same settings, as rows of a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

# How figures get better, by the value of a perfect result.
ARROWS = {"0": "↓", "small": "↓", "high": "↑", "1": "→ 1"}
DIGITS = 3


@dataclass(frozen=True)
class Setting:
    """Runs that differ only in their seeds and photos.

    Attributes:
        name: the options that make it different from others, with their values.
        runs: how many they are.
        figures: mean and sample standard deviation of each figure; the latter is None for one run.
    """

    name: str
    runs: int
    figures: Mapping[str, tuple[float, float | None]]


def settings_of(
    rows: Sequence[Mapping[str, str | float | None]], options: Sequence[str], figures: Sequence[str]
) -> list[Setting]:
    """The settings in rows of runs, in their order.

    Args:
        rows: by the names of columns.
        options: those columns that are swept options.
        figures: those that are figures; a run without a figure does not count in its mean.
    """
    groups: dict[str, list[Mapping[str, str | float | None]]] = {}
    for row in rows:
        given = [f"{name}={row.get(name)}" for name in options if name != "seed"]
        groups.setdefault(" ".join(given) or "all", []).append(row)
    found = []
    for name, members in groups.items():
        known = {
            figure: [value for row in members if isinstance(value := row.get(figure), float)]
            for figure in figures
        }
        spread = {
            figure: (fmean(values), stdev(values) if len(values) > 1 else None)
            for figure, values in known.items()
            if values
        }
        found.append(Setting(name, len(members), spread))
    return found


def best_of(settings: Sequence[Setting], figure: str, perfect: str) -> Setting | None:
    """The setting whose mean is best; None if no direction is, or only one setting has it."""
    having = [one for one in settings if figure in one.figures]
    if len(having) < 2 or perfect not in ARROWS:
        return None

    def loss(one: Setting) -> float:
        mean = one.figures[figure][0]
        return {"high": -mean, "1": abs(mean - 1)}.get(perfect, mean)

    return min(having, key=loss)


def as_rows(settings: Sequence[Setting], perfect: Mapping[str, str]) -> list[dict[str, str]]:
    """A row for each setting, for :func:`internal_gan.report.table.as_markdown`; the best in bold.

    Args:
        perfect: the value of a perfect result by the names of figures.
    """
    rows: list[dict[str, str]] = [{"setting": one.name, "runs": str(one.runs)} for one in settings]
    for figure in dict.fromkeys(figure for one in settings for figure in one.figures):
        best = best_of(settings, figure, perfect.get(figure, ""))
        head = f"{figure} {ARROWS.get(perfect.get(figure, ''), '')}".strip()
        for row, one in zip(rows, settings, strict=True):
            text = _number(one, figure)
            row[head] = f"**{text}**" if one is best else text
    return rows


def _number(one: Setting, figure: str) -> str:
    """The mean and the deviation, to as many places; empty if there is none."""
    mean, off = one.figures.get(figure, (math.nan, None))
    if math.isnan(mean):
        return ""
    places = max(0, DIGITS - 1 - math.floor(math.log10(abs(mean)))) if mean else DIGITS
    return f"{mean:.{places}f}" + ("" if off is None else f" ± {off:.{places}f}")
