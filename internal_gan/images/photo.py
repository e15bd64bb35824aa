"""A photo in memory, and what it takes to be learnt from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.files.metadata import profile_space
from internal_gan.images.files.names import shown
from internal_gan.images.pyramid import fit_size
from internal_gan.units import Size

_GRAY_MODES = {"1", "L", "LA", "La", "I;16", "F"}


@dataclass(frozen=True)
class Photo:
    """An image, and what its file said about it.

    Attributes:
        pixels: ``(1, 3, H, W)`` float32 in [-1, 1], RGB, upright. Gray is repeated in the three
            channels; fully transparent pixels continue the visible colours around them.
        alpha: ``(1, 1, H, W)`` float32 in [0, 1], 1 is opaque; ``None`` without transparency.
        path: The file; ``None`` if the image came from elsewhere.
        mode: Pillow's name of the file's colour mode, such as ``RGB``, ``LA``, ``P``, ``I;16``.
        bit_depth: Bits per channel read from the file: 8, 16, or 32 for floating point.
        icc_profile: The file's colour profile. Pixels are the file's numbers and are not converted
            to another colour space (but from CMYK to sRGB).
        exif: EXIF block without the orientation, which has been applied.
        unknown: ``(1, 1, H, W)``, 1 where nothing may be learnt from, such as a hole to be filled,
            and else 0; ``None``: everything may.
        raw: The file's own numbers as ``pixels``, which ``write_image`` gives back where nobody
            sees them; ``None`` where no pixel is fully transparent.
        given: ``(height, width)`` of the file, where ``pixels`` are fewer; ``None``: as ``size``.
    """

    pixels: Tensor
    alpha: Tensor | None = None
    path: Path | None = None
    mode: str = "RGB"
    bit_depth: int = 8
    icc_profile: bytes | None = None
    exif: bytes | None = None
    unknown: Tensor | None = None
    raw: Tensor | None = None
    given: Size | None = None

    @property
    def size(self) -> Size:
        """``(height, width)`` in pixels."""
        return self.pixels.shape[-2], self.pixels.shape[-1]

    @property
    def full_size(self) -> Size:
        """``(height, width)`` in pixels of the file, upright."""
        return self.given or self.size

    @property
    def is_gray(self) -> bool:
        """Whether the file had no colours."""
        return self.mode in _GRAY_MODES

    def crop(self, rows: slice, columns: slice) -> Photo:
        """The photo within some rows and columns, as if it had never been larger."""
        layers = ("pixels", "alpha", "unknown", "raw")
        parts = {
            name: layer[..., rows, columns].contiguous()
            for name in layers
            if (layer := getattr(self, name)) is not None
        }
        return replace(self, given=None, **parts)


def drawn_like(photo: Photo) -> tuple[Photo, list[str]]:
    """What the pictures that a model draws have in common with its photo.

    They are gray or coloured as the photo and have its colour profile, 8 bits per channel and no
    transparency. EXIF entries, such as time and place, would not be true of them.

    Returns:
        What to give to ``write_image`` as ``like``, and a few words about each thing of the photo's
        pixels that is not kept.
    """
    lost = []
    if photo.alpha is not None and (photo.alpha < 1).any():
        lost.append("transparency")
    if photo.bit_depth > 8:
        lost.append(f"{photo.bit_depth} bits per channel (they become 8)")
    profile = photo.icc_profile
    if profile and profile_space(profile) != ("L" if photo.is_gray else "RGB"):
        profile = None
        lost.append("a colour profile for other pixels than the photo's")
    like = replace(photo, alpha=None, raw=None, bit_depth=8, icc_profile=profile, exif=None)
    return like, lost


def check_trainable(photo: Photo, min_side: int, max_size: int | None = None) -> None:
    """Refuse a photo that no model can learn from.

    Args:
        photo: The photo.
        min_side: Shortest side possible, in pixels, after shrinking.
        max_size: Longest side that the photo is going to be shrunk to; ``None`` keeps its size.

    Raises:
        UserError: If the photo is too small, fully transparent, or of one flat colour.
    """
    name = "the image" if photo.path is None else shown(photo.path)
    size = f"{photo.full_size[0]}x{photo.full_size[1]}"
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
    if photo.alpha is not None and not photo.alpha.any():
        raise UserError(f"{name}: every pixel is transparent; a photo must show something")
    lowest, highest = (torch.stack([f(c) for c in photo.pixels[0]]) for f in (torch.min, torch.max))
    # One step of 8 bits is what JPEG makes of a flat colour.
    if (highest - lowest).max() <= 2.01 / 255.0:
        raise UserError(f"{name}: the image is one flat colour; a photo must show something")
