"""What a photo needs for training, and which of its properties generated pictures keep."""

import numpy as np
import pytest
import torch

from internal_gan.images.files.memory import to_photo
from internal_gan.images.photo import Drawn, Photo, output_format_of
from internal_gan.images.resize import resize
from tests.tiny import SRGB, picture


def test_properties_that_generated_pictures_lose_are_listed() -> None:
    photo = Photo(picture(), torch.full((1, 1, 40, 56), 0.5), mode="LA", bit_depth=16, exif=b"Exif")
    like, lost = output_format_of(photo)
    assert (like.is_gray, like.alpha, like.bit_depth, like.exif) == (True, None, 8, None)
    assert lost == ["transparency", "16 bits per channel (they become 8)"]


def test_drawings_leave_out_a_profile_of_other_pixels() -> None:
    opaque = torch.ones(1, 1, 40, 56)
    like, lost = output_format_of(Photo(picture(), opaque, mode="RGBA", icc_profile=SRGB))
    assert (like.icc_profile, lost) == (SRGB, [])
    like, lost = output_format_of(Photo(picture(), mode="L", icc_profile=SRGB))
    assert like.icc_profile is None
    assert lost == ["a colour profile that does not fit the photo's pixels"]


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_copy_has_memory_of_its_own(kind: type, channels: int) -> None:
    photo = to_photo(np.full((9, 7, channels), 255 if kind is np.uint8 else 1, kind))
    before, copy = photo.colours.clone(), photo.copied()
    assert copy.equal(photo.pixels)
    copy[:, 1, 2:4] = -0.5
    assert [float(channel.min()) == -0.5 for channel in copy[0]] == [False, True, False]
    assert photo.colours.equal(before)


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_drawn_takes_the_photos_kind(kind: type, channels: int) -> None:
    dots = np.random.default_rng(0).integers(0, 2, (9, 7, channels))
    photo = to_photo((dots * (255 if kind is np.uint8 else 1)).astype(kind))
    before, part = photo.pixels.clone(), torch.zeros(1, 1, 9, 7)
    part[..., 4:, :] = 0.1
    drawn = Drawn((slice(3, 6), slice(2, 7)), torch.full((1, 3, 3, 5), 0.1))
    whole, inside = photo.with_drawn([drawn]), photo.with_drawn([drawn], part)
    for made, rows in ((whole, slice(3, 6)), (inside, slice(4, 6))):
        assert made.colours.dtype == photo.colours.dtype
        wanted = before.clone()
        wanted[..., rows, 2:7] = 140 / 127.5 - 1 if kind is np.uint8 else 0.1
        torch.testing.assert_close(made.pixels, wanted)
    assert photo.pixels.equal(before)
    with pytest.raises(ValueError, match="expected finite pixels"):
        photo.with_drawn([drawn._replace(pixels=drawn.pixels * torch.nan)])
    for size in ((4, 5), (9, 7)):
        assert photo.resized(size).equal(resize(before, size).clamp(-1, 1))


def test_a_long_map_is_shrunk_to_the_pixels_in_the_middle() -> None:
    """In float32, some would be their neighbours."""
    sides = 16_001, 1024
    stripes = torch.arange(sides[0]) % 2 * 2.0 - 1
    photo = Photo(stripes.expand(1, 3, 8, -1).contiguous(), palette=np.zeros((2, 4), np.uint8))
    middles = [(2 * column + 1) * sides[0] // (2 * sides[1]) for column in range(sides[1])]
    assert photo.shrunk_to((8, sides[1])).pixels.equal(photo.pixels[..., middles])
