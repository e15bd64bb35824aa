"""Models that can learn several photos."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize
from internal_gan.models.base import ModelWithRecipe
from internal_gan.units import Size


class SeveralPhotosModel(ModelWithRecipe):
    """A model that learns one photo or several, each a buffer.

    Attributes:
        other_sizes: working sizes (height, width) of the photos after the first.
    """

    learns_several: ClassVar[bool] = True
    other_sizes: Sequence[Size] = ()

    @property
    def images(self) -> list[Tensor]:
        return [self.image, *(getattr(self, _other(n)) for n in range(len(self.other_sizes)))]

    def _keep_others(self, photos: Sequence[Tensor], max_size: int | None) -> None:
        """Further photos to learn, each shrunk to ``max_size``."""
        sizes = [fit_size((photo.shape[-2], photo.shape[-1]), max_size) for photo in photos]
        self._allocate_others(sizes)
        for number, (photo, size) in enumerate(zip(photos, sizes, strict=True)):
            setattr(self, _other(number), resize(photo, size).clamp(-1, 1))

    def _allocate_others(self, sizes: Sequence[Sequence[int]]) -> None:
        self.other_sizes = [(size[0], size[1]) for size in sizes]
        for number, size in enumerate(self.other_sizes):
            self.register_buffer(_other(number), torch.zeros(1, 3, *size))


def _other(number: int) -> str:
    return f"other_{number}"
