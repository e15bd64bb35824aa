"""InGAN's fast form: retargets a photo to any size, coarse to fine on SinGAN's pyramid.

As in Shocher et al. 2019, y = G(x; T) has the size that T sets and the patches of x. T is applied
where a small network sees whole elements, to repeat or leave out; finer scales add detail.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from internal_gan.images.resize import resize, size_of
from internal_gan.images.transforms import Transform
from internal_gan.models.ladder import After, LadderModel, Widths
from internal_gan.models.per_stage import PerStage
from internal_gan.models.retargeting import Retargets
from internal_gan.nn.generators import ResidualPatchGenerator
from internal_gan.shapes import Pixels
from internal_gan.units import Size


class InGANPyramid(Retargets, LadderModel):
    """InGAN as a pyramid: the coarsest scale redraws the transformed photo, the others refine it.

    y_0 = G_0(T(x_0)), y_n = G_n(up(y_{n-1})).
    """

    family: ClassVar[str] = "ingan"

    def __init__(
        self,
        *,
        generator: Callable[..., ResidualPatchGenerator],
        widths: Widths,
        depths: PerStage,
        scale_range: Sequence[float],
    ) -> None:
        super().__init__(scale_range)
        self.make_generator = generator
        self.widths = widths
        self.depths = depths

    @property
    def bytes_per_pixel(self) -> float:
        # Measured on the CPU with 16 and 64 channels at 512 and 1000 pixels.
        return 14.0 * self.widths.at(max(0, self.num_stages - 1)) + 140

    def preview(self) -> Tensor:
        return self.synthesise(self.real(0), self.sizes[: self.finished]).clamp(-1, 1)

    def repaint(
        self, image: Tensor, size: Size, transform: Transform | None, keep: Tensor | None, seed: int
    ) -> Tensor:
        """One deterministic pass; an unfinished model's finest output is resized."""
        last = self.num_stages - 1
        from_sizes = self.sizes_for(size_of(image), last)
        to_sizes = self.sizes_for(size, last)

        def transformed(scale: int) -> Tensor:
            shrunk = resize(image, from_sizes[scale]).clamp(-1, 1)
            return (transform or resize)(shrunk, to_sizes[scale])

        def kept(scale: int, painted: Tensor) -> Tensor:
            if keep is None:
                return painted
            share = resize(keep, to_sizes[scale]).clamp(0, 1)
            return torch.lerp(painted, transformed(scale), share)

        painted = self.synthesise(transformed(0), to_sizes[: self.finished], after=kept)
        return resize(painted, size).clamp(-1, 1)

    def synthesise(self, image: Pixels, sizes: list[Size], *, after: After | None = None) -> Pixels:
        """The output, roughly in [-1, 1], of the finest of ``sizes``, which are those of scales 0
        to the last wanted; ``image`` is T(x_0) at the first."""
        for scale, size in enumerate(sizes):
            image = self.run(self.generators[scale], None, resize(image, size))
            if after is not None:
                image = after(scale, image)
        return image
