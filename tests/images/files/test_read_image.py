"""Every colour mode, bit depth and format is read into the same kind of tensor."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL
import pytest
import tifffile
import torch
from PIL import ExifTags, Image
from torch import Tensor

from internal_gan.images.colours import to_uint8
from internal_gan.images.files.image import read_image
from internal_gan.images.levels import levels_of
from tests.commands import ROOT
from tests.images.conftest import Said, Save
from tests.images.pngs import png_of


def random_words(channels: int) -> npt.NDArray[np.uint16]:
    """16-bit values ``(9, 14, channels)``, none of them 0, which as alpha would be transparent."""
    return np.random.default_rng(1).integers(1, 65536, (9, 14, channels), dtype=np.uint16)


def expected(image: Image.Image) -> Tensor:
    """RGB pixels in [-1, 1] of an 8-bit image, as Pillow converts it."""
    array = torch.from_numpy(np.array(image.convert("RGB")))
    return array.permute(2, 0, 1).unsqueeze(0).float() / 127.5 - 1.0


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        *(("1", "png"), ("L", "png"), ("L", "jpg"), ("P", "png"), ("P", "gif"), ("RGB", "png")),
        *(("RGB", "jpg"), ("RGB", "tif"), ("RGB", "webp"), ("RGB", "bmp")),
        pytest.param(
            *("YCbCr", "tif"),
            marks=pytest.mark.skipif(
                int(PIL.__version__.partition(".")[0]) < 13, reason="Pillow 13 reads its own"
            ),
        ),
    ],
)
def test_opaque_8_bit_images_keep_every_value(
    mode: str, suffix: str, picture: Image.Image, saved: Save, said: Said
) -> None:
    photo = saved(picture.convert(mode), suffix)
    with Image.open(photo.path) as stored:
        torch.testing.assert_close(photo.pixels, expected(stored), rtol=0, atol=1e-6)
        assert photo.mode == stored.mode
    assert photo.alpha is None
    assert (photo.bit_depth, photo.size, photo.path.name) == (8, (20, 30), f"photo.{suffix}")
    assert said() == []


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [("LA", "png"), ("LA", "tif"), ("RGBA", "png"), ("RGBA", "tif"), ("RGBA", "webp")],
)
def test_alpha_is_kept_apart(mode: str, suffix: str, picture: Image.Image, saved: Save) -> None:
    alpha = np.random.default_rng(2).integers(1, 256, (20, 30), dtype=np.uint8)
    picture.putalpha(Image.fromarray(alpha))
    image = picture.convert(mode)
    photo = saved(image, suffix, lossless=True)
    assert photo.mode == mode
    assert photo.alpha.shape == (1, 1, 20, 30)
    np.testing.assert_allclose(photo.alpha[0, 0].numpy(), alpha / 255, atol=1e-6)
    torch.testing.assert_close(photo.pixels, expected(image), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("channels", "depth"), [(1, 1), (1, 2), (1, 4), (1, 8), (1, 16), (3, 8), (3, 16)]
)
def test_a_transparent_colour_becomes_alpha(channels: int, depth: int, saved: Save) -> None:
    array = random_words(channels) >> (16 - depth)
    key = 1 if depth < 16 else 300
    array[2:5, 3:6] = key
    array[6, 6] = key - 1
    photo = saved(png_of(array, depth, tRNS=key.to_bytes(2) * channels))
    hidden = (array == key).all(axis=2)
    assert np.array_equal(photo.alpha[0, 0].numpy() == 0.0, hidden)
    levels = (photo.pixels[0].permute(1, 2, 0).numpy() + 1) / 2 * (2**depth - 1)
    np.testing.assert_allclose(levels[..., :channels][~hidden], array[~hidden], atol=0.01)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_png_keeps_16_bits(channels: int, saved: Save, said: Said) -> None:
    array = random_words(channels)
    photo = saved(png_of(array))
    assert photo.bit_depth == 16
    assert photo.mode == {1: "I;16", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    colours = np.repeat(array[..., :1], 3, axis=2) if channels < 3 else array[..., :3]
    assert np.array_equal(levels_of(photo.pixels, 65535), colours)
    if channels in (2, 4):
        assert np.array_equal((photo.alpha[0, 0] * 65535).round().numpy(), array[..., -1])
    assert said() == []


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("packed", [False, True])
def test_16_bit_tiff_keeps_16_bits(channels: int, order: Any, packed: bool, tmp_path: Path) -> None:
    array = random_words(channels)
    options: dict[str, Any] = {
        "photometric": "rgb",
        "compression": "zlib" if packed else None,
        "extrasamples": ["unassalpha"] * (channels - 3),
    }
    tifffile.imwrite(tmp_path / "photo.tif", array, byteorder=order, **options)
    photo = read_image(tmp_path / "photo.tif")
    assert (photo.mode, photo.bit_depth) == ("RGB" if channels == 3 else "RGBA", 16)
    assert np.array_equal(levels_of(photo.pixels, 65535), array[..., :3])


@pytest.mark.parametrize(
    ("kind", "mode", "depth"),
    [("I;16B", "I;16", 16), ("I", "I;16", 16), ("F", "F", 32)],
)
def test_gray_of_any_type_keeps_its_numbers(kind: str, mode: str, depth: int, saved: Save) -> None:
    levels = random_words(1)[..., 0]
    numbers = levels.astype({"I;16B": ">u2", "I": "i4", "F": "f4"}[kind])
    if kind == "F":
        numbers /= 65535
    photo = saved(Image.frombytes(kind, (14, 9), numbers.tobytes()), "tif")
    assert (photo.mode, photo.bit_depth) == (mode, depth)
    assert np.array_equal(levels_of(photo.pixels, 65535)[..., 0], levels)


@pytest.mark.parametrize("mode", ["L", "I;16", "RGBA", "CMYK", "P"])
def test_a_turned_tiff_is_upright_in_every_mode(mode: str, saved: Save) -> None:
    levels = np.random.default_rng(2).integers(0, 256, (16, 24), np.uint8)
    if mode == "I;16":
        stored = Image.fromarray(np.rot90(levels, 1).astype(np.uint16) * 257)
    else:
        stored = Image.fromarray(np.rot90(levels, 1)).convert(mode)
    photo = saved(stored, "tif", tiffinfo={ExifTags.Base.Orientation: 6})
    np.testing.assert_allclose(photo.pixels[0, 1].numpy(), levels / 127.5 - 1, atol=0.02)


@pytest.mark.parametrize(
    ("orientation", "suffix"),
    [*((number, "jpg") for number in range(1, 9)), (6, "png"), (6, "tif"), (6, "webp")],
)
def test_exif_orientation_is_applied(orientation: int, suffix: str, saved: Save) -> None:
    upright = np.zeros((16, 24, 3), np.uint8)
    upright[:8, :12] = (255, 0, 0)
    upright[:8, 12:] = (0, 255, 0)
    upright[8:, :12] = (0, 0, 255)
    mirrored = upright[:, ::-1] if orientation in (2, 4, 5, 7) else upright
    stored = np.rot90(mirrored, (0, 0, 2, 2, 1, 1, -1, -1)[orientation - 1])
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Artist] = "A. Nother"
    photo = saved(Image.fromarray(np.ascontiguousarray(stored)), suffix, exif=exif, quality=100)
    assert photo.size == (16, 24)
    difference = to_uint8(photo.pixels)[0].permute(1, 2, 0).int() - torch.from_numpy(upright).int()
    assert difference[2:6, 2:10].abs().max() < 16
    assert difference[10:, 2:10].abs().max() < 16
    kept = Image.Exif()
    kept.load(photo.exif)
    assert ExifTags.Base.Orientation not in kept
    assert kept[ExifTags.Base.Artist] == "A. Nother"


@pytest.mark.parametrize("block", [b"XXXXXXXXXX", b"MM\0*\0\0\0\x08\0\x05garbage"])
def test_damaged_exif_is_named(block: bytes, picture: Image.Image, saved: Save, said: Said) -> None:
    photo = saved(picture, "jpg", exif=b"Exif\0\0" + block)
    assert photo.exif is None
    assert photo.size == (20, 30)
    assert said() == ["its EXIF data is damaged and is left out"]


def test_previews_in_jpegs_are_no_frames(picture: Image.Image, saved: Save, said: Said) -> None:
    photo = saved(picture, "jpg", format="MPO", save_all=True, append_images=[picture])
    assert photo.size == (20, 30)
    assert said() == []


@pytest.mark.parametrize("then", ["png", "jpeg", "tiff"])
def test_a_second_picture_is_named(then: str, picture: Any, tmp_path: Path, said: Said) -> None:
    path = tmp_path / "photo.png"
    with path.open("wb") as file:
        for format in ("png", then):
            picture.save(file, format)
    assert read_image(path).size == (20, 30)
    assert said() == ["has another picture after its end; the first one is used"] * (then != "tiff")


def test_the_bundled_photos_are_small_and_credited() -> None:
    folder = ROOT / "examples" / "photos"
    credits = (folder / "CREDITS.md").read_text(encoding="utf-8")
    for path in folder.glob("*.jpg"):
        assert path.stat().st_size < 100_000
        assert f"`{path.name}`" in credits
