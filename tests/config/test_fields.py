"""A field checks exactly what its description says."""

from dataclasses import Field, make_dataclass
from math import inf, nan
from typing import Any

import pytest

from internal_gan.config.fields import fields_of, number, whole
from internal_gan.config.options import Options
from internal_gan.errors import Range


def only(entry: Any) -> "Field[Any]":
    ((_, found),) = fields_of(make_dataclass("Group", [("x", Any, entry)]))
    return found


@pytest.mark.parametrize(
    ("within", "words", "allowed", "refused"),
    [
        (Range(0, 1), "from 0 to 1", [0, 0.5, 1], [-0.1, 1.1, inf]),
        (Range(above=0, high=1), "above 0, at most 1", [0.1, 1], [0, 1.1]),
        (Range(above=0), "above 0", [0.1, 1e300], [0, inf]),
        (Range(3), "3 or more", [3, 4], [2, inf]),
    ],
)
def test_bounds_are_as_described(within: Range, words: str, allowed: Any, refused: Any) -> None:
    about = only(number(0.5, within, "a share")).metadata
    assert about["needs"].endswith(words)
    assert all(about["allowed"](value) for value in allowed)
    assert not any(about["allowed"](value) for value in [*refused, nan])


def test_what_a_number_counts_and_whether_it_may_be_null() -> None:
    fields = whole(1, Range(1), "how long", "of steps"), whole(None, Range(1, 9), "how long")
    needs = [only(field).metadata["needs"] for field in fields]
    assert needs == ["a whole number of steps, 1 or more", "a whole number from 1 to 9, or null"]


def test_every_option_has_a_line_of_help() -> None:
    for name, field in fields_of(Options):
        help = field.metadata["help"]
        assert help.strip() == help != "", name
        assert "\n" not in help + field.metadata["needs"], name
