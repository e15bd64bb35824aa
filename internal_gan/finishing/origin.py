"""Where each pixel of a result comes from, as a file next to it.

``NAME.origin.png`` is a PNG file with 16 bits per channel, of the same size as ``NAME.png``. Red is
the row in the photo, and green the column. Blue is 0 for an exact copy of that pixel, 1 for one
that was changed at a seam, or 2 for a pixel from no photo: drawn by the network, or given by the
user. Rows and columns refer to the photo at the size stored in the file's text.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.files import atomic_write, json_object
from internal_gan.finishing.seams import Hiding
from internal_gan.images.colours import in_floats
from internal_gan.images.files.image import read_image
from internal_gan.images.files.names import ORIGIN, PILLOW_FORMATS, shown
from internal_gan.images.files.png import png
from internal_gan.images.frames import frame_of
from internal_gan.images.levels import largest_level, levels_of
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import fit_size, scaled
from internal_gan.images.windows import bands
from internal_gan.patches.origins import taken
from internal_gan.shapes import Levels, Places
from internal_gan.type_hints import fits
from internal_gan.units import Size, by

# Kinds of pixels, as stored in blue.
EXACT = 0  # an exact copy
BLENDED = 1  # changed at a seam
OTHER = 2  # from no photo
# The largest side of a photo in pixels: rows and columns are stored in 16 bits.
MAX_SIDE = 65535
# Photos are read with at least this long side, in pixels, whatever the results' size.
READ_SIDE = 2048
COMPARED_AT_ONCE = 2**20  # pixels compared at once
# The keyword of the PNG file's text, and its entry with the photo's size.
KEYWORD = "internal-gan"
PHOTO_SIZE = "photo_size"


@dataclass(frozen=True)
class Origin:
    """Where each pixel of a picture comes from.

    Attributes:
        places: (H, W, 2), row and column in the photo; 0 where ``kinds`` is ``OTHER``.
        kinds: (H, W), ``EXACT``, ``BLENDED`` or ``OTHER``.
        photo_size: of the photo that rows and columns refer to.
        hiding: how seams were hidden; None: not known, as for an origin read from a file.
    """

    places: Places
    kinds: NDArray[np.uint8]
    photo_size: Size
    hiding: Hiding | None = None

    @property
    def shares(self) -> tuple[float, float, float]:
        """The shares of pixels that are exact copies, blended, and from no photo, 0 to 1."""
        counts = np.bincount(self.kinds.ravel(), minlength=3) / self.kinds.size
        return float(counts[EXACT]), float(counts[BLENDED]), float(counts[OTHER])

    def of(self, other: "Origin") -> "Origin":
        """The origin of a picture that is made, by another origin, of the picture of this one."""
        kinds = np.maximum(taken(self.kinds, other.places), other.kinds)
        return replace(
            other, places=taken(self.places, other.places), kinds=kinds, photo_size=self.photo_size
        )

    def placed(self, size: Size, rows: slice, columns: slice) -> "Origin":
        """The origin of a picture of ``size`` with this one in some rows and columns."""
        places = np.zeros((*size, 2), np.int32)
        kinds = np.full(size, OTHER, np.uint8)
        places[rows, columns] = self.places
        kinds[rows, columns] = self.kinds
        return replace(self, places=places, kinds=kinds)


def as_source(photo: Photo, size: Size) -> Photo:
    """Shrink a photo, read with ``longest=max(READ_SIDE, *size)``, to its size in results; a
    UserError if it cannot have that."""
    cut = frame_of(photo) if photo.given is None else None
    if cut and fit_size(photo.full_size, max(size)) != size:
        photo = photo.without(cut)
    near = scaled(photo.full_size, max(size) / max(photo.full_size))
    is_shrunk = max(size) <= max(photo.full_size) and all(
        abs(new - old) <= 1 for new, old in zip(size, near, strict=True)
    )
    if fit_size(photo.full_size, max(size)) != size and not is_shrunk:
        name = shown(photo.path) if photo.path else "the photo"
        raise UserError(
            f"{name}: {by(photo.full_size)} pixels; the photo of this origin has {by(size)} "
            "pixels, or shrinks to that"
        )
    return photo.shrunk_to(size)


def differences(picture: Photo, photo: Photo, places: Places | None = None) -> tuple[int, Levels]:
    """The level of white, and the difference in levels from the photo's pixels at these places, by
    default the same, in the channel that differs most."""
    white = max(largest_level(picture), largest_level(photo))
    ours, source = (_channels(image, photo) for image in (picture, photo))
    found: Levels = np.zeros(picture.size, np.uint8 if white == 255 else np.uint16)
    for rows in bands(picture.size, COMPARED_AT_ONCE):
        there = source[..., rows, :]
        if places is not None:
            y, x = torch.from_numpy(places[rows]).long().unbind(dim=-1)
            there = source[..., y, x]
        here = ours[..., rows, :]
        if here.dtype != there.dtype:
            here, there = in_floats(here), in_floats(there)
        if not torch.equal(here, there):
            pair = levels_of(here, white), levels_of(there, white)
            found[rows] = (np.maximum(*pair) - np.minimum(*pair)).max(axis=2)
    return white, found


def origin_path(picture: Path) -> Path:
    """The path of a picture's origin file.

    >>> origin_path(Path("sample/000.png")).as_posix()
    'sample/000.origin.png'
    """
    return picture.with_name(picture.stem + ORIGIN)


def write_origin(path: Path, origin: Origin) -> None:
    """Write the origin of a picture as PNG; a UserError if the file cannot be written."""
    text = json.dumps({PHOTO_SIZE: list(origin.photo_size)})
    with atomic_write(path) as temporary:
        temporary.write_bytes(png(_Numbers(origin), text={KEYWORD: text}))


class _Numbers:
    """What a file has of an origin, (H, W, 3) uint16, some rows at a time, since pictures are
    large."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self.shape = (*origin.kinds.shape, 3)

    def __getitem__(self, rows: int | slice) -> NDArray[np.uint16]:
        parts = self._origin.places[rows], self._origin.kinds[rows][..., None]
        return np.concatenate(parts, axis=-1, dtype=np.uint16, casting="unsafe")


def read_origin(path: str | Path) -> Origin:
    """Read the origin of a picture; a UserError if the file is missing, damaged or no origin."""
    path, name = Path(path), shown(Path(path))
    photo = read_image(path)
    with Image.open(photo.path or path, formats=PILLOW_FORMATS) as image:
        text = json_object(getattr(image, "text", {}).get(KEYWORD, ""))
    size: Any = text.get(PHOTO_SIZE)
    is_size = fits(size, Size) and all(0 < side <= MAX_SIDE for side in size)
    if not is_size or photo.bit_depth != 16 or photo.mode != "RGB":
        raise UserError(
            f"{name}: not the origin of a result; allowed is the NAME{ORIGIN} next to a NAME.png"
        )
    levels = levels_of(photo.pixels, 65535).astype(np.int32)
    kinds = levels[..., 2]
    if kinds.max() > OTHER or (levels[..., :2].reshape(-1, 2).max(0) >= size).any():
        raise UserError(f"{name}: damaged; it names pixels outside its photo of {by(size)} pixels")
    places = np.ascontiguousarray(levels[..., :2])
    return Origin(places, kinds.astype(np.uint8), (size[0], size[1]))


def _channels(image: Photo, photo: Photo) -> Tensor:
    """(1, C, H, W), 8-bit levels or floats: colours and, if the photo is transparent somewhere,
    alpha; fully transparent pixels then have no colour."""
    colours = image.colours if image is photo or image.raw is None else image.raw
    if photo.alpha is not None and (photo.alpha < 1).any():
        pixels = in_floats(colours)
        alpha = torch.ones_like(pixels[:, :1]) if image.alpha is None else image.alpha
        colours = torch.cat([torch.where(alpha > 0, pixels, -1.0), alpha * 2 - 1], 1)
    return colours
