"""Which figures an evaluation has, what they are called, and how much samples differ."""

import numpy as np
import pytest

from internal_gan.judging.figures import judge, meaning, summarise
from internal_gan.patches.statistics import layout_distances
from tests.tiny import noise


def test_the_layout_is_judged_where_a_patch_fits() -> None:
    photo, sample = noise(88, 44), noise(27, 56, seed=1)
    found = judge(photo, sample)
    figures = layout_distances(photo, sample)
    assert {"swd1", "swd2", *figures} <= found.keys()
    assert not found.keys() & {"swd4", "coherence", "completeness", "repetition"}
    assert {name: found[name] for name in found if name.startswith("layout")} == figures
    assert set(figures) == {
        f"layout_{way}_{patch}" for way in ("coherence", "completeness") for patch in (11, 15)
    }
    assert [meaning(name)["best"] for name in figures] == ["0"] * 4
    assert meaning("layout_completeness_15")["meaning"].endswith("patches, 15 pixels a side")


def test_the_interval_of_many_values_is_that_of_the_normal_distribution() -> None:
    values = np.random.default_rng(0).normal(5, 2, 400)
    half = 1.96 * values.std() / 20
    found = summarise([{"figure": value} for value in values])["figure"]
    expected = (values.mean() - half, values.mean() + half)
    assert found["interval"] == pytest.approx(expected, abs=0.02)
    assert summarise([{"figure": 3.0}])["figure"]["interval"] is None
