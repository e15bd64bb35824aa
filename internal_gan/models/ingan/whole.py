"""InGAN's paper form: one image in any size and shape (Shocher, Bagon, Isola, Irani, ICCV 2019)."""

from collections.abc import Callable, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from internal_gan.errors import check_range, unknown
from internal_gan.images.resize import size_of
from internal_gan.images.transforms import Transform
from internal_gan.models.ingan.retargeting import RetargetModel, Voting
from internal_gan.nn.generators.shape_flexible import ShapeFlexibleGenerator
from internal_gan.units import Size

NOISE_ON = ("real", "fake", "input", "drawing")


class InGAN(RetargetModel):
    """The paper's form: one hourglass generator at full resolution.

    Args:
        generator: called with ``rng`` to make the generator.
        noise: largest uniform noise, for images in [0, 1].
        noise_on: where it is added, any of: the ``real`` and ``fake`` images that the discriminator
            is trained on, the generator's ``input`` in training, and ``drawing``, its input
            afterwards.

    Raises:
        ValueError: a number out of range.
        UserError: another name in ``noise_on``.
    """

    family: ClassVar[str] = "ingan"
    votes: ClassVar[bool] = False
    stage_names: Sequence[str] = ("whole image",)

    def __init__(
        self,
        *,
        generator: Callable[..., ShapeFlexibleGenerator],
        scale_range: Sequence[float],
        noise: float,
        noise_on: Sequence[str],
    ) -> None:
        super().__init__(scale_range)
        check_range(0, 1, noise=noise)
        check_noise_on(noise_on)
        self.make_generator = generator
        self.noise = noise
        self.noise_on = noise_on

    @property
    def bytes_per_pixel(self) -> float:
        # Measured on the CPU with 16 and 64 channels at 512 and 1000 pixels.
        return 28.0 * int(getattr(self.make_generator, "keywords", {}).get("width", 64))

    def new_generator(
        self, stage: int, rng: torch.Generator | None = None
    ) -> ShapeFlexibleGenerator:
        return self.make_generator(rng=rng)

    def preview(self) -> Tensor:
        return self.retarget()

    def repaint(
        self,
        image: Tensor,
        size: Size,
        transform: Transform | None,
        rng: torch.Generator,
        keep: Tensor | None = None,
        voting: Voting | None = None,
    ) -> Tensor:
        """One pass; ``keep`` is ignored, since there is no coarser output."""
        if "drawing" in self.noise_on:
            image = add_noise(image, self.noise, rng)
        painted = self.run(self.generators[0], image, size, transform)
        return painted if voting is None else voting.on(painted, size_of(voting.source))


def check_noise_on(places: Sequence[str]) -> None:
    """Raise a UserError for an unknown place."""
    for place in places:
        if place not in NOISE_ON:
            raise unknown("noise_on", place, NOISE_ON)


def add_noise(image: Tensor, most: float, rng: torch.Generator) -> Tensor:
    """``image`` in [-1, 1] plus uniform noise of at most ``most`` on a scale of [0, 1]."""
    noise = torch.rand(image.shape, device=rng.device, generator=rng).to(image.device)
    return image + 2 * most * (2 * noise - 1)
