"""Feature networks compute the right maps, and their distances follow the formulas."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import UserError
from internal_gan.nn import perceptual
from internal_gan.nn.perceptual import RandomFeatures, VGGFeatures, content_distance, style_distance
from tests.tiny import picture, rng

# Channels of the blocks of a narrow VGG-19.
WIDTHS = (2, 3, 4, 5, 6)
random_features = partial(RandomFeatures, 4, kernel_size=7, levels=3, seed=0)


def stand_in(widths: Sequence[int] = WIDTHS) -> dict[str, Tensor]:
    """A VGG-19 in torchvision's layout, with a head, whose layers keep the size of values."""
    draw = rng()
    state, channels, place = {}, 3, 0
    for width, count in zip(widths, perceptual.CONVOLUTIONS, strict=True):
        for _ in range(count):
            weight = torch.randn(width, channels, 3, 3, generator=draw)
            state[f"features.{place}.weight"] = weight * (2 / (9 * channels)) ** 0.5
            state[f"features.{place}.bias"] = 0.1 * torch.randn(width, generator=draw)
            channels, place = width, place + 2
        place += 1
    return {**state, "classifier.0.weight": torch.zeros(2, 2)}


def named_maps(state: dict[str, Tensor], image: Tensor) -> dict[str, Tensor]:
    """The maps of VGG-19's layers, ``relu1_1`` to ``relu5_4``, by its weights."""
    x, named, place = (image + 1) / 2, {}, 0
    for block, count in enumerate(perceptual.CONVOLUTIONS, 1):
        for number in range(1, count + 1):
            weight, bias = (state[f"features.{place}.{kind}"] for kind in ("weight", "bias"))
            x = named[f"relu{block}_{number}"] = F.relu(F.conv2d(x, weight, bias, padding=1))
            place += 2
        place += 1
        x = F.max_pool2d(x, 2)
    return named


def test_the_maps_are_those_of_vggs_named_layers(tmp_path: Path) -> None:
    torch.save(stand_in(), tmp_path / "vgg.pth")
    content, style = VGGFeatures(str(tmp_path / "vgg.pth"), widths=WIDTHS)(picture())
    named = named_maps(stand_in(), picture())
    compared = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
    compared += ["relu2_2", "relu3_4", "relu4_4", "relu5_2"]
    for found, name in zip(content + style, compared, strict=True):
        torch.testing.assert_close(found, named[name])


def test_an_unsuitable_file_gives_a_one_line_error(tmp_path: Path) -> None:
    state = stand_in()
    torch.save({**state, "features.5.weight": torch.zeros(3, 3, 3, 3)}, tmp_path / "shape.pth")
    torch.save({k: v for k, v in state.items() if k != "features.34.bias"}, tmp_path / "lacks.pth")
    cases = {
        "shape.pth": r"not the weights of VGG-19: features.5.weight is 3x3x3x3, needed: 3x2x3x3",
        "lacks.pth": r"not the weights of VGG-19: features.34.bias is missing, needed: 6",
    }
    for name, message in cases.items():
        with pytest.raises(UserError, match=message) as caught:
            VGGFeatures(str(tmp_path / name), widths=WIDTHS)
        assert "\n" not in str(caught.value)


def test_random_features_are_fixed_by_their_seed_and_see_colour() -> None:
    image = picture()
    first, again, other = (random_features(seed=seed)(image)[0] for seed in (0, 0, 1))
    assert [tuple(m.shape[1:]) for m in first] == [(7, 40, 56), (7, 20, 28), (7, 10, 14)]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])
    brighter = random_features()(image + 0.1)[0]
    torch.testing.assert_close(
        brighter[0][:, :4, 3:-3, 3:-3], first[0][:, :4, 3:-3, 3:-3], atol=1e-4, rtol=1e-4
    )
    assert content_distance(brighter, first) > 0.1


def test_a_gram_matrix_is_the_mean_product_of_channels() -> None:
    x = torch.randn(2, 3, 4, 5, generator=rng())
    expected = torch.einsum("nchw,ndhw->ncd", x, x) / (3 * 4 * 5)
    torch.testing.assert_close(perceptual.gram(x), expected)


def test_style_ignores_positions_and_content_does_not() -> None:
    x = torch.randn(1, 3, 8, 8, generator=rng())
    moved = x.roll(3, dims=-1)
    assert style_distance([x], [moved]) < 1e-6
    assert content_distance([x], [moved]) > 0.5
    assert content_distance([x, x], [x + 1, x + 2]) == pytest.approx(3)
