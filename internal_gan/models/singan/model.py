"""SinGAN: draws random images like one image, and redraws others (Shaham, Dekel, Michaeli, ICCV
2019)."""

from typing import ClassVar

from internal_gan.models.abilities import Redraws, Samples
from internal_gan.models.singan import animation, injection, sampling, super_resolution, tiling
from internal_gan.models.singan.pyramid import NoisePyramid


class SinGAN(NoisePyramid, Samples, Redraws):
    """Generative model of one image (Shaham et al. 2019)."""

    family: ClassVar[str] = "singan"

    samples = sampling.samples
    sampling_memory = sampling.sampling_memory
    inject = injection.inject
    animate = animation.animate
    animating_memory = animation.animating_memory
    super_resolve = super_resolution.super_resolve
    make_tileable = tiling.make_tileable
