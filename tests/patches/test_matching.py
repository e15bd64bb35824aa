"""Matching gives a drawing the photo's patch frequencies and keeps its layout."""

import pytest
import torch
from torch import Tensor

from internal_gan.patches.matching import RATE, matched
from internal_gan.patches.statistics import sliced_wasserstein
from tests.tiny import rng


def halves(share: float, height: int = 24, width: int = 36, seed: int = 0) -> Tensor:
    """A grainy dark part above a grainy bright one; ``share`` is the dark part's share."""
    image = 0.4 + torch.rand(1, 3, height, width, generator=rng(seed)) * 0.4
    image[:, :, : round(share * height)] -= 1.0
    return image


def test_overrepresented_patches_become_rarer() -> None:
    photo, drawing = halves(0.5), halves(0.25, seed=1)
    result = matched(drawing, photo, 100)
    assert sliced_wasserstein(photo, result) < 0.5 * sliced_wasserstein(photo, drawing)
    assert 0.1 < drawing.lt(0).float().mean() < 0.3 < result.lt(0).float().mean()


def test_the_rate_falls_to_nothing() -> None:
    """Ten steps in one direction are as long as five and a half at the first rate."""
    drawing = torch.full((1, 3, 24, 36), -0.9)
    change = matched(drawing, -drawing, 10) - drawing
    assert change.max().item() == pytest.approx(5.5 * RATE, rel=0.02)


def test_the_layout_stays() -> None:
    photo = halves(0.5, 36).roll(8, 2)  # dark from row 8 to row 25
    drawing = halves(0.5, 36, seed=1).roll(16, 2)
    result = matched(drawing, photo, 100)
    assert not torch.equal(result, drawing)
    # Away from the image border, where the photo has patches that the drawing lacks.
    rows = [image.mean((0, 1, 3))[8:-4].sign() for image in (drawing, result)]
    assert torch.equal(rows[0], rows[1])


def test_the_photo_itself_is_left_as_it_is() -> None:
    photo = halves(0.4)
    assert torch.equal(matched(photo, photo, 20), photo)


@pytest.mark.parametrize("size", [(24, 36), (40, 20), (7, 7)])
def test_any_size_in_range(size: tuple[int, int]) -> None:
    drawing = halves(0.25, *size, seed=1)
    result = matched(drawing, halves(0.5), 30)
    assert result.shape == drawing.shape
    assert not torch.equal(result, drawing)
    assert result.abs().max() <= 1


def test_too_small_or_no_steps_changes_nothing() -> None:
    photo, drawing = halves(0.5), halves(0.25)
    assert matched(drawing, photo, 0) is drawing
    assert torch.equal(matched(drawing[:, :, :6], photo, 9), drawing[:, :, :6])
    assert torch.equal(matched(drawing, photo[..., :6], 9), drawing)


@pytest.mark.parametrize("wrap", [(True, True), (True, False), (False, True)])
def test_a_wrapping_drawing_is_matched_without_a_border(wrap: tuple[bool, bool]) -> None:
    # So small that a single size is compared, at which rolling the drawing makes no difference.
    photo, drawing = halves(0.5, 13, 13), halves(0.25, 13, 13, seed=1)
    shifts = [5 * side for side in wrap]
    moved = matched(drawing.roll(shifts, (2, 3)), photo, 5, wrap)
    assert torch.allclose(moved, matched(drawing, photo, 5, wrap).roll(shifts, (2, 3)), atol=1e-3)
    assert not torch.allclose(moved, matched(drawing, photo, 5).roll(shifts, (2, 3)), atol=1e-3)


def test_matching_works_without_gradients_and_in_mixed_precision() -> None:
    photo, drawing = halves(0.5), halves(0.25)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        result = matched(drawing * 1.0, photo * 1.0, 5)
    assert torch.equal(result, matched(drawing, photo, 5))


def test_matching_does_not_wait_for_the_compiler_to_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it would to make one of torch's optimizers."""
    monkeypatch.delattr(torch.optim.Optimizer, "__init__")
    assert matched(halves(0.25), halves(0.5), 2).isfinite().all()
