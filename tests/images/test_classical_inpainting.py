"""Classical inpainting."""

import sys
from typing import Literal, get_args

import pytest
import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.classical_inpainting import inpaint_by_opencv

Method = Literal["TELEA", "NS"]
METHODS = get_args(Method)


def ramp() -> Tensor:
    """Brighter from left to right."""
    return torch.linspace(-0.8, 0.8, 40).expand(1, 3, 30, 40).clone()


def hole() -> Tensor:
    mask = torch.zeros(1, 1, 30, 40)
    mask[..., 10:18, 14:24] = 1
    return mask


@pytest.mark.parametrize("method", METHODS)
def test_a_ramp_is_continued_and_the_rest_is_kept(method: Method) -> None:
    spoilt = torch.where(hole() > 0, torch.ones(1), ramp())
    made = inpaint_by_opencv(spoilt, hole(), method)
    outside = (hole() == 0).expand_as(made)
    assert torch.equal(made[outside], spoilt[outside])
    assert float((made - ramp()).abs().max()) < 0.15


@pytest.mark.parametrize("method", METHODS)
def test_pixels_inside_the_hole_have_no_influence(method: Method) -> None:
    filled = [
        inpaint_by_opencv(torch.where(hole() > 0, torch.full((1,), value), ramp()), hole(), method)
        for value in (-1.0, 1.0)
    ]
    assert torch.equal(*filled)


def test_a_missing_library_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(UserError, match=r"needs .* pip install 'internal-gan\["):
        inpaint_by_opencv(ramp(), hole())
