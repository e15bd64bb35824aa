"""Shrinking, interpolation, and the table of figures."""

import numpy as np
import pytest
import torch
from PIL import Image

from internal_gan.evaluation.enlargements import interpolated, judge, markdown, shrink, summarise
from internal_gan.images.files.image import to_uint8
from internal_gan.images.resize import resize
from tests.tiny import picture


@pytest.mark.parametrize("factor", [4, 3, 2.5])
def test_a_shrunk_photo_is_one_of_8_bits_and_comes_back_to_the_size(factor: float) -> None:
    small, original = shrink(picture(50, 67), factor)
    assert small.shape[-2:] == (int(50 / factor), int(67 / factor))
    back = tuple(round(side * factor) for side in small.shape[-2:])
    assert original.shape[-2:] == back
    assert back[0] <= 50
    assert back[1] <= 67
    levels = (small + 1) * 127.5
    assert (levels - levels.round()).abs().max() < 1e-4
    plain = resize(original, (int(50 / factor), int(67 / factor)))
    assert (small - plain.clamp(-1, 1)).abs().max() <= 1.01 / 255


def test_interpolation_is_pillows() -> None:
    small, _ = shrink(picture(), 4)
    levels = to_uint8(small)[0].permute(1, 2, 0).numpy()
    for name, kernel in (
        ("bicubic", Image.Resampling.BICUBIC),
        ("lanczos", Image.Resampling.LANCZOS),
    ):
        expected = np.asarray(Image.fromarray(levels).resize((56, 40), kernel)).astype(int)
        found = to_uint8(interpolated(small, (40, 56))[name])[0].permute(1, 2, 0).numpy()
        # Pillow rounds to whole levels between the two directions.
        assert abs(found.astype(int) - expected).max() <= 3


def test_figures_are_those_that_an_image_has() -> None:
    image = picture(200, 220)
    assert set(judge(image, image, 4)) == {"rmse", "psnr", "ssim", "niqe"}
    assert set(judge(image, None, 4)) == {"niqe"}
    assert set(judge(picture(), picture(), 4)) == {"rmse", "psnr", "ssim"}
    framed = image.clone()
    framed[..., :3, :] = 1
    assert judge(framed, image, 2.5)["ssim"] == pytest.approx(1)
    assert judge(framed, image, 2)["ssim"] < 1


def test_the_table_has_every_photo_and_the_means() -> None:
    results = [
        {
            "photo": name,
            "size": (40, 56),
            "figures": {"bicubic": {"psnr": 20.0 + k, "niqe": 7.0}, "enlarged": {"psnr": 19.0}},
        }
        for k, name in enumerate(("sea", "hill"))
    ]
    means = summarise(results)
    assert means == {"bicubic": {"psnr": 20.5, "niqe": 7.0}, "enlarged": {"psnr": 19.0}}
    table = markdown(results, 4)
    assert "| hill (40x56) | bicubic |  | 21.00 |  | 7.00 |" in table
    assert "| mean of 2 | enlarged |  | 19.00 |  |  |" in table


def test_a_photo_smaller_than_the_factor_leaves_nothing() -> None:
    assert shrink(torch.zeros(1, 3, 3, 9), 4)[0].numel() == 0
