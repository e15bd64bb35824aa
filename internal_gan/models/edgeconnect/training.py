"""The stages of EdgeConnect's training: edges, completion, both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.images.colours import luminance
from internal_gan.models.base import Losses, Stage
from internal_gan.models.edgeconnect.cases import Case, Cases
from internal_gan.models.per_stage import per_stage
from internal_gan.nn.perceptual import content_distance, style_distance
from internal_gan.patches.losses import PatchTerm

if TYPE_CHECKING:
    from internal_gan.models.edgeconnect.model import EdgeConnect


class _InpaintingStage(Stage):
    """Two networks that judge and fill random holes.

    Where the user's hole is, the real and the filled image are made the same, so that it tells
    neither network anything.
    """

    discriminator: nn.Module

    def __init__(self, model: EdgeConnect, index: int, rng: torch.Generator) -> None:
        self.model = model
        self.rng = rng
        self.name = model.stage_names[index]
        self.size = model.sizes[index]
        self.optimization = model.optimization_at(index)
        self.cases = Cases(model, rng)
        self.draws_edges = False

    def state_dict(self) -> dict[str, Any]:
        return self.cases.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.cases.load_state_dict(state)

    def _judge(self, real: Tensor, fake: Tensor) -> Losses:
        """The discriminator's loss on two batches of the same size."""
        loss = self.model.adversarial_loss
        total = loss.discriminator(self.discriminator(real)[0], self.discriminator(fake)[0])
        scalars = {"discriminator": total.detach()}
        penalty = loss.penalty(self.discriminator, real, fake, self.rng)
        if penalty is not None:
            total = total + penalty
            scalars["penalty"] = penalty.detach()
        return total, scalars

    def _matching(self, real: Tensor, fake: list[Tensor]) -> Tensor:
        """Distance of the discriminator's features of real images and of fakes."""
        with torch.no_grad():
            _, wanted = self.discriminator(real)
        return content_distance(fake, wanted)


class EdgeStage(_InpaintingStage):
    """The edge generator against a discriminator that sees edges and the gray image."""

    def __init__(
        self, model: EdgeConnect, index: int, previous: Stage | None, rng: torch.Generator
    ) -> None:
        super().__init__(model, index, rng)
        with model.device:  # where rng lives
            self.edge_generator = model.new_edge_generator(rng)
            self.discriminator = model.make_discriminator(channels=2, rng=rng)
        self.generator = self.edge_generator
        self._round: tuple[Tensor, Tensor] | None = None

    def discriminator_loss(self) -> Losses:
        self._round = real, fake = self._draw()
        return self._judge(real, fake.detach())

    def generator_loss(self) -> Losses:
        real, fake = self._round or self._draw()
        self._round = None
        weights = self.model.weights
        logits, features = self.discriminator(fake)
        adversarial = self.model.adversarial_loss.generator(logits)
        matching = self._matching(real, features)
        total = weights.edge_adversarial * adversarial + weights.edge_matching * matching
        return total, {"generator": adversarial.detach(), "matching": matching.detach()}

    def finish(self) -> None:
        self.edge_generator.eval().requires_grad_(False).zero_grad(set_to_none=True)
        self.model.edge_network = self.edge_generator
        self.model.finished += 1

    def _draw(self) -> tuple[Tensor, Tensor]:
        """True and drawn edges of a fresh case, each with the gray image: (N, 2, h, w)."""
        case = self.cases.draw()
        start = self.model.painter.practice_start(case.image, case.hole, self.rng)
        drawn = self.model.painter.draw_edges(self.edge_generator, start, case.hole, case.edges)
        drawn = drawn * (1 - case.unknown)
        gray = luminance(case.image)
        return torch.cat([case.edges, gray], dim=1), torch.cat([drawn, gray], dim=1)


class CompletionStage(_InpaintingStage):
    """The completion network against a discriminator that sees the image and its edges.

    The first stage of a model's completion colours true edges, a later one those that the edge
    generator draws.
    """

    def __init__(
        self, model: EdgeConnect, index: int, previous: Stage | None, rng: torch.Generator
    ) -> None:
        super().__init__(model, index, rng)
        self.draws_edges = model.completion_network is not None and model.edge_network is not None
        with model.device:  # where rng lives
            self.completion = model.new_generator(rng)
            self.discriminator = model.make_discriminator(channels=4, rng=rng)
        self.generator: nn.Module = self.completion
        if model.completion_network is not None:
            self.completion.load_state_dict(model.completion_network.state_dict())
        if isinstance(previous, CompletionStage):
            self.discriminator.load_state_dict(previous.discriminator.state_dict())
        self.features = model.new_features()
        self.patch_terms = [
            (name, term, per_stage(term.weight, model.num_stages, f"patch_loss.{name}")[index])
            for name, term in model.patch_loss.items()
        ]
        self.step = 0
        self._round: tuple[Case, Tensor, Tensor] | None = None

    def discriminator_loss(self) -> Losses:
        self._round = case, filled, edges = self._draw()
        real, fake = torch.cat([case.image, edges], dim=1), torch.cat([filled, edges], dim=1)
        return self._judge(real.detach(), fake.detach())

    def generator_loss(self) -> Losses:
        case, filled, edges = self._round or self._draw()
        self._round = None
        weights = self.model.weights
        # Edges that drew the image are no excuse: they are held fixed where they are judged.
        logits, features = self.discriminator(torch.cat([filled, edges.detach()], dim=1))
        adversarial = self.model.adversarial_loss.generator(logits)
        share = (case.hole - case.unknown).mean().clamp_min(1e-3)
        l1 = F.l1_loss(filled.float(), case.image) / share
        total = weights.l1 * l1 + weights.adversarial * adversarial
        scalars = {"generator": adversarial.detach(), "l1": l1.detach()}
        if weights.matching:
            real = torch.cat([case.image, edges.detach()], dim=1)
            matching = self._matching(real, features)
            total = total + weights.matching * matching
            scalars["matching"] = matching.detach()
        if self.features is not None:
            with torch.no_grad():
                wanted = self.features(case.image)
            found = self.features(filled)
            content = content_distance(found[0], wanted[0])
            style = style_distance(found[1], wanted[1])
            total = total + weights.content * content + weights.style * style
            scalars |= {"content": content.detach(), "style": style.detach()}
        for name, term, weight in self.patch_terms:
            if self.step % term.interval == 0:
                value = self._patch_loss(term, case.image, filled) / share
                total = total + term.interval * weight * value
                scalars[name] = value.detach()
        self.step += 1
        return total, scalars

    def _patch_loss(self, term: PatchTerm, real: Tensor, fake: Tensor) -> Tensor:
        """Mean over the batch of the distance between the patches of a crop and its completion.

        What both share takes no part in the distance of two distributions.
        """
        values = [
            term.loss(real[n : n + 1], self.rng)(
                fake[n : n + 1], self.rng, self.step // term.interval
            )
            for n in range(len(real))
        ]
        return torch.stack(values).mean()

    def finish(self) -> None:
        self.completion.eval().requires_grad_(False).zero_grad(set_to_none=True)
        self.model.completion_network = self.completion
        self.model.finished += 1

    def state_dict(self) -> dict[str, Any]:
        return {"step": self.step, **super().state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        self.step = state["step"]

    def _draw(self) -> tuple[Case, Tensor, Tensor]:
        """A fresh case, its completion (N, 3, h, w), and the edges that it was given."""
        model, case = self.model, self.cases.draw()
        strength = torch.rand((), device=self.rng.device, generator=self.rng)
        noise = model.painter.noise_source(self.rng, strength) if model.painter.noise else None
        start = self.model.painter.practice_start(case.image, case.hole, self.rng)
        edges = case.edges
        if self.draws_edges:
            drawn = self._drawn_edges(start, case)
            edges = torch.where(case.hole > 0, drawn * (1 - case.unknown), edges)
        filled = model.painter.complete(self.completion, start, case.hole, edges, noise)
        kept = case.hole <= case.unknown if model.judge_composite else case.unknown > 0
        return case, torch.where(kept, case.image, filled), edges

    def _drawn_edges(self, start: Tensor, case: Case) -> Tensor:
        assert self.model.edge_network is not None
        with torch.no_grad():
            return self.model.painter.draw_edges(
                self.model.edge_network, start, case.hole, case.edges
            )


class JointStage(CompletionStage):
    """Both networks together against the completion's discriminator alone."""

    def __init__(
        self, model: EdgeConnect, index: int, previous: Stage | None, rng: torch.Generator
    ) -> None:
        super().__init__(model, index, previous, rng)
        assert model.edge_network is not None
        with model.device:
            self.edge_generator = model.new_edge_generator(rng)
        self.edge_generator.load_state_dict(model.edge_network.state_dict())
        self.generator = nn.ModuleDict(
            {"edges": self.edge_generator, "completion": self.completion}
        )

    def finish(self) -> None:
        self.edge_generator.eval().requires_grad_(False).zero_grad(set_to_none=True)
        self.model.edge_network = self.edge_generator
        super().finish()

    def _drawn_edges(self, start: Tensor, case: Case) -> Tensor:
        return self.model.painter.draw_edges(self.edge_generator, start, case.hole, case.edges)
