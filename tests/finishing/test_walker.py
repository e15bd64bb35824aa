"""A drawing is rebuilt from a photo's patches, from coarse to fine."""

from typing import Any

import numpy as np
import pytest

from internal_gan.finishing import walker
from internal_gan.finishing.drawing import up_to
from internal_gan.finishing.seams import breaks
from internal_gan.finishing.sizes import SHORTEST, resized
from internal_gan.finishing.walker import Fixed, Level, walk
from internal_gan.images.levels import pixels_of as pixels
from internal_gan.patches.origins import own_places, taken
from internal_gan.patches.statistics import completeness
from internal_gan.shapes import Image, Places
from internal_gan.units import Size
from tests.patches.pictures import picture

# A part of the photo, and its position in a wider result.
TOP, LEFT, SIDE, MOVED = 20, 30, 40, 85


def synthesise(
    drawing: Image, photo: Image, size: Size, shortest: int = SHORTEST, **options: Any
) -> Places:
    """Rebuild a drawing up to the size at which the layout is decided."""
    *_, (_, origins) = walk(up_to(Level(1.0, photo, size, **options), drawing, shortest))
    return origins


def test_a_larger_first_size_keeps_closer_to_the_drawing() -> None:
    photo, drawing = picture("mountains", (96, 128)), picture("peaks", (48, 64))

    def off(shortest: int) -> float:
        result = taken(photo, synthesise(drawing, photo, (96, 128), shortest=shortest))
        return float(np.abs(resized(result, (48, 64)).astype(float) - drawing).mean())

    assert off(64) < off(20)


def test_patches_that_the_drawing_lacks_are_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    """A drawing of few stones becomes a picture with more of the photo's patches."""
    photo = picture("gravel", (64, 96))
    drawing = np.ascontiguousarray(photo[:, 40:56].repeat(3, 1))

    def lacking() -> float:
        made = taken(photo, synthesise(drawing, photo, (64, 96)))
        return completeness(pixels(photo), pixels(made))

    preferring = lacking()
    monkeypatch.setattr(walker, "COMPLETENESS_ALPHA", 1e9)
    assert preferring < 0.95 * lacking()


def test_fixed_pixels_are_kept_and_their_surroundings_fit() -> None:
    image, size = picture("dandelions", (80, 141)), (80, 282)
    where = np.zeros(size, np.bool_)
    where[TOP : TOP + SIDE, MOVED : MOVED + SIDE] = True
    origins = own_places(size)
    origins[..., 1] -= MOVED - LEFT
    fixed = Fixed(where, origins)
    free = synthesise(resized(image, (18, 64)), image, size)
    made = synthesise(resized(image, (18, 64)), image, size, fixed=fixed)
    assert (made[fixed.where] == fixed.origins[fixed.where]).all()
    # Pasted into a result made without it, the part has seams all around.
    pasted = fixed.imposed(free.copy())
    border = np.zeros(size, np.bool_)
    border[TOP - 1 : TOP + SIDE + 1, MOVED - 1 : MOVED + SIDE + 1] = True
    seams = [sum(int((breaks(x, axis) & border).sum()) for axis in (0, 1)) for x in (made, pasted)]
    assert seams[0] < 0.8 * seams[1]


@pytest.mark.parametrize(("top", "left", "side"), [(15, 5, 10), (0, 0, 2)])
def test_a_forbidden_match_becomes_the_nearest_allowed_one(top: int, left: int, side: int) -> None:
    """Of a striped picture, only a column at its right end may be copied."""
    photo = np.zeros((40, 120, 3), np.uint8)
    photo[:, ::2] = 255
    allowed = np.zeros((34, 114), np.bool_)
    allowed[:, -1] = True
    part = np.zeros((40, 120), np.bool_)
    part[top : top + side, left : left + side] = True
    fixed = Fixed(~part, own_places((40, 120)))
    level = Level(2.0, photo, (40, 120), fixed=fixed, part=part, allowed=allowed)
    origins = level.rebuilt(own_places((20, 60))[:, ::-1].copy(), 1.0)
    assert (origins[part][:, 1] >= 113).all()
    assert np.array_equal(origins[~part], own_places((40, 120))[~part])
