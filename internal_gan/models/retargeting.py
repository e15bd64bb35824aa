"""Regenerating an image in another size or shape: what all models that do so share."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from internal_gan.images.protect import protect as protection_of
from internal_gan.images.protect import touched
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import size_of
from internal_gan.images.transforms import Homography, Transform, random_homography
from internal_gan.models.base import Model
from internal_gan.shapes import Mask, Pixels
from internal_gan.units import Size

# Limits of ``scale_range``.
SMALLEST_FACTOR = 0.01  # of the smallest factor on a side
LARGEST_FACTOR = 10.0  # of the largest


class Retargets(Model):
    """Draws its photo in other sizes and shapes (Shocher et al. 2019).

    ``scale_range`` is the smallest and largest factor on a side in training, and in one pass. If it
    ``is_random``, another seed draws another picture.
    """

    is_random: ClassVar[bool] = False

    def __init__(self, scale_range: Sequence[float]) -> None:
        super().__init__()
        pair = list(scale_range)
        if len(pair) != 2 or not SMALLEST_FACTOR <= pair[0] <= 1 <= pair[1] <= LARGEST_FACTOR:
            raise ValueError(
                f"scale_range is {pair}; allowed: two factors, the first {SMALLEST_FACTOR} to 1, "
                f"the second 1 to {LARGEST_FACTOR:g}"
            )
        self.scale_range = (float(pair[0]), float(pair[1]))

    @property
    @abstractmethod
    def bytes_per_pixel(self) -> float:
        """Approximate memory, in bytes, per pixel of the result while it is computed."""

    @abstractmethod
    def repaint(
        self, image: Pixels, size: Size, transform: Transform | None, keep: Mask | None, seed: int
    ) -> Pixels:
        """Run one pass on an image on the model's device.

        Where ``keep`` is 1, the transformed image replaces each scale's output; the rest adapts.
        """

    @torch.no_grad()
    def retarget(
        self,
        size: Size | None = None,
        *,
        transform: Transform | None = None,
        image: Tensor | None = None,
        protect: Tensor | None = None,
        seed: int = 0,
    ) -> Tensor:
        """The image in another size or shape, in several passes beyond the range of the training.

        Args:
            size: any (height, width) in pixels; the image's own by default.
            transform: the geometry; by default the image is resized. Pixels outside it are
                generated too; ``transform.coverage(size)`` is an alpha channel that hides them.
            image: (1, 3, h, w); the model's own by default.
            protect: (1, 1, h, w) in [0, 1]: where it is 1, the image's pixels stay bit for bit,
                and the rest is stretched (:mod:`internal_gan.images.protect`); a UserError if it
                does not fit.
            seed: of another result, for a model that draws at random.
        """
        painted = (self.image if image is None else image).to(self.device)
        size = size or size_of(painted)
        if protect is not None:
            return self._protected(painted, protect.to(self.device), size, seed)
        *steps, last = sizes_between(size_of(painted), size, self.scale_range)
        for at in steps:
            painted = self.repaint(painted, at, None, None, seed)
        painted = self.repaint(painted, last, transform, None, seed)
        return painted.clamp(-1, 1).cpu()

    def _protected(self, image: Tensor, mask: Tensor, size: Size, seed: int) -> Tensor:
        # The scale range applies only to the rows and columns that are stretched.
        stiff = touched(mask)
        protection_of(mask, size)
        first, last = (
            (max(1, height - stiff[0]), max(1, width - stiff[1]))
            for height, width in (size_of(image), size)
        )
        steps = sizes_between(first, last, self.scale_range)[:-1]
        # A side that is protected from end to end has nothing to stretch.
        free = [side > least for side, least in zip(size_of(image), stiff, strict=True)]
        between = [(stiff[0] + h * free[0], stiff[1] + w * free[1]) for h, w in steps]
        for at in [*between, size]:
            kept = protection_of(mask, at)
            painted = self.repaint(image, at, kept.transform, kept.weight, seed)
            image = kept.put_back(painted.clamp(-1, 1), image)
            mask = kept.mask
        return image.cpu()


def sizes_between(first: Size, last: Size, scale_range: tuple[float, float]) -> list[Size]:
    """The fewest sizes that lead from ``first`` (excluded) to ``last`` by factors within a range.

    >>> sizes_between((100, 100), (100, 800), (0.25, 2))
    [(100, 200), (100, 400), (100, 800)]
    """
    low, high = scale_range
    needed = 1
    for old, new in zip(first, last, strict=True):
        limit = high if new > old else low
        if new != old and limit not in (0, 1):
            # The tolerance saves an exact power of the limit an extra step.
            needed = max(needed, math.ceil(math.log(new / old) / math.log(limit) - 1e-9))
    height, width = (new / old for old, new in zip(first, last, strict=True))
    shares = [step / needed for step in range(1, needed)]
    return [*(scaled(first, height**share, width**share) for share in shares), last]


def near(wanted: float, side: int, grid: int, least: int) -> int:
    """About ``wanted`` pixels: a multiple of ``grid`` more or fewer than ``side``, or ``least``."""
    return max(least, side + grid * round((round(wanted) - side) / grid))


def drawn_transform(magnitude: float, rng: torch.Generator) -> Transform:
    """A :func:`random_homography` in float32."""
    drawn = random_homography(magnitude, rng)
    return Homography(drawn.matrices.float()) if isinstance(drawn, Homography) else drawn
