"""Seam carving removes and duplicates regions without contrast."""

import pytest
import torch

from internal_gan.images.seam_carving import seam_carve
from tests.tiny import picture


@pytest.mark.parametrize("size", [(40, 56), (40, 20), (20, 56), (50, 140), (1, 1), (90, 30)])
def test_the_size_is_exact(size: tuple[int, int]) -> None:
    carved = seam_carve(picture(), size)
    assert carved.shape == (1, 3, *size)
    assert picture().min() <= carved.min() <= carved.max() <= picture().max()


def test_the_same_size_is_the_same_image() -> None:
    assert torch.equal(seam_carve(picture(), (40, 56)), picture())


@pytest.mark.parametrize("turned", [False, True])
def test_regions_with_contrast_keep_their_size(turned: bool) -> None:
    image = torch.zeros(1, 3, 24, 40)
    image[..., 8:16, 10:18] = picture(8, 8)
    for width in (25, 60):
        given, size = (image.mT, (width, 24)) if turned else (image, (24, width))
        carved = seam_carve(given, size)
        carved = carved.mT if turned else carved
        inside = (carved != 0).any(dim=1)[0].nonzero()
        assert (inside.amax(dim=0) - inside.amin(dim=0) + 1).tolist() == [8, 8]


def test_the_cheapest_seam_in_numbers() -> None:
    image = torch.tensor([[0.0, 0.0, 0.0, 9.0, 0.0], [0.0, 0.0, 0.0, 9.0, 0.0]])
    carved = seam_carve(image.expand(1, 3, 2, 5), (2, 4))
    assert carved[0, 0].tolist() == [[0, 0, 9, 0], [0, 0, 9, 0]]
