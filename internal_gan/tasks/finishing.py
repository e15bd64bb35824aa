"""The last step of a task: what the network drew is made anew of the photo's own pixels."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from internal_gan.config.fields import AUTO
from internal_gan.images.files.image import to_uint8
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize, size_of
from internal_gan.runs.source import Source
from internal_gan.tasks.base import Context, Picture
from internal_gan.tasks.reporting import check_memory
from internal_gan.units import Size

if TYPE_CHECKING:
    from internal_gan.patches.synthesis import Fixed

# The long side of the photo in results, in pixels, unless another one is asked for.
LONGEST = 2048
# What finishing takes for each pixel of the result.
BYTES_PER_PIXEL = 150
# No side of a drawing is shorter.
LEAST = 8


@dataclass(frozen=True)
class Drawn:
    """A picture that a network drew, and what was made of it.

    Attributes:
        pixels: (1, 3, H, W) in [-1, 1], the result.
        drawing: (1, 3, h, w), as the network drew it; None if that is the result.
        origins: (H, W, 2), row and column of each pixel in the photo; None with ``drawing``.
    """

    pixels: Tensor
    drawing: Tensor | None = None
    origins: NDArray[np.int32] | None = None

    def pictures(self, file: str, alpha: Tensor | None = None) -> Iterator[Picture]:
        """The result, with an alpha channel (1, 1, H, W) if given, and the network's drawing."""
        yield Picture(file, self.pixels, alpha=alpha)
        if self.drawing is not None:
            folder, _, name = file.rpartition("/")
            yield Picture(f"{folder}/drawn/{name}", self.drawing, "aside")


class Finishing:
    """Finishes drawings of one size.

    Args:
        context: of the task.
        learnt: the photo as the network learnt it, (1, 3, h, w).
        size: of the result; None: as large as the photo.
        number: of the photo.

    Attributes:
        on: whether anything is done; if not, results are what the network drew.
        size: (height, width) of results; None: that of the network's choice.
        drawing_size: what the network is to draw for them; None: what it draws by itself.
        photo_size: that of the photo in results.
    """

    def __init__(
        self, context: Context, learnt: Tensor, size: Size | None = None, number: int = 0
    ) -> None:
        self._context = context
        wanted, trained = context.options.finish, context.trained.options.finish
        self.on = is_wanted(context)
        self._learnt = learnt
        self.photo_size = own = size_of(learnt)
        self.size = self.drawing_size = size
        if not self.on:
            return
        resolution = wanted.resolution or trained.resolution or AUTO
        named = {AUTO: LONGEST, "photo": None, "model": max(own)}
        longest = named[resolution] if isinstance(resolution, str) else resolution
        photo = _photo(context.trained, learnt, number, longest)
        full = photo.full_size
        if size is not None and resolution == AUTO:
            fitting = min(size[0] / full[0], size[1] / full[1])
            longest = max(own) if fitting * max(full) < max(own) else round(fitting * max(full))
            longest = min(longest, LONGEST)
        self.photo_size = fit_size(full, longest)
        self._bytes = _bytes(resize(photo.pixels, self.photo_size).clamp(-1, 1))
        self.size = self.photo_size
        if size is not None:
            self._aim(size)

    @property
    def photo(self) -> Tensor:
        """The photo as large as it is in results, (1, 3, h, w) in [-1, 1]."""
        return _pixels(self._bytes) if self.on else self._learnt.cpu()

    def at(self, size: Size) -> Finishing:
        """The same for results of another size, in which the photo is as large as here."""
        other = copy.copy(self)
        other._aim(size)
        return other

    def enlarging(self, drawing: Size) -> Finishing:
        """The same for drawings of a size, each enlarged as much as the photo."""
        other, (height, width) = copy.copy(self), drawing
        ratios = [b / a for a, b in zip(size_of(self._learnt), self.photo_size, strict=True)]
        other.size = round(height * ratios[0]), round(width * ratios[1])
        other.drawing_size = drawing
        return other

    def _aim(self, size: Size) -> None:
        self.size = self.drawing_size = size
        if self.on:
            height, width = (
                max(LEAST, round(side * mine / whole))
                for side, mine, whole in zip(
                    size, size_of(self._learnt), self.photo_size, strict=True
                )
            )
            self.drawing_size = height, width

    def check(self, option: str) -> None:
        """Raise a UserError that names ``option`` if the result would not fit into memory."""
        if self.on and self.size is not None:
            needed = BYTES_PER_PIXEL * self.size[0] * self.size[1]
            check_memory(needed, torch.device("cpu"), option)

    def __call__(
        self,
        drawing: Tensor,
        wrap: tuple[bool, bool] = (False, False),
        fixed: Fixed | None = None,
    ) -> Drawn:
        """Finish a drawing (1, 3, h, w) in [-1, 1].

        Args:
            wrap: whether its top continues at its bottom, and its left at its right.
            fixed: pixels of the result whose origins are given; those at seams may still change.
        """
        if not self.on:
            return Drawn(drawing)
        from internal_gan.patches.compilation import compile_loops
        from internal_gan.patches.finish import finish

        assert self.size is not None
        compile_loops(self._context.say)
        done = finish(_bytes(drawing), self._bytes, self.size, wrap=wrap, fixed=fixed)
        return Drawn(_pixels(done.pixels), drawing, done.origins)


def is_wanted(context: Context) -> bool:
    """Whether results are to be made of the photo's own pixels."""
    wanted, trained = context.options.finish, context.trained.options.finish
    return (wanted.detail or trained.detail or "patches") == "patches"


def _photo(source: Source, learnt: Tensor, number: int, longest: int | None) -> Photo:
    """The photo as given or, if no file of it is left, as the network learnt it."""
    if source.is_gone(number):
        return Photo(learnt.cpu())
    return source.photo(number, longest=longest)


def _bytes(pixels: Tensor) -> NDArray[np.uint8]:
    return np.ascontiguousarray(to_uint8(pixels)[0].permute(1, 2, 0).cpu().numpy())


def _pixels(values: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(values).permute(2, 0, 1)[None].float() / 127.5 - 1
