"""Loss curves show every scalar of a run and skip values that are not numbers."""

from typing import Any

import pytest

from internal_gan.report.curves import Axis, loss_curves


def test_every_scalar_has_a_chart_and_the_networks_share_one() -> None:
    rows = [
        {"stage": 0, "step": s, "seconds": 1.0, "generator": s, "discriminator": -s, "penalty": 0.1}
        for s in (1, 2)
    ]
    charts = loss_curves(rows, [("scale 0", 2)])
    assert [list(chart.names) for chart in charts] == [["discriminator", "generator"], ["penalty"]]


def test_curves_skip_missing_values() -> None:
    rows: list[dict[str, Any]] = [
        {"stage": 0, "step": 1, "a": None},
        {"stage": 7, "step": 1, "a": 1.0},
        {"event": "plan", "stages": []},
    ]
    assert loss_curves(rows, [("scale 0", 2)]) == []
    rows.append({"stage": 0, "step": 2, "a": 5})
    assert len(loss_curves(rows, [("scale 0", 2)])) == 1


@pytest.mark.parametrize("values", [[0, 0], [5], [-3, 9], [1e-6, 2], [1e5, 3e5], [0.9, 1.1]])
def test_an_axis_has_a_few_ticks_inside(values: list[float]) -> None:
    axis = Axis.around(values)
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 8
    assert all(axis.low <= tick <= axis.high for tick in ticks)
    heights = [axis.y(tick) for tick in ticks]
    assert heights == sorted(heights, reverse=True)
