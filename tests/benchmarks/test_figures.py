"""Figures that only benchmarks have."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from benchmarks import _tokens
from benchmarks._c2st import c2st
from benchmarks._common import ROOT
from benchmarks._field_diversity import field_diversity
from benchmarks._jpeg import as_jpeg, blockiness
from benchmarks._niqe import niqe
from benchmarks._tokens import token_distance
from internal_gan.images.files.image import read_image, write_image
from tests.tiny import holes, noise, picture, rng

PHOTOS = ROOT / "examples" / "photos"
# NIQE by BasicSR 1.4.2 on the same gray values. Its resampler treats the border of the second scale
# differently, which changes the score by up to 1 % in pictures with so few blocks.
BASICSR = {"dandelions": 4.8332, "gravel": 7.2212, "mountains": 4.5429, "peaks": 7.4218}


def test_niqe_agrees_with_basicsr() -> None:
    for name, score in BASICSR.items():
        assert niqe(read_image(PHOTOS / f"{name}.jpg").pixels) == pytest.approx(score, rel=0.01)


def test_equal_textures_cannot_be_told_apart_and_a_blurred_one_is() -> None:
    assert c2st(noise(188, 250), noise(188, 250, seed=1)) == pytest.approx(0.5, abs=0.12)
    assert c2st(noise(60, 80, seed=1), (noise(60, 80) + noise(60, 80).roll(1, 3)) / 2) > 0.99


def test_only_windows_centred_inside_count() -> None:
    real, hole = noise(120, 160), holes((120, 160), (20, 40, 80, 80))
    left = torch.where(hole > 0, real, real.roll(1, 3) / 2)
    assert c2st(real, torch.where(hole > 0, (real + real.roll(1, 3)) / 2, real), inside=hole) > 0.95
    # A window sees 24 pixels around its middle, with the blurs of its statistics.
    deep = holes((120, 160), (44, 64, 32, 32))
    assert c2st(real, left, inside=deep) == c2st(real, real, inside=deep)


def test_more_and_smaller_pieces_have_more() -> None:
    """Pieces of the photo in random places; the whole photo, shifted, is one piece."""
    photo = noise(96, 96)

    def of_pieces(side: int) -> Tensor:
        pieces = photo.unfold(2, side, side).unfold(3, side, side).flatten(2, 3)
        order = torch.randperm(pieces.shape[2], generator=rng())
        per_row = 96 // side
        rows = [
            torch.cat(list(pieces[:, :, order[row * per_row : (row + 1) * per_row]].unbind(2)), 3)
            for row in range(per_row)
        ]
        return torch.cat(rows, 2)

    shifted, large, small = (
        field_diversity(photo, made) for made in (photo.roll(48, 3), of_pieces(32), of_pieces(8))
    )
    assert shifted < large < small


def test_images_are_as_from_a_jpeg_file(tmp_path: Path) -> None:
    photo = read_image(PHOTOS / "gravel.jpg").pixels[..., :50, :70]
    write_image(tmp_path / "photo.png", photo)
    with Image.open(tmp_path / "photo.png") as picture:
        picture.save(tmp_path / "photo.jpg", quality=70)
    expected = read_image(tmp_path / "photo.jpg").pixels
    made = as_jpeg(torch.cat([photo, photo.flip(-1)]))
    assert torch.allclose(made[:1], expected, atol=1e-6)
    assert not torch.allclose(made[1:], expected.flip(-1))


def test_blockiness_is_the_step_at_borders_over_the_step_elsewhere() -> None:
    steps = torch.where(torch.arange(1, 32) % 8 == 0, 0.06, 0.02)
    image = (torch.cat([torch.zeros(1), steps.cumsum(0)]) - 1).expand(1, 3, 24, 32)
    assert blockiness(image) == pytest.approx((3 + 1) / 2, rel=1e-3)
    assert blockiness(image.transpose(2, 3)) == pytest.approx((3 + 1) / 2, rel=1e-3)
    assert blockiness(torch.zeros(1, 3, 24, 32)) == 1


class StandIn:
    """Its tokens are the mean colours of 16 x 16 parts of the picture, after one for the whole."""

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(name="image")]

    def run(self, outputs: list[str], given: dict[str, Any]) -> tuple[Any]:
        assert outputs == [_tokens.TOKENS]
        image = torch.from_numpy(given["image"])
        assert image.shape == (1, 3, 224, 224)
        parts = F.adaptive_avg_pool2d(image, 16).flatten(2).movedim(1, 2)
        return (torch.cat([9 * torch.ones(1, 1, 3), parts], dim=1).numpy(),)


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network that makes tokens, replaced by a stand-in."""
    monkeypatch.setattr(_tokens, "network", StandIn)


def test_a_picture_is_like_itself_and_like_a_part_of_itself() -> None:
    photo = picture(64, 64)
    assert token_distance(photo, photo) == pytest.approx(0, abs=1e-5)
    wide = torch.cat([photo, photo], dim=3)
    assert token_distance(photo, wide) < token_distance(photo, picture(64, 128, seed=1))


def test_what_is_missing_counts_as_well_as_what_is_foreign() -> None:
    colours = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]])
    red, green, blue = (colour.view(1, 3, 1, 1).expand(1, 3, 32, 16) for colour in colours)
    whole, part = torch.cat([red, green, blue], dim=3), torch.cat([red, green, green], dim=3)
    lacks, adds = token_distance(whole, part), token_distance(part, whole)
    assert min(lacks, adds) > 0.05
