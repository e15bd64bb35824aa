"""Auxiliary patch losses as terms of the stages' losses."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.models.losses import Terms
from internal_gan.models.per_stage import per_stage
from internal_gan.patches.losses import PatchLoss, PatchTerm
from internal_gan.shapes import Pixels


@dataclass(frozen=True)
class StageTerm:
    """A patch loss against the image of one stage, computed every ``interval`` steps.

    ``weight`` is ``interval`` times the one of the options.
    """

    name: str
    loss: PatchLoss
    weight: float
    interval: int

    def add_to(self, terms: Terms, fake: Tensor, rng: torch.Generator) -> None:
        """Add the loss of ``fake`` if it is due in this step."""
        turn = terms.step // self.interval
        terms.every(self.interval, self.name, lambda: self.loss(fake, rng, turn), self.weight)


def stage_terms(
    terms: Mapping[str, PatchTerm] | None,
    index: int,
    count: int,
    real: Pixels,
    rng: torch.Generator,
) -> list[StageTerm]:
    """The terms with a weight at stage ``index`` of ``count``, against the patches of ``real``."""
    found = []
    for name, term in (terms or {}).items():
        weight = term.interval * per_stage(term.weight, count, f"patch_loss.{name}.weight")[index]
        if weight:
            found.append(StageTerm(name, term.loss(real, rng), weight, term.interval))
    return found


def try_patch_losses(terms: Mapping[str, PatchTerm] | None, image: Pixels, count: int) -> None:
    """Raise a ValueError for a term that does not fit the smallest image of ``count`` stages."""
    rng = torch.Generator(image.device).manual_seed(0)
    for name, term in (terms or {}).items():
        if not any(per_stage(term.weight, count, f"patch_loss.{name}.weight")):
            continue
        try:
            term.loss(image, rng)
        except UserError:
            raise
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"patch_loss.{name}: {error}") from error
