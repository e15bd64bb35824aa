"""The patch discriminator: its size, what one logit sees, and the features it hands out."""

from typing import Any

import pytest
import torch

from internal_gan.nn.discriminators import PatchDiscriminator


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("width", [32, 64, 128])
def test_parameter_count_of_the_paper(width: int) -> None:
    first = 3 * 9 * width + width
    hidden = 3 * (width * 9 * width + width)
    last = width * 9 + 1
    norms = 4 * 2 * width
    discriminator = PatchDiscriminator(width, norm="batch")
    assert sum(p.numel() for p in discriminator.parameters()) == first + hidden + last + norms


@pytest.mark.parametrize(("width", "count"), [(32, 29_185), (64, 113_665), (128, 448_513)])
def test_parameter_count_in_numbers(width: int, count: int) -> None:
    discriminator = PatchDiscriminator(width, norm="batch")
    assert sum(p.numel() for p in discriminator.parameters()) == count


@pytest.mark.parametrize("norm", ["none", "batch", "spectral"])
def test_one_logit_sees_11_by_11_pixels(norm: Any) -> None:
    discriminator = PatchDiscriminator(8, norm=norm, init="kaiming", rng=rng()).eval()
    image = torch.randn(1, 3, 25, 30, generator=rng(1)).requires_grad_()
    logits, _ = discriminator(image)
    logits[0, 0, 6, 9].backward()
    assert image.grad is not None
    seen = image.grad.abs().sum(dim=(0, 1)) > 0
    expected = torch.zeros_like(seen)
    expected[6 : 6 + 11, 9 : 9 + 11] = True
    assert torch.equal(seen, expected)


@pytest.mark.parametrize("size", [(11, 11), (25, 33), (12, 70)])
def test_one_logit_for_every_patch_and_a_feature_map_for_every_block(
    size: tuple[int, int],
) -> None:
    height, width = size
    discriminator = PatchDiscriminator(8, norm="batch", rng=rng())
    logits, features = discriminator(torch.zeros(2, 3, height, width))
    assert logits.shape == (2, 1, height - 10, width - 10)
    shapes = [(2, 8, height - 2 * k, width - 2 * k) for k in (1, 2, 3, 4)]
    assert [tuple(f.shape) for f in features] == shapes


def test_the_last_feature_map_leads_to_the_logits_without_an_activation() -> None:
    discriminator = PatchDiscriminator(8, rng=rng())
    logits, features = discriminator(torch.randn(1, 3, 20, 20, generator=rng(1)))
    torch.testing.assert_close(logits, discriminator.output(features[-1]))
    assert float(logits.detach().min()) < 0 < float(logits.detach().max())


def test_equal_patches_get_equal_logits_wherever_they_are() -> None:
    discriminator = PatchDiscriminator(8, norm="none", init="kaiming", rng=rng())
    image = torch.randn(1, 3, 30, 30, generator=rng(1))
    image[..., 15:26, 17:28] = image[..., 2:13, 3:14]
    logits, _ = discriminator(image)
    torch.testing.assert_close(logits[0, 0, 15, 17], logits[0, 0, 2, 3])


def test_the_margin_is_half_the_receptive_field() -> None:
    assert PatchDiscriminator(8).margin == 5
    assert PatchDiscriminator(8, depth=3, kernel_size=5).margin == 6


def test_the_seed_decides_the_weights() -> None:
    weights = [PatchDiscriminator(8, rng=rng(s)).output.weight for s in (3, 3, 4)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
