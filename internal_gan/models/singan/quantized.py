"""Trains one scale on an image of few colours, for paint-to-image."""

import torch
from torch import Tensor

from internal_gan.images.palette import nearest_colours, palette_of
from internal_gan.models.base import Stage
from internal_gan.models.singan.model import SinGAN
from internal_gan.models.singan.training import SinGANRecipe, SinGANStage


class QuantizedStage(SinGANStage):
    """One scale of a finished model, trained anew on the photo in a few colours in place of the
    coarser scales' output: it learns to texture the flat areas of paintings (Shaham et al. 2019,
    section 4 and supplementary material). The model's generator and noise at this scale change.

    Args:
        recipe: that of the model's training.
        index: a finished scale from 1 on, the start scale of the painting.
        colours: 2 to 256.

    Attributes:
        palette: the colours of the photo at the scale below, (K, 3) in [-1, 1].
        quantized: the photo at the scale below in these colours, (1, 3, h, w).

    Raises:
        UserError: the model has no such finished scale.
    """

    def __init__(
        self,
        recipe: SinGANRecipe,
        model: SinGAN,
        index: int,
        colours: int,
        rng: torch.Generator,
    ) -> None:
        model.ladder.check_scale(index, first=1)
        self.colours = colours
        super().__init__(recipe, model, index, recipe.steps_of(model)[index], None, rng)

    def make(self, previous: Stage | None) -> None:
        super().make(previous)
        coarser = self.model.real(self.index - 1)
        self.palette = palette_of(coarser, self.colours)
        self.quantized = nearest_colours(coarser, self.palette)
        self.rebuild_from(self.quantized)

    def finish(self) -> None:
        super().finish()
        self.model.generators[self.index] = self.model.generators.pop(-1)

    def _random_base(self) -> Tensor | None:
        return self.reconstruction_base
