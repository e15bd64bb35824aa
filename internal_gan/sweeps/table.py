"""Runs side by side: a table of their figures, and a grid of their pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from internal_gan.evaluation.figures import HEADLINES
from internal_gan.images.files.names import PILLOW_FORMATS

# Rows of the grid, and sides of its parts in pixels.
MOST_ROWS = 100
CELL = 180
GAP = 8
LABEL = 22


@dataclass(frozen=True)
class Entry:
    """A run in the comparison.

    Attributes:
        values: of the options that differ between the runs.
        reason: why it failed.
        pictures: files, the photo first.
    """

    name: str
    values: Mapping[str, str]
    state: str
    seconds: float | None = None
    reason: str | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    pictures: Sequence[Path] = ()


def rows_of(entries: Sequence[Entry]) -> list[dict[str, str]]:
    """A row for each run, without columns that are empty for all."""
    options = dict.fromkeys(key for entry in entries for key in entry.values)
    figures = dict.fromkeys(name for entry in entries for name in entry.figures)
    rows = [
        {
            "job": entry.name,
            **{key: entry.values.get(key, "") for key in options},
            "state": entry.state,
            "seconds": "" if entry.seconds is None else f"{entry.seconds:.0f}",
            **{name: _number(entry.figures.get(name)) for name in figures},
            "reason": entry.reason or "",
        }
        for entry in entries
    ]
    used = [name for name in rows[0] if any(row[name] for row in rows)] if rows else []
    return [{name: row[name] for name in used} for row in rows]


def as_markdown(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows with the same columns as a table in Markdown."""
    if not rows:
        return ""
    cells = [list(rows[0]), *(list(row.values()) for row in rows)]
    head, *body = [[c.replace("|", "\\|").replace("\n", " ") for c in line] for line in cells]
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write_grid(entries: Sequence[Entry], path: Path) -> bool:
    """Write the pictures of up to 100 runs, a row for each with its name above it.

    Returns:
        Whether there are pictures; if not, nothing is written.
    """
    shown = [entry for entry in entries if entry.pictures]
    if not shown:
        return False
    rows = [(_label(entry), _thumbnails(entry.pictures)) for entry in shown[:MOST_ROWS]]
    if len(shown) > MOST_ROWS:
        rows.append((f"and {len(shown) - MOST_ROWS} more", []))
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
    sheet.save(path)
    return True


def _label(entry: Entry) -> str:
    known = [name for name in HEADLINES if name in entry.figures]
    return "   ".join([entry.name, *(f"{name} {_number(entry.figures[name])}" for name in known)])


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


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
