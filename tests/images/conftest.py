"""Pictures in memory and in files, and warnings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from internal_gan.images.files.image import read_image
from internal_gan.images.photo import Photo

Save = Callable[..., Any]
Said = Callable[[], list[str]]


@pytest.fixture
def colours() -> npt.NDArray[np.uint8]:
    """Random colours ``(20, 30, 3)`` of 8 bits."""
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


@pytest.fixture
def picture(colours: npt.NDArray[np.uint8]) -> Image.Image:
    """An RGB image of random pixels, 20 rows and 30 columns."""
    return Image.fromarray(colours)


@pytest.fixture
def saved(tmp_path: Path) -> Save:
    """Saves a Pillow image, or the bytes of a file, and reads it as a photo."""

    def save(image: Image.Image | bytes, suffix: str = "png", **options: Any) -> Photo:
        path = tmp_path / f"photo.{suffix}"
        if isinstance(image, bytes):
            path.write_bytes(image)
        else:
            image.save(path, **options)
        return read_image(path)

    return save


@pytest.fixture
def said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Said:
    """The warnings so far, all about a file, without its name."""

    def lines() -> list[str]:
        assert all(line.startswith(str(tmp_path)) for line in caplog.messages)
        return [line.partition(": ")[2] for line in caplog.messages]

    return lines
