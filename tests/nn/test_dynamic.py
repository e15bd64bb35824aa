"""Resampling and padding in exported graphs match the models' own."""

from typing import get_args

import pytest
import torch

from internal_gan.images.resize import resize
from internal_gan.nn import blocks, dynamic


@pytest.mark.parametrize("size", [(60, 81), (20, 91), (5, 7), (37, 50), (2, 400)])
def test_dynamic_resize_agrees_with_resize(size: tuple[int, int]) -> None:
    x = torch.rand(2, 3, 37, 50, generator=torch.Generator().manual_seed(0)) * 2 - 1
    ours = dynamic.resize(x, *size)
    assert ours.shape == (2, 3, *size)
    assert (ours - resize(x, size)).abs().max() < 2e-5


@pytest.mark.parametrize("mode", get_args(blocks.Padding))
@pytest.mark.parametrize("size", [(9, 11), (4, 9), (5, 5), (3, 3), (1, 2)])
def test_dynamic_pad_agrees_with_pad(size: tuple[int, int], mode: blocks.Padding) -> None:
    x = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    for margin in (1, 3, 4, 5):
        assert torch.equal(dynamic.pad(x, margin, mode), blocks.pad(x, margin, mode)), margin
