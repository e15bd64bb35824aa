"""Writing keeps what the photo's file had, or warns about what is lost."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.colours import to_uint8
from internal_gan.images.files.image import read_image, read_mark, write_image
from internal_gan.images.files.marks import xmp
from internal_gan.images.levels import levels_of
from internal_gan.images.photo import Photo
from tests.images.conftest import Said
from tests.tiny import SRGB, noise, picture, rng


@pytest.mark.parametrize("suffix", ["jpg", "JPG"])
def test_jpeg_keeps_all_colours_nearly(suffix: str, tmp_path: Path) -> None:
    write_image(tmp_path / f"out.{suffix}", picture())
    with Image.open(tmp_path / f"out.{suffix}") as written:
        assert written.format == "JPEG"
        assert [layer[1:3] for layer in written.layer] == [(1, 1)] * 3  # type: ignore[attr-defined]
    assert (read_image(tmp_path / f"out.{suffix}").pixels - picture()).abs().mean() < 8 / 255


@pytest.mark.parametrize(("mode", "alpha"), [("I;16", False), ("LA", True), ("RGBA", True)])
def test_16_bits_come_back_as_16_bits(mode: str, alpha: bool, tmp_path: Path, said: Said) -> None:
    values = torch.randint(1, 65536, (1, 4, 9, 14), generator=rng()) / 65535.0
    colours = values[:, :3] if mode == "RGBA" else values[:, :1].expand(-1, 3, -1, -1)
    photo: Any = Photo(colours * 2 - 1, values[:, 3:] if alpha else None, mode=mode, bit_depth=16)
    write_image(tmp_path / "out.png", photo.pixels, like=photo)
    again: Any = read_image(tmp_path / "out.png")
    assert again.bit_depth == 16
    assert np.array_equal(levels_of(again.pixels, 65535), levels_of(photo.pixels, 65535))
    if alpha:
        assert torch.equal((again.alpha * 65535).round(), (photo.alpha * 65535).round())
    assert said() == []


def test_floats_become_16_bits_in_png(tmp_path: Path, said: Said) -> None:
    pixels = noise(9, 14)[:, :1].expand(-1, 3, -1, -1)
    write_image(tmp_path / "out.png", pixels, like=Photo(pixels, mode="F", bit_depth=32))
    again = read_image(tmp_path / "out.png")
    assert again.bit_depth == 16
    torch.testing.assert_close(again.pixels, pixels, rtol=0, atol=1.01 / 65535)
    assert said() == ["32 bits per channel become 16"]


@pytest.mark.parametrize(
    ("suffix", "bit_depth", "palette"),
    [
        ("png", 8, None),
        ("png", 16, None),
        ("jpg", 8, None),
        ("png", 8, np.array([[0, 0, 0, 255], [255, 255, 255, 255]], np.uint8)),
    ],
)
def test_profile_and_exif_are_kept(
    suffix: str, bit_depth: int, palette: Any, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "A. Nother"
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.ExposureTime: 0.004}
    exif[ExifTags.IFD.GPSInfo] = {ExifTags.GPS.GPSLatitudeRef: "N"}
    pixels = picture() if palette is None else picture()[:, :1].sign().expand(1, 3, -1, -1)
    photo = Photo(pixels, bit_depth=bit_depth, icc_profile=SRGB, exif=exif.tobytes())
    like, mark = replace(photo, palette=palette), xmp("compositeCapture", "fill", None)
    path = tmp_path / f"out.{suffix}"
    write_image(path, pixels, like=like, mark=mark)
    again = read_image(path)
    assert again.icc_profile == SRGB
    assert (again.palette is None) == (palette is None)
    assert (again.pixels - pixels).abs().mean() < 8 / 255
    with Image.open(path) as written:
        block = written.getexif()
        assert block[ExifTags.Base.Artist] == "A. Nother"
        exposure = block.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime]
        assert float(exposure) == pytest.approx(0.004)
        assert block.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"
    assert (again.exif is None, read_mark(path)) == (False, mark)
    write_image(path, pixels, like=like)
    assert read_mark(path) is None


def test_results_of_other_sizes_are_opaque(tmp_path: Path, said: Said) -> None:
    photo = Photo(picture(), torch.ones(1, 1, 40, 56), mode="RGBA")
    write_image(tmp_path / "out.png", photo.pixels[..., :30], like=photo)
    assert read_image(tmp_path / "out.png").mode == "RGB"
    assert said() == ["the photo's transparency is left out, since the size differs"]


def test_pixels_of_any_device_and_type_are_written(device: torch.device, tmp_path: Path) -> None:
    pixels = torch.zeros(1, 3, 4, 4, device=device, dtype=torch.bfloat16, requires_grad=True)
    write_image(tmp_path / "out.png", pixels)
    assert (to_uint8(read_image(tmp_path / "out.png").pixels) == 128).all()
    levels = torch.tensor([200, 110, 0]).byte().view(3, 1, 1).expand(3, 4, 4)
    write_image(tmp_path / "out.png", levels, like=Photo(pixels, mode="L"))
    assert (to_uint8(read_image(tmp_path / "out.png").pixels) == 124).all()


@pytest.mark.parametrize("name", ["out.xyz", "out", "out.gif", "out.png.bak"])
def test_an_unknown_suffix_is_refused_with_the_allowed_ones(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"allowed are \.png, \.jpg") as caught:
        write_image(tmp_path / name, torch.zeros(3, 4, 4))
    assert name in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "pixels",
    [torch.zeros(2, 3, 4, 4), torch.zeros(1, 4, 4), torch.full((3, 4, 4), torch.nan)],
    ids=["batch", "gray", "nan"],
)
def test_pixels_that_are_no_image_are_refused(pixels: Tensor, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="finite pixels"):
        write_image(tmp_path / "out.png", pixels)


def test_a_size_that_the_format_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="JPEG cannot hold 1x70000 pixels") as caught:
        write_image(tmp_path / "out.jpg", torch.zeros(3, 1, 70_000))
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())
