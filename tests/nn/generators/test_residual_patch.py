"""The generator of one scale: its size, receptive field and initial weights."""

from functools import partial
from typing import Any, get_args

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils import parametrize

from internal_gan.nn.blocks import LEAKY_SLOPE, Norm
from internal_gan.nn.generators import ResidualPatchGenerator
from tests.tiny import picture, rng

MARGIN = 5
# The paper's generator, unless told otherwise.
generator_of = partial(
    ResidualPatchGenerator,
    depth=5,
    kernel_size=3,
    norm="batch",
    init="normal",
    output_std=None,
    gradient_floor=0.0,
)
NORMS = get_args(Norm)


def noise_for(height: int, width: int, count: int = 1) -> Tensor:
    shape = (count, 3, height + 2 * MARGIN, width + 2 * MARGIN)
    return torch.randn(shape, generator=rng(1))


@pytest.mark.parametrize("size", [(1, 1), (11, 64)])
@pytest.mark.parametrize("norm", NORMS)
def test_the_output_has_the_size_of_the_input(norm: Any, size: tuple[int, int]) -> None:
    generator = generator_of(8, norm=norm, rng=rng()).eval()
    assert generator(noise_for(*size, 2)).shape == (2, 3, *size)
    assert generator(noise_for(*size, 2), picture(*size).repeat(2, 1, 1, 1)).shape == (2, 3, *size)


@pytest.mark.parametrize("norm", NORMS)
def test_receptive_field_is_11_by_11_if_the_norm_is_local(norm: Any) -> None:
    generator = generator_of(8, norm=norm, init="kaiming", rng=rng()).eval()
    noise = noise_for(21, 27).requires_grad_()
    generator(noise)[0, :, 9, 13].sum().backward()
    assert noise.grad is not None
    seen = noise.grad.abs().sum(dim=(0, 1)) > 0
    expected = torch.zeros_like(seen)
    expected[9 : 9 + 11, 13 : 13 + 11] = True
    assert torch.equal(seen, expected) == generator.is_local


@pytest.mark.parametrize("norm", NORMS)
def test_images_of_a_batch_influence_each_other_only_with_batch_statistics(norm: Any) -> None:
    generator = generator_of(8, norm=norm, init="kaiming", rng=rng())
    noise = noise_for(14, 19, 2) * torch.tensor([1.0, 3.0]).view(2, 1, 1, 1)
    with parametrize.cached():  # keeps the weights: each use in training refines spectral norms
        together, alone = generator(noise)[:1], generator(noise[:1])
    assert torch.allclose(together, alone, atol=1e-5) != generator.uses_batch_statistics


@pytest.mark.parametrize("coarsest", [True, False])
def test_forward_is_the_formula_of_the_paper(coarsest: bool) -> None:
    generator = generator_of(8, rng=rng())
    noise = noise_for(14, 19)
    image = None if coarsest else picture(14, 19)
    w = generator.state_dict()
    x = noise if image is None else noise + F.pad(image, (5, 5, 5, 5))
    for k in range(4):
        x = F.conv2d(x, w[f"blocks.{k}.0.weight"], w[f"blocks.{k}.0.bias"])
        mean, variance = x.mean(dim=(2, 3)), x.var(dim=(2, 3), unbiased=False)
        x = (x - mean[..., None, None]) / (variance[..., None, None] + 1e-5).sqrt()
        x = x * w[f"blocks.{k}.1.weight"][:, None, None] + w[f"blocks.{k}.1.bias"][:, None, None]
        x = torch.where(x > 0, x, LEAKY_SLOPE * x)
    x = torch.tanh(F.conv2d(x, w["output.weight"], w["output.bias"]))
    expected = x if image is None else image + x
    torch.testing.assert_close(generator(noise, image), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_output_std_is_the_last_layers_standard_deviation(norm: Any) -> None:
    generator = generator_of(128, norm=norm, init="kaiming", output_std=0.005, rng=rng())
    assert float(generator.output.weight.detach().std()) == pytest.approx(0.005, rel=0.05)


@pytest.mark.parametrize("floor", [0.0, 0.05])
def test_a_saturated_output_still_has_gradients_with_a_gradient_floor(floor: float) -> None:
    generator = generator_of(8, norm="none", gradient_floor=floor, rng=rng())
    bias = generator.get_parameter("output.bias")
    with torch.no_grad():
        generator.output.weight.zero_()
        bias.fill_(20.0)
    generator(noise_for(12, 9)).sum().backward()
    assert bias.grad is not None
    torch.testing.assert_close(bias.grad, torch.full((3,), floor * 12 * 9))
