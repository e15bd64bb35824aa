"""SinGAN: a pyramid of small GANs from noise to one image (Shaham, Dekel, Michaeli, ICCV 2019)."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import ClassVar, Literal

import torch
from torch import Tensor

from internal_gan.errors import check_range
from internal_gan.models.base import Optimization, Stage
from internal_gan.models.ladder import PyramidModel
from internal_gan.models.per_stage import PerStage, per_stage
from internal_gan.models.scales import Widths
from internal_gan.models.singan.animation import Animation
from internal_gan.models.singan.injection import Injection
from internal_gan.models.singan.super_resolution import SuperResolution
from internal_gan.models.singan.tileable import Tiling
from internal_gan.models.singan.training import SinGANStage
from internal_gan.nn.discriminators import PatchDiscriminator
from internal_gan.nn.generators.residual_patch import ResidualPatchGenerator
from internal_gan.nn.losses import AdversarialLoss
from internal_gan.patches.losses import MOST_STEPS_BETWEEN, PatchTerm
from internal_gan.units import Size


class SinGAN(Tiling, Injection, Animation, SuperResolution, PyramidModel):
    """Unconditional generative model of one image.

    Args:
        generator, discriminator: called with ``width`` and ``rng`` to make a scale's networks.
        adversarial_loss: see :mod:`internal_gan.nn.losses`.
        optimization: learning rates and their decay.
        patch_loss: auxiliary terms by name; see :mod:`internal_gan.patches.losses`.
        widths: channels by scale.
        scale_factor, min_size, max_size, num_scales: the pyramid; see
            :func:`internal_gan.images.pyramid.pyramid_sizes`. ``min_size`` is the short side of
            the coarsest scale and ``max_size`` the long side of the finest, in pixels.
        steps: training steps of every scale.
        learning_rates: by scale, in units of those of ``optimization``.
        generator_steps, discriminator_steps: updates of each network in one step.
        reconstruction_weight: alpha, weight of the reconstruction's mean squared error.
        noise_strength: sigma_n in units of the RMSE of the upsampled reconstruction.
        noise_padding: ``zero`` pads the noise with zeros beyond the border, ``random`` draws it
            there too.
        penalty_interval: compute the discriminator's penalty every so many of its updates, with
            as many times the weight.
        penalty_crop: side in pixels of the window it is computed on; null for all.
        reconstruction_interval: compute the reconstruction every so many updates of the
            generator, with as many times the weight.
        discriminator_crop: side in pixels of the window that the discriminator judges in one
            step, moving over the image from step to step; null for all.
    """

    family: ClassVar[str] = "singan"

    def __init__(
        self,
        *,
        generator: Callable[..., ResidualPatchGenerator],
        discriminator: Callable[..., PatchDiscriminator],
        adversarial_loss: AdversarialLoss,
        optimization: Optimization,
        patch_loss: Mapping[str, PatchTerm] | None = None,
        widths: Widths | None = None,
        scale_factor: float = 0.75,
        min_size: int = 25,
        max_size: int | None = 250,
        num_scales: int | None = None,
        steps: PerStage = 2000,
        learning_rates: PerStage = 1.0,
        generator_steps: int = 3,
        discriminator_steps: int = 3,
        reconstruction_weight: PerStage = 10.0,
        noise_strength: float = 0.1,
        noise_padding: Literal["zero", "random"] = "zero",
        penalty_interval: int = 1,
        penalty_crop: int | None = None,
        reconstruction_interval: int = 1,
        discriminator_crop: int | None = None,
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
            generator_steps=generator_steps,
            discriminator_steps=discriminator_steps,
            penalty_interval=penalty_interval,
            reconstruction_interval=reconstruction_interval,
        )
        check_range(0, 1e6, noise_strength=noise_strength)
        self.make_generator = generator
        self.make_discriminator = discriminator
        self.adversarial_loss = adversarial_loss
        self.generator_steps = generator_steps
        self.discriminator_steps = discriminator_steps
        self.reconstruction_weight = reconstruction_weight
        self.noise_strength = noise_strength
        self.noise_padding = noise_padding
        self.penalty_interval = penalty_interval
        self.penalty_crop = penalty_crop
        self.reconstruction_interval = reconstruction_interval
        self.discriminator_crop = discriminator_crop

    @cached_property
    def margin(self) -> int:  # type: ignore[override]
        return int(self.make_generator(width=1).margin)

    @property
    def min_side(self) -> int:
        """The discriminator's receptive field."""
        return 2 * int(self.make_discriminator(width=1).margin) + 1

    def new_generator(
        self, scale: int, rng: torch.Generator | None = None
    ) -> ResidualPatchGenerator:
        return self.make_generator(width=self.widths.at(scale), rng=rng)

    def _try_options(self) -> None:
        check_range(
            self.min_side,
            discriminator_crop=self.discriminator_crop,
            penalty_crop=self.penalty_crop,
        )
        self.make_generator(width=1)
        per_stage(self.reconstruction_weight, self.num_stages, "reconstruction_weight")

    def _allocate(self, sizes: Sequence[Size], device: torch.device | None = None) -> None:
        super()._allocate(sizes, device)
        self.register_buffer(
            "reconstruction_noise", torch.zeros(1, 1, *self.sizes[0], device=device)
        )
        self.register_buffer("noise_std", torch.zeros(len(self.sizes), device=device))

    def own_stage(self, index: int, previous: Stage | None, rng: torch.Generator) -> "SinGANStage":
        if index == 0:
            self.reconstruction_noise.normal_(generator=rng)
        return SinGANStage(self, index, previous, rng)

    def preview(self) -> Tensor:
        return self.reconstruct()

    def example(self) -> Tensor:
        return self.sample()
