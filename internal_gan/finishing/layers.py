"""Images aligned with a photo pixel by pixel, such as labels, normals or depth.

They keep the values of their files: pixels are copied, never converted.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps

from internal_gan.errors import UserError
from internal_gan.files import atomic_write
from internal_gan.finishing.origin import OTHER, Origin
from internal_gan.finishing.sizes import sampled
from internal_gan.images.files.encode import Layout, deep_png
from internal_gan.images.files.image import MAX_PIXELS, read_image
from internal_gan.images.files.look import opened
from internal_gan.images.files.names import READABLE, existing_image, shown
from internal_gan.images.files.tiff import white_is_0
from internal_gan.images.levels import levels_of
from internal_gan.images.resize import resize
from internal_gan.process_settings import ignored_warnings
from internal_gan.units import Size

_log = logging.getLogger(__name__)

# Pillow's modes of labels, and the modes written as PNG and as TIFF.
_LABELS = ("1", "P")
_IN_PNG = (*_LABELS, "L", "LA", "RGB", "RGBA", "I;16")
_IN_TIFF = ("I", "F", "CMYK")


@dataclass(frozen=True)
class Layer:
    """An image of a photo's size.

    Attributes:
        name: the name of its file, without the suffix.
        values: (H, W) or (H, W, C), the file's own values.
        mode: Pillow's name of the colour mode; ``RGB`` and ``RGBA`` may also have 16 bits.
        labels: whether its values are labels, which must not be averaged.
        palette, transparency: of mode ``P``, as Pillow has them.
    """

    name: str
    values: NDArray[Any]
    mode: str
    labels: bool
    palette: bytes | None = None
    transparency: bytes | int | None = None

    @property
    def size(self) -> Size:
        """(height, width) in pixels."""
        return self.values.shape[0], self.values.shape[1]

    @property
    def suffix(self) -> str:
        """The suffix of its file: ``.png``, or ``.tif`` for 32 bits and CMYK."""
        return ".tif" if self.mode in _IN_TIFF else ".png"

    def shrunk_to(self, size: Size) -> Layer:
        """The layer at another (height, width): labels by nearest neighbour, others antialiased."""
        if self.size == size:
            return self
        if self.labels:
            return replace(self, values=sampled(self.values, size))
        planes = torch.from_numpy(np.atleast_3d(self.values).astype(np.float64)).permute(2, 0, 1)
        small = resize(planes[None], size)[0].permute(1, 2, 0).numpy()
        values = small.clip(self.values.min(), self.values.max())
        if self.values.dtype.kind != "f":
            values = values.round()
        shape = (*size, *self.values.shape[2:])
        return replace(self, values=values.reshape(shape).astype(self.values.dtype))

    def along(self, origin: Origin) -> Layer:
        """The layer of a result, pixel by pixel; 0 where a pixel comes from no photo."""
        values = self.values[origin.places[..., 0], origin.places[..., 1]]
        values[origin.kinds == OTHER] = 0
        return replace(self, values=values)


class Layers:
    """The layers of a photo, all of its size."""

    def __init__(self, layers: Sequence[Layer] = ()) -> None:
        self._full, self._small = layers, list(layers)

    def along(self, origin: Origin) -> Iterator[Layer]:
        """The layers of a result, whose photo may have been shrunk."""
        if any(layer.size != origin.photo_size for layer in self._small):
            self._small = [layer.shrunk_to(origin.photo_size) for layer in self._full]
        return (layer.along(origin) for layer in self._small)


NO_LAYERS = Layers()


def read_layer(path: str | Path, labels: bool = False) -> Layer:
    """Read an image of any mode and bit depth, upright; a UserError if it cannot be read.

    Values are ``labels`` if that says so, and always in palette and black-and-white images.
    """
    path = existing_image(Path(path))
    name = shown(path)
    try:
        with ignored_warnings():
            file, notes = opened(path)
            with file:
                if file.width * file.height > MAX_PIXELS:
                    raise UserError(f"{name}: too large; at most {MAX_PIXELS // 10**6} megapixels")
                file.load()
                image = ImageOps.exif_transpose(file)
    except UserError:
        raise
    except Exception as error:
        # Pillow raises nearly anything for a damaged file.
        raise UserError(
            f"{name}: not an image, or a damaged one; allowed are {READABLE} files"
        ) from error
    mode = "I;16" if image.mode.startswith("I;16") else image.mode
    if mode not in (*_IN_PNG, *_IN_TIFF):
        allowed = ", ".join((*_IN_PNG, *_IN_TIFF))
        raise UserError(f"{name}: its colour mode is {mode}; allowed are {allowed}")
    labels = labels or mode in _LABELS
    if mode in ("LA", "RGB", "RGBA"):
        if (deep := _deep_values(path)) is not None:  # which also tells about losses
            # Pillow reads 16-bit gray with transparency as RGBA.
            return Layer(path.stem, deep, "LA" if deep.shape[2] == 2 else mode, labels)
    else:
        for note in notes:
            _log.warning("%s: %s", name, note)
    values = np.array(image)
    if mode == "I;16":
        values = values.astype(np.uint16)
        values = 65535 - values if white_is_0(file) else values
    palette = image.getpalette("RGB") if mode == "P" else None
    transparency = image.info.get("transparency") if mode == "P" else None
    found = None if palette is None else bytes(palette)
    return Layer(path.stem, values, mode, labels, found, transparency)


def write_layer(path: Path, layer: Layer) -> None:
    """Write a layer's values unchanged, as PNG or TIFF; ``path`` ends in its suffix."""
    with atomic_write(path) as temporary:
        if layer.values.dtype == np.uint16 and layer.values.ndim == 3:
            temporary.write_bytes(deep_png(layer.values.astype(">u2"), Layout(layer.mode, 16)))
            return
        if layer.mode == "CMYK":
            image = Image.merge("CMYK", [Image.fromarray(p) for p in np.rollaxis(layer.values, 2)])
        else:
            image = Image.fromarray(layer.values)
        options: dict[str, Any] = {}
        if layer.palette is not None:
            image.putpalette(layer.palette)
            if layer.transparency is not None:
                options["transparency"] = layer.transparency
        if layer.suffix == ".tif":
            image.save(temporary, format="TIFF", compression="tiff_adobe_deflate")
        else:
            image.save(temporary, format="PNG", **options)


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
