"""The runs of a folder side by side: what differs, and the figures of their pictures."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from internal_gan.config.compose import values_in
from internal_gan.errors import UserError
from internal_gan.files import natural, read_json_object, write_text
from internal_gan.finishing.origin import origin_path, read_origin
from internal_gan.images.files.image import read_image
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.judging.fidelity import judge_hole
from internal_gan.judging.figures import means, panel
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.jobs import Record, read_records
from internal_gan.runs.records import read_results
from internal_gan.shapes import Pixels
from internal_gan.type_hints import fits
from internal_gan.units import Size

FIGURES_FOLDER = ".figures"
# A run is judged by this many pictures; more take longer and hardly change the figures.
MAX_PICTURES = 4
# What is known of a run, by the names of columns.
Row = dict[str, str | float | None]


@dataclass(frozen=True)
class Shown:
    """The pictures by which a run is evaluated.

    Attributes:
        photo: what they are compared with, if it exists.
        pictures: the first results, or else frames of a film.
        mask: of a filled hole, white inside; None if they are whole pictures.
    """

    photo: Path | None
    pictures: Sequence[Path]
    mask: Path | None = None


def compare(runs: str | PathLike[str]) -> list[Row]:
    """Compare the runs of a folder, as task=compare does; a UserError if it is missing or has none.

    Args:
        runs: the folder of a multirun, or another folder of run folders.

    Returns:
        A row for each run with its name (``job``) and ``photo``, the options that differ, its
        ``state``, its ``seconds``, the figures of its first pictures, and the ``reason`` of a
        failure; None where something is unknown, without columns that are empty for all.
    """
    folder = Path(runs)
    records = records_of(folder)
    figures = [figures_of(folder, record.name) for record in records]
    values = [record.values for record in records]
    keys = dict.fromkeys(key for each in values for key in each)
    differing = [k for k in keys if k != "image" and len({each.get(k) for each in values}) > 1]
    names = dict.fromkeys(name for each in figures for name in each)
    rows = list[Row]()
    for record, given, known in zip(records, values, figures, strict=True):
        status = RunFolder(folder / record.name).status()
        image = given.get("image") or values_in(folder / record.name / "config.yaml").get("image")
        row: Row = {"job": record.name, "photo": Path(image).stem if image else None}
        row |= {key: given.get(key) for key in differing}
        row["state"] = status["state"] if record.state == "running" else record.state
        row |= {"seconds": status.get("seconds"), **{name: known.get(name) for name in names}}
        rows.append(row | {"reason": record.reason or None})
    used = [name for name in rows[0] if any(row[name] not in ("", None) for row in rows)]
    return [{name: row[name] for name in used} for row in rows]


def records_of(folder: Path) -> list[Record]:
    """The runs of a folder, with the options in which those of a family differ; a UserError if
    there are none."""
    if not folder.is_dir():
        raise UserError(f"runs={folder}: there is no such folder", option="runs", kind="missing")
    if records := read_records(folder):
        return records
    # Not those of a multirun; in the folder or one level deeper.
    paths = [path.parent for depth in ("*", "*/*") for path in folder.glob(f"{depth}/config.yaml")]
    names = sorted((path.relative_to(folder).as_posix() for path in paths), key=natural)
    if not names:
        raise UserError(f"runs={folder}: contains no run folders")
    given = {name: values_in(folder / name / "config.yaml") for name in names}
    apart = {"model", "image"}
    for family in {each.get("model") for each in given.values()}:
        alike = [each for each in given.values() if each.get("model") == family]
        keys = set[str]().union(*alike)
        apart |= {key for key in keys if len({each.get(key) for each in alike}) > 1}
    different = [[f"{key}={each[key]}" for key in each if key in apart] for each in given.values()]
    return [*map(Record, given, different)]


def shown_of(run: Path) -> Shown:
    """The photo and the first pictures of a run."""
    made = read_results(run)
    results = [result for result in made if result.kind == "result"]
    chosen = (results or [result for result in made if result.kind == "frame"])[:MAX_PICTURES]
    pictures = [run / result.file for result in chosen]
    if not any(result.task == "fill" for result in chosen):
        photo = run / "photo.png"
        return Shown(photo if photo.is_file() else None, pictures)
    beside = {result.kind: run / result.file for result in made}
    # The folder's photo.png is only the part around the hole.
    return Shown(beside.get("before"), pictures, beside.get("mask"))


def figures_of(folder: Path, name: str) -> dict[str, float]:
    """The figures of a run's pictures; none without pictures, or without a photo."""
    shown = shown_of(folder / name)
    if shown.photo is None or not shown.pictures:
        return {}
    path = folder / FIGURES_FOLDER / f"{name}.json"
    judged = [(file.name, file.stat()) for file in (shown.photo, *shown.pictures)]
    of = [[name, status.st_size, status.st_mtime_ns] for name, status in judged]
    known = read_json_object(path)
    if known.get("of") == of and fits(known.get("figures"), dict[str, float]):
        return dict(known["figures"])
    try:
        figures = judge(shown)
    except UserError:
        # The pictures are smaller than the patches.
        figures = {}
    # If they cannot be written, the figures are measured again next time.
    with suppress(UserError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps({"of": of, "figures": figures}))
    return figures


def judge(shown: Shown) -> dict[str, float]:
    """The figures of a run's pictures.

    For filled holes they are the means of :func:`judge_hole`, named ``psnr_inside`` and so on; for
    others :func:`panel`. A picture that cannot be read, or is too small, is a UserError.
    """
    assert shown.photo is not None
    photo = read_image(shown.photo).pixels
    if shown.mask is not None:
        inside = (read_image(shown.mask).pixels[:, :1] > -1).float()
        each = [judge_hole(photo, read_image(path).pixels, inside) for path in shown.pictures]
        return {f"{name}_inside": value for name, value in means(each).items()}
    return panel(photo, [_as_learnt(path, size_of(photo)) for path in shown.pictures])


def _as_learnt(path: Path, photo_size: Size) -> Pixels:
    """A picture, shrunk as the photo was for training, since their patches are compared."""
    picture = read_image(path).pixels
    origin = origin_path(path)
    if not origin.is_file():
        return picture
    factor = photo_size[0] / read_origin(origin).photo_size[0]
    return resize(picture, scaled(size_of(picture), factor)) if factor < 1 else picture
