"""Which figures an evaluation has, and what they are called."""

import pytest
import torch
from torch import Tensor

from internal_gan.evaluation.c2st import c2st
from internal_gan.evaluation.field_diversity import field_diversity
from internal_gan.evaluation.figures import classified, judge, meaning
from internal_gan.patches.statistics import layout_distances


def noise(seed: int, height: int, width: int) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.rand(1, 3, height, width, generator=rng) * 2 - 1


def test_the_nearest_neighbour_field_is_judged_where_a_patch_fits() -> None:
    photo, sample = noise(1, 40, 48), noise(2, 40, 48)
    assert judge(photo, sample)["field_diversity"] == field_diversity(photo, sample)
    # Shrunk to 128 pixels, a long image has less than a patch on its short side.
    assert "field_diversity" not in judge(noise(1, 30, 640), noise(2, 30, 640))


@pytest.mark.parametrize(
    ("side", "names"), [(27, []), (43, ["c2st"]), (44, ["c2st", "c2st_32"])], ids=str
)
def test_windows_that_do_not_fit_are_left_out(side: int, names: list[str]) -> None:
    pytest.importorskip("sklearn")
    photo, sample = noise(1, side, 60), noise(2, side, 60)
    found = classified(photo, sample)
    assert list(found) == names
    if "c2st_32" in found:
        assert found["c2st_32"] == c2st(photo, sample, window=32)


def test_the_layout_is_judged_where_a_patch_fits() -> None:
    photo, sample = noise(1, 90, 120), noise(2, 40, 120)
    found = judge(photo, sample)
    figures = layout_distances(photo, sample)
    assert {name: found[name] for name in found if name.startswith("layout")} == figures
    assert set(figures) == {
        f"layout_{way}_{patch}" for way in ("coherence", "completeness") for patch in (11, 15)
    }
    assert [meaning(name)["best"] for name in figures] == ["0"] * 4
    assert meaning("layout_completeness_15")["meaning"].endswith("patches, 15 pixels a side")


def test_a_size_at_the_end_of_a_name_is_explained() -> None:
    assert meaning("c2st_32")["meaning"].endswith("32 pixels a side")
    assert meaning("field_diversity")["best"] == "not near 0"
