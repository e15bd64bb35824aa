"""Pictures in memory, and the warnings that the code under test logs."""

import struct
import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

Words = npt.NDArray[np.uint16]


@pytest.fixture
def colours() -> npt.NDArray[np.uint8]:
    """Random colours ``(20, 30, 3)`` of 8 bits."""
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


@pytest.fixture
def picture(colours: npt.NDArray[np.uint8]) -> Image.Image:
    """An RGB image of random pixels, 20 rows and 30 columns."""
    return Image.fromarray(colours)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The warnings logged so far."""
    return lambda: [record.getMessage() for record in caplog.records]


@pytest.fixture
def deep_png() -> Callable[..., bytes]:
    """Makes a 16-bit PNG file, which Pillow cannot write in colour."""
    return _png_file


@pytest.fixture
def deep_tiff() -> Callable[..., bytes]:
    """Makes a 16-bit TIFF file, which Pillow cannot write in colour."""
    return _tiff_file


def _png_file(array: Words, *, transparent: bytes | None = None) -> bytes:
    """All rows use the filter "sub", which subtracts the bytes of the pixel to the left."""
    height, width, channels = array.shape
    rows = array.astype(">u2").reshape(height, -1).view(np.uint8)
    left = np.hstack([np.zeros((height, 2 * channels), np.uint8), rows[:, : -2 * channels]])
    filtered = np.hstack([np.ones((height, 1), np.uint8), rows - left])
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    chunks = [
        _chunk(b"IHDR", header),
        _chunk(b"tRNS", transparent) if transparent else b"",
        _chunk(b"IDAT", zlib.compress(filtered.tobytes())),
        _chunk(b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _tiff_file(
    array: Words, order: str, *, orientation: int = 1, planes: int = 1, packed: bool = False
) -> bytes:
    """One strip, little-endian (``<``) or big-endian (``>``), compressed if ``packed``."""
    height, width, channels = array.shape
    strip = array.astype(f"{order}u2").tobytes()
    strip = zlib.compress(strip) if packed else strip
    short, long = 3, 4
    tags = [
        (256, short, width),
        (257, short, height),
        (258, short, 0),  # bits per sample: an offset, set below
        (259, short, 8 if packed else 1),
        (262, short, 2),
        (273, long, 0),  # where the strip begins: set below
        (274, short, orientation),
        (277, short, channels),
        (278, short, height),
        (279, long, len(strip)),
        (284, short, planes),
    ] + [(338, short, 2)] * (channels == 4)
    bits_at = 8 + 2 + 12 * len(tags) + 4
    table = struct.pack(f"{order}H", len(tags))
    for tag, kind, value in tags:
        if tag == 258:
            table += struct.pack(f"{order}HHII", tag, kind, channels, bits_at)
        elif tag == 273:
            table += struct.pack(f"{order}HHII", tag, kind, 1, bits_at + 2 * channels)
        else:
            table += struct.pack(
                f"{order}HHI" + ("Hxx" if kind == short else "I"), tag, kind, 1, value
            )
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    bits = struct.pack(f"{order}{channels}H", *[16] * channels)
    return head + table + bytes(4) + bits + strip
