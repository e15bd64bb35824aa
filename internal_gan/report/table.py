"""Runs as a table in Markdown, also by their means over seeds, and a grid of their pictures."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from PIL import Image, ImageDraw, ImageFont

from internal_gan.images.files.names import PILLOW_FORMATS

# How figures get better, by the value of a perfect result.
ARROWS = {"0": "↓", "small": "↓", "high": "↑", "1": "→ 1"}
DIGITS = 3
# Rows of the grid, and sides of its parts in pixels.
MAX_ROWS = 100
CELL = 180
GAP = 8
LABEL = 22


def as_markdown(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows with the same columns as a table in Markdown."""
    if not rows:
        return ""
    cells = [list(rows[0]), *(list(row.values()) for row in rows)]
    head, *body = [[c.replace("|", "\\|").replace("\n", " ") for c in line] for line in cells]
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


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
    """A row for each setting, for :func:`as_markdown`; the best in bold.

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


def grid(runs: Sequence[tuple[str, Sequence[Path]]]) -> Image.Image:
    """The pictures of up to 100 runs, a row for each with its label above it."""
    rows = [(label, _thumbnails(pictures)) for label, pictures in runs[:MAX_ROWS]]
    if len(runs) > MAX_ROWS:
        rows.append((f"and {len(runs) - MAX_ROWS} more", []))
    font = ImageFont.load_default(14)
    width = max(
        *(GAP + sum(cell.width + GAP for cell in cells) for _, cells in rows),
        *(2 * GAP + int(font.getlength(label)) for label, _ in rows),
    )
    heights = [LABEL + max((c.height for c in cells), default=0) + GAP for _, cells in rows]
    sheet = Image.new("RGB", (width, sum(heights) + GAP), "white")
    draw = ImageDraw.Draw(sheet)
    top = GAP
    for (label, cells), height in zip(rows, heights, strict=True):
        draw.text((GAP, top), label, fill="black", font=font)
        left = GAP
        for cell in cells:
            sheet.paste(cell, (left, top + LABEL))
            left += cell.width + GAP
        top += height
    return sheet


def _thumbnails(paths: Sequence[Path]) -> list[Image.Image]:
    """Pictures of one height, small ones lower, without those that cannot be read."""
    cells = []
    for path in paths:
        try:
            with Image.open(path, formats=PILLOW_FORMATS) as image:
                cell = image.convert("RGB")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue
        height = min(CELL, max(cell.height, CELL // 2))
        size = (max(1, round(cell.width * height / cell.height)), height)
        cells.append(cell.resize(size, Image.Resampling.LANCZOS))
    return cells
