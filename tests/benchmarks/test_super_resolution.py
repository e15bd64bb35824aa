"""The super-resolution benchmark: shrinking, interpolation and figures."""

from pathlib import Path

import pytest

from benchmarks import super_resolution
from benchmarks.super_resolution import shrink
from internal_gan.errors import UserError
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.resize import resize
from tests.benchmarks.conftest import Run
from tests.tiny import picture


@pytest.mark.parametrize("factor", [4, 3, 2.5])
def test_a_shrunk_photo_has_8_bits_and_a_reference_of_the_enlarged_size(factor: float) -> None:
    small, original = shrink(picture(50, 67), factor)
    assert small.shape[-2:] == (int(50 / factor), int(67 / factor))
    back = tuple(round(side * factor) for side in small.shape[-2:])
    assert original.shape[-2:] == back
    assert back[0] <= 50
    assert back[1] <= 67
    levels = (small + 1) * 127.5
    assert (levels - levels.round()).abs().max() < 1e-4
    plain = resize(original, (int(50 / factor), int(67 / factor)))
    assert (small - plain.clamp(-1, 1)).abs().max() <= 1.01 / 255


def test_every_photo_is_shrunk_enlarged_and_judged(benchmark: Run, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for name, seed in (("my sea", 0), ("hill", 1)):
        write_image(tmp_path / "photos" / f"{name}.png", picture(41, 57, seed))
    out = tmp_path / "out"
    options = ["--photos", str(tmp_path / "photos"), "--output", str(out)]
    found = benchmark("super_resolution", *options, "--factor", "2")
    assert [entry["photo"] for entry in found["photos"]] == ["hill", "my sea"]
    assert all(entry["seconds"] > 0 for entry in found["photos"])
    for method in ("bicubic", "lanczos", "patches"):
        assert set(found["photos"][0]["figures"][method]) == {"rmse", "psnr", "ssim"}
        assert read_image(out / "pictures" / "my sea" / f"{method}.png").size == (40, 56)
    assert read_image(out / "shrunk" / "my sea.png").size == (20, 28)
    assert "| **mean of 2** | patches |" in (out / "summary.md").read_text()
    with pytest.raises(UserError, match="needs a number above 1"):
        super_resolution.main([*options, "--factor", "1"])
