"""PNG files of any bit depth and with any chunks."""

import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt


def png_of(array: npt.NDArray[Any], depth: int | None = None, /, **chunks: bytes) -> bytes:
    """A file of whole numbers (H, W, C) of 1 to 16 bits, by default all theirs, with chunks."""
    height, width, channels = array.shape
    depth = depth or 8 * array.itemsize
    numbers = np.ascontiguousarray(array, array.dtype.newbyteorder(">"))[..., None]
    bits = np.unpackbits(numbers.view(np.uint8), axis=-1)[..., -depth:].reshape(height, -1)
    rows = b"".join(b"\0" + row.tobytes() for row in np.packbits(bits, axis=1))
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    file = b"\x89PNG\r\n\x1a\n"
    content = {"IHDR": header, **chunks, "IDAT": zlib.compress(rows), "IEND": b""}
    for name, data in content.items():
        check = zlib.crc32(name.encode() + data)
        file += struct.pack(">I", len(data)) + name.encode() + data + struct.pack(">I", check)
    return file
