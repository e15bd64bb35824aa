"""task=inpaint: a hole in a photo filled with what the model learnt around it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from internal_gan.config.fields import LARGEST_SEED
from internal_gan.config.options import Options
from internal_gan.config.record import load_options
from internal_gan.errors import UserError
from internal_gan.files import is_file, make_folder
from internal_gan.images.classical_inpainting import INSTALL, has_opencv, inpaint_by_opencv
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.masks import FAINT
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import fit_size
from internal_gan.images.windows import around, bounds, parts
from internal_gan.models.edgeconnect.inpainting import blend, blend_weight, fill, reach
from internal_gan.models.edgeconnect.model import EdgeConnect
from internal_gan.runs.folder import RunFolder
from internal_gan.tasks.holes import (
    example_hole,
    has_hole,
    is_named,
    read_edges,
    read_hole,
    unknown_of,
    without,
)
from internal_gan.tasks.own import OwnTask
from internal_gan.tasks.reporting import enough_memory
from internal_gan.tasks.trained import Trained, load_trained, results
from internal_gan.training.progress import show_progress

_log = logging.getLogger(__name__)

# How bright the edges outside of the hole are drawn, beside white ones inside.
KNOWN_EDGES = 0.4


@dataclass(frozen=True)
class Case:
    """A photo with a hole to be filled.

    Attributes:
        name: of the folder of its results; empty where it is the only one.
        hole: (1, 1, H, W), 1 inside and else 0.
        unknown: of the same shape, 1 where no patch may be taken from; None: only in the hole.
        edges: the user's drawing, of the same shape; None for none.
    """

    name: str
    photo: Photo
    hole: Tensor
    unknown: Tensor | None = None
    edges: Tensor | None = None


def inpaint(options: Options, family: str | None = None) -> Path:
    """Fill a hole in each of the photos by the model in ``options.checkpoint``.

    The photos are ``options.image`` or else those of the training, and the hole is then that of the
    training too where none is named.

    Args:
        family: refuse a model of another family; null takes any.

    Returns:
        The new run folder.

    Raises:
        UserError: the checkpoint, the device, a photo, a mask or a drawing will not do. No folder
            is left behind.
    """
    given = options.image is not None
    trained = load_trained(options, family, EdgeConnect)
    trained = replace(trained, options=_completed(trained, given))
    names = _names(trained, given)
    # All of them are looked at before the first is filled, and held one at a time.
    for _ in _cases(names, trained.options, warn=True):
        pass
    with results(trained, f"{_counted(len(names), 'photo')} filled") as (folder, console):
        shown = show_progress(_cases(names, trained.options), len(names), "photos", console)
        for case in shown:
            with enough_memory("mask"):
                _write(trained.model, case, trained.options, folder)
    return folder.path


def write(
    model: EdgeConnect,
    options: Options,
    folder: RunFolder,
    photo: Photo,
    *,
    on_the_way: bool = False,
) -> None:
    """Write ``inpaint/000.png`` and so on into a run folder, in place of older ones; of several
    photos a folder of them for each that has a hole."""
    if photo.unknown is not None:
        first = Case("", photo, photo.unknown)
    elif is_named(options):
        first = _case("", photo, options)
    else:
        hole = example_hole(photo.size, options)
        first = Case("", without(photo, hole), hole, unknown_of(photo, hole, options))
    pairs = list(zip(options.photos, _folders(options.photos), strict=True))
    others = [pair for n, pair in enumerate(pairs) if n and has_hole(options, n)]
    if others:
        first = replace(first, name=pairs[0][1])
    _write(model, first, options, folder, on_the_way=on_the_way)
    if not on_the_way:
        for name, called in others:
            if is_file(name):
                _write(model, _read_case(name, called, options), options, folder)
            else:
                _log.warning("%s: is gone, so that its hole is not filled", name)


def check(model: Any, options: Options) -> None:
    """What :func:`lesson` has read when the training began must be there when it goes on, too."""
    file, photo = options.mask.file, options.photo
    is_read = file is not None and photo is not None and is_file(photo)
    if is_read and not Path(str(file)).exists():
        raise UserError(f"mask={file}: is gone, and the hole is not kept elsewhere; put it back")


def lesson(photo: Photo, options: Options, number: int = 0) -> tuple[Photo, list[str]]:
    """The part of the photo to train on, and where it is unknown.

    Of a photo longer than the model's ``max_size`` it is a window around the hole at the photo's
    own resolution, or, around a hole larger than half of such a window, one of twice the hole's
    size, which is then shrunk.

    Raises:
        UserError: a mask or a drawing will not do.
    """
    if photo.unknown is not None:
        return photo, []
    hole = read_hole(photo, options, warn=True) if has_hole(options, number) else None
    unknown = unknown_of(photo, hole, options)
    if number == 0:
        read_edges(photo, options)
    photo = replace(photo, unknown=unknown)
    if hole is not None:
        photo = without(photo, hole)
    if hole is None:
        note = "No mask=FILE: learns all of the photo, and shows its work on a random hole"
        return photo, [note] if number == 0 else []
    words = [f"The hole is {100 * float(hole.mean()):.1f} % of the photo"]
    limit = options.model.get("max_size")
    if limit is None or fit_size(photo.size, limit) == photo.size:
        return photo, words
    window = _window(hole, limit)
    rows, columns = window
    words.append(
        f"Learns around the hole, from rows {rows.start} to {rows.stop} and columns "
        f"{columns.start} to {columns.stop}; model.max_size=null learns from all of it"
    )
    return photo.crop(rows, columns), words


def _window(hole: Tensor, limit: int) -> tuple[slice, slice]:
    """Around the whole hole or, where that is too large, the largest of its parts."""
    size = (hole.shape[-2], hole.shape[-1])
    box = bounds(hole)
    if 2 * _extent(box) > limit:
        box = max((bounds(part) for part in parts(hole, max(limit // 8, 1))), key=_extent)
    extent = max(limit, 2 * _extent(box))
    return around(box, (extent, extent), size)


def _extent(box: tuple[slice, slice]) -> int:
    rows, columns = box
    return int(max(rows.stop - rows.start, columns.stop - columns.start))


def _completed(trained: Trained, given: bool) -> Options:
    """Of the training's own photo: with its ``inpaint.source`` and, where no hole is named, its
    hole, unless the user says otherwise."""
    options = trained.options
    if given:
        return options
    before = load_options(trained.source.config_path)
    source = options.inpaint.source or before.inpaint.source
    options = replace(options, inpaint=replace(options.inpaint, source=source))
    if is_named(options):
        return options
    dilate = before.mask.dilate if options.mask.dilate is None else options.mask.dilate
    feather = before.mask.feather if options.mask.feather is None else options.mask.feather
    invert = before.mask.invert != options.mask.invert
    return replace(
        options,
        mask=replace(before.mask, invert=invert, dilate=dilate, feather=feather),
        inpaint=replace(options.inpaint, box=before.inpaint.box),
    )


def _names(trained: Trained, given: bool) -> list[str]:
    """The photos to fill.

    Raises:
        UserError: one mask for several photos, or no photo is left.
    """
    options, names = trained.options, trained.options.photos
    several = has_hole(options, 1) or (given and options.inpaint.box is not None)
    if given and len(names) > 1 and not several:
        raise UserError(
            f"mask={options.mask.file}: one mask for {len(names)} photos; needed is a folder of "
            "masks with their names"
        )
    names = names if several else names[:1]
    if not given and not (names and all(map(is_file, names))):
        kept = trained.source.path / "photo.png"
        if not kept.is_file():
            raise UserError(f"{trained.source.path}: its photo is gone; image=FILE names one")
        names = [str(kept)]
    return names


def _cases(names: Sequence[str], options: Options, *, warn: bool = False) -> Iterator[Case]:
    """The photos with their holes, one at a time; see :func:`_read_case`."""
    for name, folder in zip(names, _folders(names), strict=True):
        yield _read_case(name, folder, options, warn=warn)


def _read_case(name: str, folder: str, options: Options, *, warn: bool = False) -> Case:
    """A photo with its hole; ``folder`` is its own among several, else empty.

    Raises:
        UserError: the photo, a mask or a drawing will not do.
    """
    photo = read_image(name)
    try:
        return _case(folder, photo, options, warn=warn)
    except UserError as error:
        if not folder:
            raise
        raise UserError(f"{name}: {error}") from error


def _case(name: str, photo: Photo, options: Options, *, warn: bool = False) -> Case:
    hole = read_hole(photo, options, warn=warn)
    unknown = unknown_of(photo, hole, options)
    return Case(name, without(photo, hole), hole, unknown, read_edges(photo, options))


def _folders(names: Sequence[str]) -> list[str]:
    """A folder for each photo; a single one needs none."""
    stems = [Path(name).stem for name in names]
    if len(stems) < 2:
        return [""] * len(stems)
    return [s if stems.count(s) == 1 else f"{n}-{s}" for n, s in enumerate(stems, 1)]


def _write(
    model: EdgeConnect,
    case: Case,
    options: Options,
    folder: RunFolder,
    *,
    on_the_way: bool = False,
) -> None:
    """The results, and beside them the photo, its hole, the edges, and a classical filling."""
    pictures = make_folder(folder.path / "inpaint" / case.name)
    photo, feather = case.photo, options.mask.feather or 0.0
    first = photo.pixels
    hole, alpha = reach(case.hole, feather), photo.alpha
    if alpha is not None and (alpha[case.hole > 0] <= FAINT).any():
        # What was transparent shows what it is filled with, and its soft rim is no ring in that.
        alpha = torch.maximum(alpha, blend_weight(case.hole, feather))
    for index, seed in enumerate(_seeds(options)[: 1 if on_the_way else None]):
        filled, edges = fill(
            model,
            photo.pixels,
            hole,
            scale=model.scale,
            edges=case.edges,
            barred=case.unknown,
            seed=seed,
        )
        made = blend(photo.pixels, filled, case.hole, feather)
        if index == 1 and torch.equal(made, first):
            _log.warning(
                "the results are alike, for this model fills without chance; one trained with a "
                "larger model.noise varies them"
            )
        first = made if index == 0 else first
        write_image(pictures / f"{index:03d}.png", made, like=photo, alpha=alpha)
        if index == 0:
            _write_gray(pictures / "edges.png", torch.where(hole > 0, edges, KNOWN_EDGES * edges))
    write_image(pictures / "before.png", photo.pixels, like=photo)
    emptied = torch.where(case.hole > 0, torch.zeros_like(photo.pixels), photo.pixels)
    write_image(pictures / "hole.png", emptied, like=photo)
    _write_gray(pictures / "mask.png", blend_weight(case.hole, feather))
    if options.inpaint.compare and not on_the_way:
        if has_opencv():
            classical = inpaint_by_opencv(photo.pixels, case.hole)
            write_image(pictures / "telea.png", classical, like=photo, alpha=alpha)
        else:
            why = f"not shown: OpenCV is missing, {INSTALL}"
            folder.write_status("running", classical=why)


def _write_gray(path: Path, levels: Tensor) -> None:
    """(1, 1, H, W) in [0, 1]."""
    write_image(path, levels.expand(-1, 3, -1, -1) * 2.0 - 1.0, like=Photo(levels, mode="L"))


def _seeds(options: Options) -> list[int | None]:
    """Of each result. Without ``inpaint.seed`` the first is the one without chance."""
    count, seed = options.inpaint.count, options.inpaint.seed
    first = options.seed if seed is None else seed
    seeds: list[int | None] = [(first + k) % (LARGEST_SEED + 1) for k in range(count)]
    return seeds if seed is not None else [None, *seeds[:-1]]


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


OWN = OwnTask(
    "inpaint",
    check,
    write,
    size_option="mask",
    again=("mask=other.png",),
    lesson=lesson,
    stands_for_photo=True,
)
