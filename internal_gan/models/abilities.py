"""What a task can ask of a model, whatever its family.

Each class is an ability of :mod:`internal_gan.config.catalogue`. Tensors of images are
(1, 3, height, width) in [-1, 1]; results are on the CPU.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import ClassVar, NamedTuple

from torch import Tensor

from internal_gan.finishing.seams import HOLD
from internal_gan.images.degradation import Tables
from internal_gan.images.periodic import Tileable, Wrap, wrap_of
from internal_gan.images.photo import Drawn, Photo
from internal_gan.images.windows import Window
from internal_gan.models.base import Model
from internal_gan.models.retargeting import Retargets as Retargets
from internal_gan.shapes import Mask
from internal_gan.units import Size


class Samples(Model):
    """Draws random images; if ``is_matched``, they have the photo's mix of patches already."""

    is_matched: ClassVar[bool] = False

    def samples(
        self,
        count: int = 1,
        size: Size | None = None,
        *,
        start_scale: int = 0,
        candidates: int = 1,
        seed: int = 0,
        tileable: Tileable = False,
    ) -> Iterator[Tensor]:
        """Random images, each drawn when the iterator reaches it.

        Args:
            size: (height, width) in pixels; by default the finest finished stage's.
            start_scale: the photo, shrunk, replaces the scales below this one; 0 draws all.
            candidates: layouts drawn for each image, the best of which is kept; more keep things
                more often whole, and vary less. A model without layouts ignores it.
            seed: sample k depends only on ``seed``, k and the other arguments.
            tileable: how images repeat without a seam: ``x`` across, ``y`` down, True both ways.
        """
        at = size or self.sizes[self.finished - 1]
        wrap = wrap_of(tileable)
        return (self.sample(at, start_scale, candidates, seed, k, wrap) for k in range(count))

    @abstractmethod
    def sample(
        self, size: Size, start_scale: int, candidates: int, seed: int, number: int, wrap: Wrap
    ) -> Tensor:
        """The image of a number, from 0, of :meth:`samples`."""

    @abstractmethod
    def sampling_memory(self, size: Size) -> int:
        """Approximate peak memory, in bytes, for drawing and writing an image."""


class Filling(NamedTuple):
    """What was drawn in a hole, in windows of the photo.

    Attributes:
        lines: those that guided the filling, if any, (1, 1, H, W) in [0, 1].
        scale: the smallest resolution at which a part was drawn, as a fraction of the photo's.
        guiding: how strongly the finished picture should have a line at each pixel of a window of
            the photo, (1, 1, h, w) in [0, 1]; None for a filling without lines.
    """

    drawn: list[Drawn]
    lines: Mask | None
    scale: float
    guiding: Callable[[Window], Mask] | None = None


class Fills(Model):
    """Fills holes in photos; ``hold`` is how strongly colours are held while seams are hidden, see
    :class:`internal_gan.finishing.part_finisher.PartFinisher`."""

    hold: ClassVar[float] = HOLD

    @abstractmethod
    def fill(
        self, photo: Photo, hole: Mask, edges: Mask | None, excluded: Mask, seed: int | None
    ) -> Filling:
        """A photo of any size, filled at the model's resolution.

        Args:
            hole: (1, 1, H, W), 1 inside and 0 elsewhere.
            edges: (1, 1, H, W) in [0, 1], 1 on a line that the filling follows.
            excluded: (1, 1, H, W), 1 where no patch may be taken from, the hole included.
            seed: draws a variant; None gives the deterministic filling.
        """


class Injects(Model):
    """Draws images anew from one of its scales on."""

    @abstractmethod
    def reconstruct(self) -> Tensor:
        """The photo as the finished scales draw it, at the finest one's size."""

    def preview(self) -> Tensor:
        return self.reconstruct()

    @abstractmethod
    def inject(self, image: Tensor, start_scale: int, *, seed: int = 0) -> Tensor:
        """An image of any size, drawn anew at that size: a small copy of it replaces the coarser
        scales' output. A UserError if fewer than two scales are finished.

        Args:
            start_scale: 1 to the finest; higher values stay closer to the image.
            seed: random seed of the details.
        """


class Motion(NamedTuple):
    """How a photo moves.

    Attributes:
        fps: frames per second.
        alpha: pull towards the photo, in (0, 1].
        start_scale: 0 moves everything; higher values move only smaller structures. None: 0, but
            things that the photo has only once hardly move at the coarsest scale.
        loop: whether the last frame leads back to the first.
    """

    fps: float
    alpha: float
    start_scale: int | None = 0
    loop: bool = False


class Animates(Model):
    """Shows its photo in motion. ``keys`` drawings on a circle are enough for a film of any length,
    which the motion between them completes; None: every frame is drawn."""

    keys: ClassVar[int | None] = None

    @abstractmethod
    def animate(
        self, frames: int, motion: Motion, *, seed: int = 0, size: Size | None = None
    ) -> Iterator[Tensor]:
        """The photo in motion, frame by frame; their number does not affect memory.

        ``size`` is by default the finest finished scale's. At another size, a ``start_scale`` of 0
        animates a random image, higher ones the stretched photo.
        """

    @abstractmethod
    def animating_memory(self, size: Size) -> int:
        """Approximate peak memory, in bytes, for frames of a size."""


class Enlarges(Model):
    """Enlarges photos, with detail like its photo's own."""

    def check_enlarging(self) -> None:
        """Raise a UserError if the model, trained or not, can never enlarge."""

    @abstractmethod
    def super_resolve(
        self,
        factor: float,
        image: Tensor,
        *,
        seed: int = 0,
        detail: float = 0.0,
        tables: Tables | None = None,
    ) -> Tensor:
        """An image of any size enlarged, with added detail like the photo's own; on the model's
        device. Any ``factor`` above 1 is possible; a UserError for fewer than two finished scales.

        ``detail`` and ``tables`` are for a model that compares patches, see
        :func:`internal_gan.models.patches.enlarging.enlarged`.
        """
