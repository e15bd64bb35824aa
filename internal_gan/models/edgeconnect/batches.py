"""EdgeConnect's training data: crops of the photos, with random holes."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from internal_gan.images.pyramid import halved
from internal_gan.images.random_holes import random_hole
from internal_gan.images.resize import resize, size_of
from internal_gan.models.edgeconnect.model import EdgeConnect
from internal_gan.shapes import Mask, Masks, Pictures
from internal_gan.units import Size

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


class TrainingPhoto:
    """One photo at one size, with its edges, on the CPU."""

    def __init__(self, model: EdgeConnect, image: Tensor, unknown: Tensor) -> None:
        self.image = image.cpu()
        self.unknown = unknown.cpu()
        self.size = size_of(image)
        self.edges = model.find_edges(image, unknown).cpu()
