"""The discriminators: their size, receptive field and feature maps."""

from functools import partial
from typing import Any

import pytest
import torch
from torch.autograd.functional import jvp
from torch.nn import functional as F

from internal_gan.images.random_holes import KINDS
from internal_gan.images.resize import resize
from internal_gan.nn.discriminators import MultiScaleDiscriminator, PatchDiscriminator
from tests.tiny import rng

# SinGAN's of its paper, unless told otherwise.
patch = partial(PatchDiscriminator, kernel_size=3, norm="batch", init="normal")


@pytest.mark.parametrize("size", [(11, 11), (25, 33), (12, 70)])
def test_one_logit_for_every_patch_and_a_feature_map_for_every_block(size: tuple[int, int]) -> None:
    height, width = size
    logits, features = patch(8, rng=rng())(torch.zeros(2, 3, height, width))
    assert logits.shape == (2, 1, height - 10, width - 10)
    shapes = [(2, 8, height - 2 * k, width - 2 * k) for k in (1, 2, 3, 4)]
    assert [tuple(f.shape) for f in features] == shapes


# The network of one scale of InGAN's discriminator, narrow.
LAYERS: dict[str, Any] = {"widths": [4, 4, 4], "strides": [1, 2, 1], "output_kernel_size": 1}
one_scale = partial(patch, norm="none", output_norm="spectral", init="kaiming", **LAYERS)


@pytest.mark.parametrize(
    ("settings", "side"),
    [
        ({"widths": [4, 8], "strides": [2, 1]}, 16),
        ({"widths": [2, 4, 8, 8], "strides": [2, 2, 2, 1], "padding": 1}, 70),
    ],
)
@pytest.mark.parametrize("size", [(96, 96), (71, 94)])
def test_a_hole_touches_logits(settings: dict[str, Any], side: int, size: tuple[int, int]) -> None:
    """Derivatives along a random direction in the hole are 0 only where all of its pixels' are."""
    discriminator = patch(kernel_size=4, norm="none", init="kaiming", rng=rng(), **settings)
    assert discriminator.receptive_field == side
    corners = torch.zeros(4, 1, *size)
    corners[range(4), 0, [0, 0, -1, -1], [0, -1, 0, -1]] = 1
    draw = rng()
    holes = torch.cat([corners, *[kind(size, 0.02, draw) for kind in [*KINDS.values()] * 3]])
    image, direction = torch.randn(2, len(holes), 3, *size, generator=draw)
    _, change = jvp(lambda x: discriminator(x)[0], image, direction * holes)  # type: ignore[no-untyped-call]
    found = discriminator.touched(holes)
    assert set(found.flatten().tolist()) == {0, 1}
    assert torch.equal(found, (change != 0).float())


def small_pair(**settings: Any) -> MultiScaleDiscriminator:
    """Two scales, 30 and 15 pixels high for an image 30 pixels high."""
    usual: dict[str, Any] = {"scales": None, "factor": 2, "min_side": 13}
    usual |= {"coarse_weight": 2.0, "even_after": 1 / 3}
    return MultiScaleDiscriminator(one_scale, (30, 44), rng=rng(), **(usual | settings))


def test_the_maps_are_resized_to_the_first_and_averaged() -> None:
    discriminator = small_pair()
    image = torch.rand(2, 3, 30, 44, generator=rng(1)) * 2 - 1
    fine, coarse = (
        network(resize(image, size))[0]
        for network, size in zip(discriminator.networks, [(30, 44), (15, 22)], strict=True)
    )
    coarse = F.interpolate(coarse, size=fine.shape[-2:], mode="bilinear")
    weights = {0.0: 1 / 3, 1 / 6: 1 / (1 + 2**0.5), 1 / 3: 1 / 2, 2 / 3: 2 / 3}
    for progress, weight in weights.items():
        discriminator.set_progress(progress)
        logits, features = discriminator(image)
        torch.testing.assert_close(logits, weight * fine + (1 - weight) * coarse)
    assert len(features) == 6


def test_a_small_image_is_judged_only_by_scales_that_fit() -> None:
    discriminator = small_pair()
    image = torch.rand(1, 3, 20, 44, generator=rng(1))
    torch.testing.assert_close(discriminator(image)[0], discriminator.networks[0](image)[0])
