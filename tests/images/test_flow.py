"""Optical flow between small pictures."""

import pytest
import torch
from skimage.registration import optical_flow_tvl1
from torch import Tensor

from internal_gan.images.flow import ATTACHMENT, TIGHTNESS, optical_flow, scaled_flow, warped
from internal_gan.images.resize import resize
from internal_gan.images.transforms import pixel_centres
from tests.tiny import picture

SIZE = (45, 60)


@pytest.fixture(scope="module")
def still() -> Tensor:
    return resize(picture(12, 16, seed=1), SIZE).clamp(-1, 1)


def motion(kind: str) -> Tensor:
    """(1, 2, H, W) in pixels, largest in the middle."""
    x, y = pixel_centres(SIZE).movedim(-1, 0)
    fade = torch.exp(-2 * (x**2 + y**2))
    if kind == "shift":
        return torch.stack([1.5 * torch.ones_like(x), -2 * torch.ones_like(x)], 1)
    if kind == "turn":
        return torch.stack([5 * x * fade, -5 * y * fade], 1)
    return torch.stack([5 * y * fade, 5 * x * fade], 1)  # growth


@pytest.mark.parametrize(("kind", "most"), [("shift", 0.02), ("turn", 0.4), ("growth", 0.4)])
def test_a_smooth_motion_is_found(still: Tensor, kind: str, most: float) -> None:
    true = motion(kind)
    moved = warped(still, true, "bicubic")
    found = optical_flow(moved, still)
    inside = (..., slice(5, -5), slice(5, -5))
    assert (found - true)[inside].norm(dim=1).mean() < most * true[inside].norm(dim=1).mean()
    assert (warped(still, found) - moved)[inside].abs().mean() < 0.04


def test_it_agrees_with_another_implementation(still: Tensor) -> None:
    moved = warped(still, motion("turn"), "bicubic")
    grays = [((x.mean(dim=1)[0] + 1) / 2).numpy() for x in (moved, still)]
    how = {"attachment": ATTACHMENT, "tightness": TIGHTNESS}
    other = torch.from_numpy(optical_flow_tvl1(*grays, **how))  # type: ignore[no-untyped-call]
    off = (optical_flow(moved, still)[0] - other).norm(dim=0)
    assert off.mean() < 0.1 * other.norm(dim=0).mean()


def test_pictures_are_compared_one_by_one(still: Tensor) -> None:
    moved = torch.cat([still, warped(still, motion("growth")), warped(still, motion("shift"))])
    moved, still = moved[..., :24, :32], still[..., :24, :32]
    together = optical_flow(moved, still)
    assert together[0].abs().max() < 1e-5
    for number in range(3):
        alone = optical_flow(moved[number, None], still)
        assert torch.allclose(alone, together[number, None], atol=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (19, 20)])
def test_any_size(size: tuple[int, int]) -> None:
    still, moved = picture(*size), picture(*size, seed=1)
    assert optical_flow(moved, still).isfinite().all()
    assert optical_flow(still, still).abs().max() < 1e-5


def test_a_flow_in_a_larger_picture_is_as_much_longer() -> None:
    larger = scaled_flow(torch.ones(1, 2, 10, 20), (30, 40))
    assert torch.allclose(larger, torch.tensor([3.0, 2.0]).view(1, 2, 1, 1).expand(1, 2, 30, 40))
