"""EdgeConnect's generator keeps sizes, and has the paper's layers and receptive field."""

from functools import partial
from typing import Any

import pytest
import torch

from internal_gan.nn.generators import DilatedResidualGenerator

of_paper = partial(
    DilatedResidualGenerator,
    width=64,
    depth=2,
    residual_blocks=8,
    dilation=2,
    kernel_size=7,
    norm="instance",
    init="normal",
    output_std=None,
)


def generator(**settings: Any) -> DilatedResidualGenerator:
    return of_paper(4, 3, rng=torch.Generator().manual_seed(0), **settings)


@pytest.mark.parametrize("size", [(16, 16), (17, 30), (5, 3), (1, 9)])
@pytest.mark.parametrize("depth", [0, 2])
def test_any_size_keeps_its_size(size: tuple[int, int], depth: int) -> None:
    network = generator(width=2, depth=depth, residual_blocks=1, norm="none")
    assert network(torch.zeros(2, 4, *size)).shape == (2, 3, *size)


def test_without_downscaling_the_receptive_field_is_the_sum_of_the_kernels() -> None:
    network = generator(width=3, depth=0, residual_blocks=2, norm="none").eval()
    image = torch.randn(1, 4, 61, 61, generator=torch.Generator().manual_seed(1))
    image.requires_grad_(True)
    (gradient,) = torch.autograd.grad(network(image)[0, :, 30, 30].sum(), image)
    seen = gradient[0].abs().sum(dim=0).nonzero()
    reach = 3 + 2 * (2 + 1) + 3
    assert seen.min() >= 30 - reach
    assert seen.max() <= 30 + reach
    assert seen.max() > 30 + reach - 3


@pytest.mark.parametrize(
    ("option", "refused", "smallest"),
    [
        ("width", 0, 1),
        ("depth", -1, 0),
        ("residual_blocks", -1, 0),
        ("dilation", 0, 1),
        ("kernel_size", 0, 1),
        ("kernel_size", 4, 3),
    ],
)
def test_only_an_impossible_architecture_is_refused(
    option: str, refused: int, smallest: int
) -> None:
    with pytest.raises(ValueError, match=f"{option} is {refused}; allowed: "):
        generator(**{option: refused})
    small: dict[str, object] = {"width": 2, "depth": 1, "residual_blocks": 1, "norm": "none"}
    network = generator(**(small | {option: smallest}))
    assert network(torch.zeros(1, 4, 9, 11)).shape == (1, 3, 9, 11)
