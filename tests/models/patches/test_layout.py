"""New layouts of a photo's patches without a network."""

import pytest
import torch
from torch import Tensor

from internal_gan.images.resize import resize
from internal_gan.models.patches.layout import height_share, layout, layouts
from internal_gan.patches.statistics import sliced_wasserstein
from internal_gan.units import Size
from tests.tiny import picture, rng


@pytest.fixture(scope="module")
def photo() -> Tensor:
    return picture(40, 60)


@pytest.mark.parametrize("size", [(40, 120), (20, 30), (61, 17), (8, 60)])
def test_any_size_has_the_photos_patches(photo: Tensor, size: Size) -> None:
    made = layout(photo, size, rng())
    assert made.shape == (1, 3, *size)
    assert made.abs().max() <= 1
    stretched = resize(photo, size).clamp(-1, 1)
    if min(size) >= 14:
        assert sliced_wasserstein(photo, made) < sliced_wasserstein(photo, stretched)


@pytest.mark.parametrize("size", [(5, 9), (3, 40), (1, 12)])
def test_a_photo_smaller_than_a_patch(size: Size) -> None:
    made = layout(picture(*size), size, rng())
    assert made.shape == (1, 3, *size)
    assert made.isfinite().all()


def test_what_is_kept_stays_and_the_rest_is_as_new_as_without(photo: Tensor) -> None:
    kept = torch.zeros(1, 1, 40, 60)
    kept[..., 14:26, 22:38] = 1
    made = [layout(photo, (40, 60), rng(1), kept=mask) for mask in (kept, None)]
    inside = kept[0, 0] > 0
    assert torch.equal(made[0][..., inside], photo[..., inside])
    far = [(one - photo)[..., ~inside].abs().mean() for one in made]
    assert far[0] > 0.7 * far[1]


@pytest.mark.parametrize(
    ("image", "share"),
    [
        (torch.linspace(-1, 1, 20)[:, None].expand(1, 3, 20, 30), 1.0),
        (torch.linspace(-1, 1, 30).expand(1, 3, 20, 30), 0.0),
        (torch.zeros(1, 3, 20, 30), 0.0),
    ],
)
def test_the_share_of_height(image: Tensor, share: float) -> None:
    assert height_share(image) == pytest.approx(share, abs=1e-4)


def test_a_pyramids_layouts_are_fewer_where_they_take_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("internal_gan.models.patches.layout.AT_ONCE", 3)
    image = picture()
    sizes = [(12, 16), (24, 32), (64, 65)]
    small_ones, finer, too_large = layouts(image, sizes, 64, rng())
    assert small_ones.shape == (64, 3, 12, 16)
    assert finer.shape == (8, 3, 24, 32)
    assert too_large.shape == (0, 3, 64, 65)  # there would be one
    # Each is a coarser one with more detail, and no two are the same.
    shrunk = resize(finer, (12, 16))
    far = torch.cdist(shrunk.flatten(1), small_ones.flatten(1))
    assert far.argmin(dim=1).tolist() == [*range(8)]
    assert float(far[0, 0]) < float(far[0, 1:].min()) / 2
