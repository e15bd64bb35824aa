"""InGAN's fast form: one photo to any size, coarse to fine on SinGAN's pyramid.

The condition and the aim are those of Shocher, Bagon, Isola, Irani, "InGAN", ICCV 2019: y = G(x; T)
has the size that T asks for and the patches of x. The pyramid is SinGAN's (Shaham, Dekel,
Michaeli, ICCV 2019): T is applied where the image is small enough for a little network to see whole
elements and to repeat or leave them out, and the finer scales add the details.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from internal_gan.images.pyramid import build_pyramid
from internal_gan.images.resize import resize
from internal_gan.images.transforms import Transform
from internal_gan.models.base import freeze
from internal_gan.models.ingan.retargeting import RetargetModel, Voting
from internal_gan.models.ladder import After, Ladder, Widths
from internal_gan.models.per_stage import PerStage, per_stage
from internal_gan.nn.generators.residual_patch import ResidualPatchGenerator
from internal_gan.units import Size


class InGANPyramid(RetargetModel):
    """Image-conditional model of one image: y_0 = G_0(T(x_0)), y_n = G_n(up(y_{n-1})).

    Args:
        generator: called with ``width``, ``depth``, ``condition_channels`` and ``rng`` to make a
            scale's network.
        widths: channels by scale.
        depths: convolutions by scale.
        conditioned_scales: how many of the finest scales also see T(x_n) itself.
        scale_range: smallest and largest factor by which a side changes in one pass.

    Attributes:
        generators: of the finished scales, coarsest first.

    Raises:
        ValueError: ``scale_range`` is out of range.
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
        self.ladder = Ladder(widths)
        self.generators = self.ladder.generators

    @property
    def sizes(self) -> list[Size]:  # type: ignore[override]
        return self.ladder.sizes

    @property
    def finished(self) -> int:  # type: ignore[override]
        return self.ladder.finished

    @property
    def bytes_per_pixel(self) -> float:
        # Measured on the CPU with 16 and 64 channels at 512 and 1000 pixels.
        return 14.0 * self.ladder.widths.at(max(0, self.num_stages - 1)) + 140

    def allocate(self, sizes: Sequence[Size], device: torch.device | None = None) -> None:
        """Set the sizes of all scales, with room for the image."""
        self.ladder.sizes = [(int(h), int(w)) for h, w in sizes]
        self.register_buffer("image", torch.zeros(1, 3, *self.sizes[-1], device=device))

    def metadata(self) -> dict[str, Any]:
        return {"sizes": self.sizes, "finished": self.finished, "other_sizes": self.other_sizes}

    def restore(self, metadata: Mapping[str, Any]) -> None:
        self.allocate_others(metadata.get("other_sizes", ()))
        self.allocate(metadata["sizes"])
        self.generators.extend(self.new_generator(n) for n in range(metadata["finished"]))
        freeze(self)

    def real(self, scale: int, photo: int = 0) -> Tensor:
        """A photo at a scale, (1, 3, h, w)."""
        return build_pyramid(self.images[photo], [self.sizes_of(photo)[scale]])[0]

    def sizes_of(self, photo: int) -> list[Size]:
        """The sizes of a photo at all scales, in proportion to those of the first one."""
        if photo == 0:
            return self.sizes
        return self.ladder.sizes_for(self.other_sizes[photo - 1], self.num_stages - 1)

    def new_generator(
        self, scale: int, rng: torch.Generator | None = None
    ) -> ResidualPatchGenerator:
        """A generator for a scale, as it is before its training."""
        return self.make_generator(
            width=self.ladder.widths.at(scale),
            depth=round(per_stage(self.depths, self.num_stages, "depths")[scale]),
            condition_channels=3 if self.is_conditioned(scale) else 0,
            rng=rng,
        )

    def is_conditioned(self, scale: int) -> bool:
        """Whether a scale sees T(x_n) itself; the coarsest has nothing else to see."""
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
        """One pass through the finished scales, with T applied to the image at each of them.

        Draws no random numbers. Of a model that is not finished the finest output is resized.
        """
        last = self.num_stages - 1
        from_sizes = self.ladder.sizes_for((image.shape[-2], image.shape[-1]), last)
        to_sizes = self.ladder.sizes_for(size, last)

        def transformed(scale: int) -> Tensor:
            coarse, to = build_pyramid(image, [from_sizes[scale]])[0], to_sizes[scale]
            return resize(coarse, to) if transform is None else transform(coarse, to)

        def voted_and_kept(scale: int, painted: Tensor) -> Tensor:
            if voting is not None:
                source = (voting.source.shape[-2], voting.source.shape[-1])
                painted = voting.on(painted, self.ladder.sizes_for(source, last)[scale])
            if keep is not None:
                share = resize(keep, to_sizes[scale]).clamp(0, 1)
                painted = torch.lerp(painted, transformed(scale), share)
            return painted

        painted = self.synthesise(transformed, last=self.finished - 1, after=voted_and_kept)
        return resize(painted, size).clamp(-1, 1)

    def synthesise(
        self, transformed: Callable[[int], Tensor], *, last: int, after: After | None = None
    ) -> Tensor:
        """Run scales 0 to ``last``.

        Args:
            transformed: ``transformed(scale)`` gives T(x_scale), (1, 3, height, width), which is
                also the size of that scale's output.
            after: ``after(scale, image)`` takes each scale's output and gives what the next one
                starts from.

        Returns:
            The output of ``last``, about in [-1, 1].
        """

        def refine(scale: int, coarser: Tensor | None) -> Tensor:
            return self.generate(self.generators[scale], scale, transformed(scale), coarser)

        return self.ladder.synthesise(refine, last=last, after=after)

    def generate(
        self, generator: torch.nn.Module, scale: int, transformed: Tensor, coarser: Tensor | None
    ) -> Tensor:
        """One scale's output, (1, 3, h, w), from T(x_scale) of that size and the coarser scale's
        output."""
        condition = transformed if self.is_conditioned(scale) else None
        base = transformed
        if coarser is not None:
            base = resize(coarser, (transformed.shape[-2], transformed.shape[-1]))
        return generator(None, base, condition)  # type: ignore[no-any-return]
