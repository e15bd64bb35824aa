"""The nearest patches are those of brute force, in bounded memory."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.patches import search as patches
from internal_gan.patches.search import nearest_patches, shrunk, windows
from internal_gan.patches.statistics import coherence
from tests.tiny import picture


def brute_force(queries: Tensor, references: Tensor, patch: int) -> tuple[np.ndarray, np.ndarray]:
    a, b = (
        windows(image, patch).permute(1, 2, 0, 3, 4).flatten(2).double().numpy()
        for image in (queries, references)
    )
    flat = b.reshape(-1, b.shape[-1])
    distance = np.sqrt(((a[:, :, None] - flat[None, None]) ** 2).mean(axis=3))
    return distance.min(axis=2), distance.argmin(axis=2)


@pytest.mark.parametrize("chunk", [7, 10_000])
def test_nearest_patches_are_those_of_brute_force(
    chunk: int, monkeypatch: pytest.MonkeyPatch, device: torch.device
) -> None:
    monkeypatch.setattr(patches, "QUERIES_AT_ONCE", chunk)
    monkeypatch.setattr(patches, "REFERENCES_AT_ONCE", chunk + 4)
    queries, references = picture(13, 17, seed=1), picture(16, 12)
    error, index = brute_force(queries, references, 5)
    found = nearest_patches(queries.to(device), references.to(device), 5)
    assert found.error.cpu().numpy() == pytest.approx(error, rel=1e-4, abs=1e-6)
    assert (found.row.cpu().numpy() * 8 + found.column.cpu().numpy() == index).mean() > 0.99


def test_a_moved_piece_is_found_where_it_was() -> None:
    image = picture(30, 40)
    found = nearest_patches(image[..., 4:20, 9:30], image, 5, stride=2)
    assert found.error.max() < 1e-6
    assert found.row.tolist()[3] == [10] * 9
    assert found.column.tolist()[0] == [9, 11, 13, 15, 17, 19, 21, 23, 25]


def test_exact_coherence_is_at_most_that_of_chosen_patches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, sample = picture(40, 56), picture(40, 56, seed=1)
    exact = coherence(real, sample, exact=True)
    assert exact == pytest.approx(coherence(real, sample), rel=1e-4)
    monkeypatch.setattr("internal_gan.patches.statistics.MOST_REFERENCES", 50)
    assert coherence(real, sample) > exact * 1.05
    assert coherence(real, sample, exact=True) == exact


def test_memory_is_bounded_by_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "QUERIES_AT_ONCE", 8)
    monkeypatch.setattr(patches, "REFERENCES_AT_ONCE", 16)
    largest = 0
    addmm = torch.addmm

    def watched(*arguments: Any, **options: Any) -> Any:
        nonlocal largest
        result = addmm(*arguments, **options)
        largest = max(largest, result.numel())
        return result

    monkeypatch.setattr(torch, "addmm", watched)
    nearest_patches(picture(20, 30), picture(30, 20, seed=1), 7)
    assert largest == 8 * 16


def test_an_image_too_small_for_its_quarter_is_refused() -> None:
    with pytest.raises(UserError, match="3x50 pixels cannot be judged at 1/4"):
        shrunk(picture(3, 50), 4)
