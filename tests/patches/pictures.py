"""Pictures shared by the patch tests."""

from pathlib import Path

import numpy as np
import PIL.Image
from scipy.ndimage import gaussian_filter

from internal_gan.images.periodic import Wrap
from internal_gan.shapes import Image

WRAPS: list[Wrap] = [(False, False), (True, False), (False, True), (True, True)]
PHOTOS = Path(__file__).parents[2] / "examples" / "photos"


def picture(name: str, size: tuple[int, int]) -> Image:
    """An example photo, resized."""
    with PIL.Image.open(PHOTOS / f"{name}.jpg") as file:
        return np.array(file.convert("RGB").resize(size[::-1], PIL.Image.Resampling.LANCZOS))


def noise(size: tuple[int, int], channels: int = 3, seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (*size, channels)).astype(np.uint8)


def blobs(height: int, width: int) -> Image:
    """Spots of colour; opposite borders meet."""
    random = np.random.default_rng(0).normal(size=(height, width, 3))
    soft = gaussian_filter(random, (3, 3, 0), mode="wrap")
    made: Image = (127 + 45 * soft / soft.std()).clip(0, 255).astype(np.uint8)
    return made
