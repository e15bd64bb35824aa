"""What a photo has suffered is measured, and done to another image."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

from internal_gan.images.degradation import Degradation, noise_of
from internal_gan.images.files.image import read_image
from internal_gan.images.photo import Photo
from internal_gan.judging.fidelity import psnr


def clouds(side: int, seed: int = 0) -> torch.Tensor:
    """Soft spots of several sizes, (1, 1, side, side) in about [-1, 1]."""
    random = np.random.default_rng(seed)
    spots = sum(
        sigma * gaussian_filter(random.normal(size=(side, side)), sigma) for sigma in (2, 4, 8)
    )
    return torch.from_numpy(0.3 * spots / spots.std()).float()[None, None]


@pytest.mark.parametrize("noise", [0.03, 0.08])
def test_noise_is_measured(noise: float) -> None:
    noisy = clouds(160) + noise * torch.randn(1, 1, 160, 160)
    assert noise_of([noisy]) == pytest.approx(noise, rel=0.35)
    assert noise_of([noisy[..., :80, :], noisy[..., 80:, :]]) == pytest.approx(noise, rel=0.4)


def test_neither_softness_nor_texture_is_noise() -> None:
    assert noise_of([clouds(160)]) == 0
    coarse = torch.randn(1, 1, 40, 40).repeat_interleave(4, -1).repeat_interleave(4, -2)
    assert noise_of([coarse]) == 0
    assert noise_of([torch.zeros(1, 1, 5, 90)]) == 0


def test_noise_is_done_to_another_image() -> None:
    worn = Degradation(0.1)
    flat = torch.zeros(1, 1, 50, 60)
    assert worn(flat).std() == pytest.approx(0.1, rel=0.05)
    assert torch.equal(worn(flat), worn(flat))
    assert torch.equal(Degradation()(flat), flat)


def test_a_file_is_compressed_as_it_was(tmp_path: Path) -> None:
    clean = clouds(64)
    levels = ((clean[0, 0].clamp(-1, 1) + 1) * 127.5).round().byte().numpy()
    found = []
    for quality in (95, 60, 20):
        name = tmp_path / f"photo{quality}.jpg"
        Image.fromarray(levels).save(name, quality=quality)
        photo = read_image(name)
        again = Degradation(tables=photo.tables)(clean)
        assert torch.equal(again, photo.pixels[:, :1])
        found.append(psnr(clean.expand(-1, 3, -1, -1), again.expand(-1, 3, -1, -1)))
    assert found[0] > found[1] > found[2]


def test_tables_of_any_numbers_can_be_used() -> None:
    worn = Degradation(tables=[[0, *[1000] * 63]])
    assert worn(clouds(16)).isfinite().all()


def test_only_a_photo_as_it_was_read_has_tables(tmp_path: Path) -> None:
    Image.new("RGB", (64, 48)).save(tmp_path / "photo.jpg")
    photo = read_image(tmp_path / "photo.jpg")
    assert photo.tables
    assert photo.shrunk_to((24, 32)).tables is None
    assert Photo(photo.pixels).tables is None
