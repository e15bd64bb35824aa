"""Training of one scale on an image of few colours, for paint-to-image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import UserError
from internal_gan.images.palette import nearest_colours, palette_of
from internal_gan.images.resize import resize
from internal_gan.models.singan.training import SinGANStage

if TYPE_CHECKING:
    from internal_gan.models.singan.model import SinGAN


class QuantizedStage(SinGANStage):
    """One scale of a finished model, trained anew on the photo in a few colours instead of what
    the coarser scales draw: it learns to put the photo's textures into flat areas, as paintings
    have them (Shaham et al. 2019, section 4, and the supplementary material).

    Training changes ``model`` at this scale: its generator and its noise.

    Args:
        model: a model of which ``index`` is a finished scale.
        index: the scale, 1 to the finest: the start scale of the painting.
        colours: how many, 2 to 256.

    Attributes:
        palette: the colours, (K, 3) in [-1, 1], of the photo at the scale below.
        quantized: the photo at the scale below in these colours, (1, 3, h, w).
    """

    def __init__(self, model: SinGAN, index: int, colours: int, rng: torch.Generator) -> None:
        if not 1 <= index < model.finished:
            raise UserError(f"start_scale is {index}; allowed: 1 to {model.finished - 1} (finest)")
        super().__init__(model, index, None, rng)
        coarser = model.real(index - 1)
        self.palette = palette_of(coarser, colours)
        self.quantized = nearest_colours(coarser, self.palette)
        self.reconstruction_base = resize(self.quantized, self.size)
        rmse = F.mse_loss(self.reconstruction_base, self.real).sqrt()
        model.noise_std[index] = model.noise_strength * rmse

    def finish(self) -> None:
        super().finish()
        self.model.generators[self.index] = self.model.generators.pop(-1)

    def _random_base(self) -> Tensor | None:
        return self.reconstruction_base
