"""What a photo needs for training, and which of its properties generated pictures keep."""

import pytest
import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.photo import Photo, check_trainable, output_format_of


def refusal(photo: Photo, min_side: int = 25, max_size: int | None = None) -> str:
    with pytest.raises(UserError) as caught:
        check_trainable(photo, min_side, max_size)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_long_photo_shrunk_too_far_is_refused_with_a_sufficient_max_size() -> None:
    photo = Photo(torch.rand(1, 3, 60, 1000))
    line = refusal(photo, max_size=250)
    assert "max_size must be at least 417, or null" in line
    check_trainable(photo, 25, 417)
    check_trainable(photo, 25, None)


def test_a_fully_transparent_photo_is_refused(tiny_pixels: Tensor) -> None:
    assert "every pixel is transparent" in refusal(Photo(tiny_pixels, torch.zeros(1, 1, 40, 56)))


def test_properties_that_generated_pictures_lose_are_listed(tiny_pixels: Tensor) -> None:
    photo = Photo(
        tiny_pixels, torch.full((1, 1, 40, 56), 0.5), mode="LA", bit_depth=16, exif=b"Exif"
    )
    like, lost = output_format_of(photo)
    assert (like.is_gray, like.alpha, like.bit_depth, like.exif) == (True, None, 8, None)
    assert lost == ["transparency", "16 bits per channel (they become 8)"]


def test_drawn_pictures_leave_out_a_profile_of_other_pixels(
    tiny_pixels: Tensor, profile: bytes
) -> None:
    opaque = torch.ones(1, 1, 40, 56)
    like, lost = output_format_of(Photo(tiny_pixels, opaque, mode="RGBA", icc_profile=profile))
    assert (like.icc_profile, lost) == (profile, [])
    like, lost = output_format_of(Photo(tiny_pixels, mode="L", icc_profile=profile))
    assert like.icc_profile is None
    assert lost == ["a colour profile that does not fit the photo's pixels"]
