"""Geometric transformations: exact inverses, correct positions, and pixels outside the image."""

import kornia
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images import transforms
from internal_gan.images.resize import resize
from internal_gan.images.transforms import Homography, Resize, Then, Transform, pixel_centres
from tests.tiny import rng

AFFINE = Homography.of([[0.8, 0.3, 0.1], [-0.2, 0.9, -0.05], [0, 0, 1]])
CORNERS = Homography.to_corners([(-0.7, -0.9), (0.9, -0.6), (0.8, 0.9), (-1.0, 1.0)])
SIZE = (31, 44)
FRAME = torch.tensor([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
TRAPEZOID = torch.tensor([[-0.5, -1.0], [0.5, -1.0], [1.0, 1.0], [-1.0, 1.0]])


def test_positions_are_exact_in_half_precision() -> None:
    ramp = torch.linspace(-1, 1, 256).expand(1, 1, 256, 256)
    exact = CORNERS(ramp, (256, 256))
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(CORNERS(ramp, (256, 256)), exact)
        half = CORNERS(ramp.bfloat16(), (256, 256))
    assert half.dtype == torch.bfloat16
    # Only the values are rounded, by at most half of 2^-8 relative.
    assert float((half - exact).abs().max()) < 0.005


def smooth() -> Tensor:
    return resize(torch.rand(1, 5, 4, 5, generator=rng()), SIZE)


@pytest.mark.parametrize("transform", [Resize(), AFFINE, CORNERS])
def test_the_inverse_undoes_in_closed_form(transform: Transform) -> None:
    points = pixel_centres((9, 13)).double()
    inverse = transform.inverse()
    for there, back in (transform, inverse), (inverse, transform), (inverse, inverse.inverse()):
        torch.testing.assert_close(back.source(there.source(points)), points)


@pytest.mark.parametrize("size", [(15, 20), (31, 88), (64, 51)])
def test_resizing_is_the_lookup_on_the_plain_grid(size: tuple[int, int]) -> None:
    image = smooth()
    expected = F.grid_sample(image, pixel_centres(size), padding_mode="border", align_corners=False)
    torch.testing.assert_close(Resize()(image, size), expected, rtol=1e-4, atol=1e-5)
    assert Resize()(image, SIZE) is image


def to_pixels(size: tuple[int, int]) -> Tensor:
    """Normalised coordinates as pixel indices, with pixel centres at whole numbers."""
    y, x = size[0] / 2, size[1] / 2
    return torch.tensor([[x, 0, x - 0.5], [0, y, y - 0.5], [0, 0, 1]])


@pytest.mark.parametrize("transform", [AFFINE, CORNERS])
def test_a_homography_agrees_with_kornia(transform: Homography) -> None:
    size = (50, 37)
    matrix = torch.linalg.inv(transform.matrices[0]).float()
    pixels = to_pixels(size) @ matrix @ torch.linalg.inv(to_pixels(SIZE))
    image = smooth()
    expected = kornia.geometry.warp_perspective(image, pixels[None], size, align_corners=True)
    # Outside the image, kornia returns zeros.
    inside = (transform.source(pixel_centres(size)).abs() < 0.95).all(dim=-1)
    found = transform(image, size)
    torch.testing.assert_close(found * inside, expected * inside, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("top", "share"), [(0.5, 0.75), (1.0, 1.0)])
def test_the_coverage_of_a_trapezoid_is_its_area(
    top: float, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    trapezoid = Homography.to_corners([(-top, -1), (top, -1), (1, 1), (-1, 1)])
    whole = trapezoid.coverage((40, 60))
    assert float(whole.mean()) == pytest.approx(share, abs=0.01)
    monkeypatch.setattr(transforms, "POINTS_AT_ONCE", 3 * 60)
    assert torch.equal(trapezoid.coverage((40, 60)), whole)


def test_points_behind_the_horizon_are_outside() -> None:
    steep = Homography.of([[1, 0, 0], [0, 1, 0], [0, 0.9, 1]])
    for transform in (steep, steep.inverse()):
        source = transform.source(pixel_centres((400, 4)) * 3)
        assert torch.isfinite(source).all()
        assert (source.abs().amax(dim=-1) > 1).any()
        assert torch.isfinite(transform(smooth(), (50, 50))).all()


def test_random_homographies_keep_the_whole_image_and_follow_the_seed() -> None:
    draws = rng(3)
    first = transforms.random_homography(0.4, draws)
    for _ in range(20):
        assert transforms.random_homography(0.4, draws).inverse().coverage((20, 20)).min() == 1
    again = transforms.random_homography(0.4, rng(3))
    assert torch.equal(again.source(pixel_centres(SIZE)), first.source(pixel_centres(SIZE)))
    assert isinstance(transforms.random_homography(0.0, draws), Resize)


def test_a_part_of_a_homographys_way() -> None:
    whole = Homography.to_corners(TRAPEZOID.tolist())
    for down, corners in ((0.0, FRAME), (0.5, (FRAME + TRAPEZOID) / 2), (1.0, TRAPEZOID)):
        part = whole.part(float(down > 0), down)
        assert torch.allclose(part.inverse().source(FRAME), corners, atol=1e-5)
    over = Homography.to_corners([[1, -1], [-1, -1], [-1, 1], [1, 1]])
    with pytest.raises(ValueError, match="not invertible"):
        over.part(0.5, 0.5)


def test_one_transform_then_another() -> None:
    first = Homography.to_corners(TRAPEZOID.tolist())
    second = Homography.of([[0.5, 0, 0.2], [0, 1, 0], [0, 0, 1]])
    both, points = Then(first, second), pixel_centres((5, 7))
    assert torch.equal(both.source(points), first.source(second.source(points)))
    assert torch.allclose(both.inverse().source(both.source(points)), points, atol=1e-4)
    with pytest.raises(ValueError, match="no part"):
        both.part(0.5, 0.5)
