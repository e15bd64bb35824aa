"""SinGAN: draws random images like one image, and redraws others (Shaham, Dekel, Michaeli, ICCV
2019)."""

from typing import ClassVar

import torch
from torch import Tensor

from internal_gan.images.resize import resize, size_of
from internal_gan.models.abilities import Redraws, Samples
from internal_gan.models.redrawing import last_start_scale, working_size
from internal_gan.models.singan import animation, sampling, super_resolution
from internal_gan.models.singan.pyramid import NoisePyramid
from internal_gan.units import Size


class SinGAN(NoisePyramid, Samples, Redraws):
    """Generative model of one image (Shaham et al. 2019)."""

    family: ClassVar[str] = "singan"

    samples = sampling.samples
    sampling_memory = sampling.sampling_memory
    animate = animation.animate
    animating_memory = animation.animating_memory
    super_resolve = super_resolution.super_resolve

    @torch.no_grad()
    def inject(
        self,
        image: Tensor,
        start_scale: int,
        *,
        size: Size | None = None,
        seed: int = 0,
    ) -> Tensor:
        last = last_start_scale(self)
        self.check_scale(start_scale, first=1)
        sizes = self.sizes_for(size or working_size(self, size_of(image)), last)
        start = resize(image.to(self.device), sizes[start_scale - 1]).clamp(-1, 1)
        drawn = self.synthesise(
            sizes,
            self.noise_from(torch.Generator().manual_seed(seed)),
            first=start_scale,
            image=start,
            # No scale was trained on values outside [-1, 1], which would grow.
            after=lambda scale, made: made.clamp(-1, 1),
        )
        return drawn.cpu()
