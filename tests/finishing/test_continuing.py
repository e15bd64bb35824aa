"""Skies and walls that go on beside a photo, and how easily its borders do."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from internal_gan.finishing.continuing import continues
from internal_gan.finishing.filling import extend
from internal_gan.finishing.finisher import Finished
from internal_gan.finishing.origin import EXACT, OTHER
from internal_gan.finishing.sizes import small_copy
from internal_gan.images.files.memory import to_photo
from internal_gan.images.photo import Margins, Photo
from internal_gan.patches.origins import taken
from tests.patches.pictures import noise, picture

GRAIN = 2.0  # standard deviation of the sky's noise, in levels of 255


def sky(rows: int = 40, size: tuple[int, int] = (120, 160)) -> NDArray[np.uint8]:
    """Gravel below a sky that gets darker upwards."""
    made = picture("gravel", size).astype(float)
    shades = np.linspace([110, 140, 190], [150, 180, 220], rows)[:, None]
    made[:rows] = shades + np.random.default_rng(0).normal(0, GRAIN, (rows, size[1], 3))
    return made.round().clip(0, 255).astype(np.uint8)


def extended(photo: Photo, margins: Margins, **how: Any) -> Finished:
    return extend(photo, margins, torch.zeros(1, 1, *photo.size), **how)


def levels(made: Finished) -> NDArray[np.float32]:
    found: NDArray[np.float32] = ((made.pixels[0].permute(1, 2, 0) + 1) * 127.5).round().numpy()
    return found


def test_a_sky_goes_on_without_stripes_and_keeps_its_grain() -> None:
    photo = to_photo(sky())
    made = extended(photo, Margins(100, 0, 0, 0))
    pixels, origin = levels(made), made.origin
    assert torch.equal(made.pixels[..., 100:, :], photo.pixels)
    rows = pixels[:100].mean(axis=1)
    assert np.abs(np.diff(rows, axis=0)).max() < 2
    assert np.abs(rows[-1] - pixels[100:103].mean(axis=(0, 1))).max() < 3
    # It gets darker, by less than the sky itself does.
    assert (rows[:10].mean(axis=0) < rows[-10:].mean(axis=0) - 3).all()
    assert (rows.min(axis=0) > np.array([110, 140, 190]) - np.array([40, 40, 30])).all()
    grain = pixels[:100] - rows[:, None]
    assert 0.8 * GRAIN < grain.std() < 1.3 * GRAIN
    assert origin is not None
    assert not (origin.kinds == OTHER).any()
    assert origin.places[:100, :, 0].max() < 40
    copied = (origin.kinds == EXACT)[..., None]
    assert ((pixels == taken(sky(), origin.places)) | ~copied).all()


@pytest.mark.parametrize("side", range(4))
def test_it_does_so_at_each_side(side: int) -> None:
    photo = to_photo(np.rot90(sky(), -side).copy())
    margins = Margins(0, 0, 0, 0)._replace(**{("top", "right", "bottom", "left")[side]: 60})
    made = np.rot90(levels(extended(photo, margins)), side)
    assert np.abs(np.diff(made[:62].mean(axis=1), axis=0)).max() < 2


def test_what_reaches_into_the_sky_ends_above_it() -> None:
    pixels = sky()
    pixels[:60, 70:76] = 20
    made = levels(extended(to_photo(pixels), Margins(80, 0, 0, 0)))[:80]
    dark: NDArray[np.bool_] = made.max(axis=2) < 60
    assert not dark[:50].any()
    assert not dark[:, :55].any()
    assert not dark[:, 91:].any()


def test_a_sky_of_sixteen_bits_with_alpha_stays_exact() -> None:
    photo = to_photo(sky())
    pixels = (photo.pixels + torch.linspace(0, 1e-3, 160)).clamp(-1, 1)
    deep = Photo(pixels, torch.ones(1, 1, 120, 160), mode="RGBA", bit_depth=16)
    made = extended(deep, Margins(50, 0, 0, 0))
    assert torch.equal(made.pixels[..., 50:, :], deep.pixels)
    assert made.alpha is not None
    assert bool((made.alpha == 1).all())
    assert len(np.unique(made.pixels[..., :50, :])) > 2000


def test_its_preview_shows_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A smaller photo has the same sky above it."""
    monkeypatch.setattr("internal_gan.finishing.sizes.SMALL_SIDE", 160)
    large = to_photo(sky(80, (240, 320)))
    small = small_copy(large)
    whole = extended(large, Margins(120, 0, 0, 0)).origin
    preview = extended(small, Margins(60, 0, 0, 0)).origin
    assert whole is not None
    assert preview is not None
    there = whole.places[:120:2, ::2] // 2
    near = np.abs(there - preview.places[:60]).max(axis=2) <= 1
    assert near.mean() > 0.8


def test_nothing_is_taken_from_a_sky_that_is_excluded() -> None:
    photo, excluded = to_photo(sky()), torch.zeros(1, 1, 120, 160)
    excluded[..., :90] = 1
    made = extend(photo, Margins(30, 0, 0, 0), excluded)
    assert made.origin is not None
    assert made.origin.places[:30][..., 1].min() >= 90


def test_a_line_along_the_border_stays_and_is_not_continued() -> None:
    pixels = picture("gravel", (90, 90))
    pixels[0] = pixels[-1] = 0
    photo = to_photo(pixels)
    made = extended(photo, Margins(40, 0, 40, 0))
    assert torch.equal(made.pixels[..., 40:130, :], photo.pixels)
    new = levels(made)[np.r_[:38, 132:170]]
    assert abs(new.mean() - pixels[1:-1].mean()) < 15
    assert made.origin is not None
    assert (made.origin.kinds[40:130] == EXACT).all()
    assert (taken(pixels, made.origin.places)[40:130] == pixels).all()


def test_a_sky_continues_more_easily_than_what_is_there_once() -> None:
    pixels = sky()
    pixels[:, -30:] = picture("mountains", (120, 30))[::-1]
    above, right, below, left = continues(to_photo(sky()))
    assert above < 0.03 < below < 0.1
    assert continues(to_photo(pixels))[1] > right
    assert left < 0.1


def test_what_is_there_four_times_continues_and_three_times_does_not() -> None:
    pixels = noise((64, 64))
    for row in (16, 32, 48):
        pixels[row : row + 7] = pixels[:7]
    assert continues(to_photo(pixels))[0] < 0.001
    pixels[48:] = noise((16, 64), seed=1)
    assert continues(to_photo(pixels))[0] > 0.1


@pytest.mark.parametrize("size", [(3, 4), (9, 9), (8, 300)])
def test_a_tiny_photo_continues_somehow(size: tuple[int, int]) -> None:
    assert all(0 <= hard <= 1 for hard in continues(to_photo(picture("gravel", size))))
    assert extended(to_photo(picture("gravel", size)), Margins(2, 1, 0, 1)).pixels.isfinite().all()
