"""What a photo needs for training, and which of its properties generated pictures keep."""

import pytest
import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.photo import Photo, check_trainable, output_format_of


def test_a_fully_transparent_photo_is_refused(tiny_pixels: Tensor) -> None:
    with pytest.raises(UserError, match="the image: every pixel is transparent"):
        check_trainable(Photo(tiny_pixels, torch.zeros(1, 1, 40, 56)), 25)


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
