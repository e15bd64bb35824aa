"""Nearest-patch search agrees with brute force, in bounded memory."""

import math
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from internal_gan.patches import exact
from internal_gan.patches.exact import grid, lattice, nearest, nearest_errors, nearest_normalised
from tests.tiny import picture, rng


@pytest.mark.parametrize("chunk", [7, 10_000])
def test_errors_are_those_of_brute_force(
    chunk: int, monkeypatch: pytest.MonkeyPatch, device: torch.device
) -> None:
    monkeypatch.setattr(exact, "CUT_AT_ONCE", chunk)
    queries, references = picture(13, 17, seed=1), picture(16, 12)
    a, b = ((F.unfold(image, 5)[0].T.double() / 2).numpy() for image in (queries, references))
    expected = np.sqrt(((a[:, None] - b[None]) ** 2).mean(axis=2)).min(axis=1)
    found = nearest_errors(queries.to(device), references.to(device), 5)
    assert found.cpu().numpy() == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "CUT_AT_ONCE", 16)
    monkeypatch.setattr(exact, "DISTANCES_AT_ONCE", 128)
    product = Mock(wraps=torch.addmm)
    monkeypatch.setattr(torch, "addmm", product)
    nearest_errors(picture(20, 30), picture(30, 20, seed=1), 7)
    given = [call.args for call in product.call_args_list]
    assert max(len(queries) * keys.shape[1] for _, queries, keys in given) == 128


def test_an_excluded_key_is_not_taken() -> None:
    queries = torch.rand(13, 20, generator=rng())
    index = nearest(queries, queries)
    assert index.tolist() == list(range(13))
    index = nearest(queries, queries, excluded=torch.eye(13) > 0)
    assert torch.equal(index, torch.cdist(queries, queries).fill_diagonal_(math.inf).argmin(dim=1))


def test_values_with_zero_weight_do_not_count() -> None:
    known, *others = torch.split(torch.rand(13, 45, generator=rng()), [5, 20, 20], dim=1)
    queries, keys = (torch.cat([known, other], dim=1) for other in others)
    assert nearest(queries, keys).tolist() != list(range(13))
    weights = F.pad(torch.ones(13, 5), (0, 20))
    assert nearest(queries, keys, weights=weights).tolist() == list(range(13))


@pytest.mark.parametrize(("at_once", "kept"), [(2**22, 1000), (40, 1000), (40, 0)])
def test_normalised_distances(at_once: int, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("DISTANCES_AT_ONCE", at_once), ("MAX_KEPT", kept)):
        monkeypatch.setattr(exact, name, value)
    wanted, keys = torch.rand(13, 20, generator=rng()), torch.rand(17, 20, generator=rng(1))
    distances = torch.stack([(keys - one).square().mean(dim=1) for one in wanted])
    normalised = distances / (0.08 + distances.amin(dim=0))
    index, found = nearest_normalised(wanted, keys, 0.08)
    assert torch.equal(index, normalised.argmin(dim=1))
    torch.testing.assert_close(found, distances.gather(1, index[:, None])[:, 0])


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.05)])
def test_distances_of_all_to_all(dtype: torch.dtype, tolerance: float) -> None:
    queries, keys = (torch.rand(n, 20, generator=rng(n)) + 5 for n in (13, 17))
    expected = torch.cdist(queries.double(), keys.double()).square().float()
    found = exact.squared_distances(queries, keys, dtype)
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


def test_patches_that_overlap_share_a_pixel() -> None:
    image, patch = torch.zeros(1, 1, 9, 8), 3
    columns = grid(image, patch)[1]
    places, others = torch.tensor([0, 8, 41]), lattice(image, patch)[1:]

    def pixels(place: int) -> set[tuple[int, int]]:
        y, x = divmod(place, columns)
        return {(y + i, x + j) for i in range(patch) for j in range(patch)}

    found = exact.overlapping(places, others, columns, patch).tolist()
    expected = [[bool(pixels(a) & pixels(b)) for b in others.tolist()] for a in places.tolist()]
    assert found == expected
