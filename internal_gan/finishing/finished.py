"""A finished picture, and what reports the progress of finishing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from internal_gan.finishing.layers import Layer
from internal_gan.finishing.origin import Origin
from internal_gan.images.photo import Photo


@dataclass(frozen=True)
class Finished:
    """A picture, and what it is made of.

    Attributes:
        pixels: (1, 3, H, W) in [-1, 1].
        drawing: (1, 3, h, w), the network's output; None if that is the picture itself.
        origin: where the pixels come from; None if the network drew them.
        alpha: (1, 1, H, W) in [0, 1], if the photo is transparent somewhere.
        like: the photo whose format the file takes; None: the training photo.
        layers: of the photo, to be rearranged like the picture.
    """

    pixels: Tensor
    drawing: Tensor | None = None
    origin: Origin | None = None
    alpha: Tensor | None = None
    like: Photo | None = None
    layers: Sequence[Layer] = ()


class Reporter(Protocol):
    """Tells the user what finishing does."""

    def say(self, text: str) -> None:
        """Print a line."""

    def share(self, doing: str) -> AbstractContextManager[Callable[[float], None]]:
        """A block with a function that shows the share of the work that is done, 0 to 1."""
