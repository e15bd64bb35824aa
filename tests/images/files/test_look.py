"""What Pillow hides of a file is heeded, named as lost, or the reason why the file is refused."""

import io
import struct
import sys
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
import torch
from PIL import Image, ImageFile
from PIL.ExifTags import IFD, Base
from PIL.PngImagePlugin import PngInfo

from internal_gan.finishing.layers import read_layer
from internal_gan.images.files import marks
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.masks import read_mask
from internal_gan.images.photo import Photo
from tests import tiny
from tests.images.conftest import Said, Save
from tests.images.pngs import png_of

Bytes = npt.NDArray[np.uint8]
WHITE_IS_0: Literal["miniswhite"] = "miniswhite"
RGB = {"photometric": "rgb"}
TWO = np.arange(1, 7, dtype=np.uint8).reshape(1, 2, 3)


@pytest.fixture
def tif(tmp_path: Path) -> Path:
    return tmp_path / "photo.tif"


def check_refused(path: Path, reason: str) -> None:
    """As a photo and as a layer."""
    for read in (read_image, read_layer):
        line = tiny.complaint(read, path)
        assert line.startswith(f"{path}: ")
        assert reason in line


@pytest.mark.parametrize("kind", ["<u1", "<u2", ">u2", "<f4", ">f4"])
def test_white_may_be_0_in_8_bits(kind: str, tif: Path, said: Said) -> None:
    array = np.zeros((9, 14), kind)
    array[2:4, 3:8] = 255
    tifffile.imwrite(tif, array, photometric=WHITE_IS_0, byteorder=kind[0])  # type: ignore[arg-type]
    if kind != "<u1":
        check_refused(tif, "white is 0 in its numbers; save it with black as 0")
        return
    assert torch.equal(read_image(tif).pixels[0, 0] == -1.0, torch.from_numpy(array > 0))
    assert read_mask(read_image(tif), (9, 14), warn=False).sum() == 9 * 14 - 10
    assert not said()


@pytest.mark.parametrize(
    ("shape", "kind", "options", "reason"),
    [
        ((9, 14, 3), "float32", RGB, "floating-point colours are not supported; save as 16 bits"),
        ((9, 14), "float16", {}, "floating-point colours are not supported; save as 16 bits"),
        ((9, 14, 3), "float16", RGB, "floating-point colours are not supported; save as 16 bits"),
        ((9, 14, 3), "int16", RGB, "(3 x 16 bits, photometric"),
        ((9, 14), "int8", {}, "its numbers are signed; save it with numbers from 0 to 255"),
        ((9, 14), "uint16", {"photometric": "cfa"}, "is a camera's raw photo; save it as TIFF"),
        ((9, 14, 7), "uint8", {**RGB, "extrasamples": [0] * 4}, "(7 x 8 bits, photometric"),
    ],
)
def test_a_tiff_file_that_cannot_be_read_says_why(
    shape: tuple[int, ...], kind: str, options: dict[str, Any], reason: str, tif: Path
) -> None:
    tifffile.imwrite(tif, np.ones(shape, kind), **options)
    check_refused(tif, reason)


@pytest.mark.parametrize("number", [50001, 50002])  # WebP and JPEG XL
def test_a_compression_that_cannot_be_undone_is_named(number: int, tif: Path) -> None:
    tifffile.imwrite(tif, np.ones((9, 14, 3), "uint8"), photometric="rgb")
    with tifffile.TiffFile(tif, mode="r+") as file:
        file.pages.first.tags["Compression"].overwrite(number)
    check_refused(tif, f"{number} is not supported; save without compression")


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0", "is a HEIC photo; save it as JPEG"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "is an AVIF picture; save it as PNG"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "is a video; save it as PNG, one frame of it"),
        (b"\x1aE\xdf\xa3\x01\0\0\0", "is a video"),
        (b"\0\0\0\x18ftypcrx \0\0\0\0", "is a camera's raw photo; save it as TIFF or PNG of 16"),
        (b"FUJIFILMCCD-RAW 0201", "is a camera's raw photo"),
        (b"\xff\xd8\xff\xe0\0\x10\xff\xc1\0\x0b\x0c\0\x09", "is a JPEG picture of 12 bits"),
        (b"8BPS\0\1", "is a Photoshop file"),
        (b"%PDF-1.7\n", "is a PDF file"),
        (b"<svg/>", "is an SVG drawing"),
        (b'<?xml version="1.0"?>\n<!-- x -->\n<svg width="3">', "is an SVG drawing"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a pointer of Git LFS"),
    ],
)
def test_a_file_of_another_kind_is_named(start: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(start)
    check_refused(tmp_path / "photo.jpg", reason)


def test_a_reduced_copy_before_a_picture_is_skipped(colours: Bytes, tif: Path, said: Said) -> None:
    deep = colours.astype(np.uint16) * 257
    with tifffile.TiffWriter(tif) as file:
        file.write(deep[::2, ::2], photometric="rgb", subfiletype=1)
        file.write(deep, photometric="rgb")
        file.write(colours[..., 0] > 99, photometric=4, subfiletype=4)
        file.write(deep[::4, ::4], photometric="rgb", subfiletype=1)
    levels = ((read_image(tif).pixels[0] + 1) * 32767.5).round()
    assert np.array_equal(levels.permute(1, 2, 0), deep)
    assert said()[:2] == [
        "begins with a reduced copy; its page 2 is used",
        "its mask, which is a page of its own, is left out",
    ]
    assert np.array_equal(read_layer(tif).values, deep)


@pytest.mark.parametrize("raw", [False, True])
def test_a_picture_inside_its_reduced_copy_is_refused(raw: bool, colours: Bytes, tif: Path) -> None:
    with tifffile.TiffWriter(tif) as file:
        file.write(colours[::2, ::2], photometric="rgb", subfiletype=1, subifds=1)
        file.write(colours[..., 0], photometric="cfa" if raw else "minisblack")
    check_refused(tif, "a camera's raw photo" if raw else "a reduced copy comes first")


@pytest.mark.parametrize(
    ("bands", "kinds", "left"),
    [(4, [0], "band 4 of 4"), (5, [0, 0], "bands 4, 5 of 5"), (5, [2, 0], "band 5 of 5")],
)
def test_further_bands_are_named(bands: int, kinds: Any, left: str, tif: Path, said: Said) -> None:
    array = np.random.default_rng(0).integers(1, 256, (9, 14, bands), dtype=np.uint8)
    tifffile.imwrite(tif, array, photometric="rgb", extrasamples=kinds)
    read_image(tif)
    read_layer(tif)
    assert said() == [f"{left} left out, besides its colours"] * 2


def test_avif_is_read_where_pillow_can(saved: Save, said: Said) -> None:
    pytest.importorskip("PIL._avif")
    picture, exif = Image.fromarray(tiny.ARRAY), Image.Exif()
    exif[Base.Orientation] = 6
    photo = saved(picture, "avif", exif=exif, quality=90)
    assert photo.size == picture.size
    turned = np.asarray(picture.rotate(-90, expand=True)).astype(int)
    assert np.abs(255 * (photo.pixels[0].permute(1, 2, 0).numpy() + 1) / 2 - turned).mean() < 9
    assert said() == []


def test_heic_is_read_by_a_plugin(saved: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once pillow-heif has registered its reader, for which another one stands in here."""

    class Reader(ImageFile.ImageFile):
        format, format_description = "HEIF", "a stand-in"

        def _open(self) -> None:
            self._mode, self._size = "RGB", (30, 20)
            self.tile = [ImageFile._Tile("raw", (0, 0, *self.size), 24, ("RGB", 0, 1))]

    def register() -> None:
        Image.register_open("HEIF", Reader, lambda start: start[8:12] == b"heic")

    monkeypatch.setitem(sys.modules, "pillow_heif", SimpleNamespace(register_heif_opener=register))
    file = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(20 * 30 * 3)
    try:
        photo = saved(file, "heic")
        assert (photo.size, photo.is_jpeg) == ((20, 30), True)
    finally:
        Image.OPEN.pop("HEIF")
        Image.ID.remove("HEIF")


P3, SRGB = bytes((12, 13, 0, 1)), bytes((1, 13, 0, 1))
SRGB_GAMMA, LINEAR_GAMMA = struct.pack(">I", 45455), struct.pack(">I", 100000)
P3_PRIMARIES = struct.pack(">8I", *(31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000))


@pytest.mark.parametrize(
    ("chunks", "by"),
    [
        *(({"cICP": P3}, "cICP"), ({"cICP": b"\1"}, "cICP"), ({"cICP": P3, "sRGB": b"\0"}, "cICP")),
        *(({"cICP": SRGB, "gAMA": LINEAR_GAMMA}, None), ({"gAMA": LINEAR_GAMMA}, "gAMA")),
        *(({"gAMA": SRGB_GAMMA}, None), ({"gAMA": SRGB_GAMMA, "cHRM": P3_PRIMARIES}, "cHRM")),
        *(({"cHRM": bytes(32)}, "cHRM"), ({"cHRM": bytes(40)}, "cHRM")),
        ({"sRGB": b"\0", "gAMA": LINEAR_GAMMA, "cHRM": P3_PRIMARIES}, None),
    ],
)
def test_colours_without_a_profile_are_named(chunks: Any, by: Any, saved: Save, said: Said) -> None:
    assert saved(png_of(TWO, **chunks)).icc_profile is None
    note = f"what {by} says about its colours is not used; they count as sRGB"
    assert said() == ([note] if by else [])


def test_a_profile_outranks_chunks(saved: Save, said: Said) -> None:
    compressed = b"x\0\0" + zlib.compress(tiny.SRGB)
    assert saved(png_of(TWO, cICP=P3, iCCP=compressed)).icc_profile == tiny.SRGB
    assert said() == []


@pytest.mark.parametrize(("space", "by"), [(65535, "EXIF"), (1, None)])
def test_a_cameras_other_colours_are_named(
    space: int, by: str | None, picture: Image.Image, saved: Save, said: Said
) -> None:
    exif = Image.Exif()
    exif[IFD.Exif] = {Base.ColorSpace: space}
    assert saved(picture, "jpg", exif=exif).icc_profile is None
    note = f"what {by} says about its colours is not used; they count as sRGB"
    assert said() == ([note] if by else [])


@pytest.mark.parametrize(
    ("packet", "note"),
    [
        (b"<x GPano:ProjectionType='equirectangular'/>", " (of a panorama)"),
        (b"<x xmpRights:Marked='True'/><dc:rights/>", " (copyright)"),
        (b"<x xmp:Rating='3'/>", ""),
        (marks.xmp("compositeCapture", "fill", None), None),
    ],
)
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_foreign_xmp_entries_are_named(
    packet: bytes, note: str | None, suffix: str, picture: Image.Image, saved: Save, said: Said
) -> None:
    options: dict[str, Any] = {"xmp": packet}
    if suffix == "png":
        options = {"pnginfo": PngInfo()}
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", packet.decode())
    elif suffix == "tif":
        options = {"tiffinfo": {700: packet}}
    saved(picture, suffix, **options)
    assert said() == ([] if note is None else [f"its XMP entries{note} are not copied to results"])


def test_a_gain_map_and_more_views_are_named(picture: Image.Image, saved: Save, said: Said) -> None:
    file = io.BytesIO()
    picture.save(file, "MPO", save_all=True, append_images=[picture])
    content = bytearray(file.getvalue())
    first = content.index(struct.pack("<II", 0, 0x030000)) + 4  # of two entries of 16 bytes
    for entry in first, first + 16:
        struct.pack_into("<I", content, entry, 0x020002)  # one of several views
    saved(bytes(content) + b"urn:com:apple:photo:2020:aux:hdrgainmap", "jpg")
    assert said() == [
        "has 2 views; the first one is used",
        "its gain map (HDR) is left out; results look as without it",
    ]


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "bmp"])
@pytest.mark.parametrize("depth", [8, 16])
def test_the_print_resolution_is_kept(
    suffix: str, depth: int, picture: Image.Image, saved: Save, tmp_path: Path
) -> None:
    photo = saved(picture, suffix, dpi=(300, 240))
    assert photo.dpi == pytest.approx((300, 240), abs=0.02)
    photo = Photo(photo.pixels, bit_depth=depth, dpi=photo.dpi)
    write_image(tmp_path / "out.png", photo.pixels, like=photo)
    assert read_image(tmp_path / "out.png").dpi == pytest.approx((300, 240), abs=0.02)


def test_turned_photos_and_webp_have_resolutions_in_exif(picture: Image.Image, saved: Save) -> None:
    exif = Image.Exif()
    exif[Base.XResolution], exif[Base.YResolution], exif[Base.ResolutionUnit] = 100, 50, 3
    exif[Base.Orientation] = 6
    assert saved(picture, "webp", exif=exif).dpi == pytest.approx((127, 254))


def test_without_a_resolution_there_is_none(tif: Path) -> None:
    tifffile.imwrite(tif, np.ones((9, 14), np.uint8), resolutionunit=2)
    assert read_image(tif).dpi is None


def test_what_else_is_read_as_something_else_is_named(tif: Path, saved: Save, said: Said) -> None:
    saved(b"P6 2 1 65535\n" + bytes(range(12)), "ppm")
    saved(png_of(TWO[..., :1], pHYs=struct.pack(">IIB", 2, 1, 0)))
    tifffile.imwrite(tif, np.ones((9, 14), np.int16))
    read_image(tif)
    assert said() == [
        "its 16 bits per channel are read as 8 bits",
        "its pixels are not square (2:1); they are read as if they were",
        "its numbers are signed; they are read as 0 (black) to 65535 (white)",
    ]
