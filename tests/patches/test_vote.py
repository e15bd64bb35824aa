"""An image is rebuilt from the patches of another."""

import math

import pytest
import torch
from torch import Tensor

from internal_gan.images.resize import resize
from internal_gan.patches import search
from internal_gan.patches import vote as voting
from internal_gan.patches.statistics import coherence
from internal_gan.patches.vote import vote


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.rand(1, 3, height, width, generator=rng) * 2 - 1


def test_a_vote_above_the_limit_computes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Tensor:
        raise AssertionError("patches were cut out")

    monkeypatch.setattr(voting, "patches_at", refuse)
    image, source = noise(20, 30), noise(16, 24, 1)
    pairs = 14 * 24 * 10 * 18
    assert torch.equal(vote(image, source, most_pairs=pairs - 1), image)
    with pytest.raises(AssertionError, match="patches were cut out"):
        vote(image, source, most_pairs=pairs)


def one_by_one(image: Tensor, source: Tensor, patch: int) -> Tensor:
    """Reference implementation: the same with plain loops."""
    total, count = torch.zeros_like(image), torch.zeros_like(image)
    cut = [
        source[..., y : y + patch, x : x + patch]
        for y in range(source.shape[-2] - patch + 1)
        for x in range(source.shape[-1] - patch + 1)
    ]
    for y in range(image.shape[-2] - patch + 1):
        for x in range(image.shape[-1] - patch + 1):
            here = (..., slice(y, y + patch), slice(x, x + patch))
            nearest = min(cut, key=lambda other: float((other - image[here]).square().sum()))
            total[here] += nearest
            count[here] += 1
    return total / count


@pytest.mark.parametrize("at_once", [2**23, 300])
def test_a_vote_is_the_mean_of_the_nearest_patches(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voting, "STRIP", at_once)
    monkeypatch.setattr(search, "AT_ONCE", at_once)
    image, source = noise(9, 11), noise(8, 7, seed=1)
    torch.testing.assert_close(vote(image, source, patch=3), one_by_one(image, source, 3))


def test_an_image_of_the_sources_patches_stays() -> None:
    source = noise(16, 20)
    torch.testing.assert_close(vote(source[..., 2:14, 5:18], source), source[..., 2:14, 5:18])


def test_a_vote_brings_an_image_nearer_to_the_source() -> None:
    source = noise(40, 40)
    stretched = resize(source, (40, 80))
    assert coherence(source, vote(stretched, source)) < 0.8 * coherence(source, stretched)


def test_small_images_have_smaller_patches() -> None:
    assert vote(noise(3, 30), noise(5, 4, seed=1)).shape == (1, 3, 3, 30)
    assert vote(noise(1, 1), noise(9, 9, seed=1)).shape == (1, 3, 1, 1)


def test_too_many_pairs_leave_the_image_as_it_is() -> None:
    image, source = noise(10, 10), noise(12, 12, seed=1)
    assert torch.equal(vote(image, source, most_pairs=16 * 36 - 1), image)
    assert not torch.equal(vote(image, source, most_pairs=16 * 36), image)
    assert not torch.equal(vote(image, source, most_pairs=math.inf), image)
