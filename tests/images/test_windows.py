"""Windows of an image."""

import torch

from internal_gan.images.windows import most_detailed


def test_the_window_holds_the_detail() -> None:
    pixels = torch.zeros(1, 3, 90, 130)
    rng = torch.Generator().manual_seed(0)
    pixels[..., 50:80, 96:126] = torch.rand(1, 3, 30, 30, generator=rng)
    rows, columns = most_detailed(pixels, (40, 40))
    assert (rows.stop - rows.start, columns.stop - columns.start) == (40, 40)
    assert rows.start <= 50 + 4
    assert rows.stop >= 80 - 4
    assert columns.start <= 96 + 4
    assert columns.stop >= 126 - 4


def test_a_shorter_side_is_taken_whole() -> None:
    rows, columns = most_detailed(torch.zeros(1, 3, 20, 130), (40, 40))
    assert rows == slice(0, 20)
    assert columns.stop - columns.start == 40
    assert most_detailed(torch.zeros(1, 3, 5, 6), (9, 9)) == (slice(0, 5), slice(0, 6))
