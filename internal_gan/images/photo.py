"""A photo in memory, and on a canvas; what results inherit, and whether a model can learn it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import UserError
from internal_gan.images.colours import has_few_colours, in_floats, in_kind_of
from internal_gan.images.files.metadata import profile_space
from internal_gan.images.files.names import shown
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import nearest_pixels, resize, size_of
from internal_gan.images.windows import Window
from internal_gan.shapes import Mask, Pixels
from internal_gan.units import Size, by

GRAY_MODES = {"1", "L", "LA", "I;16", "F"}
# Chooses the window to read of a huge image, given its name and all of it, upright.
Choose = Callable[[str, Image.Image], Window]


class Whole(NamedTuple):
    """All of a huge image, upright and of 8 bits, and the window of it that is a photo."""

    image: Image.Image
    window: Window


class Drawn(NamedTuple):
    """What was drawn in a window of a photo, (1, 3, h, w) in [-1, 1]."""

    window: Window
    pixels: Pixels


@dataclass(frozen=True)
class Photo:
    """An image, upright, with the data about it in its file.

    Attributes:
        colours: (1, 3, H, W), levels of 8 bits as read from an opaque file of 8 bits, else floats
            in [-1, 1]. Gray is repeated in the three channels; fully transparent pixels continue
            the visible colours around them.
        alpha: 1 is opaque; None without transparency.
        mode: Pillow's name of the file's colour mode, such as ``RGB``, ``LA``, ``P``, ``I;16``.
        bit_depth: bits per channel: 8, 16, or 32 for floating point.
        icc_profile: the file's colour profile; the pixels stay in it (CMYK is converted to sRGB).
        exif: EXIF block without the orientation.
        dpi: dots per inch, across and down, in print.
        unknown: 1 where a model must not learn from the photo, such as in a hole to fill.
        raw: the colours, as floats, with the file's own colours in fully transparent pixels, which
            ``write_image`` restores; None if there are none.
        given: size of the file, if the photo was reduced on reading or shrunk.
        whole: what it is a part of, which ``write_image`` writes around a picture of its size.
        palette: (n, 4) uint8, the colours of a file that has a palette or two levels, with alpha.
        frame: what was cut off around it, see :func:`internal_gan.images.frames.frame_of`.
        is_jpeg: whether it was read from a JPEG file, or one as lossy.
        tables: the quantisation tables of a JPEG file, for a photo as it was read.
        of_few: whether it is a copy or a part of a photo that ``has_few_colours``.
    """

    colours: Tensor
    alpha: Mask | None = None
    path: Path | None = None
    mode: str = "RGB"
    bit_depth: int = 8
    icc_profile: bytes | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    unknown: Mask | None = None
    raw: Tensor | None = None
    given: Size | None = None
    whole: Whole | None = None
    frame: "Margins | None" = None
    palette: NDArray[np.uint8] | None = None
    is_jpeg: bool = False
    tables: Sequence[Sequence[int]] | None = None
    of_few: bool = False

    @property
    def pixels(self) -> Pixels:
        """The colours in [-1, 1]; levels are converted at each call."""
        return in_floats(self.colours)

    def copied(self) -> Pixels:
        """:attr:`pixels` in memory of their own."""
        pixels = self.pixels.contiguous()
        return pixels.clone() if pixels is self.colours else pixels

    @property
    def size(self) -> Size:
        return size_of(self.colours)

    @property
    def full_size(self) -> Size:
        """The size of the upright file."""
        return self.given or self.size

    @property
    def uncut(self) -> Size:
        """The size with the frame."""
        return self.frame.around_size(self.size) if self.frame else self.size

    @property
    def is_gray(self) -> bool:
        """Whether the file's mode has no colours."""
        return self.mode in GRAY_MODES

    @cached_property
    def has_few_colours(self) -> bool:
        """Whether results are made of its very colours: it has so few, in flat areas or in a
        palette, as pixel art, maps and diagrams have, or two levels."""
        colours = self.colours if self.raw is None else self.raw
        return self.of_few or has_few_colours(colours, has_palette=self.palette is not None)

    def shrunk_to(self, size: Size) -> "Photo":
        """The photo at another size, with its transparency; of few colours, none is new."""
        if self.size == size:
            return self
        ratios = 2 * tuple(new / old for new, old in zip(size, self.size, strict=True))
        cut = zip(self.frame or (), ratios, strict=False)
        frame = self.frame and Margins(*(round(side * ratio) for side, ratio in cut))
        if self.has_few_colours:
            nearest = nearest_pixels(self.size, size)
            small = self.each(lambda layer: layer[(..., *nearest)].contiguous())
            return replace(small, given=self.full_size, frame=frame, of_few=True, tables=None)
        alpha = None if self.alpha is None else resize(self.alpha, size).clamp(0, 1)
        made = self.resized(size)
        kept = replace(self, colours=made, alpha=alpha, raw=None, tables=None)
        return replace(kept, given=self.full_size, frame=frame)

    def resized(self, size: Size) -> Pixels:
        """The pixels at another size; levels become floats one channel at a time."""
        if self.colours.is_floating_point() or size == self.size:
            return resize(self.pixels, size).clamp(-1, 1)
        plane = torch.empty(1, 1, *self.size)
        channels = torch.split(self.colours, 1, dim=1)
        made = [resize(plane.copy_(one).div_(127.5).sub_(1.0), size) for one in channels]
        return torch.cat(made, dim=1).clamp_(-1, 1)

    def with_drawn(self, drawn: Iterable[Drawn], part: Mask | None = None) -> "Photo":
        """The photo with what was drawn in it, rounded if it has levels; if there is a ``part``,
        only where that is not 0."""
        colours = self.colours.clone(memory_format=torch.contiguous_format)
        for window, pixels in drawn:
            here = (..., *window)
            made = in_kind_of(colours, pixels)
            if part is not None:
                made = torch.where(part[here] > 0, made, colours[here])
            colours[here] = made
        return replace(self, colours=colours)

    def crop(self, rows: slice, columns: slice) -> "Photo":
        """A part of the photo."""
        part = self.each(lambda layer: layer[..., rows, columns].contiguous())
        return replace(part, given=None, whole=None, frame=None)

    def without(self, frame: "Margins") -> "Photo":
        """The photo without a frame around it."""
        height, width = self.size
        inside = height - frame.top - frame.bottom, width - frame.left - frame.right
        return replace(self.crop(*frame.window(inside)), frame=frame)

    def each(self, change: Callable[[Tensor], Tensor]) -> "Photo":
        """The photo with each of its layers changed."""
        layers = ("colours", "alpha", "unknown", "raw")
        given = {name: one for name in layers if (one := getattr(self, name)) is not None}
        changed: dict[str, Any] = {name: change(layer) for name, layer in given.items()}
        return replace(self, **changed)


class Margins(NamedTuple):
    """New pixels on each side of a photo."""

    top: int
    right: int
    bottom: int
    left: int

    def window(self, size: Size) -> Window:
        """Where a photo of ``size`` lies on its canvas."""
        return slice(self.top, self.top + size[0]), slice(self.left, self.left + size[1])

    def around_size(self, size: Size) -> Size:
        """The size of the canvas of a photo of ``size``."""
        return size[0] + self.top + self.bottom, size[1] + self.left + self.right

    def part(self, size: Size) -> Mask:
        """1 in the margins of a photo of ``size``, else 0."""
        return self.padded(torch.zeros(1, 1, *size), 1.0)

    def padded(self, image: Tensor, value: float) -> Tensor:
        """An image (1, C, H, W) with margins of one value."""
        return F.pad(image, (self.left, self.right, self.top, self.bottom), value=value)

    def around(self, photo: Photo) -> Photo:
        """The photo on its canvas, whose margins have its mean colour, which widens no range; they
        are transparent if it has alpha."""
        given = photo.colours
        mean = given.float().mean(dim=(2, 3), keepdim=True).to(given.dtype)
        colours = mean.expand(-1, -1, *self.around_size(photo.size)).clone()
        colours[(..., *self.window(photo.size))] = given
        return replace(
            photo,
            colours=colours,
            alpha=None if photo.alpha is None else self.padded(photo.alpha, 0.0),
            raw=None if photo.raw is None else self.padded(photo.raw, -1.0),
            given=None,
        )


def margins_of(sides: list[int | str], size: Size) -> Margins:
    """The margins for ``[top, right, bottom, left]``, each in pixels or in per cent of the side.

    >>> margins_of([0, "10%", 5, "10%"], (100, 300))
    Margins(top=0, right=30, bottom=5, left=30)
    """
    return Margins(
        *(
            one if isinstance(one, int) else round(float(one.rstrip("%")) / 100 * side)
            for one, side in zip(sides, 2 * size, strict=True)
        )
    )


def margins_to(shape: Size | float, size: Size, anchor: tuple[float, float]) -> Margins:
    """The margins around a photo of ``size`` for a canvas of a larger (height, width), or for the
    smallest of width over height. ``anchor`` has the shares of the new rows above the photo, and of
    the new columns left of it.

    >>> margins_to(1.0, (100, 300), (0.0, 0.5))
    Margins(top=0, right=0, bottom=200, left=0)
    """
    height, width = size
    if isinstance(shape, float):
        shape = max(height, round(width / shape)), max(width, round(height * shape))
    rows, columns = shape[0] - height, shape[1] - width
    above, before = anchor
    top, left = round(rows * above), round(columns * before)
    return Margins(top, columns - left, rows - top, left)


def output_format_of(photo: Photo, finished: bool = False) -> tuple[Photo, list[str]]:
    """What a model's pictures inherit from its photo: gray or colour, the colour profile and dpi.

    They have no EXIF entries, which would be untrue, and, unless ``finished`` from the photo's own
    pixels, 8 bits and no transparency. Returns ``write_image``'s ``like``, and what is lost.
    """
    lost = []
    if photo.alpha is not None and (photo.alpha < 1).any() and not finished:
        lost.append("transparency")
    if photo.bit_depth > 8 and not finished:
        lost.append(f"{photo.bit_depth} bits per channel (they become 8)")
    profile = photo.icc_profile
    if profile and profile_space(profile) != ("L" if photo.is_gray else "RGB"):
        profile = None
        lost.append("a colour profile that does not fit the photo's pixels")
    like = Photo(torch.empty(1, 3, 0, 0), None, photo.path, photo.mode, icc_profile=profile)
    depth = 16 if photo.bit_depth > 8 and finished else 8
    return replace(like, bit_depth=depth, dpi=photo.dpi, palette=photo.palette), lost


def check_shows(photo: Photo) -> None:
    """Raise a UserError for a photo that is fully transparent."""
    if photo.alpha is not None and photo.whole is None and not photo.alpha.any():
        name = "the image" if photo.path is None else shown(photo.path)
        raise UserError(f"{name}: every pixel is transparent; a photo must show something")


def check_trainable(photo: Photo, min_side: int, max_size: int | None = None) -> None:
    """Raise a UserError for a photo of one flat colour, fully transparent, or, also once shrunk to
    a long side of ``max_size``, with less than ``min_side`` pixels a side."""
    name = "the image" if photo.path is None else shown(photo.path)
    size = by(photo.full_size)
    short, long = sorted(photo.full_size)
    if short < min_side:
        raise UserError(
            f"{name}: {size} pixels is too small; the short side must be at least {min_side} pixels"
        )
    if min(fit_size(photo.full_size, max_size)) < min_side:
        enough = -(-min_side * long // short)
        raise UserError(
            f"{name}: {size} pixels shrinks to less than {min_side} pixels on the short side at "
            f"max_size={max_size}; max_size must be at least {enough}, or null"
        )
    check_shows(photo)
    ends = (f(photo.colours, dim=(2, 3), keepdim=True) for f in (torch.amin, torch.amax))
    lowest, highest = map(in_floats, ends)
    # JPEG turns a flat colour into two that are one 8-bit step apart.
    if (highest - lowest).max() <= 2.01 / 255.0:
        raise UserError(f"{name}: the image is one flat colour; a photo must show something")
