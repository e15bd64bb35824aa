"""Protected parts keep their size, shape and pixels while the rest is stretched."""

import pytest
import torch

from internal_gan.images.protect import Stretch, protect, touched
from internal_gan.images.transforms import pixel_centres
from tests.tiny import holes, picture


@pytest.mark.parametrize("size", [(40, 112), (80, 56), (25, 30), (61, 31), (40, 56)])
def test_the_protected_pixels_are_those_of_the_image(size: tuple[int, int]) -> None:
    image, mask = picture(), holes((40, 56), (10, 30, 10, 12))
    kept = protect(mask, size)
    assert kept.weight.shape == (1, 1, *size)
    rows, columns = kept.mask[0, 0].nonzero().unbind(dim=1)
    top, left = int(rows.min()), int(columns.min())
    assert len(rows) == 10 * 12
    result = kept.put_back(torch.zeros(1, 3, *size), image)
    assert torch.equal(result[..., top : top + 10, left : left + 12], image[..., 10:20, 30:42])
    assert (result * (kept.weight == 0) == 0).all()
    assert 0 < int(((kept.weight > 0) & (kept.weight < 1)).sum()) < 300


def test_the_rest_is_stretched_evenly_around_the_protected_parts() -> None:
    # Each part blocks 4 more rows and columns on every side; 26 rows and 30 columns can stretch.
    mask = holes((40, 56), (14, 8, 6, 5), (14, 40, 6, 5))
    assert touched(mask) == (14, 26)
    kept = protect(mask, (66, 86))
    # Of these columns, 4, 19 and 7 lie left of, between and right of the parts. All are doubled.
    assert kept.mask[0, 0].any(dim=0).nonzero()[:, 0].tolist() == [*range(12, 17), *range(63, 68)]
    assert kept.mask[0, 0].any(dim=1).nonzero()[:, 0].tolist() == [*range(24, 30)]


def test_a_stretch_and_its_inverse_undo_each_other() -> None:
    knots = ((-1.0, -1.0), (-0.2, -0.6), (0.4, 0.0), (1.0, 1.0))
    stretch = Stretch(knots, knots[:1] + knots[2:])
    points = pixel_centres((13, 17))
    assert torch.allclose(stretch.inverse().source(stretch.source(points)), points, atol=1e-6)
    ends = torch.tensor([[0.0, -0.6], [1.0, 1.0]])
    assert torch.allclose(stretch.source(ends), torch.tensor([[0.4, -0.2], [1.0, 1.0]]), atol=1e-6)


def test_a_third_of_a_stretchs_way() -> None:
    rows, columns = ((-1.0, -1.0), (0.4, -0.2), (1.0, 1.0)), ((-1.0, -1.0), (1.0, 1.0))
    part = Stretch(rows, rows).part(1 / 3, 1.0)
    points = torch.tensor([[-0.2, 0.2], [1.0, -1.0]])
    assert torch.allclose(part.source(points), torch.tensor([[0.4, 0.4], [1.0, -1.0]]), atol=1e-6)
    assert Stretch(rows, columns).part(0.0, 0.0).rows[1] == (0.4, 0.4)
