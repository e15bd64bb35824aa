import numpy as np
import pytest
import torch
from scipy import ndimage

from internal_gan.images.resize import size_of
from internal_gan.patches.importance import MAP_SIDE, _unique, importance
from internal_gan.patches.kernels import barriers
from tests.patches.pictures import picture


def scene(top: int, left: int, size: tuple[int, int] = (120, 160)) -> torch.Tensor:
    """A red square of 30 pixels a side on grainy grass."""
    image = 0.1 * torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0))
    image += torch.tensor([-0.4, 0.2, -0.5])[:, None, None]
    image[..., top : top + 30, left : left + 30] = torch.tensor([0.8, -0.8, -0.8])[:, None, None]
    return image.clamp(-1, 1)


@pytest.mark.parametrize(("top", "left"), [(45, 65), (20, 20), (70, 110)])
def test_a_thing_that_stands_out_is_more_important_than_all_around_it(top: int, left: int) -> None:
    found = importance(scene(top, left))[0, 0]
    inside = found[top : top + 30, left : left + 30]
    outside = found.clone()
    outside[max(0, top - 12) : top + 42, max(0, left - 12) : left + 42] = 0
    assert inside.median() > 2 * outside.max()


def test_what_exists_once_is_more_important_than_what_repeats() -> None:
    # The same square four times along the middle row, the second of them in another pattern.
    image = torch.zeros(1, 3, 40, 160)
    stripes = torch.arange(20) % 4 < 2
    for left in (10, 50, 90, 130):
        image[..., 10:30, left : left + 20] = torch.where(stripes, 0.8, -0.8)
    image[..., 10:30, 50:70] = torch.where(stripes, 0.8, -0.8)[:, None]
    found = _unique((50 * image)[..., ::2, ::2])[0, 0]
    assert found[10, 30] > 2 * max(float(found[10, column]) for column in (10, 50, 70))


def test_importance_near_the_centre_counts_more() -> None:
    image = scene(45, 65)
    image[..., 45:75, 5:35] = image[..., 45:75, 65:95]
    found = importance(image)[0, 0]
    assert found[45:75, 65:95].mean() > 1.1 * found[45:75, 5:35].mean()


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (30, 20), (900, 90)])
def test_any_size_and_a_flat_colour_are_fine(size: tuple[int, int]) -> None:
    for image in (torch.full((1, 3, *size), 0.3), torch.rand(1, 3, *size)):
        found = importance(image)
        assert ((found >= 0) & (found <= 1)).all()
        assert max(size_of(found)) <= 1.1 * MAP_SIDE
    assert importance(torch.full((1, 3, *size), 0.3)).max() < 0.01


def exact_barriers(plane: np.ndarray) -> np.ndarray:
    """The smallest range of values of a path to the border, by trying all ranges."""
    found = np.full(plane.shape, np.inf)
    rim = np.ones(plane.shape, bool)
    rim[1:-1, 1:-1] = False
    values = np.unique(plane)
    for low in values:
        for high in values[values >= low]:
            labels, _ = ndimage.label((plane >= low) & (plane <= high))
            reached = np.isin(labels, np.setdiff1d(labels[rim], 0))
            found[reached] = np.minimum(found[reached], high - low)
    return found


def test_barriers_are_those_of_all_paths() -> None:
    photo = picture("scenes/dunes", (24, 32))[..., 0] // 8
    exact = exact_barriers(photo)
    scanned = barriers(photo.astype(np.float64), 12)
    assert (scanned >= exact).all()
    assert (scanned - exact).mean() < 0.25 * exact.mean()
    # A ring of 9 around 2: the way out leads over the 9.
    walled = np.zeros((9, 9))
    walled[2:7, 2:7], walled[3:6, 3:6] = 9, 2
    assert barriers(walled, 3)[4, 4] == 9
    assert not barriers(walled, 3)[1].any()
