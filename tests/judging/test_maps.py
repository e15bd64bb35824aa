"""Maps show where patches come from."""

import pytest
import torch

from internal_gan.images.colours import colour_code
from internal_gan.judging import maps
from internal_gan.judging.maps import framed, legend, patch_maps
from tests.tiny import picture


def test_a_copy_has_the_colours_of_its_own_places_and_no_error(
    device: torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maps, "MAX_QUERIES", 10**9)
    real = picture(40, 56).to(device)
    found, worst = patch_maps(real, real, 5)
    assert list(found) == [
        f"{kind}-{size}-size"
        for kind in ("source", "error")
        for size in ("full", "half", "quarter")
    ]
    inside = (..., slice(8, -8), slice(8, -8))
    code = colour_code((40, 56)).to(device)
    assert (found["source-full-size"] - code)[inside].abs().max() < 1e-6
    assert found["error-full-size"].max() < -0.9
    assert all(place.error < 1e-3 for place in worst)
    assert {tuple(picture.shape) for picture in found.values()} == {(1, 3, 40, 56)}


def test_foreign_patches_are_bright_and_framed() -> None:
    real = picture(60, 80)
    sample = real.clone()
    sample[..., 20:34, 30:44] = torch.tensor([1.0, -1, 1]).view(1, 3, 1, 1)
    found, worst = patch_maps(real, sample, 5)
    gray = found["error-full-size"][0].mean(dim=0)
    assert gray[22:32, 32:42].min() > 0.35
    assert gray[:10].max() < -0.5
    place = worst[0]
    assert 16 <= place.row <= 34
    assert 26 <= place.column <= 44
    changed = (framed(sample, worst[:1]) != sample).any(dim=1)[0]
    assert changed.any()
    assert not changed[place.row : place.row + place.side, place.column : place.column + 4].any()


def test_the_worst_places_do_not_overlap() -> None:
    worst = patch_maps(picture(60, 80), picture(60, 80, seed=1), 5)[1]
    assert len(worst) == maps.WORST_PLACES
    for one in worst:
        for other in worst:
            apart = abs(one.row - other.row), abs(one.column - other.column)
            assert one is other or max(apart) >= max(one.side, other.side)


def test_the_legend_has_a_colour_of_its_own_at_each_corner() -> None:
    code = colour_code((30, 40))[0]
    corners = [code[:, i, j] for i in (0, -1) for j in (0, -1)]
    for k, one in enumerate(corners):
        for other in corners[:k]:
            assert (one - other).abs().max() > 0.5
    assert legend(picture(30, 40)).abs().max() <= 1
