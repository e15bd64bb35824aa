"""The seam figure of pictures for which it can be computed by hand."""

import pytest
import torch

from internal_gan.judging.tiling import repeats, seams, spacing, strangeness
from tests.tiny import picture, rng


def test_the_figure_is_the_step_over_the_border_divided_by_the_mean_step_inside() -> None:
    ramp = torch.tensor([0.0, 1.0, 2.0, 3.0]).view(1, 1, 1, 4).expand(1, 3, 2, 4)
    assert seams(ramp, (False, True)) == {"left and right": pytest.approx(3.0)}
    assert seams(ramp.mT, (True, False)) == {"top and bottom": pytest.approx(3.0)}
    assert seams(ramp, (False, False)) == {}


def test_a_border_like_a_line_beside_it_is_no_seam() -> None:
    rows = torch.zeros(1, 3, 48, 20)
    rows[..., ::12, :] = 1.0  # joints, one of them on the border
    rows += 0.01 * torch.rand(rows.shape, generator=rng())
    assert seams(rows, (True, False))["top and bottom"] == pytest.approx(1.0, abs=0.02)
    assert seams(rows[..., :40, :], (True, False))["top and bottom"] <= 1.02


def test_what_repeats_already_is_known() -> None:
    tile = torch.rand(1, 3, 12, 16, generator=rng(1)).repeat(1, 1, 4, 4)
    assert repeats(tile, (True, True)) == (True, True)
    uneven = tile + 0.2 * torch.rand(tile.shape, generator=rng(2))
    assert repeats(uneven, (True, True)) == (True, True)
    assert repeats(picture(64, 90), (True, True)) == (False, False)
    assert repeats(torch.zeros(1, 3, 40, 40), (False, True)) == (False, True)


def test_patches_on_a_seam_are_strange() -> None:
    photo = torch.linspace(-1, 1, 90).repeat(1, 3, 60, 1)
    photo += 0.1 * torch.rand(photo.shape, generator=rng())
    border = torch.zeros(60, 90, dtype=torch.bool)
    border[:, -1] = True
    own = spacing(photo)
    assert strangeness(photo, photo, border, own) > 1.25
    # Inside, all patches are the photo's own.
    assert strangeness(photo, photo, border.roll(45, 1), own) < 0.2
