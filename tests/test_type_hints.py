"""A value from a file fits a type hint exactly when the annotated code can use it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import Any, Literal, TypedDict

import pytest

from internal_gan.type_hints import fits, typed


class Entry(TypedDict):
    name: str
    note: str | None


@dataclass
class Part:
    name: str
    size: tuple[int, int] = (1, 1)


@dataclass
class Whole:
    parts: list[Part]


@pytest.mark.parametrize(
    ("hint", "fitting", "others"),
    [
        (int, [0, -3, 2**63 - 1], [1.0, True, "1", None, 2**63]),
        (float, [0, 2.5, 1e38], [True, nan, inf, 1e300, 10**400, "1"]),
        (bool, [True], [1, "true"]),
        (str | None, ["", None], [0, []]),
        (Literal["a", 1], ["a", 1], ["b", [1], None]),
        (Sequence[int], [[], [1], (1, 2)], ["12", [1.5], [[1]], {}]),
        (list[float], [[1, 2.5]], [[None], 1.0]),
        (tuple[int, int], [[1, 2]], [[1], [1, 2, 3], [1, 2.5], 1]),
        (tuple[int, ...], [[], [1, 2, 3]], [["a"]]),
        (Mapping[str, float], [{}, {"a": 1}], [{1: 1}, {"a": "b"}, [], None]),
        (dict[str, float], [{"a": 1.5}], [{"a": None}]),
        (Entry, [{"name": "a"}, {"name": "a", "note": None, "more": 1}], [{}, {"name": 1}, []]),
        (Any, [None, object()], []),
    ],
)
def test_a_value_fits_its_hint_or_not(hint: Any, fitting: list[Any], others: list[Any]) -> None:
    assert [value for value in fitting if not fits(value, hint)] == []
    assert [value for value in others if fits(value, hint)] == []


def test_dataclasses_are_built_from_their_known_fields() -> None:
    found = typed({"parts": [{"name": "a", "size": [2, 3], "later": 1}, {"name": "b"}]}, Whole)
    assert found == Whole([Part("a", [2, 3]), Part("b")])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value", [None, [], {}, {"parts": {}}, {"parts": [{}]}, {"parts": [{"name": 1}]}]
)
def test_a_dataclass_that_does_not_fit_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError):
        typed(value, Whole)
