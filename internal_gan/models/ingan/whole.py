"""InGAN as published: one image in any size and shape (Shocher, Bagon, Isola, Irani, ICCV 2019)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from internal_gan.errors import check_range
from internal_gan.images.transforms import Transform
from internal_gan.models.base import freeze
from internal_gan.models.ingan.retargeting import RetargetModel, Voting
from internal_gan.nn.generators.shape_flexible import ShapeFlexibleGenerator
from internal_gan.units import Size


class InGAN(RetargetModel):
    """The paper's form: one hourglass generator at full resolution.

    Args:
        generator: called with ``rng``, makes the generator.
        scale_range: smallest and largest factor by which a side changes in one pass.
        noise: uniform noise of at most this, in units of [0, 1], is added to the image first.

    Raises:
        ValueError: a number out of range.
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
    ) -> None:
        super().__init__(scale_range)
        check_range(0, 1, noise=noise)
        self.make_generator = generator
        self.noise = noise
        self.sizes: list[Size] = []
        self.generators = nn.ModuleList()

    @property
    def bytes_per_pixel(self) -> float:
        # Measured on the CPU with 16 and 64 channels at 512 and 1000 pixels.
        return 28.0 * int(getattr(self.make_generator, "keywords", {}).get("width", 64))

    @property
    def finished(self) -> int:  # type: ignore[override]
        return len(self.generators)

    def allocate(self, size: Size, device: torch.device | None = None) -> None:
        """Set the working size, (height, width), with room for the image."""
        self.sizes = [(int(size[0]), int(size[1]))]
        self.register_buffer("image", torch.zeros(1, 3, *self.sizes[0], device=device))

    def metadata(self) -> dict[str, Any]:
        return {"sizes": self.sizes, "finished": self.finished, "other_sizes": self.other_sizes}

    def restore(self, metadata: Mapping[str, Any]) -> None:
        (size,) = metadata["sizes"]
        self.allocate(size)
        self.allocate_others(metadata.get("other_sizes", ()))
        self.generators.extend(self.make_generator() for _ in range(metadata["finished"]))
        freeze(self)

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
        """One pass; ``keep`` has no coarser output that it could matter in."""
        noisy = add_noise(image, self.noise, rng)
        painted: Tensor = self.generators[0](noisy, size, transform)
        if voting is None:
            return painted
        return voting.on(painted, (voting.source.shape[-2], voting.source.shape[-1]))


def add_noise(image: Tensor, most: float, rng: torch.Generator) -> Tensor:
    """``image`` in [-1, 1] with uniform noise of at most ``most`` in units of [0, 1]."""
    noise = torch.rand(image.shape, device=rng.device, generator=rng).to(image.device)
    return image + 2 * most * (2 * noise - 1)
