"""InGAN's generator: its parameters, any input and output size, and where it transforms."""

from functools import partial
from typing import Any

import pytest
import torch

from internal_gan.images.transforms import Homography, Resize
from internal_gan.nn.generators import ShapeFlexibleGenerator
from tests.tiny import noise, rng

of_paper = partial(
    ShapeFlexibleGenerator,
    width=64,
    depth=3,
    residual_blocks=6,
    kernel_size=7,
    norm="spectral_batch",
    init="xavier",
)

TRAPEZOID = Homography.to_corners([(-0.6, -1), (0.6, -1), (1, 1), (-1, 1)])


def small(**settings: Any) -> ShapeFlexibleGenerator:
    tiny: dict[str, Any] = {"width": 4, "residual_blocks": 2, "init": "kaiming"}
    return of_paper(rng=rng(), **(tiny | settings))


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
    expected = (transform or Resize())(generator.entry(image), (48, 64))
    torch.testing.assert_close(seen[0], expected)


def test_the_skips_carry_detail_past_the_bottleneck() -> None:
    generator = small(norm="none").eval()
    with torch.no_grad():
        for parameter in generator.bottleneck.parameters():
            parameter.zero_()
        for block in generator.up:
            for parameter in block.parameters():
                parameter.zero_()
    out = [generator(noise(40, 56) + shift, (40, 56)) for shift in (0, 0.3)]
    assert (out[0] - out[1]).abs().mean() > 1e-3


@pytest.mark.parametrize("settings", [{"width": 0}, {"depth": 0}, {"kernel_size": 4}])
def test_an_impossible_architecture_is_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(settings))} is "):
        small(**settings)
