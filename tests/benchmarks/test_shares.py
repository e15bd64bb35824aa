"""The benchmark of where time goes."""

from typing import Any

import pytest

from benchmarks import commands, shares


def test_every_part_of_a_task_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "MEGAPIXELS", (1,))
    monkeypatch.setitem(commands.SIZES, 1, (160, 120))
    chosen = {task: shares.TASKS[task] for task in ("retarget", "extend", "make_tileable")}
    monkeypatch.setattr(shares, "TASKS", chosen)
    found: dict[str, Any] = {}
    monkeypatch.setattr(shares, "print_json", lambda name, record: found.update(record))
    shares.main([])
    for one in found["tasks"]:
        assert 0 < sum(one["parts"].values()) < one["seconds"]
        drawn = one["task"] != "make_tileable"
        assert all(spent > 0 for part, spent in one["parts"].items() if part != "drawing" or drawn)
    assert "| `extend` | 1 |" in shares.tables(found)["tasks"]
