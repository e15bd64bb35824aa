"""Pictures in memory, and files of 16 bits."""

import struct
import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

from internal_gan.images.files.png import png


@pytest.fixture
def colours() -> npt.NDArray[np.uint8]:
    """Random colours ``(20, 30, 3)`` of 8 bits."""
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


@pytest.fixture
def picture(colours: npt.NDArray[np.uint8]) -> Image.Image:
    """An RGB image of random pixels, 20 rows and 30 columns."""
    return Image.fromarray(colours)


@pytest.fixture
def profile() -> bytes:
    """A colour profile of RGB pixels."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def deep_png() -> Callable[..., bytes]:
    """Makes a 16-bit PNG file, which Pillow cannot write in colour."""

    def file(array: npt.NDArray[np.uint16], *, transparent: bytes = b"") -> bytes:
        content = png(array.astype(np.uint16))
        if not transparent:
            return content
        chunk = b"tRNS" + transparent
        ends = struct.pack(">I", len(transparent)), struct.pack(">I", zlib.crc32(chunk))
        # After the signature and the header.
        return content[:33] + ends[0] + chunk + ends[1] + content[33:]

    return file
