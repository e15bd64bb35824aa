"""Which part of a photo is the hole, and what else a user says about it: masks and a drawing."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.images.files.names import READABLE_SUFFIXES, shown
from internal_gan.images.fill import fill_transparent
from internal_gan.images.masks import FAINT, dilate, read_mask
from internal_gan.images.photo import Photo
from internal_gan.images.random_holes import random_hole
from internal_gan.units import Size

# A hole of a larger share of the photo is likely a mistake.
MUCH = 0.5

_log = logging.getLogger(__name__)


def is_named(options: Options) -> bool:
    """Whether the options say where the hole is."""
    return options.mask.file is not None or options.inpaint.box is not None


def has_hole(options: Options, number: int) -> bool:
    """Whether a hole is named for the photo of that number, from 0: a folder of masks has one for
    each, a mask or a box is that of the first."""
    file = options.mask.file
    return is_named(options) if number == 0 else file is not None and Path(file).is_dir()


def read_hole(photo: Photo, options: Options, *, warn: bool = False) -> Tensor:
    """The hole that ``options.mask`` or ``options.inpaint.box`` names in a photo.

    Every pixel that the mask changes, if only in part, is in the hole, which ``mask.dilate``
    enlarges.

    Args:
        warn: log a warning where it covers much of the photo.

    Returns:
        (1, 1, H, W) of the photo's size, 1 in the hole and 0 elsewhere.

    Raises:
        UserError: neither or both are given, the mask cannot be read, has another size, is empty
            or full, or the box is not inside the photo.
    """
    box, file = options.inpaint.box, options.mask.file
    if box is not None and file is not None:
        raise UserError(f"mask={file}: there is inpaint.box too; one of them is the hole")
    name: Path | None = None
    if box is not None:
        mask = _box(box, photo, options.mask.invert)
    elif file is not None:
        name = mask_of(file, photo, "mask")
        invert = options.mask.invert
        mask = read_mask(name, photo.size, invert=invert, invert_option="mask.invert", warn=False)
    else:
        raise UserError(
            "mask=FILE is missing: white where the hole is, of the photo's size; or "
            "inpaint.box=[top,left,height,width]. task=mask makes a random one"
        )
    touched = (mask > FAINT).float()
    if name is not None and touched.all():
        keep = "white" if options.mask.invert else "black"
        raise UserError(
            f"mask={shown(name)}: no pixel is {keep}, which is what is kept, so that "
            f"the hole is the whole photo; a mask is {keep} everywhere but in the hole"
        )
    hole = dilate(touched, options.mask.dilate or 0.0)
    share = float(hole.mean())
    if share == 1.0:
        raise UserError(
            f"mask.dilate={options.mask.dilate:g}: the hole, so enlarged, is the whole photo; "
            "a smaller number leaves something of it"
        )
    if warn and share > MUCH:
        _log.warning(
            "the hole is %.0f %% of the photo, which leaves little to fill it from; if it is the "
            "other way round, try mask.invert=%s",
            100 * share,
            str(not options.mask.invert).lower(),
        )
    return hole


def example_hole(size: Size, options: Options) -> Tensor:
    """A random hole, where a training was given none, to show what the model does."""
    rng = torch.Generator().manual_seed(options.seed)
    return random_hole(options.mask.kind, size, options.mask.ratio, rng)


def unknown_of(photo: Photo, hole: Tensor | None, options: Options) -> Tensor | None:
    """Where nothing may be learnt or taken from a photo: its hole, what is not in
    ``inpaint.source``, and what is transparent.

    Args:
        hole: (1, 1, H, W), 1 inside and else 0; None for none.

    Returns:
        (1, 1, H, W), 1 there and 0 elsewhere; None where all may be learnt.

    Raises:
        UserError: the source mask will not do.
    """
    parts = [] if hole is None else [hole]
    source = options.inpaint.source
    if source is not None:
        name = mask_of(source, photo, "inpaint.source")
        allowed = read_mask(
            name,
            photo.size,
            option="inpaint.source",
            white="is where the model may learn and take patches from",
        )
        parts.append((allowed < 0.5).float())
    if photo.alpha is not None and (photo.alpha <= FAINT).any():
        parts.append((photo.alpha <= FAINT).float())
    return torch.stack(parts).amax(dim=0) if parts else None


def without(photo: Photo, hole: Tensor) -> Photo:
    """The photo as if it were transparent in the hole: of what is there, nothing is in the colours
    that fully transparent pixels around it have been given."""
    if photo.raw is None or photo.alpha is None:
        return photo
    apart = fill_transparent(photo.pixels, photo.alpha * (1 - hole))
    return replace(photo, pixels=torch.where(photo.alpha > 0, photo.pixels, apart))


def read_edges(photo: Photo, options: Options) -> Tensor | None:
    """The user's drawing of edges, (1, 1, H, W) of 0 and 1; None where there is none.

    Raises:
        UserError: it cannot be read, has another size, or is all black or white.
    """
    if options.inpaint.edges is None:
        return None
    name = mask_of(options.inpaint.edges, photo, "inpaint.edges")
    drawn = read_mask(name, photo.size, option="inpaint.edges", white="is an edge")
    return (drawn >= 0.5).float()


def mask_of(name: str, photo: Photo, option: str) -> Path:
    """The file that an option names, or the one with the photo's name in the folder it names.

    Raises:
        UserError: the folder has no such file, or several.
    """
    path = Path(name)
    if not path.is_dir():
        return path
    if photo.path is None:
        raise UserError(
            f"{option}={name}: is a folder, and the photo has no name to look for there"
        )
    exact = path / photo.path.name
    if exact.is_file():
        return exact
    found = sorted(
        entry
        for entry in path.iterdir()
        if entry.stem == photo.path.stem and entry.suffix.lower() in READABLE_SUFFIXES
    )
    if len(found) != 1:
        what = "no image" if not found else f"{len(found)} images"
        raise UserError(
            f"{option}={name}: has {what} with the name of {shown(photo.path)}; needed is one, "
            f"such as {photo.path.stem}.png"
        )
    return found[0]


def _box(box: list[int], photo: Photo, invert: bool) -> Tensor:
    top, left, height, width = box
    rows, columns = photo.size
    name = f"inpaint.box=[{','.join(map(str, box))}]"
    if top + height > rows or left + width > columns:
        raise UserError(
            f"{name}: [top,left,height,width] reaches row {top + height} and column "
            f"{left + width}; the photo has {rows} and {columns}"
        )
    if (height, width) == (rows, columns):
        raise UserError(f"{name}: the box is the whole photo; something of it must be left")
    mask = torch.full((1, 1, rows, columns), float(invert))
    mask[..., top : top + height, left : left + width] = float(not invert)
    return mask
