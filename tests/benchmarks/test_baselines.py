"""Samples by other methods, made here."""

import sys
from types import SimpleNamespace

import pytest
import torch
from PIL import Image
from torch import Tensor

from benchmarks import _baselines
from internal_gan.images.colours import to_uint8
from internal_gan.patches.statistics import sliced_wasserstein
from tests.tiny import noise


@pytest.fixture
def photo() -> Tensor:
    """A dark and a light half, with noise: (1, 3, 40, 48)."""
    halves = 0.2 * noise(40, 48) - 0.3
    halves[..., 24:] += 0.5
    return halves


def test_gpdm_moves_the_photos_patches(photo: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_baselines, "STEPS", (120, 60))
    made = _baselines.gpdm(photo, 0)
    assert made.shape == photo.shape
    assert made.abs().max() <= 1
    assert sliced_wasserstein(photo, made) < sliced_wasserstein(photo, noise(40, 48, seed=1)) / 4
    assert (made - photo).abs().mean() > 0.05
    assert torch.equal(made, _baselines.gpdm(photo, 0))
    assert not torch.equal(made, _baselines.gpdm(photo, 1))


@pytest.mark.parametrize("number", [0, 1])
def test_the_resynthesizer_continues_the_photo_beyond_either_side(
    photo: Tensor, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for the package continues the photo's border."""

    def resynthesize(image: Image.Image, mask: Image.Image, options: object) -> Image.Image:
        assert image.size == mask.size == (96, 40)
        assert mask.crop((0, 0, 48, 40)).getextrema() == (0, 0)
        assert mask.crop((48, 0, 96, 40)).getextrema() == (255, 255)
        image.paste(image.crop((47, 0, 48, 40)).resize((48, 40)), (48, 0))
        return image

    package = SimpleNamespace(resynthesize=resynthesize, getDefaultParams=SimpleNamespace)
    monkeypatch.setitem(sys.modules, "resynthesizer", package)
    border = photo[..., :1] if number else photo[..., -1:]
    made = _baselines.resynthesizer(photo, number)
    assert torch.equal(to_uint8(made), to_uint8(border).expand_as(photo))
