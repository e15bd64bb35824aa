"""The photo as a model: what SinGAN, InGAN and EdgeConnect learn to draw, by a formula.

One operation does it. A given picture is held, which the new one must shrink to, and the rest is
drawn from noise out of the photo's patches (:mod:`internal_gan.patches.denoiser`). What is held,
and at which size, is the application.
"""

import math
from collections.abc import Iterator
from typing import ClassVar, Self

import torch
from torch import Tensor

from internal_gan.finishing.filling import HOLD_INSIDE, draw_filling
from internal_gan.finishing.film import turns
from internal_gan.images.degradation import Tables
from internal_gan.images.periodic import Wrap, join_borders
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.images.transforms import Transform
from internal_gan.models.abilities import (
    Animates,
    Enlarges,
    Filling,
    Fills,
    Injects,
    Motion,
    Samples,
)
from internal_gan.models.patches.enlarging import enlarged
from internal_gan.models.patches.layout import FACTOR, held, layout, price_of, sizes_of, white
from internal_gan.models.patches.reshaping import Frame, Route, reshaped
from internal_gan.models.redrawing import last_start_scale
from internal_gan.models.retargeting import LARGEST_FACTOR, SMALLEST_FACTOR, Retargets
from internal_gan.shapes import Mask
from internal_gan.units import Size

# The share of its price of leaving its height that a patch pays where a picture is injected: there,
# the user decides what goes where.
INJECTED_PRICE = 0.3


class Patches(Retargets, Samples, Injects, Animates, Enlarges, Fills):
    """A photo's own patches at all sizes of SinGAN's default pyramid, without networks."""

    family: ClassVar[str] = "patches"
    is_trained: ClassVar[bool] = False
    is_matched: ClassVar[bool] = True
    is_random: ClassVar[bool] = True
    keys: ClassVar[int | None] = 8
    hold: ClassVar[float] = HOLD_INSIDE
    bytes_per_pixel = 4000.0  # weights of patches are computed a part at a time

    def __init__(self) -> None:
        # A larger factor takes several passes.
        super().__init__((SMALLEST_FACTOR, LARGEST_FACTOR))

    @classmethod
    def of(cls, photo: Photo, device: torch.device | None = None) -> Self:
        """The model of a photo."""
        model = cls()
        sizes = sizes_of(photo.size)
        model.allocate(sizes, device)
        model.image.copy_(photo.resized(sizes[-1]))
        return model

    @property
    def finished(self) -> int:
        return self.num_stages

    def reconstruct(self) -> Tensor:
        return self.image

    def sample(
        self, size: Size, start_scale: int, candidates: int, seed: int, number: int, wrap: Wrap
    ) -> Tensor:
        """The best of several layouts would nearly be the photo, so ``candidates`` is ignored."""
        rng = torch.Generator().manual_seed(seed + number)
        if start_scale == 0:
            return layout(self.image, size, rng, wrap=wrap).cpu()
        at = self._held_at(start_scale, size)
        given = join_borders(resize(self.real(start_scale - 1), at).clamp(-1, 1), wrap)
        price = price_of(self.image, wrap)
        noise = white(rng, 1, size, self.image)
        return held(self.image, given, noise, price=price, balanced=True, wrap=wrap).cpu()

    def sampling_memory(self, size: Size) -> int:
        return round(self.bytes_per_pixel * math.prod(size))

    def repaint(
        self, image: Tensor, size: Size, transform: Transform | None, keep: Tensor | None, seed: int
    ) -> Tensor:
        kept = None if keep is None or not keep.any() else (keep > 0.5).float()
        route = Route(image, Frame(size, transform, kept))
        return reshaped(self.image, route, torch.Generator().manual_seed(seed))

    def inject(self, image: Tensor, start_scale: int, *, seed: int = 0) -> Tensor:
        last_start_scale(self)
        size = size_of(image)
        given = resize(image.to(self.device), self._held_at(start_scale, size)).clamp(-1, 1)
        noise = white(torch.Generator().manual_seed(seed), 1, size, self.image)
        price = INJECTED_PRICE * price_of(self.image)
        return held(self.image, given, noise, price=price).cpu()

    def animate(
        self, frames: int, motion: Motion, *, seed: int = 0, size: Size | None = None
    ) -> Iterator[Tensor]:
        """The photo held at a small size, while the noise goes round a circle, so that the film
        closes by itself; a walk's ``alpha`` is ignored."""
        size = size or self.sizes[-1]
        rng = torch.Generator().manual_seed(seed)
        here, there = (white(rng, 1, size, self.image) for _ in range(2))
        scale = 1 if motion.start_scale is None else motion.start_scale
        given = resize(self.real(max(0, scale - 1)), self._held_at(scale, size))
        rounds = turns(frames / motion.fps)
        price = price_of(self.image)
        for frame in range(frames):
            angle = 2 * math.pi * rounds * frame / frames
            noise = math.cos(angle) * here + math.sin(angle) * there
            yield held(self.image, given, noise, price=price).cpu()

    def animating_memory(self, size: Size) -> int:
        return self.sampling_memory(size)

    def super_resolve(
        self,
        factor: float,
        image: Tensor,
        *,
        seed: int = 0,
        detail: float = 0.0,
        tables: Tables | None = None,
    ) -> Tensor:
        return enlarged(image.to(self.device), factor, detail=detail, tables=tables)

    def fill(
        self, photo: Photo, hole: Mask, edges: Mask | None, excluded: Mask, seed: int | None
    ) -> Filling:
        rng = None if seed is None else torch.Generator().manual_seed(seed)
        filled, scale = draw_filling(photo, hole, excluded, rng, edges=edges)
        return Filling(filled, edges, scale)

    def _held_at(self, start_scale: int, size: Size) -> Size:
        """The size of what is held at a start scale for a drawing of ``size``; least at 0."""
        at = self.sizes[max(0, start_scale - 1)]
        full = self.sizes[-1]
        at = at if start_scale else scaled(at, FACTOR)
        return scaled(at, *(new / old for new, old in zip(size, full, strict=True)))
