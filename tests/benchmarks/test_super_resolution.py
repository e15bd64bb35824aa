"""The super-resolution benchmark: pairs of photos, interpolation and figures."""

import math
from pathlib import Path

import pytest
import torch

from benchmarks.super_resolution import judge, projected
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.resize import resize
from tests.benchmarks.conftest import Run
from tests.tiny import picture


def test_a_level_of_gray_is_so_much_less_in_luma() -> None:
    """From 16 to 235, not from 0 to 255; and the border does not count."""
    original = torch.zeros(1, 3, 40, 40) - 1 / 255
    off = original + 10 * 2 / 255
    off[..., :2, :] = 1
    figures = judge(off, original, 2)
    assert figures["psnr"] == pytest.approx(20 * math.log10(255**2 / 219 / 10), abs=0.01)
    assert figures["rmse"] > 10
    assert judge(original, original, 2)["ssim"] == pytest.approx(1)


def test_what_is_back_projected_shrinks_to_the_photo() -> None:
    small = picture(20, 30)
    made = projected(Path(), small, (40, 60))
    off = (resize(made, (20, 30)) - small).abs().mean()
    assert off < (resize(resize(small, (40, 60)), (20, 30)) - small).abs().mean() / 5


def test_every_photo_is_enlarged_and_judged(benchmark: Run, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "Set5" / "image_SRF_2"
    folder.mkdir(parents=True)
    for name, seed in (("hill", 0), ("left out", 1)):
        original = picture(40, 56, seed)
        write_image(folder / f"{name}_HR.png", original)
        write_image(folder / f"{name}_LR.png", resize(original, (20, 28)).clamp(-1, 1))
    out, methods = tmp_path / "out", ["lanczos", "patches"]
    options = ["--data", str(tmp_path / "data"), "--output", str(out), "--factor", "2"]
    options += ["--sets", "Set5", "--first", "1", "--methods", *methods]
    found = benchmark("super_resolution", *options)["sets"]["Set5"]
    assert list(found) == ["hill"]
    for method in methods:
        assert set(found["hill"][method]) == {"psnr", "ssim", "rmse", "seconds"}
        assert read_image(out / "pictures" / "Set5" / "hill" / f"{method}.png").size == (40, 56)
    assert "| Set5 (1) | patches |" in (out / "summary.md").read_text()
