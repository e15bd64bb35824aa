"""Means and spread over runs of the same settings, as Markdown, LaTeX and a plot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from jinja2 import Environment, PackageLoader, StrictUndefined

from internal_gan.report.curves import Axis

# How figures get better, by the value of a perfect result.
ARROWS = {"0": "↓", "small": "↓", "high": "↑", "1": "→ 1"}
IN_LATEX = {"↓": r"$\downarrow$", "↑": r"$\uparrow$", "→ 1": r"$\to 1$", "": ""}
SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
SPECIAL |= {sign: f"\\{sign}" for sign in "&%$#_{}"}
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
    for figure in _figures(settings):
        best = best_of(settings, figure, perfect.get(figure, ""))
        head = f"{figure} {ARROWS.get(perfect.get(figure, ''), '')}".strip()
        for row, one in zip(rows, settings, strict=True):
            text = _number(one, figure, " ± ")
            row[head] = f"**{text}**" if one is best else text
    return rows


def as_latex(settings: Sequence[Setting], perfect: Mapping[str, str]) -> str:
    """A table for the package booktabs; the best in bold."""
    figures = _figures(settings)
    heads = [
        f"{_escaped(figure)} {IN_LATEX[ARROWS.get(perfect.get(figure, ''), '')]}".strip()
        for figure in figures
    ]
    best = {figure: best_of(settings, figure, perfect.get(figure, "")) for figure in figures}
    lines = [rf"\begin{{tabular}}{{lr{'r' * len(figures)}}}", r"\toprule"]
    lines += [" & ".join(["setting", "runs", *heads]) + r" \\", r"\midrule"]
    for one in settings:
        cells = [_escaped(one.name), str(one.runs)]
        for figure in figures:
            text = _number(one, figure, r" \pm ")
            number = f"${text}$" if text else ""
            cells.append(rf"\boldmath{number}" if number and one is best[figure] else number)
        lines.append(" & ".join(cells) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def as_svg(settings: Sequence[Setting]) -> str:
    """A plot for each figure: the means of the settings, with bars of one standard deviation."""
    plots = []
    for figure in _figures(settings):
        known = [one.figures.get(figure) for one in settings]
        ends = [mean + sign * (off or 0) for mean, off in filter(None, known) for sign in (-1, 1)]
        room = 0.06 * (max(ends) - min(ends)) or 0.1 * abs(ends[0]) or 1.0
        axis = Axis(min(ends) - room, max(ends) + room, log=False)
        points = [
            (number, axis.y(mean), axis.y(mean - (off or 0)), axis.y(mean + (off or 0)))
            for number, (mean, off) in ((n, each) for n, each in enumerate(known) if each)
        ]
        plots.append((figure, [(tick, axis.y(tick)) for tick in axis.ticks()], points))
    loader = PackageLoader("internal_gan.report")
    templates = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    names = [one.name for one in settings]
    return templates.get_template("summary.svg").render(plots=plots, names=names)


def _figures(settings: Sequence[Setting]) -> list[str]:
    return list(dict.fromkeys(figure for one in settings for figure in one.figures))


def _number(one: Setting, figure: str, plus_minus: str) -> str:
    """The mean and the deviation, to as many places; empty if there is none."""
    mean, off = one.figures.get(figure, (math.nan, None))
    if math.isnan(mean):
        return ""
    places = max(0, DIGITS - 1 - math.floor(math.log10(abs(mean)))) if mean else DIGITS
    return f"{mean:.{places}f}" + ("" if off is None else f"{plus_minus}{off:.{places}f}")


def _escaped(text: str) -> str:
    return "".join(SPECIAL.get(sign, sign) for sign in text)
