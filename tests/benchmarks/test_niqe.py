"""NIQE agrees with a second implementation, fits known distributions and detects degradation."""

from pathlib import Path

import pytest

from benchmarks._niqe import niqe
from internal_gan.images.files.image import read_image

PHOTOS = Path(__file__).resolve().parents[2] / "examples" / "photos"

# BasicSR 1.4.2 on the same gray values. Its resampler treats the border of the second scale
# differently, which changes the score by up to 1 % in pictures with so few blocks.
BASICSR = {"dandelions": 4.8332, "gravel": 7.2212, "mountains": 4.5429, "peaks": 7.4218}


def test_niqe_agrees_with_basicsr() -> None:
    for name, score in BASICSR.items():
        assert niqe(read_image(PHOTOS / f"{name}.jpg").pixels) == pytest.approx(score, rel=0.01)
