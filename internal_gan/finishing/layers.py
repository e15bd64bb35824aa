"""Images aligned with a photo pixel by pixel, such as labels, normals or depth.

They keep the values of their files: pixels are copied, never converted, and changed only where
seams of continuous values are hidden.
"""

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps

from internal_gan.errors import UserError
from internal_gan.files import atomic_write
from internal_gan.finishing.origin import OTHER, Origin
from internal_gan.images.files.image import opening, read_image
from internal_gan.images.files.names import existing_image, shown
from internal_gan.images.files.png import png
from internal_gan.images.levels import largest_level, levels_of
from internal_gan.images.photo import Photo
from internal_gan.images.resize import nearest_pixels, resize
from internal_gan.patches.origins import taken
from internal_gan.units import Size

_log = logging.getLogger(__name__)

# Pillow's modes of labels, and all that a layer may have.
_LABELS = ("1", "P")
_MODES = (*_LABELS, "L", "LA", "RGB", "RGBA", "I;16")
# About this many pixels decide what kind of layer it is.
SEEN = 100_000
# A layer has labels if it has at most this many values, or areas of one value with steps between.
FEW_VALUES = 32
FLAT = 0.9  # the least share of neighbours that are equal in such areas
# Nearly all vectors of a normal map have about length 1.
NEARLY_ALL = 0.95  # the least share of them
OFF = 0.1  # the largest difference of their length from 1


@dataclass(frozen=True)
class Layer:
    """An image of a photo's size.

    Attributes:
        name: the name of its file, without the suffix.
        values: (H, W) or (H, W, C), the file's own values.
        mode: Pillow's name of the colour mode, of 8 or 16 bits.
        palette, transparency: of mode ``P`` in PNG, as Pillow has them.
    """

    name: str
    values: NDArray[Any]
    mode: str
    palette: bytes | None = None
    transparency: bytes | int | None = None

    @property
    def size(self) -> Size:
        """(height, width) in pixels."""
        return self.values.shape[0], self.values.shape[1]

    @property
    def numbers(self) -> NDArray[Any]:
        """(H, W, C), values without opacity; NaN where a pixel is transparent."""
        values = np.atleast_3d(self.values)
        if self.mode not in ("LA", "RGBA"):
            return values
        values, seen = values[..., :-1], values[..., -1:] > 0
        return values if seen.all() else np.where(seen, values, np.float32(np.nan))

    @cached_property
    def kind(self) -> Literal["labels", "normals", "numbers"]:
        """What its values are. Labels, which are neither averaged nor changed, are those of palette
        and black-and-white images, few different values, and areas of one value with steps between
        them. Normals are values of which nearly all are vectors of length 1 that point outwards."""
        step = math.ceil(math.sqrt(math.prod(self.size) / SEEN))
        some = replace(self, values=self.values[::step, ::step]).numbers
        some = some[~np.isnan(some).any(axis=2)]
        if (
            self.mode in _LABELS
            or len(np.unique(some, axis=0)) <= FEW_VALUES
            or self._is_flat(step)
        ):
            return "labels"
        if self.mode in ("RGB", "RGBA"):
            vectors = some * (2 / np.iinfo(self.values.dtype).max) - 1
            fits = (abs(np.linalg.norm(vectors, axis=1) - 1) < OFF) & (vectors[:, 2] > 0)
            if fits.mean() >= NEARLY_ALL:
                return "normals"
        return "numbers"

    def shrunk_to(self, size: Size) -> "Layer":
        """The layer at another (height, width), antialiased; labels by nearest neighbour."""
        if self.size == size:
            return self
        if self.kind == "labels":
            rows, columns = nearest_pixels(self.size, size)
            return replace(self, values=self.values[rows.numpy(), columns.numpy()])
        planes = torch.from_numpy(np.atleast_3d(self.values).astype(np.float64)).permute(2, 0, 1)
        small = resize(planes[None], size)[0].permute(1, 2, 0).numpy()
        small = small.clip(self.values.min(), self.values.max())
        if self.kind == "normals":
            small[..., :3] = self._of_length_1(small[..., :3])
        values = small.round().astype(self.values.dtype)
        return replace(self, values=values.reshape(*size, *self.values.shape[2:]))

    def along(self, origin: Origin) -> "Layer":
        """The layer of a result: the pixels of the places that it comes from; where it comes from
        no photo, 0.

        Unless they are labels, seams are hidden as those of the colours were. Values stay in their
        range, and changed normals have length 1.
        """
        values = taken(self.values, origin.places)
        lost = origin.kinds == OTHER
        values[lost] = 0
        if origin.hiding is None or self.kind == "labels":
            return replace(self, values=values)
        source = self.numbers
        hiding = origin.hiding
        copied = replace(self, values=values).numbers
        if lost.any():
            copied = np.where(lost[..., None], np.float32(np.nan), copied)
        added = hiding.added(copied, origin.places, source)
        unknown = np.isnan(copied)
        low, high = np.nanmin(source, axis=(0, 1)), np.nanmax(source, axis=(0, 1))
        added[unknown | (np.abs(added) < 0.5)] = 0  # less would not change a whole number
        there = np.atleast_3d(values)[..., : added.shape[2]]
        made = (there + added).clip(low, high)
        if self.kind == "normals":
            made = self._of_length_1(made)
        changed = added.any(axis=2, keepdims=True) & ~unknown
        made = np.where(changed, made, 0)  # what is not a number cannot be rounded
        np.copyto(there, made.round(), casting="unsafe", where=changed)
        return replace(self, values=values)

    def _is_flat(self, step: int) -> bool:
        """Whether values change in few places, and there by more than one level, unlike those of a
        smooth map; judged by every ``step``-th row and column."""
        rows, columns = self.values[::step], self.values[:, ::step]
        lines = [replace(self, values=values).numbers for values in (rows, columns)]
        changes = [np.abs(np.diff(line, axis=1 - axis)) for axis, line in enumerate(lines)]
        most = np.concatenate([change.max(axis=2).ravel() for change in changes])
        steps = most[most > 0]
        return 0 < len(steps) <= (1 - FLAT) * len(most) and bool((steps > 1).mean() > 0.5)

    def _of_length_1(self, colours: NDArray[Any]) -> NDArray[Any]:
        """Colours (..., 3) whose vectors have length 1."""
        white = np.iinfo(self.values.dtype).max
        vectors = colours * (2 / white) - 1
        length = np.linalg.norm(vectors, axis=-1, keepdims=True)
        found: NDArray[Any] = (vectors / np.maximum(length, 1e-6) + 1) * (white / 2)
        return found


class Layers:
    """The layers of a photo, all of its size."""

    def __init__(self, layers: Sequence[Layer] = ()) -> None:
        self._layers = self._small = list(layers)

    def along(self, origin: Origin) -> Iterator[Layer]:
        """The layers of a result, whose photo may have been shrunk."""
        if any(layer.size != origin.photo_size for layer in self._small):
            self._small = [layer.shrunk_to(origin.photo_size) for layer in self._layers]
        for layer in self._small:
            yield layer.along(origin)


NO_LAYERS = Layers()


def is_normal_map(photo: Photo) -> bool:
    """Whether nearly all colours of a photo are vectors of length 1 that point outwards."""
    values = levels_of(photo.colours, largest_level(photo))
    return not photo.is_gray and Layer("photo", values, "RGB").kind == "normals"


def read_layer(path: str | Path) -> Layer:
    """Read an image of any mode and bit depth, upright; a UserError if it cannot be read."""
    path = existing_image(Path(path))
    name = shown(path)
    with opening(path) as (file, notes):
        file.load()
        image = ImageOps.exif_transpose(file)
    mode = "I;16" if image.mode.startswith("I") else image.mode
    if mode not in _MODES:
        raise UserError(f"{name}: its colour mode is {mode}; allowed are {', '.join(_MODES)}")
    if mode in ("LA", "RGB", "RGBA"):
        if (deep := _deep_values(path)) is not None:  # it also logs what is lost
            # Pillow reads 16-bit gray with transparency as RGBA.
            return Layer(path.stem, deep, "LA" if deep.shape[2] == 2 else mode)
    else:
        for note in notes:
            _log.warning("%s: %s", name, note)
    values = np.array(image)
    if mode == "I;16":
        if values.min() < 0 or values.max() > 65535:
            raise UserError(f"{name}: its numbers are not those of 16 bits, 0 to 65535")
        values = values.astype(np.uint16)
    if mode != "P":
        return Layer(path.stem, values, mode)
    palette = bytes(image.getpalette("RGB") or ())
    return Layer(path.stem, values, mode, palette, image.info.get("transparency"))


def write_layer(path: Path, layer: Layer) -> None:
    """Write a layer's values unchanged, as PNG."""
    with atomic_write(path) as temporary:
        if layer.values.dtype == np.uint16 and layer.values.ndim == 3:
            temporary.write_bytes(png(layer.values))
            return
        image = Image.fromarray(layer.values)
        if layer.palette is not None:
            image.putpalette(layer.palette)
        image.save(temporary, format="PNG", transparency=layer.transparency)


def _deep_values(path: Path) -> NDArray[np.uint16] | None:
    """(H, W, C) of a file with 16 bits per channel, which Pillow reads as 8; None for others."""
    photo = read_image(path)
    if photo.bit_depth != 16:
        return None
    colours = photo.pixels if photo.raw is None else photo.raw
    if photo.is_gray:
        colours = colours[:, :1]
    if photo.alpha is not None:
        colours = torch.cat([colours, photo.alpha * 2 - 1], 1)
    return levels_of(colours, 65535).astype(np.uint16)
