"""Pictures in another colour profile; Adobe RGB that only EXIF tells."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms
from PIL.ExifTags import IFD, Base, Interop

from internal_gan.images.colours import in_floats, to_uint8
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.files.profiles import adobe_rgb, converted, in_profile
from internal_gan.images.photo import Photo
from tests import tiny
from tests.images.conftest import Said, Save

ADOBE, SRGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), ((0.64, 0.33), (0.3, 0.6), (0.15, 0.06))


def primaries(places: Any) -> np.ndarray[Any, Any]:
    """What makes XYZ of light in a space whose white is D65."""
    white, *colours = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in ((0.3127, 0.329), *places))
    return np.transpose(colours) * np.linalg.solve(np.transpose(colours), white)


def test_adobe_rgb_is_what_its_definition_says() -> None:
    levels = np.random.default_rng(0).integers(80, 180, (20, 20, 3), dtype=np.uint8)
    light = (levels / 255) ** (563 / 256) @ (np.linalg.inv(primaries(SRGB)) @ primaries(ADOBE)).T
    wanted = 255 * (1.055 * light.clip(0.0031308, 1) ** (1 / 2.4) - 0.055)
    found = np.asarray(converted(Image.fromarray(levels), adobe_rgb(), None))
    inside = ((light > 0.01) & (light < 0.99)).all(axis=2)
    assert np.abs(found - wanted)[inside].max() < 1
    profile: Any = ImageCms.ImageCmsProfile(io.BytesIO(adobe_rgb())).profile
    assert profile.media_white_point[0] == pytest.approx((0.9642, 1, 0.8249), abs=1e-4)  # D50


@pytest.mark.parametrize(("space", "index"), [(65535, "R03"), (2, None), (None, "R03")])
def test_adobe_rgb_that_only_exif_tells_is_kept(
    space: int | None, index: str | None, saved: Save, said: Said, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[IFD.Exif] = {Base.ColorSpace: space} if space else {}
    if index:
        exif[IFD.Exif][IFD.Interop] = {Interop.InteropIndex: index}
    photo = saved(Image.fromarray(tiny.ARRAY), "jpg", exif=exif)
    assert (photo.icc_profile, said()) == (adobe_rgb(), [])
    write_image(tmp_path / "out.png", photo.colours, like=photo)
    assert read_image(tmp_path / "out.png").icc_profile == adobe_rgb()


@pytest.mark.parametrize("depth", [8, 16])
def test_a_picture_is_brought_into_a_profile_and_back(depth: int) -> None:
    colours = tiny.picture() * 0.5
    photo = Photo(to_uint8(colours) if depth == 8 else colours, path=Path("x.png"))
    other = in_profile(photo, adobe_rgb())
    assert other.icc_profile == adobe_rgb()
    assert other.colours.dtype == photo.colours.dtype
    assert (other.pixels - photo.pixels).abs().max() > 0.05
    back = in_profile(other, None)
    assert (back.pixels - photo.pixels).abs().max() < 3 / 127.5
    made = Image.fromarray(to_uint8(photo.pixels)[0].permute(1, 2, 0).contiguous().numpy())
    wanted = torch.from_numpy(np.array(converted(made, None, adobe_rgb()))).permute(2, 0, 1)
    assert (other.pixels - in_floats(wanted[None])).abs().max() <= 1.01 / 255


def test_the_same_colours_stay_as_they_are() -> None:
    """In a picture with another profile of sRGB, and in one in memory, which has none."""
    photo = Photo(to_uint8(tiny.picture()), path=Path("x.png"))
    assert in_profile(photo, tiny.SRGB) is photo
    in_memory = replace(photo, path=None)
    assert in_profile(in_memory, adobe_rgb()) is in_memory
