"""SinGAN's sampler as one graph, for export."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.models.singan.model import SinGAN
from internal_gan.nn.dynamic import pad, resize
from internal_gan.nn.generators.residual_patch import ResidualPatchGenerator


class SamplerGraph(nn.Module):
    """Generates an image from standard normal noise, or refines a given image (Shaham et al. 2019,
    equations 1 to 3).

    The graph includes noise strengths, resampling and clipping.

    Args:
        model: with at least one finished scale.
        start_scale: the first scale to run. From 1 on, the graph takes an image in place of the
            previous scale's output.
    """

    noise_std: Tensor

    def __init__(self, model: SinGAN, start_scale: int = 0) -> None:
        super().__init__()
        self.generators = model.generators
        self.register_buffer("noise_std", model.noise_std)
        self.start_scale = start_scale
        self.handover = model.handover
        self.margins = model.margins
        self.is_padded = model.noise_padding == "random"

    def forward(self, *inputs: Tensor) -> Tensor:
        """An image (1, 3, H, W) in [-1, 1], at the size of the last noise map.

        Args:
            inputs: if ``start_scale`` is above 0, first an image (1, 3, h, w) in [-1, 1] of any
                size. Then, for each scale to run, standard normal noise of the scale's size:
                (1, 3, h, w), or (1, 1, h, w) at scale 0. With ``noise_padding=random``, noise needs
                the scale's margin more pixels on each side.
        """
        image = inputs[0] if self.start_scale else None
        noises = inputs[1:] if self.start_scale else inputs
        for scale, noise in enumerate(noises, self.start_scale):
            generator = cast(ResidualPatchGenerator, self.generators[scale])
            margin = self.margins[scale]
            beyond = 2 * margin if self.is_padded else 0
            height, width = (side - beyond for side in noise.shape[-2:])
            seen = (noise * self.noise_std[scale]).expand(-1, 3, -1, -1)
            seen = seen if self.is_padded else F.pad(seen, (margin,) * 4)
            if image is None:
                image = generator.detail(seen)
                continue
            base = self._handed_over(image, height, width)
            image = base + generator.detail(seen + pad(base, margin, generator.padding))
        assert image is not None
        return image.clamp(-1, 1)

    def _handed_over(self, image: Tensor, height: int, width: int) -> Tensor:
        """Exportable form of :meth:`internal_gan.models.singan.model.SinGAN.hand_over`."""
        if self.handover == "as_drawn":
            return resize(image, height, width)
        image = image.clamp(-1, 1)
        if self.handover == "levels":
            image = torch.round(127.5 * (image + 1)) / 127.5 - 1
        return resize(image, height, width).clamp(-1, 1)
