"""Canny's edges lie where the image changes and are one pixel wide; options set their number."""

from functools import partial

import torch
from torch import Tensor

from internal_gan.images.edges import Canny
from tests.tiny import picture, rng

canny = partial(Canny, sigma=2.0, low=0.1, high=0.2)


def step(at: int = 20, low: float = -0.5, high: float = 0.5) -> Tensor:
    """Dark left of a column, bright from there on, (1, 3, 24, 40)."""
    image = torch.full((1, 3, 24, 40), low)
    image[..., at:] = high
    return image


def test_a_step_is_one_line_at_the_right_place() -> None:
    edges = canny()(step())
    assert edges.shape == (1, 1, 24, 40)
    assert set(edges.flatten().tolist()) == {0.0, 1.0}
    for found in (edges, canny()(step().mT).mT):
        inner = found[0, 0, 6:-6]
        assert set(inner.sum(dim=1).tolist()) == {1}
        assert set(inner.argmax(dim=1).tolist()) <= {19, 20}


def test_a_flat_image_and_a_faint_step_have_no_edges() -> None:
    assert not canny()(step(low=0.3, high=0.3)).any()
    assert not canny()(step(low=0.3, high=0.31)).any()


def test_a_wider_gaussian_leaves_fewer_edges() -> None:
    noisy = picture() + 0.2 * torch.randn(1, 3, 40, 56, generator=rng())
    counts = [float(canny(sigma=sigma)(noisy).sum()) for sigma in (0.5, 1, 2, 4)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 2 * counts[-1]
