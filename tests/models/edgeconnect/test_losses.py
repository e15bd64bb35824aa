"""The terms of the losses of EdgeConnect's generators, and their weights."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from internal_gan.nn.perceptual import content_distance, style_distance
from tests import tiny
from tests.tiny import EDGECONNECT

stage_of = partial(tiny.stage_of, base=EDGECONNECT)
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


def alone(terms: dict[str, tuple[str, float]], term: str) -> list[str]:
    """The overrides of the terms' weights; of all but one, 0."""
    return [f"{option}={weight if name == term else 0}" for name, (option, weight) in terms.items()]


@pytest.mark.parametrize(
    ("index", "terms", "term"),
    [*((0, EDGES, term) for term in EDGES), *((1, COMPLETION, term) for term in COMPLETION)],
)
def test_each_term_alone_moves_its_network(index: int, terms: Any, term: str) -> None:
    """By its weight; the other terms add nothing."""
    stage = stage_of(*alone(terms, term), index=index)
    total, scalars = stage.generator_loss()
    assert float(total.detach()) == pytest.approx(terms[term][1] * float(scalars[term]))
    found = torch.autograd.grad(total, [*stage.generator.parameters()], allow_unused=True)
    assert any(gradient is not None and bool(gradient.any()) for gradient in found)


def test_the_values_of_the_completions_terms() -> None:
    """L1 over the hole's known share; content and style of the features."""
    stage = stage_of(index=1)
    batch, filled, edges = stage.draw()
    unknown = torch.zeros_like(batch.hole)
    unknown[..., :3, :] = 1
    hole = torch.maximum(batch.hole, unknown)
    stage.draw = lambda: (replace(batch, unknown=unknown, hole=hole), filled, edges)
    _, scalars = stage.generator_loss()
    expected = F.l1_loss(filled, batch.image) / float((hole - unknown).mean())
    torch.testing.assert_close(scalars["l1"], expected.detach())
    made, real = stage.features(filled), stage.features(batch.image)
    torch.testing.assert_close(scalars["content"], content_distance(made[0], real[0]).detach())
    torch.testing.assert_close(scalars["style"], style_distance(made[1], real[1]).detach())


def test_edges_get_no_gradient_from_the_completions_discriminator() -> None:
    """Only through the filling that they guide."""
    stage = stage_of(*alone(COMPLETION, "generator"), index=3)
    batch, filled, edges = stage.draw()
    filled, edges = (x.detach().requires_grad_() for x in (filled, edges))
    stage.draw = lambda: (batch, filled, edges)
    total, _ = stage.generator_loss()
    through_filling, direct = torch.autograd.grad(total, [filled, edges], allow_unused=True)
    assert through_filling.any()
    assert direct is None
