"""Results in which some pixels are fixed."""

from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from internal_gan.finishing.seams import breaks
from internal_gan.finishing.synthesis import Fixed, synthesise
from internal_gan.finishing.whole import finish

PHOTOS = Path(__file__).parents[2] / "examples" / "photos"
# A part of the photo, and its position in a wider result.
TOP, LEFT, SIDE, MOVED = 20, 30, 40, 85


def photo(height: int) -> np.ndarray:
    with Pillow.open(PHOTOS / "dandelions.jpg") as file:
        image = file.convert("RGB")
        return np.array(image.resize((height * 250 // 141, height), Pillow.Resampling.LANCZOS))


def part(factor: int, size: tuple[int, int]) -> Fixed:
    """The fixed part for a photo ``factor`` times as large."""
    where = np.zeros(size, np.bool_)
    inside = tuple(slice(start * factor, (start + SIDE) * factor) for start in (TOP, MOVED))
    where[inside] = True
    origins = np.moveaxis(np.indices(size, np.int32), 0, -1).copy()
    origins[..., 1] -= (MOVED - LEFT) * factor
    return Fixed(where, origins)


def stretched(image: np.ndarray) -> np.ndarray:
    return np.array(Pillow.fromarray(image).resize((64, 18), Pillow.Resampling.LANCZOS))


def test_fixed_pixels_are_kept_and_their_surroundings_fit() -> None:
    image, size = photo(80), (80, 282)
    fixed = part(1, size)
    free = synthesise(stretched(image), image, size)
    made = synthesise(stretched(image), image, size, fixed=fixed)
    assert (made[fixed.where] == fixed.origins[fixed.where]).all()
    # Pasted into a result made without it, the part has seams all around.
    pasted = fixed.imposed(free)
    border = np.zeros(size, np.bool_)
    border[TOP - 1 : TOP + SIDE + 1, MOVED - 1 : MOVED + SIDE + 1] = True
    seams = [
        sum(int((breaks(origins, axis) & border).sum()) for axis in (0, 1))
        for origins in (made, pasted)
    ]
    assert seams[0] < 0.8 * seams[1]


def test_fixed_pixels_are_copied_at_full_size() -> None:
    image, size = photo(700), (720, 2480)
    fixed = part(8, size)
    done = finish(stretched(image), image, size)
    kept = finish(stretched(image), image, size, fixed=fixed)
    assert (kept.origins[fixed.where] == fixed.origins[fixed.where]).all()
    assert (done.origins[fixed.where] != fixed.origins[fixed.where]).any()
    assert kept.exact[fixed.where].mean() > 0.5
