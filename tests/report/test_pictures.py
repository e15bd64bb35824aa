"""Pictures on a page look like their files."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from internal_gan.report.page import read_picture

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GRAY = bytes(16) + b"GRAY" + bytes(108)


def test_a_picture_of_16_or_32_bits_shows_its_levels(tmp_path: Path) -> None:
    levels = np.random.default_rng(0).integers(20000, 21000, (300, 200))
    for name, kind in (("16.png", np.uint16), ("32.tif", np.int32), ("float.tif", np.float32)):
        Image.fromarray(levels.astype(kind)).save(tmp_path / name)
        picture = read_picture(tmp_path, name)
        assert picture is not None
        assert picture.data is not None
        data = base64.b64decode(picture.data.partition(",")[2])
        with Image.open(io.BytesIO(data)) as shown:
            found = np.asarray(shown.convert("L"))
        assert found.min() < 15
        assert found.max() > 240


@pytest.mark.parametrize(
    ("shape", "profile", "expected"),
    [((300, 300, 3), None, None), ((300, 300, 3), SRGB, SRGB), ((300, 300), GRAY, None)],
    ids=["plain", "colour", "gray"],
)
def test_a_shrunk_picture_keeps_its_colour_profile(
    shape: tuple[int, ...], profile: bytes | None, expected: bytes | None, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png", icc_profile=profile)
    picture = read_picture(tmp_path, "a.png")
    assert picture is not None
    assert picture.data is not None
    with Image.open(io.BytesIO(base64.b64decode(picture.data.partition(",")[2]))) as shown:
        assert shown.format == "WEBP"
        assert shown.info.get("icc_profile") == expected
