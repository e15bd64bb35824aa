"""SinGAN: a pyramid of small GANs from noise to one image (Shaham, Dekel, Michaeli, ICCV 2019)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.errors import UserError, check_range
from internal_gan.images.pyramid import build_pyramid, pyramid_sizes
from internal_gan.images.resize import resize
from internal_gan.models.base import Losses, Model, Optimization, Stage, per_stage
from internal_gan.nn.discriminators import PatchDiscriminator
from internal_gan.nn.generators import ResidualPatchGenerator
from internal_gan.nn.losses import AdversarialLoss
from internal_gan.nn.patch_losses import PatchLoss, PatchTerm

# Coarse outputs drawn at once to train a scale on.
BASES = 8

Size = tuple[int, int]
Noise = Callable[[int, Size], Tensor]
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

    def at(self, scale: int) -> int:
        width = round(self.coarsest * self.factor ** (scale // self.every))
        return min(width, self.limit) if self.factor >= 1 else max(width, self.limit)


class SinGAN(Model):
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
        penalty_interval: compute the discriminator's penalty every so many steps, with as many
            times the weight.
        penalty_crop: side in pixels of the window it is computed on; null for all.
        reconstruction_interval: compute the reconstruction every so many steps, with as many
            times the weight.
        discriminator_crop: side in pixels of the window that the discriminator judges in one
            step, moving over the image from step to step; null for all.
    """

    family: ClassVar[str] = "singan"

    image: Tensor
    reconstruction_noise: Tensor
    noise_std: Tensor

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

    @property
    def finished(self) -> int:  # type: ignore[override]
        return len(self.generators)

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
            per_stage(term.weight, len(steps), f"patch_loss.{name}.weight")
            try:
                term.loss(self._real(0), rng)
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

    @torch.no_grad()
    def reconstruct(self) -> Tensor:
        """The image as the finished scales rebuild it from {z*, 0, ..., 0}.

        Returns:
            (1, 3, H, W) in [-1, 1] at the size of the finest finished scale.
        """
        self._require_finished()
        last = self.finished - 1
        image = self._synthesise(self.sizes, self._reconstruction_noise, last=last)
        return image.clamp(-1, 1)

    @torch.no_grad()
    def sample(
        self,
        count: int = 1,
        size: Size | None = None,
        *,
        start_scale: int = 0,
        seed: int = 0,
    ) -> Tensor:
        """Draw random images.

        Args:
            count: number of images.
            size: (height, width) in pixels, any; the size of the finest scale by default.
            start_scale: scales below this one are replaced by the real image, downsampled: the
                higher, the closer to the image. 0 draws everything.
            seed: sample k depends only on ``seed`` and k.

        Returns:
            (count, 3, height, width) in [-1, 1], on the CPU.

        Raises:
            UserError: a number out of range.
        """
        self._require_finished()
        last = self.finished - 1
        if count < 1:
            raise UserError(f"sample count is {count}; it must be at least 1")
        if not 0 <= start_scale <= last:
            raise UserError(f"start_scale is {start_scale}; allowed: 0 to {last} (finest)")
        sizes = self._sizes_for(size, last)
        images = []
        for k in range(count):
            rng = torch.Generator().manual_seed(_sample_seed(seed, k))
            start = None
            if start_scale > 0:
                start = resize(self._real(start_scale - 1), sizes[start_scale - 1])
            image = self._synthesise(
                sizes,
                lambda scale, at, rng=rng: self.random_noise(scale, at, 1, rng),  # type: ignore[misc]
                first=start_scale,
                last=last,
                image=start,
            )
            images.append(image.clamp(-1, 1).cpu())
        return torch.cat(images)

    def _require_finished(self) -> None:
        if not self.finished:
            raise UserError("this model has no finished scale yet; train it, or resume its run")

    def _real(self, scale: int) -> Tensor:
        return build_pyramid(self.image, [self.sizes[scale]])[0]

    def _sizes_for(self, size: Size | None, last: int) -> list[Size]:
        """Sizes of scales 0 to ``last`` of an output whose finest scale has ``size``."""
        finest = self.sizes[last]
        if size is None or tuple(size) == finest:
            return self.sizes[: last + 1]
        if min(size) < 1:
            raise UserError(f"size is {list(size)}; it must be [height, width] in pixels, above 0")
        rows, columns = size[0] / finest[0], size[1] / finest[1]
        coarser = [
            (max(1, round(h * rows)), max(1, round(w * columns))) for h, w in self.sizes[:last]
        ]
        return [*coarser, (size[0], size[1])]

    def _synthesise(
        self,
        sizes: Sequence[Size],
        noise: Noise,
        *,
        last: int,
        first: int = 0,
        image: Tensor | None = None,
    ) -> Tensor:
        """Run scales ``first`` to ``last``; ``image`` is the output of scale ``first`` - 1."""
        for scale in range(first, last + 1):
            base = None if image is None else resize(image, sizes[scale])
            image = self.generators[scale](noise(scale, sizes[scale]), base)
        assert image is not None
        return image

    def random_noise(self, scale: int, size: Size, count: int, rng: torch.Generator) -> Tensor:
        """sigma_n z_n for ``count`` images: (count, 3, h + 2 margin, w + 2 margin).

        One channel shared by the three colours at the coarsest scale, three elsewhere.
        """
        margin = self._margin
        channels = 1 if scale == 0 else 3
        height, width = size
        if self.noise_padding == "random":
            height, width = height + 2 * margin, width + 2 * margin
        noise = torch.randn(count, channels, height, width, device=rng.device, generator=rng)
        if self.noise_padding == "zero":
            noise = F.pad(noise, (margin,) * 4)
        return noise.to(self.device).expand(-1, 3, -1, -1) * self.noise_std[scale]

    def _reconstruction_noise(self, scale: int, size: Size) -> Tensor:
        if scale == 0:
            return F.pad(self.reconstruction_noise, (self._margin,) * 4).expand(-1, 3, -1, -1)
        height, width = (side + 2 * self._margin for side in size)
        return torch.zeros(1, 3, height, width, device=self.device)

    @property
    def _margin(self) -> int:
        if not hasattr(self, "_cached_margin"):
            self._cached_margin = self.make_generator(width=1).margin
        return self._cached_margin


def _sample_seed(seed: int, sample: int) -> int:
    """A seed of its own for every sample, unlike the seed as it is: that one draws z* in training,
    and a sample from the same numbers would be the reconstruction."""
    return (seed * 0x9E3779B97F4A7C15 + sample * 0xBF58476D1CE4E5B9 + 0x94D049BB133111EB) % 2**63


class SinGANStage(Stage):
    """Training of one scale: WGAN on random input, reconstruction of the image from z_rec."""

    def __init__(
        self, model: SinGAN, index: int, previous: Stage | None, rng: torch.Generator
    ) -> None:
        self.model = model
        self.index = index
        self.rng = rng
        self.name = f"scale {index}"
        self.size = model.sizes[index]
        self.optimization = model.optimization
        self.generator_steps = model.generator_steps
        self.discriminator_steps = model.discriminator_steps
        self.reconstruction_weight = per_stage(model.reconstruction_weight, model.num_stages)[index]

        width = model.widths.at(index)
        with model.device:  # where rng lives
            self.generator = model.make_generator(width=width, rng=rng)
            self.discriminator = model.make_discriminator(width=width, rng=rng)
        if isinstance(previous, SinGANStage) and width == model.widths.at(index - 1):
            self.generator.load_state_dict(model.generators[index - 1].state_dict())
            self.discriminator.load_state_dict(previous.discriminator.state_dict())

        self.real = model._real(index)
        self.patch_losses = self._make_patch_losses()
        self.reconstruction_base: Tensor | None = None
        if index == 0:
            model.noise_std[0] = 1.0
        else:
            self.reconstruction_base = resize(model.reconstruct(), self.size)
            rmse = F.mse_loss(self.reconstruction_base, self.real).sqrt()
            model.noise_std[index] = model.noise_strength * rmse
        self.reconstruction_noise = model._reconstruction_noise(index, self.size)

        self.step = 0
        self._bases: Tensor | None = None
        self._fake: tuple[Tensor, Tensor | None] | None = None

    def _make_patch_losses(self) -> list[tuple[str, PatchLoss, float, int]]:
        losses = []
        for name, term in self.model.patch_loss.items():
            weight = per_stage(term.weight, self.model.num_stages)[self.index]
            if weight:
                losses.append((name, term.loss(self.real, self.rng), weight, term.interval))
        return losses

    def discriminator_loss(self) -> Losses:
        fake, _ = self._fake = self._generate()
        fake = fake.detach()
        loss = self.model.adversarial_loss
        window = self._window(self.model.discriminator_crop)
        real_logits, _ = self.discriminator(self.real[window])
        fake_logits, _ = self.discriminator(fake[window])
        total = loss.discriminator(real_logits, fake_logits)
        scalars = {"discriminator": total.detach()}
        interval = self.model.penalty_interval
        if self.step % interval == 0:
            window = self._window(self.model.penalty_crop)
            penalty = loss.penalty(self.discriminator, self.real[window], fake[window], self.rng)
            if penalty is not None:
                total = total + interval * penalty
                scalars["penalty"] = penalty.detach()
        return total, scalars

    def generator_loss(self) -> Losses:
        # The discriminator's step drew this fake from the same weights: no need to draw another.
        fake, rebuilt = self._fake or self._generate()
        self._fake = None
        logits, _ = self.discriminator(fake[self._window(self.model.discriminator_crop)])
        total = self.model.adversarial_loss.generator(logits)
        scalars = {"generator": total.detach()}
        if rebuilt is not None:
            reconstruction = F.mse_loss(rebuilt.float(), self.real)
            weight = self.model.reconstruction_interval * self.reconstruction_weight
            total = total + weight * reconstruction
            scalars["reconstruction"] = reconstruction.detach()
        for name, patch_loss, weight, interval in self.patch_losses:
            if self.step % interval == 0:
                value = patch_loss(fake, self.rng, self.step // interval)
                total = total + interval * weight * value
                scalars[name] = value.detach()
        self.step += 1
        return total, scalars

    def finish(self) -> None:
        self.generator.eval().requires_grad_(False)
        self.model.generators.append(self.generator)

    def state_dict(self) -> dict[str, Any]:
        return {"step": self.step, "bases": self._bases}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.step = state["step"]
        self._bases = state["bases"]

    def _generate(self) -> tuple[Tensor, Tensor | None]:
        """A random image and, when it is due, the reconstruction: both (1, 3, H, W)."""
        noise = self.model.random_noise(self.index, self.size, 1, self.rng)
        base = self._random_base()
        if self.step % self.model.reconstruction_interval:
            return self.generator(noise, base), None
        if self.generator.uses_batch_statistics:
            fake = self.generator(noise, base)
            return fake, self.generator(self.reconstruction_noise, self.reconstruction_base)
        noises = torch.cat([noise, self.reconstruction_noise])
        bases = None
        if base is not None and self.reconstruction_base is not None:
            bases = torch.cat([base, self.reconstruction_base])
        fake, rebuilt = self.generator(noises, bases).split(1)
        return fake, rebuilt

    def _random_base(self) -> Tensor | None:
        """A fresh random output of the coarser scales at this scale's size, (1, 3, H, W).

        Drawn a batch at a time: the coarse scales are too small to fill a processor one by one.
        """
        if self.index == 0:
            return None
        if self._bases is None or not len(self._bases):
            with torch.no_grad():
                coarse = self.model._synthesise(
                    self.model.sizes,
                    lambda i, at: self.model.random_noise(i, at, BASES, self.rng),
                    last=self.index - 1,
                )
                self._bases = resize(coarse.float(), self.size)
        base, self._bases = self._bases[:1], self._bases[1:]
        return base

    def _window(self, side: int | None) -> Any:
        """Index of a square of ``side`` pixels that moves over the image with the step.

        An additive recurrence covers the image evenly and asks nothing of the device.
        """
        if side is None:
            return ...
        spans = [
            slice(start, start + side)
            for length, ratio in zip(self.size, (0.7548777, 0.5698403), strict=True)
            for start in (int(self.step * ratio % 1 * (max(length - side, 0) + 1)),)
        ]
        return (..., *spans)
