"""The pixels of an image file as they were read, and the photo made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from internal_gan.images.fill import fill_transparent
from internal_gan.images.photo import Photo
from internal_gan.units import Size


@dataclass(frozen=True)
class Decoded:
    """The pixels of one image file.

    Attributes:
        colours: (1, 3, H, W) in [0, 1].
        alpha: (1, 1, H, W) in [0, 1]; None if the format has no transparency.
        mode: Pillow's name of the file's mode, with ``LA`` for 16-bit gray and alpha.
        bit_depth: bits per channel that were read: 8, 16, or 32 for floats.
        notes: lines for the user about what was lost or changed.
        given: (height, width) of the image, upright, if it was reduced; None otherwise.
    """

    colours: Tensor
    alpha: Tensor | None
    mode: str
    bit_depth: int
    notes: tuple[str, ...] = ()
    given: Size | None = None

    def photo(
        self,
        path: Path | None = None,
        icc_profile: bytes | None = None,
        exif: bytes | None = None,
    ) -> Photo:
        """The photo, its fully transparent pixels filled with the visible colours around them."""
        raw = self.colours * 2.0 - 1.0
        pixels = raw if self.alpha is None else fill_transparent(raw, self.alpha)
        return Photo(
            pixels,
            self.alpha,
            path,
            self.mode,
            self.bit_depth,
            # An empty profile is none, and CMYK's does not describe RGB pixels.
            (icc_profile or None) if self.mode != "CMYK" else None,
            exif,
            raw=None if pixels is raw else raw,
            given=self.given,
        )
