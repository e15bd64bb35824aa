"""Runs side by side: their figures as a table, their pictures as a grid."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

import torch
from PIL import Image, ImageDraw, ImageFont

from internal_gan.evaluation.inpainting import judge_hole
from internal_gan.images.files.image import read_image
from internal_gan.images.files.names import PILLOW_FORMATS
from internal_gan.patches.statistics import patch_panel
from internal_gan.runs.results import read_results

# What a run is judged by and shows: more would take long and tell little more.
MOST_PICTURES = 4
MOST_ROWS = 100
CELL = 180
GAP = 8
LABEL = 22


@dataclass(frozen=True)
class Entry:
    """A run in the comparison.

    Attributes:
        values: of the options that differ between the runs.
        figures: by name; see :func:`judge` and :func:`judge_filled`.
        pictures: files, the photo first.
    """

    name: str
    values: Mapping[str, str]
    state: str
    seconds: float | None = None
    reason: str | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    pictures: Sequence[Path] = ()


def results_of(run: Path) -> list[Path]:
    """The first pictures that a run was asked for, or else frames of its film; four at most."""
    made = read_results(run)
    stills = [result for result in made if result.kind == "result"]
    frames = [result for result in made if result.kind == "frame"]
    return [run / result.file for result in (stills or frames)[:MOST_PICTURES]]


def judge(photo: Path, pictures: Sequence[Path]) -> dict[str, float]:
    """How close pictures are to the photo by their patches.

    Returns:
        :func:`~internal_gan.patches.statistics.patch_panel` of pictures of one size,
        else the mean over the pictures of what can be said of each.

    Raises:
        UserError: a picture cannot be read, or is too small.
    """
    real = read_image(photo).pixels
    samples = [read_image(path).pixels for path in pictures]
    if not samples:
        return {}
    if len({sample.shape for sample in samples}) == 1:
        return patch_panel(real, torch.cat(samples))
    each = [patch_panel(real, sample) for sample in samples]
    common = set.intersection(*(set(figures) for figures in each))
    return {name: fmean(f[name] for f in each) for name in each[0] if name in common}


def judge_filled(pictures: Sequence[Path]) -> dict[str, float]:
    """How good filled holes are, inside of them alone.

    Args:
        pictures: each with ``before.png``, what was there, and ``mask.png`` in its folder.

    Returns:
        The means of :func:`~internal_gan.evaluation.inpainting.judge_hole`, named ``psnr_inside``
        and so on.

    Raises:
        UserError: a picture cannot be read, or a hole is too small.
    """
    each = []
    for picture in pictures:
        photo, mask = (read_image(picture.with_name(f"{n}.png")).pixels for n in ("before", "mask"))
        each.append(judge_hole(photo, read_image(picture).pixels, (mask[:, :1] > -1).float()))
    return {f"{name}_inside": fmean(f[name] for f in each) for name in (each[0] if each else ())}


def table(entries: Sequence[Entry]) -> list[list[str]]:
    """Rows of text, the titles first; a column without any value is left out."""
    options = list(dict.fromkeys(key for entry in entries for key in entry.values))
    figures = list(dict.fromkeys(name for entry in entries for name in entry.figures))
    rows = [["job", *options, "state", "seconds", *figures, "reason"]]
    for entry in entries:
        rows.append(
            [
                entry.name,
                *(entry.values.get(key, "") for key in options),
                entry.state,
                "" if entry.seconds is None else f"{entry.seconds:.0f}",
                *(_number(entry.figures.get(name)) for name in figures),
                entry.reason or "",
            ]
        )
    used = [column for column in range(len(rows[0])) if any(row[column] for row in rows[1:])]
    return [[row[column] for column in used] for row in rows]


def as_csv(rows: Sequence[Sequence[str]]) -> str:
    """The table as CSV, as spreadsheets and pandas read it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def as_markdown(rows: Sequence[Sequence[str]]) -> str:
    """The table as Markdown."""
    head, *body = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def grid(entries: Sequence[Entry], path: Path) -> bool:
    """Write the pictures of the runs, a row for each with its name above it.

    At most 100 runs are shown.

    Returns:
        Whether there was any picture.
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
    told = ["coherence", "completeness", "diversity", "psnr_inside", "patches_inside"]
    figures = [f"{name} {_number(entry.figures[name])}" for name in told if name in entry.figures]
    return "   ".join([entry.name, *figures])


def _thumbnails(paths: Sequence[Path]) -> list[Image.Image]:
    """Pictures of one height, or as high as they are where that is less."""
    cells = []
    for path in paths:
        try:
            with Image.open(path, formats=PILLOW_FORMATS) as image:
                cell = image.convert("RGB")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue  # one that is damaged
        height = min(CELL, max(cell.height, CELL // 2))
        size = (max(1, round(cell.width * height / cell.height)), height)
        cells.append(cell.resize(size, Image.Resampling.LANCZOS))
    return cells


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
