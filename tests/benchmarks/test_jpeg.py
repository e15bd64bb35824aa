"""JPEG as published samples have it, and the figure that shows it."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from benchmarks._jpeg import as_jpeg, blockiness
from internal_gan.images.files.image import read_image, write_image

PHOTO = Path(__file__).resolve().parents[2] / "examples" / "photos" / "gravel.jpg"


def test_images_are_as_from_a_jpeg_file(tmp_path: Path) -> None:
    photo = read_image(PHOTO).pixels[..., :50, :70]
    write_image(tmp_path / "photo.png", photo)
    with Image.open(tmp_path / "photo.png") as picture:
        picture.save(tmp_path / "photo.jpg", quality=70)
    expected = read_image(tmp_path / "photo.jpg").pixels
    made = as_jpeg(torch.cat([photo, photo.flip(-1)]))
    assert torch.allclose(made[:1], expected, atol=1e-6)
    assert not torch.allclose(made[1:], expected.flip(-1))


def test_blockiness_is_the_step_at_borders_over_the_step_elsewhere() -> None:
    steps = torch.where(torch.arange(1, 32) % 8 == 0, 0.06, 0.02)
    row = torch.cat([torch.zeros(1), steps.cumsum(0)]) - 1
    image = row.expand(1, 3, 24, 32)
    assert blockiness(image) == pytest.approx((3 + 1) / 2, rel=1e-3)
    assert blockiness(image.transpose(2, 3)) == pytest.approx((3 + 1) / 2, rel=1e-3)
    assert blockiness(torch.zeros(1, 3, 24, 32)) == 1
