"""The generators: their sizes, receptive fields, initial weights, and where InGAN's transforms."""

from functools import partial
from typing import Any, get_args

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils import parametrize

from internal_gan.images.transforms import Homography, Resize
from internal_gan.nn import generators
from internal_gan.nn.blocks import LEAKY_SLOPE, Norm
from internal_gan.nn.generators import DilatedResidualGenerator, ShapeFlexibleGenerator
from tests.tiny import noise, picture, rng

MARGIN = 5
# SinGAN's of its paper, unless told otherwise.
residual_patch = partial(
    generators.ResidualPatchGenerator,
    depth=5,
    kernel_size=3,
    norm="batch",
    init="normal",
    output_std=None,
    gradient_floor=0.0,
)
TRAPEZOID = Homography.to_corners([(-0.6, -1), (0.6, -1), (1, 1), (-1, 1)])
NORMS = get_args(Norm)


def noise_for(height: int, width: int, count: int = 1) -> Tensor:
    return torch.randn((count, 3, height + 2 * MARGIN, width + 2 * MARGIN), generator=rng(1))


@pytest.mark.parametrize("size", [(1, 1), (11, 64)])
@pytest.mark.parametrize("norm", NORMS)
def test_the_output_has_the_size_of_the_input(norm: Any, size: tuple[int, int]) -> None:
    generator = residual_patch(8, norm=norm, rng=rng()).eval()
    assert generator(noise_for(*size, 2)).shape == (2, 3, *size)
    assert generator(noise_for(*size, 2), picture(*size).repeat(2, 1, 1, 1)).shape == (2, 3, *size)


@pytest.mark.parametrize("norm", NORMS)
def test_receptive_field_is_11_by_11_if_the_norm_is_local(norm: Any) -> None:
    generator = residual_patch(8, norm=norm, init="kaiming", rng=rng()).eval()
    noise: Any = noise_for(21, 27).requires_grad_()
    generator(noise)[0, :, 9, 13].sum().backward()
    seen = noise.grad.abs().sum(dim=(0, 1)) > 0
    expected = torch.zeros_like(seen)
    expected[9 : 9 + 11, 13 : 13 + 11] = True
    assert torch.equal(seen, expected) == generator.is_local


@pytest.mark.parametrize("norm", NORMS)
def test_images_of_a_batch_influence_each_other_only_with_batch_statistics(norm: Any) -> None:
    generator = residual_patch(8, norm=norm, init="kaiming", rng=rng())
    noise = noise_for(14, 19, 2) * torch.tensor([1.0, 3.0]).view(2, 1, 1, 1)
    with parametrize.cached():  # keeps the weights: each use in training refines spectral norms
        together, alone = generator(noise)[:1], generator(noise[:1])
    assert torch.allclose(together, alone, atol=1e-5) != generator.uses_batch_statistics


@pytest.mark.parametrize("coarsest", [True, False])
def test_forward_is_the_formula_of_the_paper(coarsest: bool) -> None:
    generator = residual_patch(8, rng=rng())
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
    generator = residual_patch(128, norm=norm, init="kaiming", output_std=0.005, rng=rng())
    assert float(generator.output.weight.detach().std()) == pytest.approx(0.005, rel=0.05)


@pytest.mark.parametrize("floor", [0.0, 0.05])
def test_a_saturated_output_still_has_gradients_with_a_gradient_floor(floor: float) -> None:
    generator = residual_patch(8, norm="none", gradient_floor=floor, rng=rng())
    bias: Any = generator.get_parameter("output.bias")
    with torch.no_grad():
        generator.output.weight.zero_()
        bias.fill_(20.0)
    generator(noise_for(12, 9)).sum().backward()
    torch.testing.assert_close(bias.grad, torch.full((3,), floor * 12 * 9))


def small(**settings: Any) -> ShapeFlexibleGenerator:
    tiny: dict[str, Any] = {"width": 4, "depth": 3, "residual_blocks": 2, "kernel_size": 7}
    tiny |= {"norm": "spectral_batch", "init": "kaiming"}
    return ShapeFlexibleGenerator(rng=rng(), **(tiny | settings))


@pytest.mark.parametrize("size", [(13, 90), (1, 1)])
@pytest.mark.parametrize("given", [(40, 56), (33, 13)])
def test_any_input_and_output_size_works(given: tuple[int, int], size: tuple[int, int]) -> None:
    out = small().eval()(noise(*given), size)
    assert out.shape == (1, 3, *size)
    assert out.abs().max() <= 1


@pytest.mark.parametrize("transform", [None, Resize(), TRAPEZOID], ids=repr)
def test_only_the_first_feature_map_is_transformed(transform: Any) -> None:
    generator = small().eval()
    seen = []
    generator.down[0].register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    image = noise(40, 56)
    generator(image, (48, 64), transform)
    torch.testing.assert_close(seen[0], (transform or Resize())(generator.entry(image), (48, 64)))


def test_the_skips_carry_detail_past_the_bottleneck() -> None:
    generator = small(norm="none").eval()
    with torch.no_grad():
        for parameter in (*generator.bottleneck.parameters(), *generator.up.parameters()):
            parameter.zero_()
    out = [generator(noise(40, 56) + shift, (40, 56)) for shift in (0, 0.3)]
    assert (out[0] - out[1]).abs().mean() > 1e-3


def dilated(**settings: Any) -> DilatedResidualGenerator:
    tiny: dict[str, Any] = {"width": 2, "depth": 2, "residual_blocks": 1, "dilation": 2}
    tiny |= {"kernel_size": 7, "norm": "none", "init": "normal", "output_std": None}
    return DilatedResidualGenerator(4, 3, rng=rng(), **(tiny | settings))


@pytest.mark.parametrize("size", [(16, 16), (17, 30), (5, 3), (1, 9)])
@pytest.mark.parametrize("depth", [0, 2])
def test_any_size_keeps_its_size(size: tuple[int, int], depth: int) -> None:
    assert dilated(depth=depth)(torch.zeros(2, 4, *size)).shape == (2, 3, *size)


def test_the_smallest_architecture_works() -> None:
    least = {"width": 1, "depth": 0, "residual_blocks": 0, "dilation": 1, "kernel_size": 1}
    assert dilated(**least)(torch.zeros(1, 4, 9, 11)).shape == (1, 3, 9, 11)
