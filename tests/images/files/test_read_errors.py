"""An unreadable file gives a one-line error: which file, what is wrong, what is allowed."""

import os
import struct
import zlib
from pathlib import Path
from typing import Any
from unicodedata import normalize
from unittest.mock import Mock

import numpy as np
import pytest
import tifffile
from PIL import Image

from internal_gan.errors import UserError
from internal_gan.images.files.image import read_image
from internal_gan.images.files.names import existing_image
from tests.tiny import complaint


def refusal(path: Path | str) -> str:
    """The one-line error with which a file is refused. It starts with the file's name."""
    line = complaint(read_image, path)
    assert line.startswith(str(path))
    return line


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_another_unicode_form_is_found(form: Any, picture: Image.Image, tmp_path: Path) -> None:
    folder = tmp_path / normalize("NFC", "été")
    folder.mkdir()
    picture.save(folder / normalize("NFD", "Café.png"))
    assert read_image(normalize(form, str(folder / "Café.png"))).size == (20, 30)


@pytest.mark.parametrize("start", ["file://", "file:", "FILE://localhost"])
def test_a_file_url_is_a_local_file(start: str, picture: Image.Image, tmp_path: Path) -> None:
    picture.save(tmp_path / "my photo.png")
    address = start + (tmp_path / "my photo.png").as_uri().removeprefix("file://")
    assert read_image(address).size == (20, 30)
    assert existing_image(Path(address)) == tmp_path / "my photo.png"


def test_a_folder_and_a_pipe_which_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert "is a folder; allowed is an image file" in refusal(tmp_path)
    assert "not a regular file" in refusal(tmp_path / "pipe.png")


@pytest.mark.parametrize("name", ["x" * 300, "x\0y"])
def test_an_impossible_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="allowed is the path of an image file"):
        read_image(tmp_path / name)


def test_a_file_without_permission(
    picture: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "photo.png"
    picture.save(path)
    # Root may read any file.
    monkeypatch.setattr(Path, "open", Mock(side_effect=PermissionError(13, "Permission denied")))
    assert "permission denied; allowed is a file that you can read" in refusal(path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp", "bmp", "gif"])
@pytest.mark.parametrize("share", [0.3, 0.95])
def test_a_truncated_file(suffix: str, share: float, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    path = tmp_path / f"photo.{suffix}"
    Image.fromarray(pixels).save(path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    line = refusal(path)
    assert "damaged" in line
    assert "allowed are" in line


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp", "bmp", "gif"])
def test_damage_gives_a_photo_or_a_line(suffix: str, picture: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / f"photo.{suffix}"
    picture.save(path)
    content, generator, lines = path.read_bytes(), np.random.default_rng(0), []
    for _ in range(60):
        damaged = bytearray(content)
        for at in generator.integers(0, min(len(content), 400), 6):
            damaged[at] = int(generator.integers(0, 256))
        path.write_bytes(damaged)
        try:
            read_image(path)
        except UserError as error:
            lines.append(str(error))
    assert lines
    assert all(line.startswith(str(path)) and "\n" not in line for line in lines)


def test_a_decompression_bomb_is_not_unpacked(picture: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    picture.save(path)
    content = bytearray(path.read_bytes())
    struct.pack_into(">II", content, 16, 200_000, 200_000)
    struct.pack_into(">I", content, 29, zlib.crc32(content[12:29]))
    path.write_bytes(content)
    assert "200000x200000 pixels are too large; allowed are up to 120 megapixels" in refusal(path)


SPOT = np.eye(8, dtype=np.float32)


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (3.5 * SPOT, "from 0 to 3.5; allowed is 0 (black) to 1 (white)"),
        (2 * SPOT - 1, "from -1 to 1; allowed"),
        (np.where(SPOT, np.inf, SPOT), "inf; allowed is 0 (black) to 1 (white)"),
        (np.where(SPOT, np.nan, SPOT), "nan; allowed is 0 (black) to 1 (white)"),
        ((70_000 * SPOT).astype(np.int32), "it has values outside the allowed 0 to 65535"),
        ((70_000 * SPOT).astype(np.uint32), "it has values outside the allowed 0 to 65535"),
        (np.ones((3, 8, 9), np.uint16), "in separate planes; interleave them; allowed are"),
        (Image.new("LAB", (8, 8)), "its colour mode LAB is not supported; allowed are"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_pixels_that_are_not_those_of_a_photo(pixels: Any, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "photo.tif"
    if isinstance(pixels, Image.Image):
        pixels.save(path)
    else:
        planes = {"photometric": "rgb", "planarconfig": "separate"} if pixels.ndim == 3 else {}
        tifffile.imwrite(path, pixels, **planes)  # type: ignore[arg-type]
    assert reason in refusal(path)
