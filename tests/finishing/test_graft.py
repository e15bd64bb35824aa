"""Defects on other photos: bit for bit the same outside, the mask exact, the light of the place."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from internal_gan.finishing.graft import RIM, RING, cut_out, graft, laid, moved, place
from internal_gan.finishing.origin import EXACT, OTHER
from internal_gan.images.levels import levels_of
from internal_gan.images.masks import dilate
from internal_gan.images.photo import Photo
from internal_gan.shapes import Mask

SPOT = (slice(30, 38), slice(34, 46))


def texture(seed: int, light: float, size: tuple[int, int] = (80, 96)) -> torch.Tensor:
    """Gray noise around a level."""
    rng = torch.Generator().manual_seed(seed)
    return (light + 0.05 * torch.randn(1, 1, *size, generator=rng)).repeat(1, 3, 1, 1).clamp(-1, 1)


def spotted(light: float, spot: float) -> tuple[Photo, Mask]:
    """A photo with a spot, and the spot's mask."""
    pixels, mask = texture(1, light), torch.zeros(1, 1, 80, 96)
    pixels[..., *SPOT], mask[..., *SPOT] = spot, 1.0
    return Photo(pixels), mask


@pytest.mark.parametrize("depth", [8, 16])
def test_outside_the_ring_nothing_changes_and_the_defect_is_of_no_photo(depth: int) -> None:
    white = 2**depth - 1
    pixels = (texture(0, 0.3) + 1).mul(white / 2).round() * (2 / white) - 1
    photo, cut = Photo(pixels, bit_depth=depth), cut_out(*spotted(-0.2, -0.7), 1.0)
    inside = laid(cut, 20, 30, photo.size)[:, 3:]
    made = graft(photo, cut, 20, 30)
    kept = (dilate(inside, RIM + RING) == 0).expand_as(pixels)
    assert torch.equal(made.pixels[kept], pixels[kept])
    assert made.origin is not None
    assert np.array_equal(made.origin.kinds == OTHER, dilate(inside, RIM)[0, 0].numpy() > 0)
    exact, places = made.origin.kinds == EXACT, made.origin.places
    assert exact.mean() > 0.5
    own, now = (levels_of(image, white) for image in (pixels, made.pixels))
    assert np.array_equal(now[exact], own[places[..., 0], places[..., 1]][exact])


def test_a_defect_keeps_its_contrast_in_another_light() -> None:
    cut = cut_out(*spotted(-0.3, -0.7), 1.0)
    made = graft(Photo(texture(0, 0.4)), cut, 20, 30).pixels
    inside = laid(cut, 20, 30, (80, 96))[:, 3:]
    # Its middle, where hidden seams change little: as much darker than the photo as it was.
    middle = 1 - dilate(1 - inside, 2)
    assert float((made * middle).sum() / middle.sum() / 3) == pytest.approx(0.0, abs=0.06)


def test_a_move_without_turn_and_scale_copies_and_others_keep_the_masks_area() -> None:
    photo, mask = spotted(0.0, 0.5)
    cut = cut_out(photo, mask, 0.5)
    assert torch.equal(moved(cut, 1.0, 0.0), cut)
    assert float(cut[:, 3].sum()) == 96
    for scale, turn in ((1.0, 37.0), (0.5, -120.0), (2.0, 180.0)):
        assert float(moved(cut, scale, turn)[:, 3].sum()) == pytest.approx(96 * scale**2, abs=2)
    # Half a turn is exact, since no pixel lies between others.
    assert torch.allclose(moved(cut, 1.0, 180.0), cut.flip(2, 3), atol=1e-5)


def test_beyond_the_photos_border_the_mask_is_empty() -> None:
    photo, mask = spotted(0.0, 0.5)
    mask[..., :5, :5] = 1.0
    assert float(cut_out(photo, mask, 1.0)[:, 3].sum()) == 96 + 25


def test_the_only_place_is_found_and_none_where_there_is_none() -> None:
    cut = cut_out(*spotted(0.0, 0.5), 1.0)
    allowed = np.zeros((80, 96), np.bool_)
    allowed[10:18, 7:19] = True
    rng = np.random.default_rng(0)
    found = place(cut, allowed, rng)
    assert found is not None
    assert np.array_equal(laid(cut, *found, (80, 96))[0, 3].numpy() > 0, allowed)
    allowed[17, 18] = False
    assert place(cut, allowed, rng) is None
    assert place(F.pad(cut, (0, 0, 0, 0)), np.ones((7, 96), np.bool_), rng) is None
    # Nothing of the photo would be left.
    assert place(cut, np.ones((10, 14), np.bool_), rng) is None
