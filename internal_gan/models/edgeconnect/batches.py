"""EdgeConnect's training data: random crops of the photos, with random holes.

Batches are drawn on the CPU, since continuing lines has no form for a GPU, and handed to the device
without waiting for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from internal_gan.device import hand_over
from internal_gan.images.pyramid import halved
from internal_gan.images.random_holes import KINDS, random_hole
from internal_gan.images.resize import resize, size_of
from internal_gan.models.base import cpu_generator
from internal_gan.models.edgeconnect.model import EdgeConnect
from internal_gan.shapes import Mask, Masks, Pictures
from internal_gan.units import Size

# A crop is redrawn until enough of it is known.
MAX_DRAWS = 8
WANTED_KNOWN_SHARE = 0.5
# In training, the networks see at most this share of the finest detail inside a hole.
LARGEST_VISIBLE_SHARE = 0.6


def draw_hole(kind: str, size: Size, ratio: Sequence[float], rng: torch.Generator) -> Mask:
    """A hole of a kind that covers a share between the two of ``ratio``; ``rng`` is on the CPU."""
    low, high = ratio
    share = low + (high - low) * float(torch.rand((), generator=rng))
    return random_hole(kind, size, share, rng)


@dataclass(frozen=True)
class Batch:
    """A batch of crops, on the model's device.

    Attributes:
        image: smooth where unknown.
        edges: 0 where unknown.
        unknown: 1 where the photo is excluded from training.
        hole: 1 in the random hole and where unknown.
        start: see :func:`practice_start`.
        guide: see :meth:`internal_gan.models.edgeconnect.model.EdgeConnect.guide`; 0 if the batch
            was drawn without it.
    """

    image: Pictures
    edges: Masks
    unknown: Masks
    hole: Masks
    start: Pictures
    guide: Masks


def practice_start(
    model: EdgeConnect, image: Pictures, hole: Masks, rng: torch.Generator
) -> Pictures:
    """What the networks see of an image in training.

    With ``base=patches``, whose filling may be blurred or sharp, the hole shows the image halved in
    size and enlarged again, with a random share of the lost detail added back.
    """
    if model.base != "patches":
        return model.start(image, hole)
    (half,) = halved(image)
    blurred = resize(half, size_of(image))
    share = LARGEST_VISIBLE_SHARE * torch.rand((), device=rng.device, generator=rng)
    return torch.where(hole > 0, torch.lerp(blurred, image, share), image)


@dataclass(eq=False)
class Batches:
    """Draws batches from the photos of a model.

    The recipe's options of the same names say how; ``sizes`` is its ``sizes_learnt``, and
    ``shortest`` the shortest side, in pixels, of a halved photo.
    """

    model: EdgeConnect
    hole_ratio: Sequence[float]
    crop: int | None
    batch: int
    flips: bool
    sizes: int
    shortest: int
    rng: torch.Generator

    def __post_init__(self) -> None:
        self.rng = cpu_generator(self.rng)
        self.photos: list[list[_Photo]] = []
        for image, mask in zip(self.model.images, self.model.unknown, strict=True):
            pyramid = [_Photo(self.model, image, mask)]
            while len(pyramid) < self.sizes and min(pyramid[-1].size) >= 2 * self.shortest:
                image, mask = halved(image, mask)
                pyramid.append(_Photo(self.model, image, mask))
            self.photos.append(pyramid)
        self.size_count = min(len(pyramid) for pyramid in self.photos)

    def draw(self, *, guided: bool) -> Batch:
        """A fresh batch, with its ``guide`` if ``guided``."""
        level = self._below(self.size_count)
        photos = [pyramid[level] for pyramid in self.photos]
        sides = zip(*(photo.size for photo in photos), strict=True)
        height, width = (min([*side, *([self.crop] if self.crop else [])]) for side in sides)
        crops = [self._crop(photos, (height, width)) for _ in range(self.batch)]
        image, edges, unknown = (torch.cat(parts) for parts in zip(*crops, strict=True))
        kinds = list(KINDS)
        holes = [
            draw_hole(kinds[self._below(len(kinds))], (height, width), self.hole_ratio, self.rng)
            for _ in crops
        ]
        hole = torch.maximum(torch.cat(holes), unknown)
        start = practice_start(self.model, image, hole, self.rng)
        guide = self.model.guide(edges, image, hole) if guided else torch.zeros_like(edges)
        drawn = image, edges, unknown, hole, start, guide
        return Batch(*(hand_over(part, self.model.device) for part in drawn))

    def _crop(self, photos: Sequence[_Photo], size: Size) -> list[Tensor]:
        """Image, edges and unknown of a random crop, each (1, C, h, w)."""
        best, window = -1.0, slice(None)
        photo = photos[0]
        for _ in range(MAX_DRAWS):
            candidate = photos[self._below(len(photos))]
            top, left = (
                self._below(side - wanted + 1)
                for side, wanted in zip(candidate.size, size, strict=True)
            )
            at: Any = (..., slice(top, top + size[0]), slice(left, left + size[1]))
            share = 1.0 - float(candidate.unknown[at].mean())
            if share > best:
                best, window, photo = share, at, candidate
            if share >= WANTED_KNOWN_SHARE:
                break
        parts = [part[window] for part in (photo.image, photo.edges, photo.unknown)]
        if self.flips and self._below(2):
            parts = [part.flip(-1) for part in parts]
        return parts

    def _below(self, limit: int) -> int:
        return int(torch.randint(limit, (1,), generator=self.rng)) if limit > 1 else 0


class _Photo:
    """One photo at one size, with its edges, on the CPU."""

    def __init__(self, model: EdgeConnect, image: Tensor, unknown: Tensor) -> None:
        self.image = image.cpu()
        self.unknown = unknown.cpu()
        self.size = size_of(image)
        self.edges = model.find_edges(image, unknown).cpu()
