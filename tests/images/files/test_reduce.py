"""Huge files that are only needed shrunk are reduced first, with nearly the same result."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import ExifTags, Image

from internal_gan.images.files import decode
from internal_gan.images.files.image import read_image
from internal_gan.images.files.png import png
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize
from internal_gan.units import Size
from tests.images.pngs import png_of
from tests.tiny import picture, rng

LONGEST = 20
SIZE = (401, 577)


@cache
def levels() -> np.ndarray[Any, np.dtype[np.float64]]:
    """Noisy blots with hard edges, (H, W, 3) in [0, 1]."""
    image = ((picture(*SIZE) + 1) / 2 + 0.1 * torch.randn(1, 3, *SIZE, generator=rng())).clamp(0, 1)
    image[..., 50:120, 200:300] = 0.0
    return image[0].permute(1, 2, 0).double().numpy()


def rgb() -> Image.Image:
    return Image.fromarray((levels() * 255).astype(np.uint8))


def with_hole(mode: str) -> Image.Image:
    """An image with a fully transparent white middle and a half transparent corner."""
    image = rgb().convert(mode)
    alpha = np.full(SIZE, 255, np.uint8)
    alpha[100:250, 200:400] = 0
    alpha[:60, :60] = 128
    image.paste("white", (200, 100, 400, 250))
    image.putalpha(Image.fromarray(alpha))
    return image


def turned(path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    rgb().save(path, quality=95, exif=exif)


def deep(path: Path, channels: int) -> None:
    """Save an opaque image with 16 bits per channel."""
    image = np.dstack([levels(), np.ones(SIZE)])
    image = image[..., -channels:] if channels in (2, 4) else image[..., :channels]
    path.write_bytes(png((image * 65535).astype(np.uint16)))


FILES: dict[str, Callable[[Path], None]] = {
    "rgb.png": lambda path: rgb().save(path),
    "gray.png": lambda path: rgb().convert("L").save(path),
    "palette.png": lambda path: rgb().quantize(32, Image.Quantize.FASTOCTREE).save(path),
    "bits.png": lambda path: rgb().convert("1").save(path),
    "gray16.png": lambda path: deep(path, 1),
    "gray16-alpha.png": lambda path: deep(path, 2),
    "rgb16.png": lambda path: deep(path, 3),
    "rgba16.png": lambda path: deep(path, 4),
    "float.tif": lambda path: Image.fromarray(levels()[..., 0].astype(np.float32)).save(path),
    "cmyk.tif": lambda path: rgb().convert("CMYK").save(path),
    "turned.jpg": turned,
    "alpha.png": lambda path: with_hole("RGB").save(path),
    "gray-alpha.png": lambda path: with_hole("L").save(path),
}


@pytest.fixture(autouse=True)
def huge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lowers the limit so that small pictures count as huge."""
    monkeypatch.setattr(decode, "WHOLE_PIXELS", 10_000)


@pytest.mark.parametrize("name", FILES)
def test_a_huge_file_is_reduced_and_looks_as_if_read_whole(name: str, tmp_path: Path) -> None:
    """Where visible, to an 8-bit level, or to four if a JPEG file was decoded small."""
    FILES[name](tmp_path / name)
    whole = read_image(tmp_path / name)
    small = read_image(tmp_path / name, longest=LONGEST)
    assert small.full_size == whole.size == whole.full_size
    assert max(small.size) == decode.REDUCING_GAP * LONGEST
    assert (small.mode, small.bit_depth) == (whole.mode, whole.bit_depth)
    one, other = (
        resize(photo.pixels, fit_size(photo.size, LONGEST)).clamp(-1, 1) for photo in (small, whole)
    )
    difference = (one - other).abs()
    assert (small.alpha is None) == (whole.alpha is None)
    if small.alpha is not None and whole.alpha is not None:
        here, there = (resize(alpha, (14, 20)) for alpha in (small.alpha, whole.alpha))
        assert (here - there).abs().max() < 2 / 255
        difference *= 1 - F.max_pool2d(1 - there, 5, 1, 2) > 0.9
    assert difference.max() < (8 if whole.is_jpeg else 2) / 255


def test_a_huge_jpeg_file_is_decoded_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rgb().save(tmp_path / "a.jpg")
    seen, shrink = list[tuple[int, int]](), decode._shrunk

    def watched(image: Image.Image, to: Size) -> Image.Image:
        seen.append(image.size)
        return shrink(image, to)

    monkeypatch.setattr(decode, "_shrunk", watched)
    assert read_image(tmp_path / "a.jpg", longest=LONGEST).full_size == SIZE
    assert seen == [(289, 201)]


def test_16_bit_colours_of_which_one_is_transparent_are_read_whole(tmp_path: Path) -> None:
    colours = (levels() * 65535).astype(np.uint16)
    colours[100:250, 200:400] = 1, 2, 3
    (tmp_path / "a.png").write_bytes(png_of(colours, tRNS=bytes([0, 1, 0, 2, 0, 3])))
    photo: Any = read_image(tmp_path / "a.png", longest=LONGEST)
    assert photo.size == SIZE
    assert not photo.alpha[..., 100:250, 200:400].any()


def test_hidden_colours_do_not_bleed_into_visible_pixels(tmp_path: Path) -> None:
    image = Image.new("RGBA", SIZE[::-1], (255, 255, 255, 0))
    image.paste((20, 40, 60, 255), (0, 0, 333, 401))
    image.save(tmp_path / "a.png")
    small = read_image(tmp_path / "a.png", longest=LONGEST)
    colours = torch.tensor([20, 40, 60]).view(1, 3, 1, 1) / 127.5 - 1
    torch.testing.assert_close(small.pixels, colours.expand_as(small.pixels), atol=0.01, rtol=0)


@pytest.mark.parametrize("longest", [None, 73, 1000])
def test_what_is_not_much_too_large_is_read_whole(longest: int | None, tmp_path: Path) -> None:
    rgb().save(tmp_path / "a.png")
    whole = torch.from_numpy(np.array(rgb())).permute(2, 0, 1)[None] / 255 * 2 - 1
    photo = read_image(tmp_path / "a.png", longest=longest)
    assert torch.equal(photo.pixels, whole)
    assert photo.given is None
