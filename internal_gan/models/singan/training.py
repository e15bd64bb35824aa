"""SinGAN's training: scale by scale, each with its own patch discriminator."""

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import check_range
from internal_gan.models.base import FailedStageError, Model, Stage
from internal_gan.models.ladder import LadderRecipe, moving_window, warm_start
from internal_gan.models.losses import Losses, Terms
from internal_gan.models.patches.layout import layouts
from internal_gan.models.per_stage import PerStage
from internal_gan.models.singan.model import Handover, SinGAN
from internal_gan.nn.discriminators import PatchDiscriminator
from internal_gan.nn.generators import ResidualPatchGenerator
from internal_gan.patches.losses import MAX_STEPS_BETWEEN
from internal_gan.shapes import Pictures, Pixels

# The outputs of the coarser scales are computed for several steps at once.
MAX_BASES = 16  # at once
MAX_BASE_PIXELS = 2**20  # in all of these
MAX_DRAWINGS = 100_000
MAX_IN_BATCH = 64

SATURATED_FROM = 0.99
# Earlier steps are not judged: a barely trained generator saturates anyway.
FIRST_STEP_TO_JUDGE = 20


class SinGANStage(Stage):
    """One scale: an adversarial loss on random input, and a reconstruction loss from z*."""

    recipe: "SinGANRecipe"
    model: SinGAN
    generator: ResidualPatchGenerator
    discriminator: PatchDiscriminator
    tensors = ("bases",)

    def make(self, previous: Stage | None) -> None:
        recipe, model, index, rng = self.recipe, self.model, self.index, self.rng
        self.generator_steps = recipe.generator_steps
        self.discriminator_steps = recipe.discriminator_steps
        if index == 0:
            model.reconstruction_noise.normal_(generator=rng)
            model.noise_std[0] = 1.0
        self.generator = model.new_generator(index, rng)
        self.discriminator = recipe.discriminator(width=recipe.widths.at(index), rng=rng)
        if isinstance(previous, SinGANStage) and warm_start(self.generator, previous.generator):
            self.discriminator.load_state_dict(previous.discriminator.state_dict())

        self.real = model.real(index)
        self.batch_size = round(recipe.by_stage("batch", model)[index])
        self.reals = torch.cat([self.real, recipe.drawings_of(model)[index]])
        self.patch_terms = recipe.patch_terms(index, model.num_stages, self.real, rng)
        self.reconstruction_base: Tensor | None = None
        if index > 0:
            rebuilt = model.synthesise(model.sizes[:index], model.fixed_noise)
            self.reconstruction_base = model.hand_over(rebuilt, self.size)
            rmse = F.mse_loss(self.reconstruction_base, self.real).sqrt()
            strength = recipe.by_stage("noise_strength", model)[index]
            model.noise_std[index] = strength * rmse
        self.reconstruction_noise = model.fixed_noise(index, self.size)
        self.bases: Tensor | None = None  # the next batches' first
        most = min(MAX_BASES, MAX_BASE_PIXELS // math.prod(self.size))
        self._batches_of_bases = max(1, most // self.batch_size)
        # The schedule of reconstruction and penalty repeats after this many steps.
        self._period = math.lcm(recipe.reconstruction_interval, recipe.penalty_interval)
        self._bases_drawn = max(1, self.generator_steps + self.discriminator_steps - 1)  # in a step

    def kind(self) -> Hashable:
        crops = (self.recipe.discriminator_crop, self.recipe.penalty_crop)
        moving = any(crop is not None and crop < max(self.size) for crop in crops)
        if moving or self.patch_terms:
            return self.step  # the same windows, or turns of the terms, hardly come twice
        left = min(self._bases_left(), self._bases_drawn) if self.index else 0
        return self.step % self._period, self.judged % self._period, left

    def _bases_left(self) -> int:
        """How many batches of bases are left of those that were computed at once."""
        # Each update has taken one, but the generator's first of each step.
        taken = self.judged + self.step - math.ceil(self.step / self.generator_steps)
        return -taken % self._batches_of_bases

    def discriminator_loss(self) -> Losses:
        recipe, rng, fake = self.recipe, self.rng, self._fake_to_judge()
        size = (self.batch_size,)
        real = self.reals[torch.randint(len(self.reals), size, device=rng.device, generator=rng)]
        window = moving_window(self.size, recipe.discriminator_crop, self.judged)
        penalised = moving_window(self.size, recipe.penalty_crop, self.judged)
        both = real[penalised], fake[penalised]
        return self.judge(real[window], fake[window], penalised=both)

    def add_terms(self, terms: Terms, drawn: tuple[Pictures, Pixels | None]) -> None:
        fake, rebuilt = drawn
        window = moving_window(self.size, self.recipe.discriminator_crop, self.step)
        self.fool(terms, fake[window])
        if rebuilt is not None:
            error = F.mse_loss(rebuilt.float(), self.real)
            terms.add("reconstruction", error, self.weight("reconstruction"))
        for term in self.patch_terms:
            term.add_to(terms, fake, self.rng)

    @torch.no_grad()
    def finish(self) -> None:
        """A FailedStageError if the reconstruction, unlike the image, is mostly black or white,
        which no loss reveals."""
        self.generator.eval()
        if self.step >= FIRST_STEP_TO_JUDGE:
            rebuilt = self.generator(self.reconstruction_noise, self.reconstruction_base)
            made, given = ((x.abs() > SATURATED_FROM).float().mean() for x in (rebuilt, self.real))
            if made - given > 0.5:
                raise FailedStageError(
                    f"{self.name}: training failed because most of its output is black or white",
                    advice="another seed or smaller model.learning_rates may help",
                )
        super().finish()

    def _fake_to_judge(self) -> Tensor:
        """Random images for the discriminator; a step's last ones are kept for the generator."""
        if (self.judged + 1) % self.discriminator_steps == 0:
            return self.drawn_for_discriminator()[0]  # type: ignore[no-any-return]
        with torch.no_grad():
            noise = self.model.random_noise(self.index, self.size, self.batch_size, self.rng)
            return self.generator(noise, self._random_base())  # type: ignore[no-any-return]

    def draw(self) -> tuple[Pictures, Pixels | None]:
        """A batch of random images and, when it is due, the reconstruction."""
        noise = self.model.random_noise(self.index, self.size, self.batch_size, self.rng)
        base = self._random_base()
        if self.step % self.recipe.reconstruction_interval:
            return self.generator(noise, base), None
        if self.generator.uses_batch_statistics:
            fake = self.generator(noise, base)
            return fake, self.generator(self.reconstruction_noise, self.reconstruction_base)
        noises = torch.cat([noise, self.reconstruction_noise])
        bases = None
        if base is not None and self.reconstruction_base is not None:
            bases = torch.cat([base, self.reconstruction_base])
        fake, rebuilt = self.generator(noises, bases).split([self.batch_size, 1])
        return fake, rebuilt

    def _random_base(self) -> Pictures | None:
        """A batch of random outputs of the coarser scales, at this scale's size; computed for
        several steps at once, since a few coarse images do not use a whole processor."""
        if self.index == 0:
            return None
        if self.bases is None or self._bases_left() == 0:
            noise = self.model.noise_from(self.rng, self._batches_of_bases * self.batch_size)
            coarse = self.model.synthesise(self.model.sizes[: self.index], noise)
            drawn = self.model.hand_over(coarse.float(), self.size)
            self.bases = drawn if self.bases is None else self.bases.copy_(drawn)
        base = self.bases[: self.batch_size].clone()
        self.bases.copy_(self.bases.roll(-self.batch_size, 0))
        return base


@dataclass(kw_only=True)
class SinGANRecipe(LadderRecipe):
    """SinGAN's training options; ``conf/model/singan.yaml`` sets and explains them.

    ``discriminator`` is called with ``width`` and ``rng`` to make a scale's discriminator.
    """

    model_class: ClassVar[type[Model]] = SinGAN
    stage_class: ClassVar[type[Stage]] = SinGANStage
    discriminator: Callable[..., PatchDiscriminator]
    generator_steps: int
    discriminator_steps: int
    drawings: int
    batch: PerStage
    depths: PerStage
    reconstruction_weight: PerStage
    reconstruction_interval: int
    noise_strength: PerStage
    detail_noise: float
    noise_padding: Literal["zero", "random"]
    handover: Handover
    enlarging_ratio: float | None
    _kept: Any = field(default=None, init=False, repr=False, compare=False)  # the last drawings

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range(1, MAX_STEPS_BETWEEN, generator_steps=self.generator_steps)
        check_range(1, MAX_STEPS_BETWEEN, discriminator_steps=self.discriminator_steps)
        check_range(0, 1, detail_noise=self.detail_noise)
        check_range(0, MAX_DRAWINGS, drawings=self.drawings)

    def drawings_of(self, model: SinGAN) -> list[Pictures]:
        """The closed form's drawings of a model's photo at every scale, kept for all of them, and
        since steps are timed before they are trained; their last bits depend on the threads."""
        threads = torch.get_num_threads()
        if self._kept is not None:
            drawn_by, photo, kept = self._kept
            if drawn_by == threads and torch.equal(photo, model.image):
                return kept  # type: ignore[no-any-return]
        same = torch.Generator().manual_seed(0)
        drawn = layouts(model.image, model.sizes, self.drawings, same)
        self._kept = threads, model.image.clone(), drawn
        return drawn

    @property
    def min_side(self) -> int:
        return self.discriminator(width=1).receptive_field

    def check(self, model: SinGAN) -> None:
        self.by_stage("batch", model, 1, MAX_IN_BATCH)
        self.by_stage("noise_strength", model)
