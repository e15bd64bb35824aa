"""PSNR and SSIM against closed forms and the published formula; the figures of filled holes."""

import math

import pytest
import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.resize import gaussian_blur
from internal_gan.judging.fidelity import judge_hole, patch_distance, psnr, ssim
from tests.tiny import holes, noise, picture, rng


def test_a_shift_of_brightness_has_its_closed_form() -> None:
    dark, light = (torch.full((1, 3, 20, 20), level / 127.5 - 1) for level in (100, 110))
    assert psnr(dark, light) == pytest.approx(20 * math.log10(25.5))
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 110 + c1) / (100**2 + 110**2 + c1)
    assert ssim(dark, light) == pytest.approx(expected, rel=1e-6)


def test_images_are_compared_as_8_bit_files() -> None:
    image = (picture() * 127.5).round() / 127.5 + 1 / 255
    assert psnr(image, image + 0.9 / 255) == math.inf
    assert psnr(torch.ones(1, 3, 9, 9), torch.full((1, 3, 9, 9), 1.5)) == math.inf


def test_ssim_is_the_mean_of_the_published_formula_over_windows() -> None:
    real = picture()
    image = (real + 0.1 * torch.randn(real.shape, generator=rng(5))).clamp(-1, 1)

    def luma(pixels: Tensor) -> Tensor:
        levels = ((pixels + 1) * 127.5).round().clamp(0, 255).double()
        return (levels * torch.tensor([0.299, 0.587, 0.114]).double().view(1, 3, 1, 1)).sum(1)[0]

    bell = torch.exp(-0.5 * ((torch.arange(11).double() - 5) / 1.5) ** 2)
    weights = torch.outer(bell, bell) / bell.sum() ** 2
    windows = [luma(x).unfold(0, 11, 1).unfold(1, 11, 1) for x in (real, image)]
    m1, m2 = ((w * weights).sum(dim=(-2, -1)) for w in windows)
    v1, v2 = (
        (w.square() * weights).sum(dim=(-2, -1)) - m.square()
        for w, m in zip(windows, (m1, m2), strict=True)
    )
    v12 = (windows[0] * windows[1] * weights).sum(dim=(-2, -1)) - m1 * m2
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = (2 * m1 * m2 + c1) * (2 * v12 + c2) / ((m1**2 + m2**2 + c1) * (v1 + v2 + c2))
    assert ssim(real, image) == pytest.approx(float(values.mean()), rel=1e-6)


def test_an_image_without_room_for_a_window_is_refused() -> None:
    with pytest.raises(UserError, match="needs 11 pixels a side"):
        ssim(picture(10, 26), picture(10, 26))


def texture(seed: int = 0) -> Tensor:
    return gaussian_blur(noise(64, 80, seed), 1.0) * 2


HOLE = holes((64, 80), (16, 20, 32, 40))


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


def test_a_hole_without_a_patch_is_refused() -> None:
    hole = holes((64, 80), (0, 0, 1, 1))
    with pytest.raises(UserError, match="no patch of 7 pixels is centred inside it"):
        patch_distance(texture(), texture(), hole)
