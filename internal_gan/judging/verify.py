"""Where the pixels of a result come from: a check of the claim, shares and a map."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn import functional as F

from internal_gan.errors import UserError, about
from internal_gan.finishing.origin import (
    BLENDED,
    EXACT,
    OTHER,
    READ_SIDE,
    Origin,
    as_source,
    differences,
    origin_path,
    read_origin,
)
from internal_gan.images.colours import colour_code
from internal_gan.images.files.image import read_image
from internal_gan.images.levels import largest_level
from internal_gan.images.photo import Photo
from internal_gan.shapes import Flags, Pixels
from internal_gan.units import by, counted

# Longest side of a map, in pixels.
MAP_SIDE = 1024
WHITENED = 0.6  # the share of white in blended pixels on the map
OTHER_GRAY = -0.6  # the gray of pixels from no photo, in [-1, 1]
# The colour of pixels wrongly claimed to be exact copies: red.
WRONG = (1.0, -1.0, -1.0)


@dataclass(frozen=True)
class Verification:
    """The result of comparing a picture with a photo, pixel by pixel.

    Attributes:
        origin: the claim that was checked.
        photo: that it was compared with, at the size that the claim refers to.
        wrong: (H, W), pixels that are claimed to be exact copies and are not.
        change: mean and largest difference of blended pixels, in levels of 255, in the channel that
            differs most.
    """

    origin: Origin
    photo: Photo
    wrong: Flags
    change: tuple[float, float]

    @property
    def holds(self) -> bool:
        """Whether all claimed exact copies are exact."""
        return not self.wrong.any()

    @property
    def exact(self) -> float:
        """The share of pixels that are exact copies, 0 to 1."""
        return float(((self.origin.kinds == EXACT) & ~self.wrong).mean())

    @property
    def blended(self) -> float:
        """The share of pixels that were blended at seams, 0 to 1."""
        return self.origin.shares[BLENDED]

    @property
    def other(self) -> float:
        """The share of pixels that come from no photo, 0 to 1."""
        return self.origin.shares[OTHER]

    @property
    def map(self) -> Pixels:
        """:func:`origin_map`, with pixels that are ``wrong`` in red."""
        return origin_map(self.origin, self.wrong)

    def in_words(self, photo: str = "the photo") -> str:
        """Such as ``97.8 % of the pixels are exact copies of a.jpg, 2.2 % are blended at seams
        (changed by 3.0 levels of 255 on average, 20 at most)``."""
        mean, most = self.change
        by = f" (changed by {mean:.1f} levels of 255 on average, {most:.0f} at most)"
        parts = [
            f"{percent(self.exact)} of the pixels are exact copies of {photo}",
            f"{percent(self.blended)} are blended at seams{by if most else ''}",
        ]
        if self.other:
            parts.append(f"{percent(self.other)} are from no photo")
        if not self.holds:
            pixels = counted(int(self.wrong.sum()), "pixel")
            parts.append(f"wrongly claimed to be exact copies: {pixels}")
        return ", ".join(parts)


def verify(picture: Path | Photo, photo: Path | Photo, file: Path | None = None) -> Verification:
    """Compare every pixel of a picture with the photo's pixel from which it claims to come; a
    UserError if a picture or the origin cannot be read, or their sizes do not match.

    Exact copies have the same levels in all channels, and the same transparency if the photo has
    any. If the photo was shrunk for the result, one level of its own bit depth is tolerated, since
    another machine may round differently.

    Args:
        picture, photo: files, or pictures in memory.
        file: the picture's origin, by default the one next to its file.
    """
    if file is None:
        if isinstance(picture, Photo):
            raise UserError("origin: a picture in memory needs the name of its NAME.origin.png")
        file = origin_path(picture)
    if isinstance(picture, Path):
        picture = read_image(picture)
    with about("origin"):
        origin = read_origin(file)
    with about("verify.photo"):
        if isinstance(photo, Path):
            photo = read_image(photo, longest=max(READ_SIDE, *origin.photo_size))
        photo = as_source(photo, origin.photo_size)
    if picture.size != origin.kinds.shape:
        ours, its = by(picture.size), by(origin.kinds.shape)
        raise UserError(f"origin={file}: the picture has {ours} pixels, and its origin has {its}")
    white, off = differences(picture, photo, origin.places)
    allowed = 0 if photo.full_size == origin.photo_size else white // largest_level(photo)
    wrong = (origin.kinds == EXACT) & (off > allowed)
    changed = off[origin.kinds == BLENDED] * (255 / white)
    change = (float(changed.mean()), float(changed.max())) if changed.size else (0.0, 0.0)
    return Verification(origin, photo, wrong, change)


def origin_map(origin: Origin, wrong: Flags | None = None) -> Pixels:
    """A picture of where pixels come from, at most ``MAP_SIDE`` a side.

    An exact copy has the colour of its place in the photo (see :func:`colour_code`), a blended
    pixel a paler one, and a pixel from no photo is dark gray. The ``wrong`` ones are red.
    """
    step: int = -(-max(origin.kinds.shape) // MAP_SIDE)
    kinds = torch.from_numpy(origin.kinds[::step, ::step].copy())
    places = torch.from_numpy(origin.places[::step, ::step].copy()).long()
    # The code is smooth, so a coarse one does, and saves memory.
    size = origin.photo_size
    coarse = min(size[0], MAP_SIDE), min(size[1], MAP_SIDE)
    rows, columns = (places[..., axis] * coarse[axis] // size[axis] for axis in range(2))
    picture = colour_code(coarse)[:, :, rows, columns]
    blended = kinds == BLENDED
    picture[..., blended] = WHITENED + (1 - WHITENED) * picture[..., blended]
    picture[..., kinds == OTHER] = OTHER_GRAY
    if wrong is not None:
        flags = torch.from_numpy(wrong)[None, None].float()
        shown = F.max_pool2d(flags, step, ceil_mode=True) > 0
        picture = torch.where(shown, picture.new_tensor(WRONG).view(1, 3, 1, 1), picture)
    return picture


def shares_in_words(origin: Origin) -> str:
    """Such as ``97.8 % exact copies of the photo, 2.2 % blended at seams``."""
    exact, blended, other = origin.shares
    parts = [f"{percent(exact)} exact copies of the photo", f"{percent(blended)} blended at seams"]
    if other:
        parts.append(f"{percent(other)} from no photo")
    return ", ".join(parts)


def percent(share: float) -> str:
    """A share in per cent, never rounded to 100 % or 0 %."""
    if 0 < share < 0.001:
        return "less than 0.1 %"
    if 0.999 < share < 1:
        return "more than 99.9 %"
    return f"{100 * share:.1f}".removesuffix(".0") + " %"
