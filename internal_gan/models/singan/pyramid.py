"""SinGAN's pyramid of small generators, from noise to one image (Shaham et al., ICCV 2019)."""

from collections.abc import Callable, Sequence
from math import isqrt
from typing import Literal, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import check_range
from internal_gan.images.periodic import Wrap, axes, pad_periodic, resize_periodic
from internal_gan.images.windows import blocks, widened
from internal_gan.models.ladder import After, LadderModel, Widths
from internal_gan.models.per_stage import PerStage
from internal_gan.nn.generators import ResidualPatchGenerator
from internal_gan.units import Size

Noise = Callable[[int, Size], Tensor]
Handover = Literal["as_drawn", "levels"]


class NoisePyramid(LadderModel):
    """Every scale adds detail to the output of the coarser ones (Shaham et al. 2019, equations 2
    and 3).

    Args:
        generator, widths, depths: see :class:`internal_gan.models.ladder.LadderModel`.
        detail_noise: share of the finer scales' noise in training that they get where the layout is
            random, or a given picture is followed.
        noise_padding: how the noise continues beyond the border, ``zero`` or ``random``.
        handover: how a scale's output reaches the next one: unchanged (``as_drawn``), or clipped to
            [-1, 1] and rounded to a file's 256 ``levels``.
        enlarging_ratio: by which each pass of super-resolution enlarges, above 1; None: as
            :meth:`internal_gan.models.singan.model.SinGAN.super_resolve` chooses.

    Attributes:
        reconstruction_noise: z*, (1, 1, h, w) at the size of the coarsest scale; a buffer.
        noise_std: sigma_n of every scale; a buffer.
        margins: half the receptive field of each scale's generator, rounded down, in pixels.
        tile_pixels: larger maps are computed in tiles of this many pixels.
    """

    reconstruction_noise: Tensor
    noise_std: Tensor
    tile_pixels: int = 2**18  # 64 MiB with 64 channels

    def __init__(
        self,
        *,
        generator: Callable[..., ResidualPatchGenerator],
        widths: Widths,
        depths: PerStage,
        detail_noise: float,
        noise_padding: Literal["zero", "random"],
        handover: Handover,
        enlarging_ratio: float | None,
    ) -> None:
        super().__init__()
        check_range(1.01, 100, enlarging_ratio=enlarging_ratio)
        self.make_generator, self.widths, self.depths = generator, widths, depths
        self.detail_noise = detail_noise
        self.noise_padding = noise_padding
        self.handover = handover
        self.enlarging_ratio = enlarging_ratio

    def allocate(self, sizes: Sequence[Sequence[int]], device: torch.device | None = None) -> None:
        super().allocate(sizes, device)
        depths = map(self.depth_at, range(len(sizes)))
        self.margins = [int(self.make_generator(width=1, depth=d).margin) for d in depths]
        noise = torch.zeros(1, 1, *self.sizes[0], device=device)
        self.register_buffer("reconstruction_noise", noise)
        self.register_buffer("noise_std", torch.zeros(len(sizes), device=device))

    def reconstruct(self) -> Tensor:
        """The finished scales' reconstruction of the image from the noise {z*, 0, ..., 0}, of shape
        (1, 3, h, w) in [-1, 1] at the finest one's size."""
        return self.synthesise(self.sizes[: self.finished], self.fixed_noise).clamp(-1, 1)

    @torch.no_grad()
    def synthesise(
        self,
        sizes: Sequence[Size],
        noise: Noise,
        *,
        first: int = 0,
        image: Tensor | None = None,
        wrap: Wrap = (False, False),
        after: After | None = None,
    ) -> Tensor:
        """The output of the last scale, (N, 3, height, width), roughly in [-1, 1].

        Args:
            sizes: size of every scale up to the last.
            noise: called with (scale, size), returns the scale's noise, padded and scaled.
            image: the output of scale ``first`` - 1, of any size.
            wrap: whether the image wraps from bottom to top, and from right to left.
        """
        for scale, size in enumerate(sizes[first:], first):
            base = None if image is None else self.hand_over(image, size, wrap)
            image = self.refine(scale, noise(scale, size), base, wrap)
            if after is not None:
                image = after(scale, image)
        assert image is not None
        return image

    def hand_over(self, image: Tensor, size: Size, wrap: Wrap = (False, False)) -> Tensor:
        """A scale's output (N, 3, h, w) as the next scale gets it, (N, 3, height, width)."""
        if self.handover == "as_drawn":
            return resize_periodic(image, size, wrap)
        image = (127.5 * (image.clamp(-1, 1) + 1)).round() / 127.5 - 1
        # Resampling overshoots at edges.
        return resize_periodic(image, size, wrap).clamp(-1, 1)

    def refine(
        self, scale: int, noise: Tensor, base: Tensor | None = None, wrap: Wrap = (False, False)
    ) -> Tensor:
        """The output of one scale, (N, 3, H, W), roughly in [-1, 1].

        A large map is computed in tiles that overlap by the margin, so the result is the same as in
        one piece. Only images of three channels are held whole.

        Args:
            noise: (N, 3, H + 2 margin, W + 2 margin), already scaled.
            base: (N, 3, H, W), the coarser scale's output at this size; None at the coarsest.
            wrap: see :meth:`synthesise`; the wrapped input replaces the noise beyond the border.
        """
        generator = cast(ResidualPatchGenerator, self.generators[scale])
        margin = generator.margin
        height, width = noise.shape[-2] - 2 * margin, noise.shape[-1] - 2 * margin
        seen = noise if base is None else noise + F.pad(base, (margin,) * 4)
        for axis in axes(wrap):
            inside = seen.narrow(axis, margin, seen.shape[axis] - 2 * margin)
            seen = pad_periodic(inside, margin, axis)
        if height * width <= self.tile_pixels or not generator.is_local:
            detail = self.run(generator.detail, seen)
        else:
            detail = seen.new_empty(*seen.shape[:2], height, width)
            for window in blocks((slice(0, height), slice(0, width)), isqrt(self.tile_pixels)):
                tile = seen[(..., *widened(window, margin))]
                detail[(..., *window)] = self.run(generator.detail, tile)
        return detail if base is None else detail.add_(base)

    def noise_from(self, rng: torch.Generator, count: int = 1, share: float = 1.0) -> Noise:
        """Random noise for :meth:`synthesise`, with a share of the noise in training at all scales
        but the coarsest."""

        def noise(scale: int, size: Size) -> Tensor:
            drawn = self.random_noise(scale, size, count, rng)
            return drawn * share if scale else drawn

        return noise

    def random_noise(self, scale: int, size: Size, count: int, rng: torch.Generator) -> Tensor:
        """sigma_n z_n, (count, 3, h + 2 margin, w + 2 margin); at the coarsest scale the three
        channels are the same."""
        margin = self.margins[scale]
        channels = 1 if scale == 0 else 3
        height, width = size
        if self.noise_padding == "random":
            height, width = height + 2 * margin, width + 2 * margin
        noise = torch.randn(count, channels, height, width, device=rng.device, generator=rng)
        noise = noise.to(self.device).mul_(self.noise_std[scale])
        if self.noise_padding == "zero":
            noise = F.pad(noise, (margin,) * 4)
        return noise.expand(-1, 3, -1, -1)

    def fixed_noise(self, scale: int, size: Size) -> Tensor:
        """The reconstruction's noise, (1, 3, h + 2 margin, w + 2 margin): z* at the coarsest scale,
        zeros elsewhere."""
        if scale == 0:
            return F.pad(self.reconstruction_noise, (self.margins[0],) * 4).expand(-1, 3, -1, -1)
        height, width = (side + 2 * self.margins[scale] for side in size)
        return torch.zeros(1, 3, height, width, device=self.device)


def sample_seed(seed: int, sample: int) -> int:
    """The random seed of one sample; unlike ``seed``, which draws z* in training, and with which
    the sample would be the reconstruction."""
    return (seed * 0x9E3779B97F4A7C15 + sample * 0xBF58476D1CE4E5B9 + 0x94D049BB133111EB) % 2**63
