"""Pictures in memory, and a colour profile."""

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms


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
