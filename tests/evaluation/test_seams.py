"""The seam figure of pictures for which it can be computed by hand."""

import pytest
import torch

from internal_gan.evaluation.seams import seams


def test_the_figure_is_the_step_over_the_border_divided_by_the_mean_step_inside() -> None:
    ramp = torch.tensor([0.0, 1.0, 2.0, 3.0]).view(1, 1, 1, 4).expand(1, 3, 2, 4)
    assert seams(ramp, (False, True)) == {"left and right": pytest.approx(3.0)}
    assert seams(ramp.mT, (True, False)) == {"top and bottom": pytest.approx(3.0)}
    assert seams(ramp, (False, False)) == {}


def test_the_figure_of_noise_is_about_one() -> None:
    noise = torch.rand(1, 3, 200, 300, generator=torch.Generator().manual_seed(0))
    for ratio in seams(noise, (True, True)).values():
        assert ratio == pytest.approx(1.0, rel=0.1)


def test_a_single_line_of_pixels_has_no_steps() -> None:
    assert seams(torch.zeros(1, 3, 1, 1), (True, True)) == {}
