"""Rows as a table in Markdown, and a grid of pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from internal_gan.images.files.names import PILLOW_FORMATS

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
