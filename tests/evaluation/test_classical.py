"""Classical inpainting."""

import sys
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.evaluation.classical import biharmonic, has_opencv, navier_stokes, telea

METHODS = [telea, navier_stokes, biharmonic]
Method = Callable[[Tensor, Tensor], Tensor]


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
    made = method(spoilt, hole())
    outside = (hole() == 0).expand_as(made)
    assert torch.equal(made[outside], spoilt[outside])
    assert float((made - ramp()).abs().max()) < 0.15


@pytest.mark.parametrize("method", METHODS)
def test_what_is_under_the_hole_is_of_no_account(method: Method) -> None:
    filled = [
        method(torch.where(hole() > 0, torch.full((1,), value), ramp()), hole())
        for value in (-1.0, 1.0)
    ]
    assert torch.equal(*filled)


@pytest.mark.parametrize(
    ("method", "module"), [(telea, "cv2"), (biharmonic, "skimage.restoration")]
)
def test_a_missing_library_is_named_with_its_remedy(
    method: Method, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError, match=r"needs .* pip install 'internal-gan\["):
        method(ramp(), hole())


def test_opencv_is_found() -> None:
    assert has_opencv()
