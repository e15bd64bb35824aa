"""Pictures are finished in the background, in order."""

import threading
from collections.abc import Iterator

import pytest

from internal_gan.errors import UserError
from internal_gan.tasks.base import ahead


def test_the_others_are_made_together_but_the_first_alone() -> None:
    begun, second = list[int](), threading.Barrier(2, timeout=20)

    def make(number: int) -> str:
        begun.append(number)
        if number in (1, 2):
            second.wait()  # both are made at the same time
        return str(number)

    made = ahead(make, range(5), 2)
    assert next(made) == "0"
    assert begun[0] == 0
    assert 3 not in begun  # so far, two of the others are enough
    assert list(made) == ["1", "2", "3", "4"]
    assert sorted(begun) == [0, 1, 2, 3, 4]


def test_items_are_drawn_in_the_callers_thread() -> None:
    def drawn() -> Iterator[int]:
        for number in range(4):
            assert threading.current_thread() is threading.main_thread()
            yield number

    assert list(ahead(lambda number: number + 1, drawn(), 2)) == [1, 2, 3, 4]
    assert list(ahead(lambda number: number + 1, drawn(), 0)) == [1, 2, 3, 4]
    assert not list(ahead(lambda number: number, [], 2))


def test_an_error_is_raised_in_its_turn() -> None:
    def make(number: int) -> int:
        if number == 1:
            raise UserError("no memory")
        return number

    made = ahead(make, range(3), 1)
    assert next(made) == 0
    with pytest.raises(UserError, match="no memory"):
        next(made)
