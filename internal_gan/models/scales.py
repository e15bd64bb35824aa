"""What every family that learns one image scale by scale has in common."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from internal_gan.errors import UserError
from internal_gan.images.pyramid import build_pyramid, pyramid_sizes
from internal_gan.images.resize import resize
from internal_gan.models.base import ModelWithRecipe, Optimization
from internal_gan.models.ladder import Widths
from internal_gan.models.limits import check_result
from internal_gan.models.patch_terms import try_patch_losses
from internal_gan.models.per_stage import MOST_RATE, PerStage, per_stage
from internal_gan.patches.losses import PatchLoss, PatchTerm
from internal_gan.units import Size


class ScalesModel(ModelWithRecipe):
    """A model with a generator for every scale of the image's pyramid, trained one by one.

    Args:
        widths: channels by scale.
        pyramid: arguments of :func:`internal_gan.images.pyramid.pyramid_sizes`.
        steps: training steps of every scale.
        patch_loss: auxiliary terms by name; see :mod:`internal_gan.patches.losses`.
        optimization: learning rates and their decay.
        learning_rates: by scale, in units of those of ``optimization``.

    Attributes:
        generators: the finished scales, coarsest first.
    """

    def __init__(
        self,
        *,
        widths: Widths,
        pyramid: Mapping[str, Any],
        steps: PerStage,
        patch_loss: Mapping[str, PatchTerm] | None,
        optimization: Optimization,
        learning_rates: PerStage = 1.0,
    ) -> None:
        super().__init__()
        self.widths = widths
        self.pyramid = dict(pyramid)
        self.configured_steps = steps
        self.patch_loss = dict(patch_loss or {})
        self.optimization = optimization
        self.learning_rates = learning_rates
        self.sizes: list[Size] = []
        self.steps = []
        self.generators = nn.ModuleList()

    @property
    def finished(self) -> int:  # type: ignore[override]
        return len(self.generators)

    @abstractmethod
    def new_generator(self, scale: int, rng: torch.Generator | None = None) -> nn.Module:
        """A generator for a scale, as it is before its training."""

    def prepare(self, pixels: Tensor, *others: Tensor, holes: Any = ()) -> Any:
        sizes = pyramid_sizes((pixels.shape[-2], pixels.shape[-1]), **self.pyramid)
        if min(sizes[0]) < self.min_side:
            raise UserError(
                f"the coarsest scale is {sizes[0][0]}x{sizes[0][1]} pixels; its sides must be at "
                f"least the discriminator's receptive field of {self.min_side} pixels "
                "(a larger image, or a larger model.min_size)"
            )
        self._allocate(sizes, pixels.device)
        self.image.copy_(resize(pixels, sizes[-1]).clamp(-1, 1))
        steps = per_stage(self.configured_steps, len(sizes), "steps", 1)
        self.steps = [round(s) for s in steps]
        self.optimization_at(0)
        self._try_options()
        self._try_patch_losses()
        return self

    def _try_options(self) -> None:
        """Let what a stage would make of the options fail before any work is done."""

    def _try_patch_losses(self) -> None:
        try_patch_losses(self.patch_loss, self.real(0), len(self.steps))

    def _allocate(self, sizes: Sequence[Size], device: torch.device | None = None) -> None:
        self.sizes = [(int(h), int(w)) for h, w in sizes]
        self.register_buffer("image", torch.zeros(1, 3, *self.sizes[-1], device=device))

    def metadata(self) -> dict[str, Any]:
        return {"sizes": self.sizes, "steps": self.steps, "finished": self.finished}

    def restore(self, metadata: Mapping[str, Any]) -> None:
        self._allocate(metadata["sizes"])
        self.steps = list(metadata["steps"])
        for scale in range(metadata["finished"]):
            self.generators.append(self.new_generator(scale))
        self.eval().requires_grad_(False)

    def real(self, scale: int) -> Tensor:
        """The image at a scale, (1, 3, h, w)."""
        return build_pyramid(self.image, [self.sizes[scale]])[0]

    def patch_losses(
        self, scale: int, real: Tensor, rng: torch.Generator
    ) -> list[tuple[str, PatchLoss, float, int]]:
        """The terms in use at a scale: their names, losses, weights and intervals."""
        losses = []
        for name, term in self.patch_loss.items():
            weight = per_stage(term.weight, self.num_stages, f"patch_loss.{name}.weight")[scale]
            if weight:
                losses.append((name, term.loss(real, rng), weight, term.interval))
        return losses

    def optimization_at(self, scale: int) -> Optimization:
        """How a scale is optimised."""
        rates = per_stage(self.learning_rates, self.num_stages, "learning_rates", 0, MOST_RATE)
        return self.optimization.scaled(rates[scale])

    def _require_finished(self) -> None:
        if not self.finished:
            raise UserError("this model has no finished scale yet; train it, or resume its run")

    def _sizes_for(self, size: Size | None, last: int) -> list[Size]:
        """Sizes of scales 0 to ``last`` of an output whose finest scale has ``size``."""
        finest = self.sizes[last]
        if size is None:
            return self.sizes[: last + 1]
        check_result(size)
        if tuple(size) == finest:
            return self.sizes[: last + 1]
        rows, columns = size[0] / finest[0], size[1] / finest[1]
        coarser = [
            (max(1, round(h * rows)), max(1, round(w * columns))) for h, w in self.sizes[:last]
        ]
        return [*coarser, (size[0], size[1])]
