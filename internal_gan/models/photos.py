"""Models that can be trained on several photos."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize, size_of
from internal_gan.models.base import Model
from internal_gan.shapes import Pixels
from internal_gan.units import Size


class SeveralPhotosModel(Model):
    """A model of one or more photos, each a buffer; ``other_sizes`` are those after the first."""

    other_sizes: Sequence[Size] = ()

    @property
    def images(self) -> list[Pixels]:
        return [self.image, *(getattr(self, _other(n)) for n in range(len(self.other_sizes)))]

    def keep_others(self, photos: Sequence[Pixels], max_size: int | None) -> None:
        """Add further photos of any size, shrunk to a long side of ``max_size`` unless None."""
        sizes = [fit_size(size_of(photo), max_size) for photo in photos]
        self._allocate_others(sizes)
        for number, (photo, size) in enumerate(zip(photos, sizes, strict=True)):
            setattr(self, _other(number), resize(photo, size).clamp(-1, 1))

    def metadata(self) -> dict[str, Any]:
        return {**super().metadata(), "other_sizes": self.other_sizes}

    def restore(self, metadata: Mapping[str, Any]) -> None:
        self._allocate_others(metadata.get("other_sizes", ()))
        super().restore(metadata)

    def _allocate_others(self, sizes: Sequence[Sequence[int]]) -> None:
        self.other_sizes = [(size[0], size[1]) for size in sizes]
        for number, size in enumerate(self.other_sizes):
            self.register_buffer(_other(number), torch.zeros(1, 3, *size))


def _other(number: int) -> str:
    return f"other_{number}"
