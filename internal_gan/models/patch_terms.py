"""Auxiliary patch losses as terms of the stages' losses."""

from collections.abc import Mapping

import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.models.per_stage import per_stage
from internal_gan.patches.losses import PatchTerm


def try_patch_losses(terms: Mapping[str, PatchTerm], image: Tensor, count: int) -> None:
    """Let terms that do not fit the smallest image of a training fail before any work is done.

    Args:
        terms: by name.
        image: (1, 3, H, W) in [-1, 1].
        count: of the stages.

    Raises:
        ValueError: names the term and what is allowed.
    """
    rng = torch.Generator(image.device).manual_seed(0)
    for name, term in terms.items():
        if not any(per_stage(term.weight, count, f"patch_loss.{name}.weight")):
            continue
        try:
            term.loss(image, rng)
        except UserError:
            raise
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"patch_loss.{name}: {error}") from error
