"""SinGAN: a pyramid of small GANs from noise to one image (Shaham, Dekel, Michaeli, ICCV 2019)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from internal_gan.errors import UserError, check_range
from internal_gan.images.pyramid import pyramid_sizes
from internal_gan.images.resize import resize
from internal_gan.models.base import Optimization, Stage, per_stage
from internal_gan.models.pyramid import PyramidModel, Size
from internal_gan.models.singan_stage import SinGANStage
from internal_gan.nn.discriminators import PatchDiscriminator
from internal_gan.nn.generators import ResidualPatchGenerator
from internal_gan.nn.losses import AdversarialLoss
from internal_gan.nn.patch_losses import PatchTerm

PerStage = float | Sequence[float] | Mapping[str, float]


@dataclass(frozen=True)
class Widths:
    """Channels by scale: ``coarsest``, times ``factor`` every so many scales, as far as ``limit``.

    The defaults are the paper's: 32, doubled every 4 scales up to 128.
    """

    coarsest: int = 32
    factor: float = 2.0
    every: int = 4
    limit: int = 128

    def __post_init__(self) -> None:
        check_range(1, coarsest=self.coarsest, every=self.every, limit=self.limit)
        check_range(0, factor=self.factor)
        if (self.factor > 1 and self.limit < self.coarsest) or (
            self.factor < 1 and self.limit > self.coarsest
        ):
            raise ValueError(
                f"factor={self.factor} leads from coarsest={self.coarsest} away from "
                f"limit={self.limit}; change both, or use factor=1"
            )

    def at(self, scale: int) -> int:
        if self.factor == 1:
            return self.coarsest
        width = round(self.coarsest * self.factor ** (scale // self.every))
        return min(width, self.limit) if self.factor > 1 else max(width, self.limit)


class SinGAN(PyramidModel):
    """Unconditional generative model of one image.

    Args:
        generator, discriminator: called with ``width`` and ``rng`` to make a scale's networks.
        adversarial_loss: see :mod:`internal_gan.nn.losses`.
        optimization: learning rates and their decay.
        patch_loss: auxiliary terms by name; see :mod:`internal_gan.nn.patch_losses`.
        widths: channels by scale.
        scale_factor, min_size, max_size, num_scales: the pyramid; see
            :func:`internal_gan.images.pyramid.pyramid_sizes`. ``min_size`` is the short side of
            the coarsest scale and ``max_size`` the long side of the finest, in pixels.
        steps: training steps of every scale.
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
        super().__init__()
        check_range(1, generator_steps=generator_steps, discriminator_steps=discriminator_steps)
        check_range(
            1, penalty_interval=penalty_interval, reconstruction_interval=reconstruction_interval
        )
        check_range(0, noise_strength=noise_strength)
        self.make_generator = generator
        self.make_discriminator = discriminator
        self.adversarial_loss = adversarial_loss
        self.optimization = optimization
        self.patch_loss = dict(patch_loss or {})
        self.widths = widths or Widths()
        self.pyramid = {
            "scale_factor": scale_factor,
            "min_size": min_size,
            "max_size": max_size,
            "num_scales": num_scales,
        }
        self.configured_steps = steps
        self.generator_steps = generator_steps
        self.discriminator_steps = discriminator_steps
        self.reconstruction_weight = reconstruction_weight
        self.noise_strength = noise_strength
        self.noise_padding = noise_padding
        self.penalty_interval = penalty_interval
        self.penalty_crop = penalty_crop
        self.reconstruction_interval = reconstruction_interval
        self.discriminator_crop = discriminator_crop
        self.sizes: list[Size] = []
        self.steps = []
        self.generators = nn.ModuleList()

    @cached_property
    def margin(self) -> int:  # type: ignore[override]
        return int(self.make_generator(width=1).margin)

    @property
    def min_side(self) -> int:
        """The discriminator's receptive field."""
        return 2 * int(self.make_discriminator(width=1).margin) + 1

    def prepare(self, pixels: Tensor) -> None:
        sizes = pyramid_sizes((pixels.shape[-2], pixels.shape[-1]), **self.pyramid)  # type: ignore[arg-type]
        if min(sizes[0]) < self.min_side:
            raise UserError(
                f"the coarsest scale is {sizes[0][0]}x{sizes[0][1]} pixels; its sides must be at "
                f"least the discriminator's receptive field of {self.min_side} pixels "
                "(a larger image, or a larger model.min_size)"
            )
        self._allocate(sizes, pixels.device)
        self.image.copy_(resize(pixels, sizes[-1]).clamp(-1, 1))
        steps = per_stage(self.configured_steps, len(sizes), "steps")
        self.steps = [max(1, round(s)) for s in steps]
        self._try_options(steps)

    def _try_options(self, steps: Sequence[float]) -> None:
        """Let what a stage would make of the options fail before any work is done."""
        check_range(1, steps=min(steps))
        check_range(
            self.min_side,
            discriminator_crop=self.discriminator_crop,
            penalty_crop=self.penalty_crop,
        )
        self.make_generator(width=1)
        per_stage(self.reconstruction_weight, len(steps), "reconstruction_weight")
        rng = torch.Generator(self.device).manual_seed(0)
        for name, term in self.patch_loss.items():
            if not per_stage(term.weight, len(steps), f"patch_loss.{name}.weight")[0]:
                continue
            try:
                term.loss(self.real(0), rng)
            except (ValueError, RuntimeError) as error:
                raise ValueError(f"patch_loss.{name}: {error}") from error

    def _allocate(self, sizes: Sequence[Size], device: torch.device | None = None) -> None:
        self.sizes = [(int(h), int(w)) for h, w in sizes]
        self.register_buffer("image", torch.zeros(1, 3, *self.sizes[-1], device=device))
        self.register_buffer(
            "reconstruction_noise", torch.zeros(1, 1, *self.sizes[0], device=device)
        )
        self.register_buffer("noise_std", torch.zeros(len(self.sizes), device=device))

    def metadata(self) -> dict[str, Any]:
        return {"sizes": self.sizes, "steps": self.steps, "finished": self.finished}

    def restore(self, metadata: Mapping[str, Any]) -> None:
        self._allocate(metadata["sizes"])
        self.steps = list(metadata["steps"])
        for scale in range(metadata["finished"]):
            self.generators.append(self.make_generator(width=self.widths.at(scale)))
        self.eval().requires_grad_(False)

    def stage(self, index: int, previous: Stage | None, rng: torch.Generator) -> "SinGANStage":
        if index == 0:
            self.reconstruction_noise.normal_(generator=rng)
        return SinGANStage(self, index, previous, rng)

    def preview(self) -> Tensor:
        return self.reconstruct()
