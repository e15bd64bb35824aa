"""Files that viewers show, though something in them is wrong."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from internal_gan.errors import UserError
from tests import tiny
from tests.images.conftest import Said, Save
from tests.images.pngs import png_of


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_file_without_its_end_mark_is_read(
    progressive: bool, saved: Save, said: Said
) -> None:
    """Unless pixels are missing, too."""
    file = io.BytesIO()
    Image.fromarray(tiny.ARRAY).save(file, "JPEG", progressive=progressive)
    content = file.getvalue()
    whole = saved(content, "jpg").colours
    for cut in (content[:-1], content[:-2], content[:-2] + bytes(9)):
        assert np.array_equal(saved(cut, "jpg").colours, whole)
    assert said() == ["its end mark is missing; the picture is whole"] * 3
    for cut in (content[:-20], content[:-90]):
        with pytest.raises(UserError, match="truncated or damaged"):
            saved(cut, "jpg")


def test_texts_that_are_too_long_are_left_out(saved: Save, said: Said) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("a", "x" * 2_000_000, zip=True)
    texts.add_itxt("b", "x" * 2_000_000, zip=True)
    texts.add_itxt("c", "x" * 2_000_000)
    texts.add_text("d", "x" * 20_000, zip=True)
    photo = saved(Image.fromarray(tiny.ARRAY), pnginfo=texts)
    assert np.array_equal(photo.colours[0].permute(1, 2, 0), tiny.ARRAY)
    assert said() == [f"its {kind} chunk is too long and is left out" for kind in ("zTXt", "iTXt")]


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "pHYs", "eXIf"])
@pytest.mark.parametrize("late", [False, True])
def test_a_damaged_text_is_left_out(kind: str, late: bool, saved: Save, said: Said) -> None:
    wrong = struct.pack(">I", 4) + kind.encode() + b"a\0bc" + struct.pack(">I", 1)
    file = png_of(tiny.ARRAY)
    at = file.index(b"IEND" if late else b"IDAT") - 4
    photo = saved(file[:at] + wrong + file[at:])
    assert np.array_equal(photo.colours[0].permute(1, 2, 0), tiny.ARRAY)
    assert said() == [f"its {kind} chunk is damaged and is left out"]


def test_a_damaged_picture_is_refused(saved: Save) -> None:
    file = bytearray(png_of(tiny.ARRAY))
    file[file.index(b"IDAT") + 20] ^= 1
    with pytest.raises(UserError, match="truncated or damaged"):
        saved(bytes(file))
    data = b"a\0\0" + zlib.compress(b"x" * 2_000_000)[:-3000]
    assert saved(png_of(tiny.ARRAY, zTXt=data)).size == tiny.ARRAY.shape[:2]
