"""The resampler agrees with Pillow and with closed forms, on every device; Gaussian blur."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from internal_gan.images.resize import gaussian_blur, nearest_pixels, resize, resize_part
from tests.tiny import noise, picture


def by_pillow(x: Tensor, size: tuple[int, int]) -> Tensor:
    planes = [Image.fromarray(plane.numpy()) for plane in x[0]]
    resized = [plane.resize(size[::-1], Image.Resampling.BICUBIC) for plane in planes]
    return torch.from_numpy(np.stack([np.array(plane) for plane in resized])).unsqueeze(0)


@pytest.mark.parametrize("size", [(25, 33), (187, 249), (188, 40), (376, 500)])
def test_equals_pillows_bicubic_on_floats(size: tuple[int, int], device: torch.device) -> None:
    x = noise(188, 250)
    found = resize(x.to(device), size).cpu()
    torch.testing.assert_close(found, by_pillow(x, size), rtol=0, atol=1e-4)


@pytest.mark.parametrize("width", [40, 100, 260, 600])
def test_a_linear_ramp_stays_linear_away_from_the_border(width: int, device: torch.device) -> None:
    centres = torch.arange(200, device=device) + 0.5
    made = resize((centres / 200).expand(1, 1, 60, 200), (60, width))
    expected = (torch.arange(width, device=device) + 0.5) / width
    # The kernel reaches two pixels to either side, input pixels or, if larger, output pixels.
    margin = int(2 * max(1.0, width / 200)) + 1
    inside = slice(margin, width - margin)
    torch.testing.assert_close(made[0, 0, 30, inside], expected[inside].float(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [(90, 41), (20, 30), (9, 70)])
def test_a_part_is_as_in_the_whole(size: tuple[int, int]) -> None:
    rows, columns = slice(2, 8), slice(size[1] - 20, size[1])
    whole = resize(noise(20, 30), size)[..., rows, columns]
    torch.testing.assert_close(resize_part(noise(20, 30), rows, columns, size), whole)


def test_the_nearest_pixels_are_found() -> None:
    x = torch.arange(12).view(3, 4)
    larger = x.repeat_interleave(2, 0).repeat_interleave(2, 1)
    assert torch.equal(x[nearest_pixels((3, 4), (6, 8))], larger)
    assert x[nearest_pixels((3, 4), (1, 2))].tolist() == [[5, 7]]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions_are_kept_and_agree(dtype: torch.dtype, device: torch.device) -> None:
    x = noise(20, 30).to(device, dtype)
    resized = resize(x, (9, 44))
    assert resized.dtype == dtype
    torch.testing.assert_close(resized.float(), resize(x.float(), (9, 44)), rtol=0, atol=8e-3)


@pytest.mark.parametrize(("height", "width"), [(1400, 60), (1000, 1400), (40, 30_000)])
def test_reductions_run_in_steps(height: int, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No step may shrink by more than 47, which is an error on a GPU."""
    interpolate = F.interpolate
    factors: list[float] = []

    def watched(x: Tensor, size: tuple[int, int], **settings: Any) -> Tensor:
        factors.extend(old / new for old, new in zip(x.shape[-2:], size, strict=True))
        return interpolate(x, size=size, **settings)

    monkeypatch.setattr(F, "interpolate", watched)
    x = F.avg_pool2d(noise(height, width), 3, 1, 1)
    small = resize(x, (21, 29))
    assert max(factors) < 47
    assert small.shape == (1, 3, 21, 29)
    whole = interpolate(x, size=(21, 29), mode="bicubic", antialias=True, align_corners=False)
    assert (small - whole).abs().max() < 1 / 255


def test_a_blur_keeps_flat_images_and_does_not_mix_channels() -> None:
    flat = torch.tensor([0.3, -0.7, 1.0]).view(1, 3, 1, 1).expand(2, 3, 9, 11)
    assert torch.allclose(gaussian_blur(flat, 3), flat, atol=1e-6)
    image = picture()
    assert torch.allclose(gaussian_blur(image, 2)[:, 1:2], gaussian_blur(image[:, 1:2], 2))
