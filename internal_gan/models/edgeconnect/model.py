"""EdgeConnect, trained internally: a hole is filled lines first, colour next (Nazeri, Ng, Joseph,
Qureshi, Ebrahimi, ICCVW 2019)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import UserError, check_range, unknown
from internal_gan.images.edges import EdgeDetector
from internal_gan.images.fill import fill_smoothly, settle
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize
from internal_gan.models.base import Optimization, Stage
from internal_gan.models.edgeconnect.cases import RandomHoles
from internal_gan.models.edgeconnect.painter import Base, Painter
from internal_gan.models.edgeconnect.training import CompletionStage, EdgeStage, JointStage
from internal_gan.models.patch_terms import try_patch_losses
from internal_gan.models.per_stage import MOST, MOST_RATE, PerStage, per_stage
from internal_gan.models.photos import SeveralPhotosModel
from internal_gan.nn.discriminators import PatchDiscriminator
from internal_gan.nn.generators.dilated_residual import DilatedResidualGenerator
from internal_gan.nn.losses import AdversarialLoss
from internal_gan.nn.perceptual import FeatureNetwork
from internal_gan.patches.losses import MOST_LEVELS, PatchTerm
from internal_gan.units import Size

MOST_CROPS = 1024
STAGES = ("edges", "completion on true edges", "completion on predicted edges", "joint")


@dataclass(frozen=True)
class Inpainting:
    """A filled hole.

    Attributes:
        image: (1, 3, H, W) in [-1, 1]; outside of the hole the given pixels, bit for bit.
        edges: (1, 1, H, W) in [0, 1], 1 on an edge: those of the known part, and inside of the
            hole those that it was filled after.
    """

    image: Tensor
    edges: Tensor


@dataclass(frozen=True)
class Weights:
    """Of the terms of the losses; the defaults are the paper's.

    Attributes:
        edge_adversarial, edge_matching: of the edge generator, the latter for the distance of the
            discriminator's features.
        l1: of the mean absolute difference, divided by the hole's share of the image.
        adversarial, content, style: of the completion; the last two compare what the feature
            network sees.
        matching: of the distance of the completion discriminator's features.
    """

    edge_adversarial: float = 1.0
    edge_matching: float = 10.0
    l1: float = 1.0
    adversarial: float = 0.1
    content: float = 0.1
    style: float = 250.0
    matching: float = 0.0

    def __post_init__(self) -> None:
        check_range(0, MOST, **vars(self))


class EdgeConnect(SeveralPhotosModel):
    """Edges inside of a hole are drawn by one network and coloured by another.

    Both learn from what is known of the user's photo: random holes are cut into it, and the
    networks are asked for what was there. What lies under the user's own hole never reaches them.

    Args:
        edge_generator, generator: called with ``in_channels``, ``out_channels`` and ``rng``, make
            the network that draws edges and the one that colours them.
        discriminator: called with ``channels`` and ``rng``, makes the discriminator of either.
        adversarial_loss: see :mod:`internal_gan.nn.losses`.
        edges: the detector of edges; empty trains a completion alone, without edges.
        features: makes the feature network of the content and style losses; empty: none.
        patch_loss: auxiliary terms by name between a crop and its completion, divided by the
            hole's share; see :mod:`internal_gan.patches.losses`.
        holes: the random holes of the training.
        weights: of the losses' terms.
        optimization: learning rates and their decay.
        max_size: long side of the photo as it is learnt, in pixels; null keeps its size.
        crop: side in pixels of the random crops that one step looks at; null for all.
        batch: crops in one step.
        flips: mirror half of the crops.
        sizes_learnt: sizes at which the photo is learnt, each half of the one before, as long as
            the discriminator can judge them.
        steps: training steps of the stages: edges, completion on true edges, on predicted ones,
            both networks jointly; without edges of the one completion.
        learning_rates: of the stages, in units of those of ``optimization``.
        base: what the hole is filled with first: ``patches`` of the known part
            (:func:`internal_gan.patches.completion.complete`); in training the true image at half
            the size with a random share of the detail that this lost. The completion paints its
            detail onto that and is told where; as it does onto a smooth filling with ``smooth``.
            ``white``: as the paper, the hole is white.
        judge_composite: the discriminator and the features see the known pixels themselves, with
            the completion inside of the hole; false: the completion's copy of them.
        noise: largest standard deviation of noise on the completion's input inside of the hole,
            by which variants differ.
        settle: shift the filling's colours, so that they go over into those around it
            (:func:`internal_gan.images.fill.settle`).

    Attributes:
        scale: the size at which the first photo is learnt over the size that it had.

    Raises:
        ValueError: a number out of range.
    """

    family: ClassVar[str] = "edgeconnect"
    task: ClassVar[str] = "inpaint"

    def __init__(
        self,
        *,
        edge_generator: Callable[..., DilatedResidualGenerator],
        generator: Callable[..., DilatedResidualGenerator],
        discriminator: Callable[..., PatchDiscriminator],
        adversarial_loss: AdversarialLoss,
        optimization: Optimization,
        edges: EdgeDetector | Mapping[str, Any],
        features: Callable[..., FeatureNetwork] | Mapping[str, Any] | None = None,
        patch_loss: Mapping[str, PatchTerm] | None = None,
        holes: RandomHoles | None = None,
        weights: Weights | None = None,
        max_size: int | None = 256,
        crop: int | None = 256,
        batch: int = 1,
        flips: bool = True,
        sizes_learnt: int = 1,
        steps: PerStage = 1000,
        learning_rates: PerStage = 1.0,
        base: Base = "patches",
        judge_composite: bool = True,
        noise: float = 0.0,
        settle: bool = True,
    ) -> None:
        super().__init__()
        check_range(1, crop=crop)
        check_range(1, MOST_LEVELS, sizes_learnt=sizes_learnt)
        check_range(1, MOST_CROPS, batch=batch)
        for name, part in (("edges", edges), ("features", features)):
            if isinstance(part, Mapping) and part:
                raise ValueError(f"{name} has values and no _target_; allowed: none of both")
        if base not in get_args(Base):
            raise unknown("base", base, get_args(Base))
        check_range(0, 100, noise=noise)
        self.make_edge_generator = edge_generator
        self.make_generator = generator
        self.make_discriminator = discriminator
        self.make_features = features if callable(features) else None
        self.adversarial_loss = adversarial_loss
        self.optimization = optimization
        self.detector = edges if isinstance(edges, EdgeDetector) else None
        self.patch_loss = dict(patch_loss or {})
        self.holes = holes or RandomHoles()
        self.weights = weights or Weights()
        self.max_size = max_size
        self.crop = crop
        self.batch = batch
        self.flips = flips
        self.sizes_learnt = sizes_learnt
        self.configured_steps = steps
        self.learning_rates = learning_rates
        self.judge_composite = judge_composite
        self.painter = Painter(self.detector, base, noise)
        self.settle = settle
        self.sizes: list[Size] = []
        self.scale = 1.0
        self.steps = []
        self.finished = 0
        self.edge_network: DilatedResidualGenerator | None = None
        self.completion_network: DilatedResidualGenerator | None = None

    @property
    def stage_names(self) -> Sequence[str]:
        return STAGES if self.detector else ("completion",)

    @cached_property
    def min_side(self) -> int:
        """The discriminator's receptive field."""
        widths = getattr(self.make_discriminator, "keywords", {}).get("widths")
        narrow = {"widths": [1] * len(widths)} if widths else {}
        return int(self.make_discriminator(width=1, **narrow).receptive_field)

    @property
    def unknown(self) -> list[Tensor]:
        """For every photo (1, 1, H, W), 1 where it must not be learnt from and else 0."""
        return [getattr(self, _hole(n)) for n in range(len(self.images))]

    def prepare(self, pixels: Tensor, *others: Tensor, holes: Sequence[Tensor | None] = ()) -> Any:
        """Set the photos to learn from, each (1, 3, H, W) in [-1, 1].

        Args:
            holes: for every photo (1, 1, H, W), 1 where its pixels are unknown and else 0, or
                None. These pixels are replaced before anything is made of the photo.

        Raises:
            UserError: too little is known of a photo.
        """
        photos = [pixels, *others]
        given = [*holes, *[None] * (len(photos) - len(holes))]
        unknown = [
            torch.zeros_like(photo[:, :1]) if hole is None else hole.to(photo)
            for photo, hole in zip(photos, given, strict=True)
        ]
        first, *rest = (fill_smoothly(*pair) for pair in zip(photos, unknown, strict=True))
        size = fit_size((pixels.shape[-2], pixels.shape[-1]), self.max_size)
        self.scale = max(size) / max(pixels.shape[-2:])
        count = len(self.stage_names)
        self._allocate(size, count, pixels.device)
        self.image.copy_(resize(first, size).clamp(-1, 1))
        self._keep_others(rest, self.max_size)
        for number, (image, hole) in enumerate(zip(self.images, unknown, strict=True)):
            shrunk = F.adaptive_max_pool2d(hole, (image.shape[-2], image.shape[-1]))
            self.register_buffer(_hole(number), (shrunk > 0).to(image))
        for number in range(len(photos)):
            self._check_known(number)
        steps = per_stage(self.configured_steps, count, "steps", 1)
        self.steps = [round(n) for n in steps]
        check_range(self.min_side, crop=self.crop)
        for index in range(count):
            self.optimization_at(index)
        self.new_edge_generator()
        self.new_generator()
        self.make_discriminator(channels=4)
        side = self._smallest_side()
        try_patch_losses(self.patch_loss, self.image[..., :side, :side], count)
        self.new_features()
        return self

    def _smallest_side(self) -> int:
        """Of the crops that a step looks at."""
        side = min(min(image.shape[-2:]) for image in self.images)
        for _ in range(self.sizes_learnt - 1):
            side = -(-side // 2) if side >= 2 * self.min_side else side
        return min(side, self.crop or side)

    def _check_known(self, number: int) -> None:
        known = int((1 - self.unknown[number]).sum())
        if known < self.min_side**2:
            raise UserError(
                f"the mask leaves {known} pixels of photo {number + 1} to learn from; needed are "
                f"{self.min_side**2}, as many as the discriminator sees at once"
            )

    def _allocate(self, size: Size, count: int, device: torch.device | None = None) -> None:
        self.sizes = [(int(size[0]), int(size[1]))] * count
        self.register_buffer("image", torch.zeros(1, 3, *self.sizes[0], device=device))

    def metadata(self) -> dict[str, Any]:
        metadata = {"sizes": self.sizes, "steps": self.steps, "finished": self.finished}
        return {**metadata, "other_sizes": self.other_sizes, "scale": self.scale}

    def restore(self, metadata: Mapping[str, Any]) -> None:
        self._allocate(metadata["sizes"][0], len(metadata["sizes"]))
        self._allocate_others(metadata["other_sizes"])
        for number, image in enumerate(self.images):
            self.register_buffer(_hole(number), torch.zeros_like(image[:, :1]))
        self.steps = list(metadata["steps"])
        self.finished = int(metadata["finished"])
        self.scale = float(metadata["scale"])
        check_range(1e-6, 1, scale=self.scale)
        if self.detector and self.finished:
            self.edge_network = self.new_edge_generator()
        if self.finished > (1 if self.detector else 0):
            self.completion_network = self.new_generator()
        self.eval().requires_grad_(False)

    def new_edge_generator(self, rng: torch.Generator | None = None) -> DilatedResidualGenerator:
        """It sees gray, edges and the hole."""
        return self.make_edge_generator(in_channels=3, out_channels=1, rng=rng)

    def new_generator(self, rng: torch.Generator | None = None) -> DilatedResidualGenerator:
        """It sees colour and edges and, where it paints onto a base, the hole."""
        channels = 4 if self.painter.base == "white" else 5
        return self.make_generator(in_channels=channels, out_channels=3, rng=rng)

    def new_features(self) -> FeatureNetwork | None:
        """The feature network, where one of the losses needs it."""
        if self.make_features is None or not (self.weights.content or self.weights.style):
            return None
        return self.make_features().to(self.device)

    def optimization_at(self, index: int) -> Optimization:
        """How a stage is optimised."""
        count = len(self.stage_names)
        rates = per_stage(self.learning_rates, count, "learning_rates", 0, MOST_RATE)
        return self.optimization.scaled(rates[index])

    def own_stage(self, index: int, previous: Stage | None, rng: torch.Generator) -> Stage:
        if not self.detector:
            return CompletionStage(self, index, previous, rng)
        kinds = (EdgeStage, CompletionStage, CompletionStage, JointStage)
        return kinds[index](self, index, previous, rng)

    @torch.no_grad()
    def inpaint(
        self,
        image: Tensor,
        hole: Tensor,
        *,
        edges: Tensor | None = None,
        barred: Tensor | None = None,
        seed: int | None = None,
    ) -> Inpainting:
        """Fill a hole in an image of any size.

        Args:
            image: (1, 3, H, W) in [-1, 1]; what it has inside of the hole is of no account.
            hole: (1, 1, H, W), 1 where it is to be filled and else 0.
            edges: (1, 1, H, W) in [0, 1], 1 on an edge: those to fill the hole after, in place
                of the model's own.
            barred: (1, 1, H, W), 1 where, beside the hole, no patch may be taken from.
            seed: of the chance by which variants differ; None: the one without it.

        Returns:
            The filled image and its edges, on the CPU.

        Raises:
            UserError: the model is not trained, or the sizes differ.
        """
        if not self.finished:
            raise UserError("this model is not trained yet; train it, or resume its run")
        for name, given in (("the hole", hole), ("the edges", edges), ("what is barred", barred)):
            if given is not None and given.shape[-2:] != image.shape[-2:]:
                raise UserError(
                    f"{name} and the image differ in size: {_sides(given)} and {_sides(image)}"
                )
        hole = (hole.to(self.device) > 0.5).float()
        known = fill_smoothly(image.to(self.device), hole)
        given = None if edges is None else edges.to(self.device)
        if self.completion_network is None:
            filled, lines = known, self._first_lines(known, hole, given, barred)
        else:
            filled, lines = self.painter.paint(
                (self.edge_network, self.completion_network),
                known,
                hole,
                edges=given,
                barred=barred,
                rng=None if seed is None else torch.Generator().manual_seed(seed),
            )
            if self.settle:
                filled = settle(filled, hole)
        inside = hole.cpu() > 0
        filled = filled.clamp(-1, 1).cpu()
        return Inpainting(torch.where(inside, filled, image.cpu()), lines.cpu())

    def _first_lines(
        self, known: Tensor, hole: Tensor, given: Tensor | None, barred: Tensor | None
    ) -> Tensor:
        """The edges of a model that cannot colour them yet."""
        painter = self.painter
        found = painter.find_edges(known, hole)
        drawn = given
        if drawn is None:
            assert self.edge_network is not None
            start = painter.start(known, hole, barred=barred)
            drawn = painter.draw_edges(self.edge_network, start, hole, found)
        return torch.where(hole > 0, drawn, found)

    def preview(self) -> Tensor:
        """The photo with its hole filled or, if all of it is known, a random one."""
        hole = self.unknown[0]
        if not hole.any():
            size = (hole.shape[-2], hole.shape[-1])
            hole = self.holes.draw(size, torch.Generator().manual_seed(0))
        return self.inpaint(self.image, hole).image


def _hole(number: int) -> str:
    return f"hole_{number}"


def _sides(x: Tensor) -> str:
    return f"{x.shape[-2]}x{x.shape[-1]}"
