"""Pictures on a page look like their files."""

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from internal_gan.report.pictures import read_picture


def test_a_shrunk_gray_picture_loses_its_gray_profile(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (300, 300), dtype=np.uint8)
    profile = bytes(16) + b"GRAY" + bytes(108)
    Image.fromarray(pixels).save(tmp_path / "gray.png", icc_profile=profile)
    picture = read_picture(tmp_path, "gray.png")
    assert picture is not None
    assert picture.data is not None
    with Image.open(io.BytesIO(base64.b64decode(picture.data.partition(",")[2]))) as shown:
        assert shown.info.get("icc_profile") is None


def test_a_shrunk_picture_keeps_its_colour_profile(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "plain.png")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    with Image.open(tmp_path / "plain.png") as image:
        image.save(tmp_path / "wide.png", icc_profile=profile)
    for name, expected in (("plain.png", None), ("wide.png", profile)):
        picture = read_picture(tmp_path, name)
        assert picture is not None
        assert picture.data is not None
        with Image.open(io.BytesIO(base64.b64decode(picture.data.partition(",")[2]))) as shown:
            assert shown.format == "WEBP"
            assert shown.info.get("icc_profile") == expected
