"""EdgeConnect's training on random holes in the photo: edges, then completion, then both."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.errors import UserError, check_range
from internal_gan.images.colours import luminance
from internal_gan.images.edges import Canny
from internal_gan.images.pyramid import MAX_LEVELS, fit_size, halved
from internal_gan.images.random_holes import KINDS
from internal_gan.images.resize import resize, size_of
from internal_gan.images.smooth_fill import fill_smoothly
from internal_gan.models.base import Model, Optimization, Recipe, Stage, cpu_generator, freeze
from internal_gan.models.edgeconnect.model import STAGES, Base, EdgeConnect
from internal_gan.models.losses import Losses, Terms
from internal_gan.models.per_stage import PerStage
from internal_gan.nn.discriminators import PatchDiscriminator
from internal_gan.nn.generators import DilatedResidualGenerator
from internal_gan.nn.losses import AdversarialLoss
from internal_gan.nn.perceptual import FeatureNetwork, content_distance, style_distance
from internal_gan.shapes import Mask, Masks, Pictures, Pixels
from internal_gan.units import Size

MAX_CROPS = 1024
# A crop is redrawn until enough of it is known.
MAX_DRAWS = 8
WANTED_KNOWN_SHARE = 0.5
# In the cross entropy, since most pixels have no edge.
EDGE_WEIGHT = 3.0
# In training, the networks see at most this share of the finest detail inside a hole.
LARGEST_VISIBLE_SHARE = 0.6


@dataclass(kw_only=True)
class EdgeConnectRecipe(Recipe):
    """EdgeConnect's training options; ``conf/model/edgeconnect.yaml`` sets and explains them.

    The networks learn to restore what random holes hide in the known parts of the photo. Nothing
    under a user's own hole reaches them.

    Attributes:
        edge_generator, generator, edges, base, noise, settle: see :class:`EdgeConnect`.
        discriminator: called with ``channels`` and ``rng`` to make either discriminator.
        features: makes the feature network of the content and style losses; empty for none.
        judge_composite: whether the filling's known pixels are the true ones. The completion's
            adversarial loss then counts only patches that touch the hole: the others are equal in
            the real and the filled image, and would only pull the discriminator to chance.
        style_inside: whether the style loss sees only the hole, with everything else black.
        match_logits: whether feature matching includes the discriminator's logits.
    """

    model_class: ClassVar[type[Model]] = EdgeConnect
    named_stages: ClassVar[Sequence[str]] = STAGES
    edge_generator: Callable[..., DilatedResidualGenerator]
    generator: Callable[..., DilatedResidualGenerator]
    discriminator: Callable[..., PatchDiscriminator]
    adversarial_loss: AdversarialLoss
    edges: Canny | Mapping[str, Any]
    features: Callable[..., FeatureNetwork] | Mapping[str, Any] | None
    hole_ratio: Sequence[float]
    edge_adversarial_weight: PerStage
    edge_matching_weight: PerStage
    edge_entropy_weight: PerStage
    l1_weight: PerStage
    adversarial_weight: PerStage
    content_weight: PerStage
    style_weight: PerStage
    crop: int | None
    batch: int
    flips: bool
    sizes_learnt: int
    base: Base
    judge_composite: bool
    noise: float
    settle: bool
    style_inside: bool
    match_logits: bool
    final_rates: PerStage | None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range(1, crop=self.crop)
        check_range(1, MAX_LEVELS, sizes_learnt=self.sizes_learnt)
        check_range(1, MAX_CROPS, batch=self.batch)
        if len(self.hole_ratio) != 2:
            raise ValueError(f"hole_ratio is {list(self.hole_ratio)}; allowed: two shares")
        check_range(0.001, 0.9, hole_ratio=self.hole_ratio[0])
        check_range(self.hole_ratio[0], 0.9, hole_ratio=self.hole_ratio[1])
        if isinstance(self.features, Mapping) and self.features:
            raise ValueError(
                "features has values but no _target_; allowed: with a _target_, or empty"
            )

    @cached_property
    def min_side(self) -> int:
        return self.discriminator().receptive_field

    def prepare(self, pixels: Pixels, hole: Mask | None = None) -> EdgeConnect:
        """See :meth:`Recipe.prepare`; too few known pixels are a UserError."""
        if hole is not None:
            pixels = fill_smoothly(pixels, hole)
        size = fit_size(size_of(pixels), self.max_size)
        sizes = [size] * len(self.new_model().stage_names)
        model: EdgeConnect = self.model_of(sizes, pixels)
        model.scale = max(size) / max(pixels.shape[-2:])
        if hole is not None:
            model.unknown.copy_(F.adaptive_max_pool2d(hole, size) > 0)
        rng = torch.Generator().manual_seed(0)
        model.practice_hole = draw_hole("box", size, self.hole_ratio, rng)
        known = int((1 - model.unknown).sum())
        if known < self.min_side**2:
            raise UserError(
                f"the mask leaves {known} pixels of the photo to train on; needed: at least "
                f"{self.min_side**2}, the discriminator's receptive field"
            )
        check_range(self.min_side, crop=self.crop)
        model.new_edge_network()
        model.new_completion_network()
        self.discriminator(channels=4)
        self.feature_network(model)
        return model

    def optimization_at(self, model: Model, index: int) -> Optimization:
        found = super().optimization_at(model, index)
        if self.final_rates is None:
            return found
        return replace(found, final_lr=self.by_stage("final_rates", model, high=1)[index])

    def feature_network(self, model: EdgeConnect) -> FeatureNetwork | None:
        """The network of the content and style losses, if they count."""
        names = ("content_weight", "style_weight")
        counts = any(any(self.by_stage(name, model)) for name in names)
        if not callable(self.features) or not counts:
            return None
        with torch.device("cpu"):  # its weights come from the CPU's random numbers
            return self.features().to(model.device)

    def stage_class_at(self, model: EdgeConnect, index: int) -> type[Stage]:
        if model.detector is None:
            return CompletionStage
        return (EdgeStage, CompletionStage, CompletionStage, JointStage)[index]


def draw_hole(kind: str, size: Size, ratio: Sequence[float], rng: torch.Generator) -> Mask:
    """A hole of a kind that covers a share between the two of ``ratio``; ``rng`` is on the CPU."""
    low, high = ratio
    share = low + (high - low) * float(torch.rand((), generator=rng))
    return KINDS[kind](size, share, rng)


def practice_start(
    model: EdgeConnect, image: Pictures, hole: Masks, rng: torch.Generator
) -> Pictures:
    """What the networks see of an image in training.

    With ``base=patches``, whose filling may be blurred or sharp, the hole shows the image halved in
    size and enlarged again, with a random share of the lost detail added back.
    """
    if model.base != "patches":
        return model.start(image, hole)
    (half,) = halved(image)
    blurred = resize(half, size_of(image))
    share = LARGEST_VISIBLE_SHARE * torch.rand((), device=rng.device, generator=rng)
    return torch.where(hole > 0, torch.lerp(blurred, image, share), image)


@dataclass(frozen=True)
class Batch:
    """A batch of crops.

    Attributes:
        image: smooth where unknown.
        edges: 0 where unknown.
        unknown: 1 where the photo is excluded from training.
        hole: 1 in the random hole and where unknown.
        start: see :func:`practice_start`.
        guide: see :meth:`EdgeConnect.guide`; 0 if no edge network draws the batch's edges.
    """

    image: Pictures
    edges: Masks
    unknown: Masks
    hole: Masks
    start: Pictures
    guide: Masks


class InpaintingStage(Stage):
    """A stage trained on random holes in random crops of the photo.

    Inside the user's hole, the real and the filled image are made equal, so neither network learns
    from it. Batches are drawn on the CPU, since continuing lines has no form for a GPU. ``trained``
    has the networks by the names of the model's attributes for them.
    """

    recipe: EdgeConnectRecipe
    model: EdgeConnect
    trained: dict[str, DilatedResidualGenerator]
    cpu_rng: torch.Generator
    batch: Batch
    discriminator: PatchDiscriminator
    edge_generator: DilatedResidualGenerator | None  # draws a batch's edges

    def make(self, previous: Stage | None) -> None:
        model, most, shortest = self.model, self.recipe.sizes_learnt, self.recipe.min_side
        self.cpu_rng = cpu_generator(self.rng)
        # The photo at each size, on the CPU: the image, its edges, and what is unknown.
        halves: list[Sequence[Tensor]] = [(model.image, model.unknown)]
        while len(halves) < most and min(size_of(halves[-1][0])) >= 2 * shortest:
            halves.append(halved(*halves[-1]))
        parts = ((image, model.find_edges(image, mask), mask) for image, mask in halves)
        self.pyramid = [[part.cpu() for part in photo] for photo in parts]

    def prepare(self) -> Batch:
        recipe, model = self.recipe, self.model
        photo = self.pyramid[self._below(len(self.pyramid))]
        height, width = (min(side, recipe.crop or side) for side in size_of(photo[0]))
        crops = [self._crop(photo, (height, width)) for _ in range(recipe.batch)]
        image, edges, unknown = (torch.cat(parts) for parts in zip(*crops, strict=True))
        kinds, rng = list(KINDS), self.cpu_rng
        holes = [
            draw_hole(kinds[self._below(len(kinds))], (height, width), recipe.hole_ratio, rng)
            for _ in crops
        ]
        hole = torch.maximum(torch.cat(holes), unknown)
        start = practice_start(model, image, hole, rng)
        guide = torch.zeros_like(edges)
        if self.edge_generator is not None:
            guide = model.guide(edges, image, hole)
        return Batch(image, edges, unknown, hole, start, guide)

    def kind(self) -> Hashable:
        return None  # only batches differ

    def _crop(self, photo: list[Tensor], size: Size) -> list[Tensor]:
        """Image, edges and unknown of a random crop, each (1, C, h, w)."""
        best, parts = -1.0, photo
        for _ in range(MAX_DRAWS):
            top, left = (
                self._below(side - wanted + 1)
                for side, wanted in zip(size_of(photo[0]), size, strict=True)
            )
            at: Any = (..., slice(top, top + size[0]), slice(left, left + size[1]))
            found = [part[at] for part in photo]
            share = 1.0 - float(found[2].mean())
            if share > best:
                best, parts = share, found
            if share >= WANTED_KNOWN_SHARE:
                break
        if self.recipe.flips and self._below(2):
            parts = [part.flip(-1) for part in parts]
        return parts

    def finish(self) -> None:
        for name, network in self.trained.items():
            freeze(network)
            setattr(self.model, name, network)
        self.model.finished += 1

    def _below(self, limit: int) -> int:
        return int(torch.randint(limit, (1,), generator=self.cpu_rng)) if limit > 1 else 0


class EdgeStage(InpaintingStage):
    """The edge network against a discriminator that sees edges and the gray image."""

    def make(self, previous: Stage | None) -> None:
        super().make(previous)
        self.generator = self.edge_generator = self.model.new_edge_network(rng=self.rng)
        self.trained = {"edge_network": self.generator}
        self.discriminator = self.recipe.discriminator(channels=2, rng=self.rng)

    def discriminator_loss(self) -> Losses:
        real, fake, _ = self.drawn_for_discriminator()
        return self.judge(real, fake)

    def add_terms(self, terms: Terms, drawn: tuple[Tensor, Tensor, Tensor]) -> None:
        """Adversarial, the distance between the discriminator's features, and the cross entropy of
        the drawn and the true edges inside the hole."""
        real, fake, hole = drawn
        logits, features = self.fool(terms, fake, "edge_adversarial")
        with torch.no_grad():
            real_logits, wanted = self.discriminator(real)
        if self.recipe.match_logits:
            features, wanted = [*features, logits], [*wanted, real_logits]
        terms.add("matching", content_distance(features, wanted), self.weight("edge_matching"))
        if weight := self.weight("edge_entropy"):
            edges, true = fake[:, :1].clamp(1e-4, 1 - 1e-4), real[:, :1]
            entropy = -EDGE_WEIGHT * true * edges.log() - (1 - true) * (1 - edges).log()
            terms.add("entropy", (entropy * hole).sum() / hole.sum().clamp_min(1), weight)

    def draw(self) -> tuple[Tensor, Tensor, Tensor]:
        """True and drawn edges of the batch, each with the gray image, (N, 2, h, w), and the
        hole without unknown pixels."""
        batch = self.batch
        drawn = self.model.draw_edges(self.generator, batch.image, batch.hole, batch.guide)
        drawn = drawn * (1 - batch.unknown)
        gray = luminance(batch.image)
        real, fake = torch.cat([batch.edges, gray], dim=1), torch.cat([drawn, gray], dim=1)
        return real, fake, batch.hole * (1 - batch.unknown)


class CompletionStage(InpaintingStage):
    """The completion network against a discriminator that sees the image and its edges.

    The first of these stages is given true edges, later ones those that the edge network draws.
    Without edges they differ in their learning rates alone.
    """

    def make(self, previous: Stage | None) -> None:
        super().make(previous)
        model, recipe = self.model, self.recipe
        self.edge_generator = model.edge_network if model.completion_network is not None else None
        self.completion = model.new_completion_network(rng=self.rng)
        self.discriminator = recipe.discriminator(channels=4, rng=self.rng)
        self.trained = {"completion_network": self.completion}
        self.generator: nn.Module = self.completion
        if model.completion_network is not None:
            self.completion.load_state_dict(model.completion_network.state_dict())
        if isinstance(previous, CompletionStage):
            self.discriminator.load_state_dict(previous.discriminator.state_dict())
        self.features = recipe.feature_network(model)

    def discriminator_loss(self) -> Losses:
        batch, filled, edges = self.drawn_for_discriminator()
        real, fake = torch.cat([batch.image, edges], dim=1), torch.cat([filled, edges], dim=1)
        return self.judge(real, fake, weight=self._judged(batch))

    def add_terms(self, terms: Terms, drawn: tuple[Batch, Pictures, Masks]) -> None:
        """Adversarial, L1 divided by the hole's share of the image, and the distances between the
        feature network's maps (content) and between their Gram matrices (style)."""
        batch, filled, edges = drawn
        # The edge network must not change its edges to please this discriminator.
        judged = torch.cat([filled, edges.detach()], dim=1)
        self.fool(terms, judged, weight=self._judged(batch))
        share = (batch.hole - batch.unknown).mean().clamp_min(1e-3)
        terms.add("l1", F.l1_loss(filled.float(), batch.image) / share, self.weight("l1"))
        if self.features is not None:
            wanted, found = self.features(batch.image), self.features(filled)
            content = content_distance(found[0], wanted[0])
            terms.add("content", content, self.weight("content"))
            if self.recipe.style_inside:
                wanted = self.features(torch.where(batch.hole > 0, batch.image, -1))
                found = self.features(torch.where(batch.hole > 0, filled, -1))
            terms.add("style", style_distance(found[1], wanted[1]), self.weight("style"))

    def _judged(self, batch: Batch) -> Masks | None:
        """How much each of the discriminator's logits counts; None: all the same."""
        if not self.recipe.judge_composite:
            return None
        return self.discriminator.touched(batch.hole - batch.unknown)

    def draw(self) -> tuple[Batch, Pictures, Masks]:
        """The batch, its completion and the edges that guided it."""
        batch, model = self.batch, self.model
        strength = torch.rand((), device=self.rng.device, generator=self.rng)
        edges = batch.edges
        if self.edge_generator is not None:
            drawn = model.draw_edges(self.edge_generator, batch.image, batch.hole, batch.guide)
            edges = torch.where(batch.hole > 0, drawn * (1 - batch.unknown), edges)
        noise = model.draw_noise(batch.hole, self.rng, strength) if model.noise else None
        filled = model.paint(self.completion, batch.start, batch.hole, edges, noise)
        kept = batch.hole <= batch.unknown if self.recipe.judge_composite else batch.unknown > 0
        return batch, torch.where(kept, batch.image, filled), edges


class JointStage(CompletionStage):
    """Both networks, trained together against the completion's discriminator."""

    def make(self, previous: Stage | None) -> None:
        super().make(previous)
        assert self.model.edge_network is not None
        self.edge_generator = edges = self.model.new_edge_network(rng=self.rng)
        edges.load_state_dict(self.model.edge_network.state_dict())
        self.trained["edge_network"] = edges
        self.generator = nn.ModuleDict({"edges": edges, "completion": self.completion})
