"""Pictures are finished in the background, in order."""

import threading
from collections.abc import Iterator

import pytest
import torch

from internal_gan.errors import UserError
from internal_gan.finishing import finisher
from internal_gan.finishing.finisher import Finisher
from internal_gan.images.photo import Photo
from internal_gan.tasks.items import ahead
from tests.tiny import picture


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


@pytest.mark.parametrize(
    ("threads", "results", "expected"),
    [(1, 9, 2), (2, 9, 2), (16, 9, 8), (16, 3, 3), (16, 0, 1), (2, 1, 1)],
)
def test_as_many_are_made_as_cores_and_memory_allow(
    threads: int, results: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``results`` fit into memory."""
    made = Finisher(picture(20, 30), lambda longest: Photo(picture(20, 30)), (40, 50))
    each = finisher.BYTES_PER_PIXEL * 40 * 50
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    monkeypatch.setattr(finisher, "free_memory", lambda device: 2 * results * each + each)
    assert made.at_once == expected
    monkeypatch.setattr(finisher, "AT_ONCE_PIXELS", 40 * 50 - 1)
    assert made.at_once == 1
