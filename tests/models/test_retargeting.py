"""How a size beyond the trained range is reached."""

import pytest

from internal_gan.models.retargeting import sizes_between
from internal_gan.units import Size


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        *(((100, 200), [(100, 200)]), ((225, 20), [(225, 20)]), ((100, 225), [(100, 225)])),
        *(((100, 226), [(100, 150), (100, 226)]), ((506, 100), [(225, 100), (506, 100)])),
        ((1, 100), [(22, 100), (5, 100), (1, 100)]),
        ((507, 50), [(172, 79), (295, 63), (507, 50)]),
    ],
)
def test_as_few_steps_as_the_range_allows(last: Size, expected: list[Size]) -> None:
    assert sizes_between((100, 100), last, (0.15, 2.25)) == expected


def test_a_range_without_freedom_takes_one_step() -> None:
    assert sizes_between((10, 10), (20, 5), (1, 1)) == [(20, 5)]
