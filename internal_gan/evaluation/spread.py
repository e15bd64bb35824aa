"""How much samples differ from each other."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from internal_gan.evaluation.st_lpips import StLpips, fitted
from internal_gan.images.resize import size_of
from internal_gan.shapes import Pixels
from internal_gan.units import Size


class Spread(ABC):
    """A figure of images added one by one; those of another size than the first are ignored."""

    def __init__(self, size: Size | None = None) -> None:
        self._size = size
        self._count = 0
        self._mean = self._squares = torch.zeros((), dtype=torch.float64)

    def add(self, image: Pixels) -> None:
        """Add an image."""
        self._size = self._size or size_of(image)
        vector = self._vector(image) if size_of(image) == self._size else None
        if vector is None:
            return
        self._count += 1
        step = vector.double() - self._mean.to(vector.device)
        self._mean = self._mean.to(vector.device) + step / self._count
        self._squares = self._squares.to(vector.device) + step * (vector - self._mean)

    @property
    def value(self) -> float | None:
        """None for fewer than two images."""
        return None if self._count < 2 else self._of(self._squares / (self._count - 1))

    @abstractmethod
    def _vector(self, image: Tensor) -> Tensor | None:
        """What of an image is compared; None leaves it out."""

    @abstractmethod
    def _of(self, variance: Tensor) -> float:
        """The figure of the variance of the vectors' elements."""


class Diversity(Spread):
    """:func:`internal_gan.patches.statistics.diversity` of samples of the photo's size."""

    def __init__(self, real: Pixels) -> None:
        super().__init__(size_of(real))
        self._real = real

    def _vector(self, image: Tensor) -> Tensor:
        return image.double().mean(dim=1)

    def _of(self, variance: Tensor) -> float:
        return float(variance.sqrt().mean() / self._vector(self._real).std())


class PerceptualDiversity(Spread):
    """The mean ST-LPIPS of all pairs of images.

    It is a squared distance of vectors, so this is twice their variance.
    """

    def __init__(self, network: StLpips) -> None:
        super().__init__()
        self._network = network

    def _vector(self, image: Tensor) -> Tensor | None:
        images = fitted(image)
        return self._network.embed(images[0]) if images else None

    def _of(self, variance: Tensor) -> float:
        return 2 * float(variance.sum())
