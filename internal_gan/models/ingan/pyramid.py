"""InGAN's fast form: retargets a photo to any size, coarse to fine on SinGAN's pyramid.

As in Shocher, Bagon, Isola, Irani, "InGAN", ICCV 2019, y = G(x; T) has the size that T sets and the
patches of x. On SinGAN's pyramid (Shaham, Dekel, Michaeli, ICCV 2019), T is applied at a scale so
coarse that a small network sees whole elements, which it repeats or leaves out. The finer scales
add detail.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from internal_gan.images.pyramid import build_pyramid
from internal_gan.images.resize import resize, size_of
from internal_gan.images.transforms import Transform
from internal_gan.models.ingan.retargeting import RetargetModel, Voting
from internal_gan.models.ladder import After, Ladder, Widths
from internal_gan.models.per_stage import PerStage, per_stage
from internal_gan.nn.generators.residual_patch import ResidualPatchGenerator
from internal_gan.units import Size


class InGANPyramid(RetargetModel):
    """InGAN as a pyramid: the coarsest scale redraws the transformed photo, the others refine it.

    y_0 = G_0(T(x_0)), y_n = G_n(up(y_{n-1})).

    Args:
        generator: called with ``width``, ``depth``, ``condition_channels`` and ``rng`` to make a
            scale's network.
        widths: channels per scale.
        depths: convolutions per scale.
        conditioned_scales: number of the finest scales that also see T(x_n).
    """

    family: ClassVar[str] = "ingan"

    def __init__(
        self,
        *,
        generator: Callable[..., ResidualPatchGenerator],
        widths: Widths,
        depths: PerStage,
        conditioned_scales: int,
        scale_range: Sequence[float],
    ) -> None:
        super().__init__(scale_range)
        self.make_generator = generator
        self.depths = depths
        self.conditioned_scales = conditioned_scales
        self.ladder = Ladder(widths, self.generators)

    @property
    def bytes_per_pixel(self) -> float:
        # Measured on the CPU with 16 and 64 channels at 512 and 1000 pixels.
        return 14.0 * self.ladder.widths.at(max(0, self.num_stages - 1)) + 140

    def allocate(self, sizes: Sequence[Sequence[int]], device: torch.device | None = None) -> None:
        super().allocate(sizes, device)
        self.ladder.sizes = self.sizes

    def real(self, scale: int, photo: int = 0) -> Tensor:
        """A photo at a scale, (1, 3, h, w)."""
        return build_pyramid(self.images[photo], [self.sizes_of(photo)[scale]])[0]

    def sizes_of(self, photo: int) -> list[Size]:
        """The sizes of a photo at all scales, in proportion to those of the first photo."""
        if photo == 0:
            return self.sizes
        return self.ladder.sizes_for(self.other_sizes[photo - 1], self.num_stages - 1)

    def new_generator(
        self, stage: int, rng: torch.Generator | None = None
    ) -> ResidualPatchGenerator:
        return self.make_generator(
            width=self.ladder.widths.at(stage),
            depth=round(per_stage(self.depths, self.num_stages, "depths")[stage]),
            condition_channels=3 if self.is_conditioned(stage) else 0,
            rng=rng,
        )

    def is_conditioned(self, scale: int) -> bool:
        """Whether a scale sees T(x_n) besides its base; the coarsest scale's base is T(x_0)."""
        return scale > 0 and scale >= self.num_stages - self.conditioned_scales

    @torch.no_grad()
    def preview(self) -> Tensor:
        return self.synthesise(self.real, last=self.finished - 1).clamp(-1, 1)

    def repaint(
        self,
        image: Tensor,
        size: Size,
        transform: Transform | None,
        rng: torch.Generator,
        keep: Tensor | None = None,
        voting: Voting | None = None,
    ) -> Tensor:
        """Run one deterministic pass through the finished scales.

        An unfinished model's finest output is resized.
        """
        last = self.num_stages - 1
        from_sizes = self.ladder.sizes_for(size_of(image), last)
        to_sizes = self.ladder.sizes_for(size, last)

        def transformed(scale: int) -> Tensor:
            coarse, to = build_pyramid(image, [from_sizes[scale]])[0], to_sizes[scale]
            return resize(coarse, to) if transform is None else transform(coarse, to)

        def voted_and_kept(scale: int, painted: Tensor) -> Tensor:
            if voting is not None:
                at = self.ladder.sizes_for(size_of(voting.source), last)[scale]
                painted = voting.on(painted, at)
            if keep is not None:
                share = resize(keep, to_sizes[scale]).clamp(0, 1)
                painted = torch.lerp(painted, transformed(scale), share)
            return painted

        painted = self.synthesise(transformed, last=self.finished - 1, after=voted_and_kept)
        return resize(painted, size).clamp(-1, 1)

    def synthesise(
        self, transformed: Callable[[int], Tensor], *, last: int, after: After | None = None
    ) -> Tensor:
        """The output of scale ``last``, roughly in [-1, 1].

        Args:
            transformed: called with a scale, returns T(x_scale), (1, 3, height, width), which sets
                the size of that scale's output.
            after: see :meth:`internal_gan.models.ladder.Ladder.synthesise`.
        """

        def refine(scale: int, coarser: Tensor | None) -> Tensor:
            return self.generate(self.generators[scale], scale, transformed(scale), coarser)

        return self.ladder.synthesise(refine, last=last, after=after)

    def generate(
        self, generator: torch.nn.Module, scale: int, transformed: Tensor, coarser: Tensor | None
    ) -> Tensor:
        """One scale's output from T(x_scale), of the same size, and the coarser scale's output."""
        condition = transformed if self.is_conditioned(scale) else None
        base = transformed if coarser is None else resize(coarser, size_of(transformed))
        return self.run(generator, None, base, condition)
