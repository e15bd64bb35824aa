"""Blocks do what their names say, and initial weights have the promised statistics."""

import math
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from internal_gan.nn.blocks import LEAKY_SLOPE, ConvBlock, DoublingConv2d, initialise, reflect
from tests.tiny import rng, same_weights


@pytest.mark.parametrize("norm", ["spectral", "spectral_batch", "spectral_instance"])
def test_a_spectral_block_has_an_operator_norm_of_one(norm: Any) -> None:
    block: Any = ConvBlock(16, 32, norm=norm)
    initialise(block, "normal", rng())
    size = torch.linalg.matrix_norm(block[0].weight.detach().flatten(1), 2)
    assert float(size) == pytest.approx(1.0, rel=0.02)


def test_kaiming_initialisation_has_its_closed_form_and_unit_norm_weights() -> None:
    block: Any = ConvBlock(64, 128, norm="batch")
    initialise(block, "kaiming", rng())
    conv, norm = block[0], block[1]
    expected = math.sqrt(2 / (1 + LEAKY_SLOPE**2) / (64 * 9))
    assert float(conv.weight.detach().std()) == pytest.approx(expected, rel=0.02)
    assert torch.equal(norm.weight, torch.ones(128))


@pytest.mark.parametrize(
    ("norm", "init"), [("batch", "normal"), ("instance", "kaiming"), ("spectral", "xavier")]
)
def test_initial_weights_depend_on_the_seed_alone(norm: Any, init: Any) -> None:
    first, same, other = blocks = [ConvBlock(3, 8, norm=norm) for _ in range(3)]
    for block, seed in zip(blocks, (7, 7, 8), strict=True):
        initialise(block, init, rng(seed))
    assert same_weights(first, same)
    assert not same_weights(first, other)


@pytest.mark.parametrize(
    ("margin", "row"), [(2, [3, 2, 1, 2, 3, 4, 3, 2]), (4, [1, 1, 1, 1, 1, 2, 3, 4, 4, 4, 4, 4])]
)
def test_images_are_reflected_or_if_too_small_repeated(margin: int, row: list[float]) -> None:
    image = torch.tensor([1.0, 2.0, 3.0, 4.0]).expand(1, 1, 4, 4)
    padded = reflect(image, margin)
    assert padded.shape == (1, 1, len(row), len(row))
    assert padded[0, 0, 4].tolist() == row
    assert torch.equal(reflect(image.mT, margin), padded.mT)


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (20, 31)])
def test_a_doubling_convolution_is_one_after_upsampling(size: tuple[int, int], half: bool) -> None:
    layer: Any = DoublingConv2d(24, 16, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    x = torch.randn(2, 24, *size, generator=rng()).contiguous(memory_format=torch.channels_last)
    x.requires_grad_()
    weight, bias = layer.weight, layer.bias
    expected = F.conv2d(reflect(F.interpolate(x, scale_factor=2, mode="nearest"), 1), weight, bias)
    target = torch.randn(expected.shape, generator=rng(1))
    wanted = torch.autograd.grad((expected * target).mean(), [x, weight, bias])
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        drawn = layer(x)
    found = torch.autograd.grad((drawn.float() * target).mean(), [x, weight, bias])
    for one, other in zip([drawn.float(), *found], [expected, *wanted], strict=True):
        rounding = (0.02 if half else 1e-5) * float(other.detach().abs().max())
        torch.testing.assert_close(one, other, rtol=0, atol=rounding)


@pytest.mark.parametrize(("channels", "wanted"), [(24, 24), (24, 32), (32, 32)])
def test_a_dilated_kernels_gradient_is_alike_in_half_precision(channels: int, wanted: int) -> None:
    block = ConvBlock(channels, wanted, dilation=2)
    block.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    x = torch.randn(1, channels, 30, 40, generator=rng())
    x = x.contiguous(memory_format=torch.channels_last)
    gradients: list[Any] = []
    for enabled in (False, True):
        block.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            drawn = block(x)
        drawn.float().square().mean().backward()
        gradients.append(block.get_parameter("0.weight").grad)
    exact, half = gradients
    torch.testing.assert_close(half, exact, rtol=0, atol=0.02 * float(exact.abs().max()))
