"""Writes PNG files (W3C, third edition), also 16-bit colour, on all cores, unlike Pillow."""

import struct
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import torch

# The keyword of the text that holds the XMP packet (XMP specification, part 3).
XMP_KEYWORD = "XML:com.adobe.xmp"
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # by the number of channels
# Strips of rows are compressed independently, so that threads share the work.
STRIP = 2**20  # bytes of a strip, about
ZLIB_LEVEL = 2  # a third of the time of level 6, and 1 % larger for a sharp photo
# What is stored is the difference from a neighbour, whichever makes the rows in the middle
# smallest.
TRIED = 2**16  # bytes of these rows, about, and at least 8 rows
# PNG's numbers of the filters.
_SUB = 1  # the difference from the pixel on the left
_UP = 2  # from the one above
_AVERAGE = 3  # from the mean of both


def png(
    array: Any,
    metadata: Mapping[str, bytes] | None = None,
    dpi: tuple[float, float] | None = None,
    text: Mapping[str, str] | None = None,
) -> bytes:
    """A file of whole numbers (H, W, C), gray or RGB, with alpha or without, of 8 or 16 bits.

    ``array`` may make its rows as they are taken; ``metadata`` is from ``encode.py``;
    ``text`` has Latin-1 texts by keyword.
    """
    height, width, channels = array.shape
    bits = 8 * array[0].itemsize
    metadata = metadata or {}
    header = struct.pack(">IIBBBBB", width, height, bits, _COLOUR_TYPES[channels], 0, 0, 0)
    chunks = [_chunk(b"IHDR", header)]
    if profile := metadata.get("icc_profile"):
        chunks.append(_chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(profile)))
    if dpi:
        per_metre = (round(each / 0.0254) for each in dpi)
        chunks.append(_chunk(b"pHYs", struct.pack(">IIB", *per_metre, 1)))
    if exif := metadata.get("exif"):
        chunks.append(_chunk(b"eXIf", exif.removeprefix(b"Exif\0\0")))
    if packet := metadata.get("xmp"):
        # Neither compressed nor in a stated language.
        chunks.append(_chunk(b"iTXt", XMP_KEYWORD.encode() + bytes(5) + packet))
    for keyword, words in (text or {}).items():
        chunks.append(_chunk(b"tEXt", f"{keyword}\0{words}".encode("latin-1")))
    chunks += [_chunk(b"IDAT", part) for part in _compressed(array)]
    return b"".join([b"\x89PNG\r\n\x1a\n", *chunks, _chunk(b"IEND", b"")])


def _compressed(array: Any) -> Iterator[bytes]:
    """A zlib stream of an image, in parts: a chunk must not have more than 2 GiB."""
    height, width = array.shape[0], array[0].nbytes
    strips = pairwise([*range(0, height, max(1, STRIP // width)), height])
    middle = height // 2, min(height, height // 2 + max(8, TRIED // width))
    filters = _SUB, _UP, _AVERAGE
    sizes = [len(_deflated(_filtered(array, *middle, kind), last=True)) for kind in filters]
    kind = filters[int(np.argmin(sizes))]

    def strip(bounds: tuple[int, int]) -> tuple[bytes, bytes]:
        content = _filtered(array, *bounds, kind)
        return _deflated(content, last=bounds[1] == height), content

    yield b"\x78\x01"
    checksum = 1
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        for part, content in pool.map(strip, strips):
            yield part
            checksum = zlib.adler32(content, checksum)
    yield struct.pack(">I", checksum)


def _filtered(array: Any, top: int, bottom: int, kind: int) -> bytes:
    """Rows as they are stored, each after the number of its filter."""
    some = array[max(0, top - 1) : bottom]
    stored = np.ascontiguousarray(some, some.dtype.newbyteorder(">"))
    rows = stored.reshape(len(some), -1).view(np.uint8)
    pixel = some[0, 0].nbytes
    if top == 0:
        rows = np.vstack([np.zeros_like(rows[:1]), rows])
    these, above = rows[1:], rows[:-1]
    left = np.zeros_like(these)
    left[:, pixel:] = these[:, :-pixel]
    if kind == _AVERAGE:  # rounded down, without a carry
        left = (left & above) + ((left ^ above) >> 1)
    expected = above if kind == _UP else left
    return np.hstack([np.full((len(these), 1), kind, np.uint8), these - expected]).tobytes()


def _deflated(content: bytes, *, last: bool) -> bytes:
    raw = zlib.compressobj(ZLIB_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return raw.compress(content) + raw.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
