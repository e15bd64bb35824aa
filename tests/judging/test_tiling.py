"""The seam figure of pictures for which it can be computed by hand."""

import pytest
import torch

from internal_gan.judging.tiling import seams


def test_the_figure_is_the_step_over_the_border_divided_by_the_mean_step_inside() -> None:
    ramp = torch.tensor([0.0, 1.0, 2.0, 3.0]).view(1, 1, 1, 4).expand(1, 3, 2, 4)
    assert seams(ramp, (False, True)) == {"left and right": pytest.approx(3.0)}
    assert seams(ramp.mT, (True, False)) == {"top and bottom": pytest.approx(3.0)}
    assert seams(ramp, (False, False)) == {}
