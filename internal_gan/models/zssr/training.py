"""ZSSR's training: pairs of the photo at several sizes, and what interpolation makes of it."""

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor

from internal_gan.errors import check_range
from internal_gan.images.degradation import noise_of
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.models.base import Model, Recipe, Stage, cpu_generator
from internal_gan.models.losses import Losses, Terms
from internal_gan.models.patches.enlarging import LEARNT, SHORTEST, STEP, pairs_of, windows_of
from internal_gan.models.per_stage import PerStage
from internal_gan.models.zssr.model import VIEWS, ZSSR, Several, turned
from internal_gan.nn.blocks import reflect
from internal_gan.nn.discriminators import PatchDiscriminator
from internal_gan.nn.generators import ResidualPatchGenerator
from internal_gan.nn.losses import AdversarialLoss
from internal_gan.shapes import Mask, Pixels
from internal_gan.stopping import check_stop

MAX_IN_BATCH = 64
# A photo of so few pixels is learnt from more pairs: its pixels are put together otherwise when it
# is shrunk, and it is squeezed.
FEW, SQUEEZED = 150_000, 0.85


class ZSSRStage(Stage):
    """Crops of the photo against what the network makes of them, shrunk and interpolated."""

    recipe: "ZSSRRecipe"
    model: ZSSR
    generator: Several
    discriminator: PatchDiscriminator | None
    cpu_rng: torch.Generator
    batch: tuple[Mask, Mask]  # given, and wanted

    def make(self, previous: Stage | None) -> None:
        recipe, model = self.recipe, self.model
        self.cpu_rng = cpu_generator(self.rng)
        self.generator = model.new_generator(self.index, self.rng)
        make = recipe.discriminator
        self.discriminator = make(channels=1, rng=self.rng) if callable(make) else None

    @cached_property
    def pairs(self) -> list[tuple[Mask, Mask]]:
        """What the networks get, with a margin, and what is wanted; not made in :meth:`make`,
        since it is on the CPU."""
        grays = self.model.grays
        gray, size = grays[0], self.model.sizes[-1]
        if math.prod(size) <= FEW:
            grays += [gray[..., 1:, :], gray[..., 1:], gray[..., 1:, 1:]]
            grays += [
                resize(gray, scaled(size, *sides)) for sides in ((SQUEEZED, 1), (1, SQUEEZED))
            ]
        found = list[tuple[Mask, Mask]]()
        for wanted, small in pairs_of(grays, STEP, self.model.worn):
            check_stop()
            begun = self.model.begun(small.expand(-1, 3, -1, -1), size_of(wanted))[:, :1]
            found.append((reflect(begun, self.generator.margin), wanted))
        return found

    def prepare(self) -> tuple[Mask, Mask]:
        areas = torch.tensor([float(wanted.numel()) for _, wanted in self.pairs])
        which = int(torch.multinomial(areas, 1, generator=self.cpu_rng))
        side = min(self.recipe.crop, *size_of(self.pairs[which][1]))
        crops = (self._crop(which, side) for _ in range(self.recipe.batch * self.recipe.networks))
        given, wanted = (torch.cat(parts) for parts in zip(*crops, strict=True))
        return given, wanted

    def kind(self) -> Hashable:
        return None  # only batches differ

    def _crop(self, which: int, side: int) -> tuple[Mask, Mask]:
        """What is given, with a margin, and wanted in a random place, turned at random."""
        (given, wanted), more = self.pairs[which], 2 * self.generator.margin
        top, left, view = (
            int(torch.randint(limit, (1,), generator=self.cpu_rng))
            for limit in (*(length - side + 1 for length in size_of(wanted)), VIEWS)
        )
        seen, inside = (
            turned(image[..., top : top + length, left : left + length], view)
            for image, length in ((given, side + more), (wanted, side))
        )
        return seen, inside

    def draw(self) -> Tensor:
        given, edge = self.batch[0], self.generator.margin
        return given[..., edge:-edge, edge:-edge] + self.generator.detail(given)

    def discriminator_loss(self) -> Losses:
        return self.judge(self.batch[1], self.drawn_for_discriminator())

    def add_terms(self, terms: Terms, drawn: Tensor) -> None:
        if self.discriminator is not None:
            self.fool(terms, drawn)
        error = (drawn.float() - self.batch[1]).abs().mean()
        terms.add("l1", error, self.weight("l1"))


@dataclass(kw_only=True)
class ZSSRRecipe(Recipe):
    """ZSSR's training options; ``conf/model/zssr.yaml`` sets and explains them.

    ``discriminator`` is called with ``channels`` and ``rng``; empty or None for none.
    """

    model_class: ClassVar[type[Model]] = ZSSR
    stage_class: ClassVar[type[Stage]] = ZSSRStage
    generator: Callable[..., ResidualPatchGenerator]
    discriminator: Callable[..., PatchDiscriminator] | Mapping[str, Any] | None
    adversarial_loss: AdversarialLoss
    width: int
    depth: int
    networks: int
    crop: int
    batch: int
    l1_weight: PerStage
    adversarial_weight: PerStage

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range(1, MAX_IN_BATCH, batch=self.batch)
        check_range(self._seen, crop=self.crop)
        self.new_model().new_generator(0)

    @property
    def _seen(self) -> int:
        """How many pixels a side the discriminator, if any, needs."""
        make = self.discriminator
        return make(channels=1).receptive_field if callable(make) else 1

    @property
    def min_side(self) -> int:
        return max(self._seen, SHORTEST)

    def prepare(self, pixels: Pixels, hole: Mask | None = None) -> ZSSR:
        """Of a large photo, windows are learnt, side by side as one picture."""
        if math.prod(size_of(pixels)) > 2 * LEARNT:  # more than such a picture has
            pixels = torch.cat(windows_of(pixels), dim=-1)
        model: ZSSR = self.model_of([size_of(pixels)], pixels)
        model.noise.fill_(noise_of(model.grays))
        return model
