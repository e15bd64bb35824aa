"""New layouts of a photo's patches without a network."""

from statistics import fmean
from unittest.mock import DEFAULT, Mock

import pytest
import torch
from torch import Tensor

from internal_gan.images.resize import resize
from internal_gan.models.patches import layout as module
from internal_gan.models.patches.layout import PRICE, TRIES, layout, layouts, nearest, price_of
from internal_gan.patches.denoiser import Denoiser, denoised
from internal_gan.patches.statistics import layout_distances
from internal_gan.units import Size
from tests.tiny import picture, rng


@pytest.fixture(scope="module")
def photo() -> Tensor:
    return picture(40, 60)


@pytest.mark.parametrize(
    ("own", "size"),
    [
        *(((40, 60), size) for size in ((40, 120), (20, 30), (61, 17), (8, 60))),
        *((size, size) for size in ((5, 9), (3, 40), (1, 12))),  # smaller than a patch
    ],
)
def test_any_size_has_the_photos_patches(own: Size, size: Size) -> None:
    photo = picture(*own)
    made = layout(photo, size, rng())
    assert made.shape == (1, 3, *size)
    assert made.abs().max() <= 1
    stretched = resize(photo, size).clamp(-1, 1)
    if min(size) >= 14:
        found, plain = (
            fmean(layout_distances(photo, image, (11, 15)).values()) for image in (made, stretched)
        )
        assert found < plain


def test_a_copy_of_the_photo_is_drawn_again(photo: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Mock(side_effect=[module.shrunk(photo), *[DEFAULT] * 2], wraps=denoised)
    monkeypatch.setattr(module, "denoised", drawn)
    made = layout(photo, (40, 60), rng())
    assert drawn.call_count == 3  # at the coarse size twice
    assert (made - photo).abs().mean() > 0.03
    first, second = (call.args[1] for call in drawn.call_args_list[:2])
    assert not torch.equal(first, second)


def test_a_new_shape_is_the_nearest_of_many(photo: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is matched to the photo's mix less, since it has no room for all of that."""
    shown = list[int]()

    def first(_: Tensor, layouts: Tensor) -> Tensor:
        shown.append(len(layouts))
        return layouts[:1]

    monkeypatch.setattr(module, "nearest", first)
    monkeypatch.setattr(module, "MANY_PIXELS", 800)
    monkeypatch.setattr(module, "denoised", lambda _, noise, *__, **___: noise)
    matched = Mock(side_effect=lambda picture, *_: picture)
    monkeypatch.setattr(module, "matched", matched)
    for size in ((40, 120), (41, 60), (80, 125)):
        layout(photo, size, rng())
    assert shown == [TRIES, 1, TRIES // 2]
    assert [call.args[2] for call in matched.call_args_list] == [30, 15, 100, 50, 30, 15]


def test_a_panorama_is_drawn_as_large_as_time_allows() -> None:
    assert module.sizes_of((120, 1600))[-1] == (18, 234)


def test_what_holds_a_drawing_says_how_large_patches_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a panorama, too."""
    used = Mock(wraps=Denoiser)
    monkeypatch.setattr(module, "Denoiser", used)
    for given in ((2, 13), (5, 33), (10, 65)):
        module.held(picture(15, 98), picture(*given), torch.zeros(1, 3, 15, 98))
    assert [call.args[1] for call in used.call_args_list] == [15, 13, 6]


def test_the_nearest_has_the_photos_things_and_mix(photo: Tensor) -> None:
    torn = photo.clone()
    torn[..., 20:, :] = photo[..., 20:, :].roll(29, 3)
    assert nearest(photo, torch.cat([torn, photo.roll(3, 3)])).equal(photo.roll(3, 3))
    flat = torch.cat([photo[..., :8].repeat(1, 1, 1, 7), photo[..., :56]])
    assert nearest(photo, flat).equal(flat[1:])


def test_the_nearest_has_the_photos_shares_of_all_things() -> None:
    """Two halves: where both are, a layout with as much of each as the photo is nearer."""

    def halves(edge: int) -> Tensor:
        return torch.where(torch.arange(60) < edge, -0.5, 0.5).expand(1, 3, 40, 60)

    grainy = halves(28) + 0.1 * picture(40, 60)  # all of the other's patches are exact
    assert nearest(halves(30), torch.cat([halves(15), grainy])).equal(grainy)


def test_the_nearest_lacks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MIX", 0.0)
    photo = picture(40, 60) / 2 + torch.where(torch.arange(60) < 30, -0.5, 0.5)
    left, middle = photo[..., :30], photo[..., 15:45]  # all of both is in the photo
    assert nearest(photo, torch.cat([left, middle])).equal(middle)


@pytest.mark.parametrize(
    ("image", "share"),
    [
        (torch.linspace(-1, 1, 20)[:, None].expand(1, 3, 20, 30), 1.0),
        (torch.linspace(-1, 1, 30).expand(1, 3, 20, 30), 0.0),
        (torch.zeros(1, 3, 20, 30), 0.0),
    ],
)
def test_the_share_of_height(image: Tensor, share: float) -> None:
    assert price_of(image) / PRICE == pytest.approx(share, abs=1e-4)


def test_a_pyramids_layouts_are_fewer_where_they_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DRAWN_AT_ONCE", 3)
    small_ones, finer, too_large = layouts(picture(), [(12, 16), (24, 32), (64, 65)], 64, rng())
    assert small_ones.shape == (64, 3, 12, 16)
    assert finer.shape == (8, 3, 24, 32)
    assert too_large.shape == (0, 3, 64, 65)  # there would be one
    # Each is a coarser one with more detail, and no two are the same.
    far = torch.cdist(resize(finer, (12, 16)).flatten(1), small_ones.flatten(1))
    assert far.argmin(dim=1).tolist() == [*range(8)]
    assert float(far[0, 0]) < float(far[0, 1:].min()) / 2
