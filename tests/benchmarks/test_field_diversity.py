"""How intricate the field of nearest patches is."""

import torch
from torch import Tensor

from benchmarks._field_diversity import field_diversity


def noise(seed: int, height: int = 60, width: int = 80) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.rand(1, 3, height, width, generator=rng) * 2 - 1


def test_more_and_smaller_pieces_have_more() -> None:
    """Pieces of the photo in random places; the whole photo, shifted, is one piece."""
    photo = noise(1, 96, 96)

    def of_pieces(side: int) -> Tensor:
        pieces = photo.unfold(2, side, side).unfold(3, side, side).flatten(2, 3)
        order = torch.randperm(pieces.shape[2], generator=torch.Generator().manual_seed(0))
        per_row = 96 // side
        rows = [
            torch.cat(list(pieces[:, :, order[row * per_row : (row + 1) * per_row]].unbind(2)), 3)
            for row in range(per_row)
        ]
        return torch.cat(rows, 2)

    shifted, large, small = (
        field_diversity(photo, made) for made in (photo.roll(48, 3), of_pieces(32), of_pieces(8))
    )
    assert shifted < large < small
