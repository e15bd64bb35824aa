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

from internal_gan.errors import check_range
from internal_gan.images.pyramid import build_pyramid
from internal_gan.images.resize import resize
from internal_gan.images.transforms import Transform
from internal_gan.models.base import Optimization, Stage
from internal_gan.models.ingan.pyramid_training import InGANPyramidStage
from internal_gan.models.ingan.retargeting import RetargetModel, Voting, check_scale_range
from internal_gan.models.ladder import Widths
from internal_gan.models.per_stage import PerStage, per_stage
from internal_gan.models.scales import ScalesModel
from internal_gan.nn.blocks import MOST_LAYERS
from internal_gan.nn.discriminators import PatchDiscriminator
from internal_gan.nn.generators.residual_patch import ResidualPatchGenerator
from internal_gan.nn.losses import AdversarialLoss
from internal_gan.patches.losses import MOST_STEPS_BETWEEN, PatchTerm
from internal_gan.units import Size


class InGANPyramid(ScalesModel, RetargetModel):
    """Image-conditional model of one image: y_0 = G_0(T(x_0)), y_n = G_n(up(y_{n-1})).

    Args:
        generator, discriminator: called with ``width`` and ``rng``, the generator also with
            ``depth`` and ``condition_channels``, to make a scale's networks.
        adversarial_loss: see :mod:`internal_gan.nn.losses`.
        optimization: learning rates and their decay.
        patch_loss: auxiliary terms by name; see :mod:`internal_gan.patches.losses`.
        widths: channels by scale.
        depths: convolutions of the generator by scale.
        scale_factor, min_size, max_size, num_scales: the pyramid; see
            :func:`internal_gan.images.pyramid.pyramid_sizes`.
        steps: training steps of every scale.
        learning_rates: by scale, in units of those of ``optimization``.
        conditioned_scales: how many of the finest scales also see T(x_n) itself.
        scale_range: smallest and largest factor of either axis in training.
        target_area: largest product of the two factors, by scale.
        curriculum: fraction of the coarsest scale's steps in which the range grows from 1 to
            ``scale_range``.
        identity_weight: of the mean squared error between G(x; 1) and x.
        identity_interval: compute it every so many steps, with as many times the weight.
        adversarial_weight: by scale.
        adversarial_from: the first scale that has a discriminator.
        penalty_interval: compute the discriminator's penalty every so many steps, with as many
            times the weight.
        penalty_crop: longest side in pixels of the window it is computed on; null for all.
        discriminator_crop: longest side in pixels of the window that the discriminator judges in
            one step, moving over the image from step to step; null for all.
        cycle_weight: of the mean absolute error between G(G(x; T); T^-1) and x, by scale.
        cycle_interval: compute it every so many steps, with as many times the weight.
    """

    family: ClassVar[str] = "ingan"
    learns_several: ClassVar[bool] = True

    def __init__(
        self,
        *,
        generator: Callable[..., ResidualPatchGenerator],
        discriminator: Callable[..., PatchDiscriminator],
        adversarial_loss: AdversarialLoss,
        optimization: Optimization,
        widths: Widths,
        patch_loss: Mapping[str, PatchTerm] | None = None,
        depths: PerStage = 5,
        scale_factor: float = 0.68,
        min_size: int = 24,
        max_size: int | None = 250,
        num_scales: int | None = None,
        steps: PerStage = 2000,
        learning_rates: PerStage = 1.0,
        conditioned_scales: int = 0,
        scale_range: Sequence[float] = (0.4, 2.25),
        target_area: PerStage = 4.0,
        curriculum: float = 0.15,
        identity_weight: PerStage = 10.0,
        identity_interval: int = 1,
        adversarial_weight: PerStage = 1.0,
        adversarial_from: int = 0,
        penalty_interval: int = 1,
        penalty_crop: int | None = None,
        discriminator_crop: int | None = None,
        cycle_weight: PerStage = 0.0,
        cycle_interval: int = 1,
    ) -> None:
        super().__init__(
            widths=widths,
            pyramid={
                "scale_factor": scale_factor,
                "min_size": min_size,
                "max_size": max_size,
                "num_scales": num_scales,
            },
            steps=steps,
            patch_loss=patch_loss,
            optimization=optimization,
            learning_rates=learning_rates,
        )
        check_range(
            1,
            MOST_STEPS_BETWEEN,
            identity_interval=identity_interval,
            penalty_interval=penalty_interval,
            cycle_interval=cycle_interval,
        )
        check_range(0, conditioned_scales=conditioned_scales, adversarial_from=adversarial_from)
        check_range(0, 1, curriculum=curriculum)
        check_scale_range(scale_range)
        self.make_generator = generator
        self.make_discriminator = discriminator
        self.adversarial_loss = adversarial_loss
        self.depths = depths
        self.conditioned_scales = conditioned_scales
        self._scale_range = (float(scale_range[0]), float(scale_range[1]))
        self.target_area = target_area
        self.curriculum = curriculum
        self.identity_weight = identity_weight
        self.identity_interval = identity_interval
        self.adversarial_weight = adversarial_weight
        self.adversarial_from = adversarial_from
        self.penalty_interval = penalty_interval
        self.penalty_crop = penalty_crop
        self.discriminator_crop = discriminator_crop
        self.cycle_weight = cycle_weight
        self.cycle_interval = cycle_interval

    @property
    def scale_range(self) -> tuple[float, float]:
        return self._scale_range

    @property
    def bytes_per_pixel(self) -> float:
        # Measured on the CPU with 16 and 64 channels at 512 and 1000 pixels.
        return 14.0 * self.widths.at(max(0, self.num_stages - 1)) + 140

    @property
    def judged_side(self) -> int:
        """The discriminator's receptive field: the shortest side that it can judge."""
        return 2 * int(self.make_discriminator(width=1).margin) + 1

    @property
    def min_side(self) -> int:
        return self.judged_side if self.adversarial_from == 0 else 1

    def prepare(self, pixels: Tensor, *others: Tensor, holes: Any = ()) -> Any:
        self.keep_others(others, self.pyramid["max_size"])
        return super().prepare(pixels)

    def metadata(self) -> dict[str, Any]:
        return {**super().metadata(), "other_sizes": self.other_sizes}

    def restore(self, metadata: Mapping[str, Any]) -> None:
        self.allocate_others(metadata.get("other_sizes", ()))
        super().restore(metadata)

    def real(self, scale: int, photo: int = 0) -> Tensor:
        return build_pyramid(self.images[photo], [self.sizes_of(photo)[scale]])[0]

    def sizes_of(self, photo: int) -> list[Size]:
        """The sizes of a photo at all scales, in proportion to those of the first one."""
        if photo == 0:
            return self.sizes
        return self._sizes_for(self.other_sizes[photo - 1], self.num_stages - 1)

    def _try_patch_losses(self) -> None:
        super()._try_patch_losses()
        rng = torch.Generator(self.device).manual_seed(0)
        for photo in range(1, len(self.images)):
            self.patch_losses(0, self.real(0, photo), rng)

    def _try_options(self) -> None:
        check_range(
            self.judged_side,
            discriminator_crop=self.discriminator_crop,
            penalty_crop=self.penalty_crop,
        )
        for photo in range(len(self.images)):
            sizes = self.sizes_of(photo)[self.adversarial_from :]
            for scale, size in enumerate(sizes, self.adversarial_from):
                if min(size) < self.judged_side:
                    raise ValueError(
                        f"adversarial_from is {self.adversarial_from}, but scale {scale} is "
                        f"{size[0]}x{size[1]} pixels; allowed: scales of {self.judged_side} "
                        "pixels, the discriminator's receptive field, or more"
                    )
        count = self.num_stages
        for name in ("identity_weight", "adversarial_weight", "cycle_weight"):
            per_stage(getattr(self, name), count, name)
        per_stage(self.target_area, count, "target_area", 1)
        per_stage(self.depths, count, "depths", 2, MOST_LAYERS)
        self.new_generator(0)

    def new_generator(
        self, scale: int, rng: torch.Generator | None = None
    ) -> ResidualPatchGenerator:
        return self.make_generator(
            width=self.widths.at(scale),
            depth=round(per_stage(self.depths, self.num_stages, "depths")[scale]),
            condition_channels=3 if self.is_conditioned(scale) else 0,
            rng=rng,
        )

    def is_conditioned(self, scale: int) -> bool:
        """Whether a scale sees T(x_n) itself; the coarsest has nothing else to see."""
        return scale > 0 and scale >= self.num_stages - self.conditioned_scales

    def own_stage(
        self, index: int, previous: Stage | None, rng: torch.Generator
    ) -> InGANPyramidStage:
        return InGANPyramidStage(self, index, previous, rng)

    @torch.no_grad()
    def preview(self) -> Tensor:
        last = self.finished - 1
        return self.synthesise(self.real, last=last).clamp(-1, 1)

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
        from_sizes = self._sizes_for((image.shape[-2], image.shape[-1]), last)
        to_sizes = self._sizes_for(size, last)

        def transformed(scale: int) -> Tensor:
            coarse, to = build_pyramid(image, [from_sizes[scale]])[0], to_sizes[scale]
            return resize(coarse, to) if transform is None else transform(coarse, to)

        def voted(scale: int, painted: Tensor) -> Tensor:
            if voting is None:
                return painted
            source = (voting.source.shape[-2], voting.source.shape[-1])
            return voting.on(painted, self._sizes_for(source, last)[scale])

        def kept(scale: int, painted: Tensor) -> Tensor:
            painted = voted(scale, painted)
            if keep is None:
                return painted
            share = resize(keep, to_sizes[scale]).clamp(0, 1)
            return torch.lerp(painted, transformed(scale), share)

        painted = self.synthesise(transformed, last=self.finished - 1, after=kept)
        return resize(painted, size).clamp(-1, 1)

    def synthesise(
        self,
        transformed: Callable[[int], Tensor],
        *,
        last: int,
        first: int = 0,
        image: Tensor | None = None,
        after: Callable[[int, Tensor], Tensor] | None = None,
    ) -> Tensor:
        """Run scales ``first`` to ``last``; ``image`` is the output of scale ``first`` - 1.

        ``after(scale, image)`` takes each scale's output and gives what the next one starts from.

        ``transformed(scale)`` gives T(x_scale), (1, 3, height, width), which is also the size of
        that scale's output. Returns the output of ``last``, about in [-1, 1].
        """
        for scale in range(first, last + 1):
            image = self.generate(self.generators[scale], scale, transformed(scale), image)
            image = image if after is None else after(scale, image)
        assert image is not None
        return image

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
