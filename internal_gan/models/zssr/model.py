"""Enlarges a photo by a network that has learnt from the photo alone."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import ClassVar, cast

import torch
from torch import Tensor

from internal_gan.images.colours import luminance
from internal_gan.images.degradation import Degradation
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.models.abilities import Enlarges
from internal_gan.models.patches.enlarging import (
    AFTER,
    STEP,
    Round,
    back_projected,
    enlarged,
    rounds_of,
    started,
)
from internal_gan.nn.blocks import reflect
from internal_gan.nn.generators import ResidualPatchGenerator, in_tiles
from internal_gan.shapes import Mask, Pixels
from internal_gan.units import Size

# The share in a result of what needs no training, whose errors are others.
UNTRAINED = 0.3
PREVIEW = 192  # the side of the part of a photo that a preview enlarges, in pixels


class ZSSR(Enlarges):
    """Learns what filters miss in the luminance of a photo that is enlarged by 2 (Shocher et al.
    2018, Sections 3 and 3.1).

    Args:
        generator: called with ``width``, ``depth``, ``channels`` and ``rng``.
        width, depth: channels of the hidden layers, and number of layers.

    Attributes:
        noise: what the photo has, see :class:`internal_gan.images.degradation.Degradation`.
        share: of what a result lacks of the photo, once shrunk, so much is added; a buffer.
        tile_pixels: larger maps are computed in tiles of this many pixels.
    """

    family: ClassVar[str] = "zssr"
    noise: Tensor
    share: Tensor
    tile_pixels: int = 2**18

    def __init__(
        self, *, generator: Callable[..., ResidualPatchGenerator], width: int, depth: int
    ) -> None:
        super().__init__()
        self.make_generator, self.width, self.depth = generator, width, depth

    def allocate(self, sizes: Sequence[Sequence[int]], device: torch.device | None = None) -> None:
        super().allocate(sizes, device)
        self.register_buffer("noise", torch.zeros((), device=device))
        self.register_buffer("share", torch.ones((), device=device))

    def new_generator(
        self, stage: int, rng: torch.Generator | None = None
    ) -> ResidualPatchGenerator:
        return self.make_generator(width=self.width, depth=self.depth, channels=1, rng=rng)

    def preview(self) -> Pixels:
        top, left = (max(0, side - PREVIEW) // 2 for side in size_of(self.image))
        part = self.image[..., top : top + PREVIEW, left : left + PREVIEW]
        return self.super_resolve(STEP, part)

    @torch.no_grad()
    def super_resolve(self, factor: float, image: Pixels, *, seed: int = 0) -> Pixels:
        """Enlarged by 2 until it is large enough, then shrunk. Once noise is gone, the photo's own
        filters do the rest, since the network has learnt to remove some."""
        given = picture = image.cpu()
        size = scaled(size_of(given), factor)
        while any(side < wanted for side, wanted in zip(size_of(picture), size, strict=True)):
            if self.noise > 0 and picture is not given:
                picture = enlarged(picture, STEP)
            else:
                picture = self.doubled(picture)
        if size_of(picture) != size:
            picture = resize(picture, size)
        picture.lerp_(enlarged(given, factor), UNTRAINED)
        for _ in range(AFTER):
            picture = back_projected(picture, given, float(self.share)).clamp(-1, 1)
        return picture.to(self.device)

    def doubled(self, picture: Pixels) -> Pixels:
        """A picture enlarged by 2, as the mean of what the network makes of it in each of the eight
        ways to turn and mirror it."""
        begun = self.begun(picture, scaled(size_of(picture), STEP))
        detail = torch.zeros_like(begun[:, :1])
        for turns in range(4):
            for mirrored in (False, True):
                view = turned(luminance(begun), turns, mirrored)
                made = self.detail(view.to(self.device)).cpu()
                detail += turned_back(made, turns, mirrored) / 8
        return back_projected(begun + detail, picture, float(self.share)).clamp(-1, 1)

    def begun(self, picture: Pixels, size: Size) -> Pixels:
        """What the network gets: a picture enlarged to a size by the photo's filters."""
        made = started(picture, size)
        for one in self._rounds:
            made = one(made, picture)
        return made

    @cached_property
    def _rounds(self) -> list[Round]:
        return rounds_of([luminance(self.image.cpu())], STEP, Degradation(float(self.noise)))

    def detail(self, gray: Mask) -> Mask:
        """What the network adds to an interpolated picture (1, 1, H, W)."""
        generator = cast(ResidualPatchGenerator, self.generators[0])
        padded = reflect(gray, generator.margin)
        network = partial(self.run, generator.detail)
        return in_tiles(network, padded, generator.margin, self.tile_pixels)


def turned(image: Tensor, turns: int, mirrored: bool) -> Tensor:
    """An image (N, C, H, W) after quarter turns, and then mirrored or not."""
    image = image.rot90(turns, (-2, -1))
    return image.flip(-1) if mirrored else image


def turned_back(image: Tensor, turns: int, mirrored: bool) -> Tensor:
    """The reverse of :func:`turned`."""
    return (image.flip(-1) if mirrored else image).rot90(-turns, (-2, -1))
