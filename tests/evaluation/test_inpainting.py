"""Figures of a filled hole."""

import math

import pytest
import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.evaluation.inpainting import judge_hole, patch_distance
from internal_gan.images.blur import gaussian_blur


def texture(seed: int = 0) -> Tensor:
    noise = torch.rand(1, 3, 64, 80, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return gaussian_blur(noise, 1.0) * 2


HOLE = torch.zeros(1, 1, 64, 80)
HOLE[..., 16:48, 20:60] = 1


def test_what_was_there_is_perfect() -> None:
    figures = judge_hole(texture(), texture(), HOLE)
    assert figures == {"psnr": math.inf, "ssim": 1, "l1": 0, "patches": 0, "sharpness": 1}


def test_only_the_inside_counts() -> None:
    other = texture(1)
    filled = torch.where(HOLE > 0, other, texture())
    everywhere = judge_hole(texture(), other, HOLE)
    inside = judge_hole(texture(), filled, HOLE)
    for name in ("psnr", "l1", "sharpness"):
        assert inside[name] == pytest.approx(everywhere[name])
    spoilt = torch.where(HOLE > 0, texture(), torch.ones(1))
    assert judge_hole(texture(), spoilt, HOLE)["psnr"] == math.inf


def test_another_piece_of_the_texture_is_near_and_a_smooth_one_far() -> None:
    photo = texture()
    again = torch.where(HOLE > 0, texture(1), photo)
    smooth = torch.where(HOLE > 0, gaussian_blur(photo, 4.0), photo)
    near, far = (judge_hole(photo, image, HOLE) for image in (again, smooth))
    # Pixel by pixel it is the other way round.
    assert near["psnr"] < far["psnr"]
    assert near["patches"] < 0.6 * far["patches"]
    assert abs(near["sharpness"] - 1) < 0.15
    assert far["sharpness"] < 0.3


def test_the_order_of_the_pieces_is_of_no_account() -> None:
    photo = texture()
    turned = photo.clone()
    turned[..., 16:48, 20:60] = photo[..., 16:48, 20:60].roll(20, dims=3)
    assert patch_distance(photo, turned, HOLE) < 0.3 * patch_distance(photo, photo * 0, HOLE)


def test_a_hole_without_a_patch_is_refused() -> None:
    hole = torch.zeros(1, 1, 64, 80)
    hole[..., 0, 0] = 1
    with pytest.raises(UserError, match="no patch of 7 pixels is inside of the hole"):
        patch_distance(texture(), texture(), hole)
