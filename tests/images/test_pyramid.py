"""The sizes of the scales, and the image at each scale."""

from itertools import pairwise

import pytest
import torch

from internal_gan.errors import UserError
from internal_gan.images.pyramid import MAX_SCALES, fit_size, halved, pyramid_sizes
from tests.tiny import holes


def test_sizes_of_a_photo_of_188_by_250() -> None:
    heights, widths = zip(*pyramid_sizes((188, 250)), strict=True)
    assert heights == (25, 32, 41, 53, 69, 88, 114, 146, 188)
    assert widths == (33, 43, 55, 71, 91, 117, 151, 194, 250)


@pytest.mark.parametrize("size", [(188, 250), (250, 188), (250, 250)])
@pytest.mark.parametrize("min_size", [18, 40])
def test_the_coarsest_short_side_is_min_size_exactly(size: tuple[int, int], min_size: int) -> None:
    sizes = pyramid_sizes(size, min_size=min_size)
    assert min(sizes[0]) == min_size
    assert sizes[-1] == size
    assert sizes == sorted(sizes)


@pytest.mark.parametrize("scale_factor", [0.5, 0.65, 0.75, 0.85])
def test_no_step_exceeds_scale_factor_and_no_scale_is_superfluous(scale_factor: float) -> None:
    sizes = pyramid_sizes((1880, 2500), scale_factor=scale_factor, max_size=None)
    assert min([a[0] / b[0] for a, b in pairwise(sizes)]) > scale_factor - 0.02
    assert (25 / 1880) ** (1 / (len(sizes) - 2)) < scale_factor


@pytest.mark.parametrize("num_scales", [1, 4, 9])
def test_fewer_scales_leave_out_the_coarsest(num_scales: int) -> None:
    sizes = pyramid_sizes((188, 250))
    assert pyramid_sizes((188, 250), num_scales=num_scales) == sizes[-num_scales:]


@pytest.mark.parametrize(
    ("size", "max_size", "expected"),
    [
        ((3000, 4000), None, (3000, 4000)),
        ((1, 4000), 250, (1, 250)),
        ((100, 255), 250, (100, 255)),
        ((100, 256), 250, (98, 250)),
    ],
)
def test_fit_size_shrinks_the_long_side_to_max_size_unless_it_is_nearly_so(
    size: tuple[int, int], max_size: int | None, expected: tuple[int, int]
) -> None:
    assert fit_size(size, max_size) == expected


@pytest.mark.parametrize("size", [(188, 250), (60, 200), (26, 27)])
def test_more_scales_lie_closer_up_to_the_count_in_the_error(size: tuple[int, int]) -> None:
    ends = pyramid_sizes(size)
    with pytest.raises(UserError, match=r"at most \d+ fit") as caught:
        pyramid_sizes(size, num_scales=5000)
    most = int(str(caught.value).split("at most ")[1].split()[0])
    sizes = pyramid_sizes(size, num_scales=most)
    assert len(set(sizes)) == most
    assert (sizes[0], sizes[-1]) == (ends[0], ends[-1])
    with pytest.raises(UserError):
        pyramid_sizes(size, num_scales=most + 1)


@pytest.mark.parametrize("factor", [0.99, 0.99999, 1 - 1e-12])
def test_a_factor_with_too_many_scales_is_refused_with_the_largest_allowed(factor: float) -> None:
    with pytest.raises(UserError, match=rf"scale_factor={factor}: makes \d+ scales") as caught:
        pyramid_sizes((188, 250), scale_factor=factor)
    largest = float(str(caught.value).split("must be ")[1].split()[0])
    assert len(pyramid_sizes((188, 250), scale_factor=factor, num_scales=3)) == 3
    assert 50 < len(pyramid_sizes((188, 250), scale_factor=largest)) <= MAX_SCALES


@pytest.mark.parametrize(("y", "x"), [(0, 0), (3, 3), (4, 7), (8, 10)])
def test_a_halved_mask_covers_every_pixel_it_touches(y: int, x: int) -> None:
    image, half = halved(torch.zeros(1, 3, 9, 11), holes((9, 11), (y, x, 1, 1)))
    assert (image.shape, half.shape) == ((1, 3, 5, 6), (1, 1, 5, 6))
    assert half[0, 0, y // 2, x // 2] == 1
