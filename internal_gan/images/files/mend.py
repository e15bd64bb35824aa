"""Files that viewers show though something in them is wrong, for Pillow, which refuses them."""

import io
import mmap
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageChops, PngImagePlugin

from internal_gan.process_settings import ignored_warnings

# How files begin.
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
# What begins and ends the pixels of a JPEG file.
_START = b"\xff\xda"
_END = b"\xff\xd9"
# Numbers that a decoder would take for pixels if some are missing, in two ways.
_AFTER = bytes(64), b"\x55" * 64
_TEXTS = b"zTXt", b"iTXt"  # that may be compressed


def mended(path: Path) -> tuple[Path | BinaryIO, list[str]]:
    """A file, or what viewers make of it, and a line for the user about each thing left out: a text
    of a PNG file that is too long or damaged, a JPEG file's missing end mark."""
    with path.open("rb") as file:
        start = file.read(8)
    if start == _PNG:
        return _png(path)
    return _jpeg(path) if start.startswith(_JPEG) else (path, [])


def _jpeg(path: Path) -> tuple[Path | BinaryIO, list[str]]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.rfind(_END) > content.rfind(_START):
            return path, []
        whole = content[:].removesuffix(b"\xff")
    # If all pixels are there, what follows them changes none.
    with ignored_warnings():
        try:
            one, other = (Image.open(io.BytesIO(whole + more + _END)) for more in _AFTER)
            are_all = ImageChops.difference(one, other).getbbox() is None
        except Exception:
            return path, []
    if not are_all:
        return path, []
    return io.BytesIO(whole + _END), ["its end mark is missing; the picture is whole"]


def _png(path: Path) -> tuple[Path | BinaryIO, list[str]]:
    bad = list[tuple[int, int, str]]()
    with path.open("rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8 and (kind := head[4:]) != b"IEND":
            length = struct.unpack(">I4x", head)[0]
            at = file.tell() - 8
            if not kind[0] & 32:  # a part of the picture
                file.seek(length + 4, 1)
                continue
            data = file.read(length)
            check = file.read(4)
            if len(check) == 4 and (why := _wrong(kind, data, check)):
                bad.append((at, length + 12, f"its {kind.decode('latin-1')} chunk {why}"))
        if not bad:
            return path, []
        file.seek(0)
        content = bytearray(file.read())
    for at, length, _ in reversed(bad):
        del content[at : at + length]
    return io.BytesIO(content), [f"{note} and is left out" for *_, note in bad]


def _wrong(kind: bytes, data: bytes, check: bytes) -> str | None:
    if zlib.crc32(kind + data) != int.from_bytes(check, "big"):
        return "is damaged"
    if kind not in _TEXTS or len(data) * 1100 < PngImagePlugin.MAX_TEXT_CHUNK:  # zlib's most
        return None
    rest = data.partition(b"\0")[2]
    if kind == b"iTXt":
        if rest[:1] != b"\1":
            return None
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    else:
        rest = rest[1:]
    try:
        reader = zlib.decompressobj()
        reader.decompress(rest, PngImagePlugin.MAX_TEXT_CHUNK)
    except zlib.error:
        return "is damaged"
    return "is too long" if reader.unconsumed_tail else None
