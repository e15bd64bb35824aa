"""Configurations of earlier versions are translated to the current names."""

import pytest

from internal_gan.config.migrations import ADDED, NAMES, OPTIONS, migrated


def test_classes_and_options_are_renamed_wherever_they_stand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(NAMES, "old", "older.today")
    monkeypatch.setitem(NAMES, "old.Loss", "new.Loss")
    monkeypatch.setitem(OPTIONS, "new.Loss", {"size": "patch"})
    old = {"_target_": "old.Loss", "size": 7, "interval": 2}
    new = {"_target_": "new.Loss", "patch": 7, "interval": 2}
    config = {
        "_target_": "today.Model",
        "size": 3,
        "terms": {"a": old, "b": {"_target_": "old.Other"}},
        "parts": [old, None],
    }
    assert migrated(config) == {
        **config,
        "terms": {"a": new, "b": {"_target_": "older.today.Other"}},
        "parts": [new, None],
    }


def test_an_option_that_an_old_model_lacks_takes_its_old_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ADDED, "new.Loss", {"levels": 1})
    assert migrated({"_target_": "new.Loss"}) == {"_target_": "new.Loss", "levels": 1}
    given = {"_target_": "new.Loss", "levels": None}
    assert migrated(given) == given


@pytest.mark.parametrize("config", [None, 7, [], {}, {"_target_": [1]}, {"_target_": None}])
def test_values_that_name_no_class_stay_unchanged(config: object) -> None:
    assert migrated(config) == config
