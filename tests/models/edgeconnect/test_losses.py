"""The losses of EdgeConnect's generators are the weighted sums of their terms."""

from dataclasses import replace
from typing import Any, cast

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.models.edgeconnect.training import CompletionStage, EdgeStage
from internal_gan.nn.perceptual import RandomFeatures, content_distance, style_distance
from tests.tiny import EDGECONNECT, finish_stages, picture, recipe_of

COMPLETION = {
    "generator": ("model.adversarial_weight", 0.3),
    "l1": ("model.l1_weight", 2.0),
    "content": ("model.content_weight", 0.7),
    "style": ("model.style_weight", 50.0),
}
EDGES = {
    "generator": ("model.edge_adversarial_weight", 0.3),
    "matching": ("model.edge_matching_weight", 7.0),
    "entropy": ("model.edge_entropy_weight", 2.0),
}


def set_to(terms: dict[str, tuple[str, float]], *only: str) -> list[str]:
    """The overrides of the terms' weights; of those not in ``only``, if any are, 0."""
    return [
        f"{option}={weight if not only or name in only else 0}"
        for name, (option, weight) in terms.items()
    ]


def stage_of(index: int, *overrides: str) -> Any:
    recipe = recipe_of(*overrides, base=EDGECONNECT)
    model = recipe.prepare(picture())
    finish_stages(recipe, model, index)
    return recipe.stage(model, index, 4, None, torch.Generator().manual_seed(0))


def moved(total: Tensor, weights: list[Tensor]) -> bool:
    found = torch.autograd.grad(total, weights, allow_unused=True)
    return any(gradient is not None and bool(gradient.any()) for gradient in found)


@pytest.mark.parametrize("index", [1, 3])
def test_the_completions_loss_is_the_weighted_sum_of_its_terms(index: int) -> None:
    total, scalars = stage_of(index, *set_to(COMPLETION)).generator_loss()
    assert scalars.keys() == COMPLETION.keys()
    expected = sum(COMPLETION[name][1] * float(value) for name, value in scalars.items())
    assert float(total.detach()) == pytest.approx(expected, rel=1e-5)


def test_the_edge_networks_loss_is_the_weighted_sum_of_its_terms() -> None:
    total, scalars = stage_of(0, *set_to(EDGES)).generator_loss()
    assert scalars.keys() == EDGES.keys()
    expected = sum(EDGES[name][1] * float(value) for name, value in scalars.items())
    assert float(total.detach()) == pytest.approx(expected, rel=1e-5)


def test_a_weight_may_differ_from_stage_to_stage() -> None:
    for index, weight in enumerate([3, 2, 1, 0.5]):
        assert stage_of(index, "model.l1_weight=[3,2,1,0.5]").weight("l1") == weight


@pytest.mark.parametrize("term", COMPLETION)
def test_each_term_alone_moves_the_completion(term: str) -> None:
    stage = cast(CompletionStage, stage_of(1, *set_to(COMPLETION, term)))
    total, scalars = stage.generator_loss()
    assert term in scalars
    assert moved(total, list(stage.completion.parameters()))


@pytest.mark.parametrize("term", EDGES)
def test_each_term_alone_moves_the_edge_network(term: str) -> None:
    stage = cast(EdgeStage, stage_of(0, *set_to(EDGES, term)))
    assert moved(stage.generator_loss()[0], list(stage.generator.parameters()))


def test_the_values_of_the_completions_terms() -> None:
    """L1 over the hole's known share; content and style of the features."""
    stage = cast(CompletionStage, stage_of(1, *set_to(COMPLETION)))
    batch, filled, edges = stage._draw()
    unknown = torch.zeros_like(batch.hole)
    unknown[..., :3, :] = 1
    hole = torch.maximum(batch.hole, unknown)
    given = replace(batch, unknown=unknown, hole=hole)
    _, scalars = stage.loss(stage.discriminator, given, filled, edges)
    share = float((hole - unknown).mean())
    expected = F.l1_loss(filled, batch.image) / share
    torch.testing.assert_close(scalars["l1"], expected.detach())
    features = stage.loss.features
    assert isinstance(features, RandomFeatures)
    made, real = features(filled), features(batch.image)
    torch.testing.assert_close(scalars["content"], content_distance(made[0], real[0]).detach())
    torch.testing.assert_close(scalars["style"], style_distance(made[1], real[1]).detach())


def test_edges_get_no_gradient_from_the_completions_discriminator() -> None:
    """Only through the filling that they guide."""
    stage = cast(CompletionStage, stage_of(3, *set_to(COMPLETION, "generator")))
    batch, filled, edges = stage._draw()
    filled, edges = (x.detach().requires_grad_() for x in (filled, edges))
    total, _ = stage.loss(stage.discriminator, batch, filled, edges)
    through_filling, direct = torch.autograd.grad(total, [filled, edges], allow_unused=True)
    assert through_filling.any()
    assert direct is None
