"""Trains one scale on a colour-quantised image, for paint-to-image."""

import torch
from torch import Tensor

from internal_gan.images.palette import nearest_colours, palette_of
from internal_gan.models.base import Stage
from internal_gan.models.singan.model import SinGAN
from internal_gan.models.singan.training import SinGANRecipe, SinGANStage


class QuantizedStage(SinGANStage):
    """One scale of a finished model, retrained with the quantised photo as the coarser output.

    It learns to texture the flat areas of paintings (Shaham et al. 2019, section 4 and
    supplementary material). Training changes the model's generator and noise at this scale.

    Args:
        recipe: the recipe that trained the model.
        index: a finished scale from 1 on (else a UserError), the start scale of the painting.
        colours: number of colours, 2 to 256.

    Attributes:
        palette, quantized: the colours of the photo at the next coarser scale, (K, 3) in [-1, 1],
            and the photo at that scale in these colours.
    """

    def __init__(
        self, recipe: SinGANRecipe, model: SinGAN, index: int, colours: int, rng: torch.Generator
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
        assert self.reconstruction_base is not None
        return self.reconstruction_base.expand(self.batch, -1, -1, -1)
