"""Huge pictures are reduced while reading, with the same result up to rounding."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import ExifTags, Image
from torch import Tensor

from internal_gan.images.files import decode, decoded
from internal_gan.images.files.image import read_image
from internal_gan.images.files.memory import to_photo
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize
from tests.tiny import picture

LONGEST = 20
SIZE = (401, 577)


def levels() -> np.ndarray[Any, np.dtype[np.float64]]:
    """Noisy blots with hard edges, (H, W, 3) in [0, 1]."""
    noise = 0.1 * torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(0))
    image = ((picture(*SIZE) + 1) / 2 + noise).clamp(0, 1)
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


def turned() -> dict[str, Any]:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    return {"exif": exif}


FILES: dict[str, Callable[[Path], None]] = {
    "rgb.png": lambda path: rgb().save(path),
    "gray.png": lambda path: rgb().convert("L").save(path),
    "palette.png": lambda path: rgb().quantize(32).save(path),
    "palette.gif": lambda path: rgb().quantize(32).save(path),
    "bits.png": lambda path: rgb().convert("1").save(path),
    "gray16.png": lambda path: Image.fromarray((levels()[..., 0] * 65535).astype(np.uint16)).save(
        path
    ),
    "float.tif": lambda path: Image.fromarray(levels()[..., 0].astype(np.float32)).save(path),
    "cmyk.tif": lambda path: rgb().convert("CMYK").save(path),
    "turned.jpg": lambda path: rgb().save(path, quality=95, **turned()),
    "alpha.png": lambda path: with_hole("RGB").save(path),
    "gray-alpha.png": lambda path: with_hole("L").save(path),
}


@pytest.fixture
def bands(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lowers the limits so that small pictures count as huge; lists the pixels of each band."""
    monkeypatch.setattr(decoded, "WHOLE_PIXELS", 10_000)
    monkeypatch.setattr(decoded, "BAND_PIXELS", 20_000)
    seen: list[int] = []
    channels = decode.channels_of

    def watched(image: Image.Image) -> Tensor:
        seen.append(image.width * image.height)
        return channels(image)

    monkeypatch.setattr(decode, "channels_of", watched)
    return seen


def shrunk(photo: Photo) -> Tensor:
    at = fit_size(photo.size, LONGEST)
    return resize(photo.pixels, at).clamp(-1, 1)


def check_alike(small: Photo, whole: Photo) -> None:
    """They differ by less than two 8-bit levels where visible; hidden pixels are filled anyway."""
    assert small.full_size == whole.size == whole.full_size
    assert max(small.size) == decoded.GAP * LONGEST
    assert (small.mode, small.bit_depth) == (whole.mode, whole.bit_depth)
    difference = (shrunk(small) - shrunk(whole)).abs()
    if whole.alpha is not None:
        seen = 1 - F.max_pool2d(1 - resize(whole.alpha, (14, 20)), 5, 1, 2) > 0.9
        difference = difference * seen
    assert difference.max() < 2 / 255


@pytest.mark.parametrize("name", FILES)
def test_a_huge_file_is_read_in_bands_and_looks_as_if_it_were_read_whole(
    name: str, bands: list[int], tmp_path: Path
) -> None:
    FILES[name](tmp_path / name)
    whole = read_image(tmp_path / name)
    bands.clear()
    small = read_image(tmp_path / name, longest=LONGEST)
    assert len(bands) > 5
    assert max(bands) < 25_000
    check_alike(small, whole)
    assert (small.alpha is None) == (whole.alpha is None)
    if small.alpha is not None and whole.alpha is not None:
        difference = resize(small.alpha, (14, 20)) - resize(whole.alpha, (14, 20))
        assert difference.abs().max() < 2 / 255


def test_16_bits_of_colour_are_read_in_bands_too(
    deep_png: Callable[..., bytes], bands: list[int], tmp_path: Path
) -> None:
    (tmp_path / "deep.png").write_bytes(deep_png((levels() * 65535).astype(np.uint16)))
    whole = read_image(tmp_path / "deep.png")
    small = read_image(tmp_path / "deep.png", longest=LONGEST)
    check_alike(small, whole)
    assert small.bit_depth == 16


def test_pictures_in_memory_are_reduced_the_same_way(bands: list[int]) -> None:
    array = levels().astype(np.float32)
    image = rgb()
    tensor = torch.from_numpy(array).permute(2, 0, 1)
    for picture_in_memory in (image, array, tensor):
        check_alike(to_photo(picture_in_memory, longest=LONGEST), to_photo(picture_in_memory))
    assert image.size == SIZE[::-1]


def test_hidden_colours_do_not_bleed_into_visible_pixels(bands: list[int], tmp_path: Path) -> None:
    image = Image.new("RGBA", SIZE[::-1], (255, 255, 255, 0))
    image.paste((20, 40, 60, 255), (0, 0, 333, 401))
    image.save(tmp_path / "a.png")
    small = read_image(tmp_path / "a.png", longest=LONGEST)
    colours = torch.tensor([20, 40, 60]).view(1, 3, 1, 1) / 127.5 - 1
    torch.testing.assert_close(small.pixels, colours.expand_as(small.pixels), atol=1e-5, rtol=0)


@pytest.mark.parametrize("longest", [None, 73, 1000])
def test_pictures_that_are_not_much_too_large_are_read_bit_for_bit(
    longest: int | None, bands: list[int], tmp_path: Path
) -> None:
    rgb().save(tmp_path / "a.png")
    whole = torch.from_numpy(np.array(rgb())).permute(2, 0, 1)[None] / 255 * 2 - 1
    photo = read_image(tmp_path / "a.png", longest=longest)
    assert torch.equal(photo.pixels, whole)
    assert photo.given is None


def test_cells_average_pixels_by_their_overlap() -> None:
    x = torch.tensor([1.0, 2.0, 4.0, 8.0, 16.0]).expand(1, 1, 1, 5)
    means = decoded.cell_means(x, (0.0, 5.0, 2), -1)
    expected = [(1 + 2 + 4 / 2) / 2.5, (4 / 2 + 8 + 16) / 2.5]
    torch.testing.assert_close(means.flatten().tolist(), expected)
