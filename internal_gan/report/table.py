"""Runs as tables in Markdown, by their means over seeds too, and as a grid."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import fmean, variance

from PIL import Image, ImageDraw, ImageFont

from internal_gan.images.files.names import PILLOW_FORMATS
from internal_gan.judging.figures import interval_of

# How figures get better, by the value of a perfect result.
ARROWS = {"0": "↓", "small": "↓", "high": "↑", "1": "→ 1"}
DIGITS = 3  # of a figure that count
# The grid of pictures.
MAX_ROWS = 100
CELL = 180  # the height of a picture, in pixels, at most
CELL_GAP = 8  # pixels between pictures
LABEL = 22  # the height of a row's label, in pixels


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
    """Finished runs that differ only in their seeds and photos: a name made of the values of
    options by which they differ from others, their number, and each figure by photo and seed."""

    name: str
    runs: int
    figures: Mapping[str, Mapping[str, Mapping[str, float]]]

    def mean(self, figure: str) -> float:
        """The mean over photos of the mean over seeds."""
        return fmean(fmean(seeds.values()) for seeds in self.figures[figure].values())

    def spread(self, figure: str) -> float | None:
        """The standard deviation over seeds within a photo; None if no photo has two."""
        each = [seeds for seeds in self.figures[figure].values() if len(seeds) > 1]
        free = sum(len(seeds) - 1 for seeds in each)
        squares = sum((len(seeds) - 1) * variance(seeds.values()) for seeds in each)
        return math.sqrt(squares / free) if free else None

    def less(self, other: "Setting", figure: str, perfect: str = "") -> tuple[float, float]:
        """How much larger a figure is than that of another setting, or, given the value of a
        ``perfect`` result, how much farther from it."""
        means, every = list[float](), list[float]()
        for photo, seeds in self.figures.get(figure, {}).items():
            others = other.figures.get(figure, {}).get(photo, {})
            each = [
                _loss(seeds[seed], perfect) - _loss(others[seed], perfect)
                for seed in seeds.keys() & others.keys()
            ]
            means += [fmean(each)] if each else []
            every += each
        return interval_of(means if len(means) > 1 else every)


def _loss(value: float, perfect: str) -> float:
    return {"high": -value, "1": abs(value - 1)}.get(perfect, value)


def settings_of(
    rows: Sequence[Mapping[str, str | float | None]], options: Sequence[str], figures: Sequence[str]
) -> list[Setting]:
    """The settings in rows of runs, in their order, from the columns that are swept ``options`` and
    those that are ``figures``. Unfinished runs do not count, nor does a missing figure."""
    groups: dict[str, list[Mapping[str, str | float | None]]] = {}
    for row in rows:
        given = [f"{name}={row.get(name)}" for name in options if name != "seed"]
        members = groups.setdefault(" ".join(given) or "all", [])
        members += [row] if row.get("state") == "finished" else []
    found = []
    for name, members in groups.items():
        known: dict[str, dict[str, dict[str, float]]] = {}
        for row, figure in product(members, figures):
            if isinstance(value := row.get(figure), float) and math.isfinite(value):
                seeds = known.setdefault(figure, {}).setdefault(str(row.get("photo")), {})
                seed = str(row.get("seed"))
                seeds[seed if seed not in seeds else str(row["job"])] = value
        found.append(Setting(name, len(members), known))
    return found


def best_of(settings: Sequence[Setting], figure: str, perfect: str) -> Setting | None:
    """The setting that is better than every other one, by the interval of their difference, run by
    run; None if there is none, or no direction is better."""
    having = [one for one in settings if figure in one.figures]
    if len(having) < 2 or perfect not in ARROWS:
        return None
    for one in having:
        apart = [one.less(other, figure, perfect) for other in having if other is not one]
        if all(mean + reach < 0 for mean, reach in apart):
            return one
    return None


def as_rows(settings: Sequence[Setting], perfect: Mapping[str, str]) -> list[dict[str, str]]:
    """A row for each setting; the best, by the value of a ``perfect`` result, in bold."""
    rows: list[dict[str, str]] = [{"setting": one.name, "runs": str(one.runs)} for one in settings]
    for figure in _names(settings):
        best = best_of(settings, figure, perfect.get(figure, ""))
        head = f"{figure} {ARROWS.get(perfect.get(figure, ''), '')}".strip()
        for row, one in zip(rows, settings, strict=True):
            known = figure in one.figures
            text = _number(one.mean(figure), one.spread(figure)) if known else ""
            row[head] = f"**{text}**" if one is best else text
    return rows


def as_differences(settings: Sequence[Setting]) -> list[dict[str, str]]:
    """How further settings differ from the first, in bold where the interval leaves out 0."""
    first, *others = settings
    rows = []
    for one in others:
        apart = {figure: one.less(first, figure) for figure in _names(settings)}
        cells = {figure: _number(*found, sign="+") for figure, found in apart.items()}
        sure = [figure for figure, (mean, reach) in apart.items() if abs(mean) > reach]
        bold = {name: f"**{cells[name]}**" for name in sure}
        rows.append({"setting": one.name, **cells, **bold})
    return rows if any("±" in cell for row in rows for cell in row.values()) else []


def _names(settings: Sequence[Setting]) -> list[str]:
    return list(dict.fromkeys(figure for one in settings for figure in one.figures))


def _number(mean: float, off: float | None, sign: str = "") -> str:
    """A mean and how far off it may be, to as many places; empty if there is none."""
    if math.isnan(mean):
        return ""
    places = max(0, DIGITS - 1 - math.floor(math.log10(abs(mean)))) if mean else DIGITS
    known = off is not None and math.isfinite(off)
    return f"{mean:{sign}.{places}f}" + (f" ± {off:.{places}f}" if known else "")


def grid(runs: Sequence[tuple[str, Sequence[Path]]]) -> Image.Image:
    """The pictures of up to 100 runs, a row for each with its label above it."""
    rows = [(label, _thumbnails(pictures)) for label, pictures in runs[:MAX_ROWS]]
    if len(runs) > MAX_ROWS:
        rows.append((f"and {len(runs) - MAX_ROWS} more", []))
    font = ImageFont.load_default(14)
    width = max(
        *(CELL_GAP + sum(cell.width + CELL_GAP for cell in cells) for _, cells in rows),
        *(2 * CELL_GAP + int(font.getlength(label)) for label, _ in rows),
    )
    heights = [LABEL + max((c.height for c in cells), default=0) + CELL_GAP for _, cells in rows]
    sheet = Image.new("RGB", (width, sum(heights) + CELL_GAP), "white")
    draw = ImageDraw.Draw(sheet)
    top = CELL_GAP
    for (label, cells), height in zip(rows, heights, strict=True):
        draw.text((CELL_GAP, top), label, fill="black", font=font)
        left = CELL_GAP
        for cell in cells:
            sheet.paste(cell, (left, top + LABEL))
            left += cell.width + CELL_GAP
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
