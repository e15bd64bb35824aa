"""Figures for a filled hole."""

import math

import pytest
import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.evaluation.filled_holes import judge_hole, patch_distance
from internal_gan.images.blur import gaussian_blur


def texture(seed: int = 0) -> Tensor:
    noise = torch.rand(1, 3, 64, 80, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return gaussian_blur(noise, 1.0) * 2


HOLE = torch.zeros(1, 1, 64, 80)
HOLE[..., 16:48, 20:60] = 1


def test_the_original_has_perfect_figures() -> None:
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


def test_new_texture_scores_well_and_blur_badly() -> None:
    photo = texture()
    again = torch.where(HOLE > 0, texture(1), photo)
    smooth = torch.where(HOLE > 0, gaussian_blur(photo, 4.0), photo)
    near, far = (judge_hole(photo, image, HOLE) for image in (again, smooth))
    # A comparison pixel by pixel would say the opposite.
    assert near["psnr"] < far["psnr"]
    assert near["patches"] < 0.6 * far["patches"]
    assert abs(near["sharpness"] - 1) < 0.15
    assert far["sharpness"] < 0.3


def test_the_patch_distance_ignores_where_patches_are() -> None:
    photo = texture()
    turned = photo.clone()
    turned[..., 16:48, 20:60] = photo[..., 16:48, 20:60].roll(20, dims=3)
    assert patch_distance(photo, turned, HOLE) < 0.3 * patch_distance(photo, photo * 0, HOLE)


def test_a_hole_without_a_patch_is_refused() -> None:
    hole = torch.zeros(1, 1, 64, 80)
    hole[..., 0, 0] = 1
    with pytest.raises(UserError, match="no patch of 7 pixels is centred inside it"):
        patch_distance(texture(), texture(), hole)
