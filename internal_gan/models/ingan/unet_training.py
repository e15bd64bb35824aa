"""Training of InGAN's paper form: to random sizes and shapes, and back."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import check_range
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import size_of
from internal_gan.images.transforms import Transform
from internal_gan.models.base import Model, Recipe, Stage, cpu_generator
from internal_gan.models.ingan.unet import InGAN
from internal_gan.models.losses import Losses, Terms
from internal_gan.models.per_stage import PerStage
from internal_gan.models.retargeting import drawn_transform, near
from internal_gan.nn.discriminators import LARGE, MultiScaleDiscriminator
from internal_gan.nn.generators import ShapeFlexibleGenerator
from internal_gan.nn.losses import AdversarialLoss
from internal_gan.shapes import Mask, Pixels
from internal_gan.units import Size


@dataclass(frozen=True)
class Target:
    """What a step makes: of a crop, a picture of another size and shape."""

    image: Pixels
    transform: Transform
    size: Size


class InGANStage(Stage):
    """A GAN between an image and its retargeted version, with a cycle back to the image.

    Two losses have the same value: the cycle |G(G(x; T); T^-1) - x|, and the inverse
    |G(y; T^-1) - x| with y = G(x; T) held fixed. Only the cycle's gradient flows on through y. One
    pass serves both, with the gradient scaled down at y.
    """

    recipe: "InGANRecipe"
    model: InGAN
    discriminator: MultiScaleDiscriminator
    cpu_rng: torch.Generator
    batch: Target
    sizes_vary = True

    def make(self, previous: Stage | None) -> None:
        recipe, rng = self.recipe, self.rng
        self.crop_size = recipe.crop_size(self.model)
        self.generator = recipe.generator(rng=rng)
        self.discriminator = recipe.discriminator(
            size=self.crop_size, sigmoid=recipe.adversarial_loss.sigmoid, rng=rng
        )
        self.cpu_rng = cpu_generator(rng)

    @property
    def progress(self) -> float:
        return self.step / self.steps

    @property
    def reached(self) -> float:
        """The fraction of the ranges of sizes and shapes that the curriculum has reached."""
        curriculum = self.recipe.curriculum
        return min(1.0, self.progress / curriculum) if curriculum else 1.0

    def prepare(self) -> Target:
        self.discriminator.set_progress(self.progress)
        image = self.draw_crop()
        transform = drawn_transform(self.reached * self.recipe.geometry, self.cpu_rng)
        return Target(image, transform, self.draw_size())

    def kind(self) -> Hashable:
        return self.progress >= self.recipe.inverse_start

    def discriminator_loss(self) -> Losses:
        fake = self.drawn_for_discriminator()
        # The real image, too, is judged at as many sizes as fit the fake.
        self.discriminator.judge_as(size_of(fake))
        real, fake = self._noisy(self.batch.image), self._noisy(fake)
        height, width = (min(a, b) for a, b in zip(real.shape[-2:], fake.shape[-2:], strict=True))
        window = (..., slice(height), slice(width))
        return self.judge(real, fake, penalised=(real[window], fake[window]))

    def add_terms(self, terms: Terms, drawn: Pixels) -> None:
        self.discriminator.judge_as(size_of(drawn))
        self.fool(terms, drawn)
        cycle = self.weight("reconstruction")
        inverse = self.weight("inverse") if self.progress >= self.recipe.inverse_start else 0.0
        if cycle + inverse:
            fixed = drawn.detach()
            given = fixed + cycle / (cycle + inverse) * (drawn - fixed)
            image, transform = self.batch.image, self.batch.transform
            back = self.generator(given, size_of(image), transform.inverse())
            terms.add("reconstruction", F.l1_loss(back.float(), image), cycle + inverse)

    def draw(self) -> Pixels:
        """The step's crop in its size and shape."""
        batch = self.batch
        return self.generator(self._noisy(batch.image), batch.size, batch.transform)  # type: ignore[no-any-return]

    def draw_size(self) -> Size:
        """A random size within the range that the curriculum has reached."""
        low, high = (1 + self.reached * (limit - 1) for limit in self.model.scale_range)
        factors = low + (high - low) * torch.rand(2, generator=self.cpu_rng)
        grid, least = self.recipe.size_grid, self.discriminator.min_side
        sides = zip(self.crop_size, factors.tolist(), strict=True)
        height, width = (near(side * factor, side, grid, least) for side, factor in sides)
        return height, width

    def draw_crop(self) -> Pixels:
        image, (height, width) = self.model.image, self.crop_size
        rooms = (image.shape[-2] - height, image.shape[-1] - width)
        if not any(rooms):
            return image
        top, left = (int(torch.randint(room + 1, (1,), generator=self.cpu_rng)) for room in rooms)
        return image[..., top : top + height, left : left + width]

    def _noisy(self, image: Tensor) -> Tensor:
        noise = torch.rand(image.shape, device=self.rng.device, generator=self.rng).to(image.device)
        return image + 2 * self.recipe.noise * (2 * noise - 1)


@dataclass(kw_only=True)
class InGANRecipe(Recipe):
    """Options of InGAN's paper form; ``conf/model/ingan_unet.yaml`` sets and explains them.

    Attributes:
        generator, discriminator: called with ``rng``, the latter also with ``size``, ``sigmoid``.
        size_grid: random sizes differ from the crop's by multiples of this many pixels.
        noise: largest uniform noise, for images in [0, 1], on those that the discriminator is
            trained on and on the generator's input.
    """

    model_class: ClassVar[type[Model]] = InGAN
    stage_class: ClassVar[type[Stage]] = InGANStage
    generator: Callable[..., ShapeFlexibleGenerator]
    discriminator: Callable[..., MultiScaleDiscriminator]
    adversarial_loss: AdversarialLoss
    crop: int | None
    scale_range: Sequence[float]
    size_grid: int
    curriculum: float
    geometry: float
    adversarial_weight: PerStage
    reconstruction_weight: PerStage
    inverse_weight: PerStage
    inverse_start: float
    noise: float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range(1, crop=self.crop, size_grid=self.size_grid)
        check_range(0, 1, curriculum=self.curriculum, inverse_start=self.inverse_start)
        check_range(0, 1, noise=self.noise)
        check_range(0, 0.49, geometry=self.geometry)

    @cached_property
    def min_side(self) -> int:
        return self.discriminator(size=LARGE, scales=1).min_side

    def prepare(self, pixels: Pixels, hole: Mask | None = None) -> InGAN:
        size = fit_size(size_of(pixels), self.max_size)
        check_range(self.min_side, crop=self.crop)
        model: InGAN = self.model_of([size], pixels)
        self.generator()
        self.discriminator(size=self.crop_size(model))
        return model

    def crop_size(self, model: InGAN) -> Size:
        height, width = model.sizes[0]
        return min(height, self.crop or height), min(width, self.crop or width)
