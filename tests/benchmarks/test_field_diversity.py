"""How intricate the field of nearest patches is."""

import torch
from torch import Tensor

from benchmarks._field_diversity import field_diversity
from tests.tiny import noise, rng


def test_more_and_smaller_pieces_have_more() -> None:
    """Pieces of the photo in random places; the whole photo, shifted, is one piece."""
    photo = noise(96, 96)

    def of_pieces(side: int) -> Tensor:
        pieces = photo.unfold(2, side, side).unfold(3, side, side).flatten(2, 3)
        order = torch.randperm(pieces.shape[2], generator=rng())
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
