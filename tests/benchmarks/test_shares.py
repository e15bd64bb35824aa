"""The benchmark of where time goes."""

from typing import Any

import pytest

from benchmarks import commands, shares


def test_every_part_of_a_task_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "MEGAPIXELS", (1,))
    monkeypatch.setitem(commands.SIZES, 1, (160, 120))
    monkeypatch.setattr(shares, "TASKS", {"extend": shares.TASKS["extend"]})
    found: dict[str, Any] = {}
    monkeypatch.setattr(shares, "print_json", lambda name, record: found.update(record))
    shares.main([])
    (one,) = found["tasks"]
    assert 0 < sum(one["parts"].values()) < one["seconds"]
    assert all(spent > 0 for spent in one["parts"].values())
    assert "| `extend` | 1 |" in shares.tables(found)["tasks"]
