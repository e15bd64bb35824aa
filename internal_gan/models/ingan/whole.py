"""InGAN: one image in any size and shape (Shocher, Bagon, Isola, Irani, ICCV 2019)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from internal_gan.errors import check_range
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize
from internal_gan.images.transforms import Transform
from internal_gan.models.base import Optimization, Stage
from internal_gan.models.ingan.retargeting import RetargetModel, Voting, check_scale_range
from internal_gan.models.ingan.whole_training import InGANStage, add_noise
from internal_gan.models.per_stage import MOST, PerStage, per_stage
from internal_gan.nn.discriminators import MultiScaleDiscriminator
from internal_gan.nn.generators.shape_flexible import ShapeFlexibleGenerator
from internal_gan.nn.losses import AdversarialLoss
from internal_gan.units import Size


class InGAN(RetargetModel):
    """The paper's form: a single stage at full resolution, an hourglass generator and a
    multi-scale discriminator.

    Args:
        generator: called with ``rng``, makes the generator.
        discriminator: called with ``size``, ``sigmoid`` and ``rng``, makes the discriminator.
        adversarial_loss: see :mod:`internal_gan.nn.losses`.
        max_size: long side of the image as it is learnt, in pixels; null keeps the photo's.
        crop: side in pixels of the random crops that one step looks at; null for all.
        steps: training steps.
        scale_range: smallest and largest factor of each side.
        curriculum: fraction of the steps over which the range grows from 1 to that.
        geometry: random homographies: each corner moves inwards by up to so many half-sides;
            0 trains on sizes alone.
        adversarial_weight: of the adversarial loss of the generator.
        reconstruction_weight: lambda, of the way there and back: |G(G(x; T); T^-1) - x|.
        inverse_weight: of the way back alone, G(y; T^-1) for a given y.
        inverse_start: fraction of the steps after which it begins.
        noise: the image and real patches get uniform noise of at most this, in units of [0, 1].

    Raises:
        ValueError: a number out of range.
    """

    family: ClassVar[str] = "ingan"
    votes: ClassVar[bool] = False

    def __init__(
        self,
        *,
        generator: Callable[..., ShapeFlexibleGenerator],
        discriminator: Callable[..., MultiScaleDiscriminator],
        adversarial_loss: AdversarialLoss,
        optimization: Optimization,
        max_size: int | None = None,
        crop: int | None = 256,
        steps: PerStage = 75000,
        scale_range: Sequence[float] = (0.15, 2.25),
        curriculum: float = 0.133333,
        geometry: float = 0.0,
        adversarial_weight: float = 1.8,
        reconstruction_weight: float = 0.1,
        inverse_weight: float = 1.0,
        inverse_start: float = 0.133333,
        noise: float = 1 / 255,
    ) -> None:
        super().__init__()
        check_range(1, crop=crop)
        check_range(0, 1, curriculum=curriculum, inverse_start=inverse_start)
        check_range(
            0,
            MOST,
            adversarial_weight=adversarial_weight,
            reconstruction_weight=reconstruction_weight,
            inverse_weight=inverse_weight,
        )
        check_range(0, 1, noise=noise)
        check_range(0, 0.49, geometry=geometry)
        check_scale_range(scale_range)
        self.make_generator = generator
        self.make_discriminator = discriminator
        self.adversarial_loss = adversarial_loss
        self.optimization = optimization
        self.max_size = max_size
        self.crop = crop
        self.configured_steps = steps
        self._scale_range = (float(scale_range[0]), float(scale_range[1]))
        self.curriculum = curriculum
        self.geometry = geometry
        self.adversarial_weight = adversarial_weight
        self.reconstruction_weight = reconstruction_weight
        self.inverse_weight = inverse_weight
        self.inverse_start = inverse_start
        self.noise = noise
        self.sizes: list[Size] = []
        self.steps = []
        self.generators = nn.ModuleList()

    @property
    def scale_range(self) -> tuple[float, float]:
        return self._scale_range

    @property
    def bytes_per_pixel(self) -> float:
        # Measured on the CPU with 16 and 64 channels at 512 and 1000 pixels.
        return 28.0 * int(getattr(self.make_generator, "keywords", {}).get("width", 64))

    @property
    def finished(self) -> int:  # type: ignore[override]
        return len(self.generators)

    @property
    def min_side(self) -> int:
        """The smallest image that the discriminator judges."""
        keywords = getattr(self.make_discriminator, "keywords", {})
        return int(keywords.get("min_side", 13))

    def prepare(self, pixels: Tensor, *others: Tensor, holes: Any = ()) -> Any:
        size = fit_size((pixels.shape[-2], pixels.shape[-1]), self.max_size)
        check_range(self.min_side, crop=self.crop)
        self._allocate(size, pixels.device)
        self.image.copy_(resize(pixels, size).clamp(-1, 1))
        self._keep_others(others, self.max_size)
        steps = per_stage(self.configured_steps, 1, "steps", 1)
        self.steps = [round(steps[0])]
        self.make_generator()
        self.make_discriminator(size=self.crop_size)
        return self

    @property
    def crop_size(self) -> Size:
        """(height, width) in pixels of what one step looks at."""
        sides = zip(self.sizes[0], *self.other_sizes, strict=True)
        height, width = (min(side) for side in sides)
        return min(height, self.crop or height), min(width, self.crop or width)

    def _allocate(self, size: Size, device: torch.device | None = None) -> None:
        self.sizes = [(int(size[0]), int(size[1]))]
        self.register_buffer("image", torch.zeros(1, 3, *self.sizes[0], device=device))

    def metadata(self) -> dict[str, Any]:
        metadata = {"sizes": self.sizes, "steps": self.steps, "finished": self.finished}
        return {**metadata, "other_sizes": self.other_sizes}

    def restore(self, metadata: Mapping[str, Any]) -> None:
        (size,) = metadata["sizes"]
        self._allocate(size)
        self._allocate_others(metadata.get("other_sizes", ()))
        self.steps = list(metadata["steps"])
        for _ in range(metadata["finished"]):
            self.generators.append(self.make_generator())
        self.eval().requires_grad_(False)

    def own_stage(self, index: int, previous: Stage | None, rng: torch.Generator) -> InGANStage:
        return InGANStage(self, rng)

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
        """One pass; a single stage has no coarser outputs in which ``keep`` could matter."""
        noisy = add_noise(image, self.noise, rng)
        painted: Tensor = self.generators[0](noisy, size, transform)
        if voting is None:
            return painted
        return voting.on(painted, (voting.source.shape[-2], voting.source.shape[-1]))
