"""Pictures and flags at other sizes."""

import numpy as np
import pytest

from internal_gan.finishing.sizes import halved, scales, shrunk_flags
from internal_gan.patches.fast import PATCH
from tests.patches.pictures import noise


@pytest.mark.parametrize("size", [(8, 10), (7, 9), (1, 5)])
def test_halving_averages_two_by_two_pixels(size: tuple[int, int]) -> None:
    image = noise(size)
    found = halved(image)
    assert found.shape == (-(-size[0] // 2), -(-size[1] // 2), 3)
    for y, x in np.ndindex(found.shape[:2]):
        rows = [2 * y, min(2 * y + 1, size[0] - 1)]
        mean = image[np.ix_(rows, [2 * x, min(2 * x + 1, size[1] - 1)])].reshape(4, 3).mean(axis=0)
        assert np.abs(found[y, x] - mean).max() <= 0.5


def test_a_shrunk_flag_keeps_every_flagged_pixel() -> None:
    flags = np.zeros((40, 60), np.bool_)
    flags[17, 31] = flags[39, 0] = True
    small = shrunk_flags(flags, (27, 40))
    assert small[round(17 * 27 / 40), 31 * 40 // 60]
    assert small[26, 0]
    assert small.sum() <= 8


def test_scales_grow_from_the_shortest_side_while_a_patch_fits() -> None:
    found = scales((96, 200), 32)
    assert found[-1] == 1
    assert 32 / 1.5**0.5 < 96 * found[0] < 32 * 1.5**0.5
    assert np.allclose(np.divide(found[1:], found[:-1]), 1.5)
    assert min(scales((96, 200), 32, 10)) * 10 >= PATCH
