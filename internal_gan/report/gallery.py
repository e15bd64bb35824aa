"""The pictures of a run's page: the photo, beside it what each task made, and the scales."""

import os
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from internal_gan.report.pictures import (
    MOVIE_SUFFIXES,
    Picture,
    picture_files,
    read_picture,
    sub_folders,
)
from internal_gan.report.run_data import Run

MAX_PICTURES = 12
MAX_ROW = 7
FEW = 4
TINY_SIDE = 128
SCALES = "scales"
FRAMES = "frames"


def pictures(run: Run) -> str:
    """The photo, beside it what each task made; before that, what the last stage made."""
    made = "".join(
        _task(run, folder) for folder in sub_folders(run.folder) if folder.name != SCALES
    )
    stages = picture_files(run.folder / SCALES)
    if not made and stages and (latest := read_picture(stages[-1])):
        made = (
            f"<h2>So far</h2>{_figure(run, latest, _stage_caption(run, len(stages) - 1, latest))}"
        )
    shown = ""
    if run.photo:
        size = f"{run.photo.height} × {run.photo.width}"
        use = "what the model learns from" if run.has_model else "what the samples are judged by"
        figure = _figure(run, run.photo, f"{size}, {use}")
        shown = f'<div class="photo"><h2>Photo</h2>{figure}</div>'
    if not shown and not made:
        return ""
    return f'<section class="hero">{shown}<div class="made">{made}</div></section>'


def scales(run: Run) -> str:
    """The preview after each stage, side by side."""
    shown = [read_picture(path) for path in picture_files(run.folder / SCALES)]
    cards = [
        _figure(run, picture, _stage_caption(run, index, picture))
        for index, picture in enumerate(shown)
        if picture
    ]
    if not cards:
        return ""
    return (
        "<section><h2>Scale by scale</h2>"
        '<p class="note">The photo as the model rebuilds it after each scale, coarse to fine.</p>'
        f'<div class="strip">{"".join(cards)}</div></section>'
    )


def _task(run: Run, folder: Path) -> str:
    """A task's pictures, then those of its sub-folders, a row for each."""
    heading = "Samples" if folder.name == "sample" else _words(folder.name)
    parts = [_row(run, folder, MAX_PICTURES)]
    for sub in sub_folders(folder):
        if row := _row(run, sub, MAX_ROW):
            parts.append(f"<h3>{escape(_words(sub.name))}</h3>{row}")
    return f"<h2>{escape(heading)}</h2>{''.join(parts)}" if any(parts) else ""


def _row(run: Run, folder: Path, at_most: int) -> str:
    files = picture_files(folder)
    chosen = _spread(files, at_most) if folder.name == FRAMES else files[:at_most]
    figures = [figure for path in chosen if (figure := _named_figure(run, path))]
    if not figures:
        return ""
    more = len(files) - len(figures)
    name = folder.relative_to(run.folder).as_posix()
    note = f"<figcaption>and {more} more in {escape(name)}/</figcaption>" if more else ""
    kind = "rows few" if len(files) <= FEW else "rows"
    return f'<div class="{kind}">{"".join(figures)}</div>{note}'


def _spread(files: Sequence[Path], count: int) -> list[Path]:
    """``count`` of the files at even distances, since neighbouring frames look alike."""
    step = max(len(files) / count, 1.0)
    return [files[int(index * step)] for index in range(min(count, len(files)))]


def _named_figure(run: Run, path: Path) -> str:
    """A picture or film with its name as caption, if that is more than a number."""
    caption = "" if path.stem.isdecimal() else _words(path.stem)
    if path.suffix.lower() in MOVIE_SUFFIXES:
        return _film(run, path, caption)
    picture = read_picture(path)
    return _figure(run, picture, caption) if picture else ""


def _words(name: str) -> str:
    """A file's or folder's name as people write it: ``"start-scale-2"`` is "Start scale 2"."""
    text = re.sub(r"(?<=\d)x(?=\d)", " × ", re.sub(r"[-_]+", " ", name).strip())
    return text[:1].upper() + text[1:]


def _stage_caption(run: Run, index: int, picture: Picture) -> str:
    name = run.stages[index].name if index < len(run.stages) else f"scale {index}"
    return f"{name.capitalize()}, {picture.height} × {picture.width}"


def _figure(run: Run, picture: Picture, caption: str = "") -> str:
    """A picture that leads to its file; tiny ones are shown with their pixels."""
    name, link = _name_and_link(run, picture.path)
    kind = ' class="tiny"' if max(picture.height, picture.width) <= TINY_SIDE else ""
    return (
        f'<figure style="--r:{picture.ratio:.3f}"><a href="{link}">'
        f'<img{kind} src="{picture.data or link}" width="{picture.width}" '
        f'height="{picture.height}" alt="{name}"></a>{_caption(caption)}</figure>'
    )


def _film(run: Run, path: Path, caption: str) -> str:
    name, link = _name_and_link(run, path)
    ratio = run.photo.ratio if run.photo else 1.5
    return (
        f'<figure style="--r:{ratio:.3f}"><video src="{link}" title="{name}" controls autoplay '
        f"loop muted playsinline></video>{_caption(caption)}</figure>"
    )


def _name_and_link(run: Run, path: Path) -> tuple[str, str]:
    name = path.relative_to(run.folder).as_posix()
    return escape(name), escape(quote(os.fsencode(name)))


def _caption(text: str) -> str:
    return f"<figcaption>{escape(text)}</figcaption>" if text else ""
