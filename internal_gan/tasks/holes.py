"""The hole of a photo with its masks and the user's edges; the window around it in a huge photo."""

import logging
import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial, reduce
from typing import NamedTuple

import torch
from PIL import Image, ImageChops
from torch import Tensor

from internal_gan.config.arguments import written
from internal_gan.errors import UserError
from internal_gan.files import is_file
from internal_gan.finishing.filling import can_fill
from internal_gan.finishing.ground import MIN_WINDOW, WINDOW_TIMES
from internal_gan.images.files.decode import channels_of, coloured, photo_of
from internal_gan.images.files.image import MAX_PIXELS
from internal_gan.images.frames import frame_of
from internal_gan.images.masks import FAINT, called, dilate, read_mask, reader
from internal_gan.images.photo import Photo
from internal_gan.images.random_holes import random_strokes
from internal_gan.images.smooth_fill import fill_transparent
from internal_gan.images.windows import Window, around, bands, bounds, extent, hull, moved, within
from internal_gan.runs.source import Source
from internal_gan.shapes import Mask
from internal_gan.units import Size, by

# The share of a photo that the example hole covers, at the end of a training without one.
SHARE = 0.3
PIXEL = slice(0, 1), slice(0, 1)
BAND = 2**22  # pixels of a huge mask that are read at a time
_log = logging.getLogger(__name__)
_OF_HUGE = f"in a photo of more than {MAX_PIXELS // 10**6} megapixels"


class Case(NamedTuple):
    """A photo with a hole.

    Attributes:
        hole: (1, 1, H, W), 1 in the hole, else 0.
        closed: 1 where no patch may be taken from, the hole included.
        edges: the user's drawing of edges, if any, 0 and 1.
    """

    photo: Photo
    hole: Mask
    closed: Mask
    edges: Mask | None = None


class Holes:
    """The hole of a photo, as the options describe it, or else its training's."""

    def __init__(self, given: Source) -> None:
        options = given.options.mask
        self._given = self._masks = given
        self.mask = options
        if given.worked_on is not given and options.file is None and options.box is None:
            self._masks, self.mask = given.trained, given.trained.options.mask
            if options.dilate is not None:
                self.mask = replace(self.mask, dilate=options.dilate)
        self._are_learnt = self._masks is given.trained

    def found(self, photo: Photo, *, warn: bool = False) -> Tensor | None:
        """The hole of a photo, (1, 1, H, W), 1 inside, else 0: all pixels that its mask or box
        touches, or else its transparent part, grown by ``mask.dilate``; None if there is none.

        A UserError if mask and box are not usable; with ``warn``, a large mask brings a warning.
        """
        options = self.mask
        if options.box is not None:
            if options.file is not None:
                raise UserError(f"mask={options.file}: mask.box is given too; use one of them")
            return self._grown(_box(options.box, photo))
        if (given := self._masks.read("mask.file")) is not None:
            mask = read_mask(given, photo.size, warn=warn)
            if (mask > FAINT).all():
                raise UserError(
                    f"{called(given, 'mask')}: no pixel is black, so the hole is the whole photo; "
                    "a mask is black everywhere except in the hole"
                )
            return self._grown(mask)
        if photo.alpha is None or not (photo.alpha < 1 - FAINT).any():
            return None
        if not (photo.alpha > FAINT).any():
            raise UserError("image: every pixel is transparent; a photo must show something")
        hole = photo.alpha <= 1 - FAINT
        if hole.all():
            raise UserError("image: no pixel is opaque, so the hole is all of it; give mask=FILE")
        if warn and (share := float(hole.float().mean())) > 0.5:
            _log.warning("image: %.0f %% of it is the hole, filled from the rest", 100 * share)
        return self._grown(hole.float())

    def case(self, seed: int | None = None) -> Case:
        """The photo with its hole. One without a hole gets a random one of a ``seed``, which shows
        what a model does that was trained without one; without a seed, this is a UserError."""
        photo, edges = self._photo(), None
        if photo.unknown is not None and self._are_learnt:
            hole, unknown = photo.unknown, None
        else:
            found = self.found(photo, warn=seed is None)
            if found is not None:
                hole, edges = found, self.edges(photo)
            elif seed is not None:
                hole = random_strokes(photo.size, SHARE, torch.Generator().manual_seed(seed))
            else:
                raise UserError(
                    "mask=FILE is missing: an image of the photo's size, white in the hole; or "
                    "mask.box=[top,left,height,width], or a photo with transparent parts"
                )
            photo, unknown = without(photo, hole), self.unknown(photo, hole)
        closed = hole if unknown is None else unknown
        closed = avoided(self._given.read("fill.avoid"), "fill.avoid", photo, closed)
        return Case(photo, hole, closed, edges)

    def _photo(self) -> Photo:
        """The photo, or its training image if the mask is gone, as from a published model."""
        source = self._given.worked_on
        if self._are_learnt and self._masks.folder is not None and self.mask.box is None:
            file = self._masks.inputs.file("mask.file")
            if file is not None and not is_file(file):
                return source.learnt()
        return source.photo()

    def _grown(self, mask: Tensor) -> Tensor:
        hole = dilate((mask > FAINT).float(), self.mask.dilate or 0.0)
        if hole.all():
            raise UserError(
                f"mask.dilate={self.mask.dilate:g}: the enlarged hole is the whole photo; choose a "
                "smaller number"
            )
        return hole

    def unknown(self, photo: Photo, hole: Tensor | None) -> Tensor | None:
        """Where nothing may be trained on or copied, (1, 1, H, W), 1 there, else 0: in the
        ``hole``, in ``fill.avoid``, and where the photo is transparent; None if nowhere."""
        options, parts = self._given.options, [] if hole is None else [hole]
        given = self._given if options.fill.avoid else self._given.worked_on
        if white := given.read("fill.avoid"):
            parts.append(_avoided(white, "fill.avoid", photo))
        if not options.keep_frame and photo.whole is None and (cut := frame_of(photo)):
            frame = cut.part(photo.without(cut).size)
            if hole is None or (frame * hole).sum() < hole.sum() / 2:  # else it is wanted there
                parts.append(frame)
        if photo.alpha is not None and (photo.alpha <= FAINT).any():
            parts.append((photo.alpha <= FAINT).float())
        return reduce(torch.maximum, parts) if parts else None

    def edges(self, photo: Photo) -> Tensor | None:
        """The user's drawing of edges, (1, 1, H, W) of 0 and 1, if any."""
        if not (given := self._given.read("fill.edges")):
            return None
        drawn = read_mask(given, photo.size, option="fill.edges", white="is an edge")
        return (drawn >= 0.5).float()


def case_of(given: Source) -> Case:
    """The photo of a run with its hole, or with an example of one at the end of a training."""
    return Holes(given).case(given.options.seed if given.options.trains else None)


def avoided(given: Photo | None, option: str, photo: Photo, closed: Mask) -> Mask:
    """Where no pixel may be taken from: where a mask is ``closed``, and where the picture given by
    an option, if any, is white. A UserError if nothing is left."""
    if given is None:
        return closed
    closed = torch.maximum(closed, _avoided(given, option, photo))
    if not can_fill(closed):
        where = "the photo" if photo.whole is None else "the photo near the hole"
        raise UserError(
            f"{called(given, option)}: leaves no part of {where} to take pixels from; paint less "
            "of it white"
        )
    return closed


def _avoided(given: Photo, option: str, photo: Photo) -> Mask:
    white = "is where no pixel may be taken from"
    return (read_mask(given, photo.size, option=option, white=white) > FAINT).float()


def without(photo: Photo, hole: Tensor) -> Photo:
    """The photo, with colours of transparent pixels that do not depend on the hole."""
    if photo.raw is None or photo.alpha is None:
        return photo
    apart = fill_transparent(photo.pixels, photo.alpha * (1 - hole))
    return replace(photo, colours=torch.where(photo.alpha > 0, photo.pixels, apart))


def _window(box: list[int], size: Size) -> Window:
    """The window of ``mask.box``; a UserError if it leaves a photo of this size, or fills it."""
    top, left, height, width = box
    rows, columns = size
    name = f"mask.box={written(box)}"
    if top + height > rows or left + width > columns:
        raise UserError(
            f"{name}: [top,left,height,width] reaches row {top + height} and column "
            f"{left + width}; the photo has {rows} rows and {columns} columns"
        )
    if (height, width) == (rows, columns):
        raise UserError(f"{name}: the box is the whole photo; choose a smaller one")
    return slice(top, top + height), slice(left, left + width)


def _box(box: list[int], photo: Photo) -> Mask:
    window = _window(box, photo.whole.image.size[::-1] if photo.whole else photo.size)
    mask = torch.zeros(1, 1, *photo.size)
    mask[(..., *(within(window, photo.whole.window) if photo.whole else window))] = 1
    return mask


def around_hole(source: Source, name: str, photo: Image.Image) -> Window:
    """The window of a photo in a file of that name: three times as high and wide as its hole, and
    larger around a small one. From then on the source reads the same of masks and drawings. A
    UserError if the hole is too large, or an option needs all of the photo."""
    options, size = source.options, (photo.height, photo.width)
    if options.layers.files:
        raise UserError(f"layers: not possible {_OF_HUGE}")
    reach = math.ceil(options.mask.dilate or 0.0)
    rows, columns = (
        slice(max(side.start - reach, 0), min(side.stop + reach, length))
        for side, length in zip(_hole(source, photo), size, strict=True)
    )
    hole = extent((rows, columns))
    height, width = (max(MIN_WINDOW, WINDOW_TIMES * side) for side in hole)
    window = around((rows, columns), (height, width), size)
    if math.prod(extent(window)) > MAX_PIXELS:
        raise UserError(
            f"{name}: its hole spans {by(hole)} pixels; {_OF_HUGE}, {WINDOW_TIMES} times that "
            "height and width may have at most as many; fill one part at a time, by mask.box="
        )
    source.alike = partial(_same, photo, window)
    return window


def _same(photo: Image.Image, window: Window, name: str, image: Image.Image) -> Window:
    if image.size != photo.size:
        has, wanted = by(image.size[::-1]), by(photo.size[::-1])
        raise UserError(f"{name}: {has} pixels (height x width), while the photo has {wanted}")
    return window


def _hole(source: Source, photo: Image.Image) -> Window:
    """The box around the hole; a pixel if there is none, since then no filling begins."""
    mask, size = source.options.mask, (photo.height, photo.width)
    if mask.box is not None:
        return _window(mask.box, size)
    # Reading a pixel of the mask gives all of it, too.
    source.alike = partial(_same, photo, PIXEL)
    if given := source.read("mask.file"):
        whole = Image.new("L", given.size[::-1]) if given.whole is None else given.whole.image
        source.alike("mask", whole)
        read = reader(given, partial(_bands, whole))[0]
        masks = ((window, read(part) > FAINT) for window, part in _bands(whole))
        boxes = [moved(bounds(mask), window) for window, mask in masks if mask.any()]
        return hull(boxes) if boxes else PIXEL
    if not photo.has_transparency_data:
        return PIXEL
    levels = ImageChops.invert(coloured(photo).getchannel("A"))
    left, top, right, bottom = levels.getbbox() or (0, 0, 1, 1)
    return slice(top, bottom), slice(left, right)


def _bands(image: Image.Image) -> Iterator[tuple[Window, Photo]]:
    for rows in bands((image.height, image.width), BAND):
        window = slice(rows.start, min(rows.stop, image.height)), slice(0, image.width)
        band = image.crop((0, rows.start, image.width, window[0].stop))
        is_gray = band.mode == "L" and not band.has_transparency_data
        yield window, photo_of(channels_of(band if is_gray else coloured(band)), band.mode, 8)
