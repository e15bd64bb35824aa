"""One look at what Pillow hides of a file: each tag and chunk is heeded, named as lost, or the
reason why the file is refused."""

import importlib
import mmap
import re
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import Image

from internal_gan.errors import UserError
from internal_gan.images.files import tiff
from internal_gan.images.files.marks import NAMESPACE
from internal_gan.images.files.mend import mended
from internal_gan.images.files.names import PILLOW_FORMATS, has_another, shown
from internal_gan.process_settings import temporary

# Bytes in JPEG files with a gain map for bright displays, by Adobe and Google, Apple, and ISO.
_GAIN_MAPS = b"hdr-gain-map", b"aux:hdrgainmap", b"iso:ts:21496"
# Names in XMP packets, and what is lost with them.
_XMP = {
    b"GPano:": "of a panorama",
    b"dc:rights": "copyright",
    b"xmpRights:": "copyright",
    b"photoshop:Credit": "credit",
}
_IPTC = 0x0404  # the number of IPTC's data among Photoshop's resources
any_size = temporary(Image, "MAX_IMAGE_PIXELS", None)


def opened(path: Path) -> tuple[Image.Image, list[str]]:
    """A readable file, not decoded yet, and a line for the user about each loss.

    Of several pages or frames it is the first that is no reduced copy. Its ``info`` is mended: a
    transparent gray is in Pillow's levels, and a missing resolution is missing; a PNG's ``cicp`` is
    added. A file that cannot be read is a UserError if it is known what it is, or else what Pillow
    raises, though not for too many pixels: the caller checks that before it decodes them.
    """
    try:
        with any_size():
            file, mends = mended(path)
            image = Image.open(file, formats=_formats(path))
            try:
                notes = mends + _LOOKS.get(image.format or "", _frames)(image, path)
                return image, notes + _words(image)
            except BaseException:
                image.close()
                raise
    except Exception as error:
        if not isinstance(error, UserError) and (what := unopened(path)):
            raise UserError(f"{shown(path)}: {what}") from error
        raise


def _formats(path: Path) -> tuple[str, ...]:
    """Those that Pillow may try; AVIF and HEIC if it, or its plugin pillow-heif, reads them."""
    with path.open("rb") as file:
        if file.read(12)[4:8] != b"ftyp":
            return PILLOW_FORMATS
    Image.init()
    with suppress(ImportError):
        importlib.import_module("pillow_heif").register_heif_opener()
    return tuple(name for name in ("AVIF", "HEIF") if name in Image.OPEN)


def _avif(image: Image.Image, path: Path) -> list[str]:
    with path.open("rb") as file:
        start = file.read(4096)
    at = start.find(b"av1C") + 6  # its third byte has a bit for 10 bits
    is_deep = at > 6 and bool(start[at] & 0x40)
    return ["its 10 or 12 bits per channel are read as 8 bits"] * is_deep + _frames(image, path)


# Magic bytes, what such a file is, and the format to save it in.
_KINDS = (
    (rb"....ftyp(avi[fs]|m[is][af]1.{0,32}avif)", "an AVIF picture", "PNG"),
    (rb"....ftyp(hei|hev|mif1|msf1)", "a HEIC photo", "JPEG"),
    (rb"....ftypcrx|II\*\0....CR|FUJIFILMCCD|IIU\0|II?R[OS]|MMOR|FOVb|\0MRM",
     "a camera's raw photo", "TIFF or PNG of 16 bits"),
    (rb"....(ftyp|moov|mdat)|RIFF....AVI|\x1aE\xdf\xa3|\0\0\x01[\xb3\xba]|FLV|OggS|0&\xb2u",
     "a video", "PNG, one frame of it"),
    (rb"....JXL |\xff\x0a|....jP  |\xff\x4f\xff\x51|II\xbc\x01",
     "a JPEG XL, 2000 or XR picture", "JPEG or PNG"),
    (rb"\xff\xd8.*\xff[\xc0-\xc2]..\x0c", "a JPEG picture of 12 bits", "PNG or TIFF of 16 bits"),
    (rb"8BPS", "a Photoshop file", "PNG or TIFF"),
    (rb"%PDF", "a PDF file", "PNG or JPEG"),
    (rb"(\xef\xbb\xbf)?\s*<(.*<)?svg", "an SVG drawing", "PNG"),
    (rb"(\xef\xbb\xbf)?\s*<(?i:!doctype\s+html|html)", "a web page", "PNG, the picture alone"),
    (rb"version https://git-lfs", "a pointer of Git LFS", "a file: git lfs pull"),
)  # fmt: skip


def unopened(path: Path) -> str | None:
    """What a file is that cannot be opened, and as what to save it; None if that is not known."""
    with path.open("rb") as file:
        start = file.read(1024)
    for pattern, kind, better in _KINDS:
        if re.match(pattern, start, re.DOTALL):
            return f"is {kind}; save it as {better}"
    try:
        return tiff.refusal(tiff.pages_of(path), is_open=False)
    except Exception:  # not a TIFF file, or a damaged one, for which Pillow raises nearly anything
        return None


def _png(image: Image.Image, path: Path) -> list[str]:
    chunks = _chunks(path)
    if b"cICP" in chunks:
        image.info["cicp"] = chunks[b"cICP"]
    depth = chunks[b"IHDR"][8]
    key = image.info.get("transparency")
    if image.mode in ("1", "L") and isinstance(key, int):
        largest = 2**depth - 1
        image.info["transparency"] = (key & largest) * 255 // largest
    note = "has another picture after its end; the first one is used"
    return [note] * has_another(path) + _frames(image, path)


def _chunks(path: Path) -> dict[bytes, bytes]:
    """The chunks of a PNG file before its pixels."""
    found = dict[bytes, bytes]()
    with path.open("rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8 and (kind := head[4:]) != b"IDAT":
            found[kind] = file.read(struct.unpack(">I4x", head)[0])
            file.seek(4, 1)
    return found


def _jpeg(image: Image.Image, path: Path) -> list[str]:
    notes = list[str]()
    # A phone's JPEG (MPO) has previews and depth maps as further frames.
    info: dict[int, Any] = getattr(image, "mpinfo", None) or {}
    kinds = [entry["Attribute"]["MPType"] for entry in info.get(0xB002, ())]
    if (views := sum("Multi-Frame" in kind for kind in kinds)) > 1:
        notes.append(f"has {views} views; the first one is used")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if any(content.find(mark) >= 0 for mark in _GAIN_MAPS):
            notes.append("its gain map (HDR) is left out; results look as without it")
    return notes


def _ppm(image: Image.Image, path: Path) -> list[str]:
    arguments = image.tile[0].args  # type: ignore[attr-defined]
    is_deep = image.mode == "RGB" and isinstance(arguments, tuple) and arguments[1] > 255
    return ["its 16 bits per channel are read as 8 bits"] if is_deep else []


def _frames(image: Image.Image, path: Path) -> list[str]:
    frames = getattr(image, "n_frames", 1)
    return [f"has {frames} frames or pages; the first one is used"] if frames > 1 else []


def _words(image: Image.Image) -> list[str]:
    """Lines about entries that no result has, and about pixels that are not square."""
    notes = list[str]()
    info = image.info
    packet = info.get("xmp") or b""
    packet = packet.encode() if isinstance(packet, str) else packet
    if packet and NAMESPACE.encode() not in packet:
        found = ", ".join(dict.fromkeys(what for name, what in _XMP.items() if name in packet))
        notes.append("its XMP entries" + (found and f" ({found})") + " are not copied to results")
    if _IPTC in (info.get("photoshop") or {}):
        notes.append("its IPTC entries are not copied to results")
    shape = info.get("jfif_density") if info.get("jfif_unit") == 0 else info.get("aspect")
    across, down = shape or (1, 1)
    if across != down and across and down:
        notes.append(f"its pixels are not square ({across}:{down}); they are read as if they were")
    return notes


_LOOKS = {"TIFF": tiff.look, "PNG": _png, "JPEG": _jpeg, "MPO": _jpeg, "PPM": _ppm, "AVIF": _avif}
