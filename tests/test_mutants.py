"""Mutants are drawn by a seed, are valid, and have the tests that run their lines."""

import ast
import shutil
from pathlib import Path

import pytest

from tests import mutants
from tests.covered import ByLine, Covered, Span, covered
from tests.mutants import SURVIVED, Copy, changed_since, drawn, mutants_of, nearest

SOURCE = """
import numpy as np

def whole(values, size: tuple[int, int] = (3, 4), *, wrap=True):
    \"\"\"The sum of 1 and 2.\"\"\"
    found = np.pad(values - 1, 2, "edge", a=size, b=wrap)
    if found.size > 5:  # é
        values.sort()
    return found.sum() if wrap is None else [-x for x in values if x]
"""

QUIET = '''
from typing import Literal

@cache(maxsize=3)
class Words(Base[4]):
    """Not 1 - 2."""

    most: Literal[1, 2]
    name: "int" = "1 + 1"

def said(text: Annotated[str, 1 + 2]) -> Literal[-1]:
    """Twice: 2 * text."""
    logger.info("%d of %d", 1, len(text) - 1)
    raise UserError(f"{text}: {1 + 2}; must be {shown(3, True)}")
'''


def changes(source: str) -> set[tuple[str, str]]:
    return {(mutant.kind, mutant.shown(source)[1]) for mutant in mutants_of(source)}


def test_every_kind_of_change_is_made() -> None:
    pad = 'found = np.pad(values - 1, 2, "edge", a=size, b=wrap)'
    result = "return found.sum() if wrap is None else [-x for x in values if x]"
    assert changes(SOURCE) == {
        ("constant by one", "def whole(values, size: tuple[int, int] = ((4), 4), *, wrap=True):"),
        ("constant by one", "def whole(values, size: tuple[int, int] = ((2), 4), *, wrap=True):"),
        ("constant by one", "def whole(values, size: tuple[int, int] = (3, (5)), *, wrap=True):"),
        ("constant by one", "def whole(values, size: tuple[int, int] = (3, (3)), *, wrap=True):"),
        ("sign", pad.replace("values - 1", "(values + 1)")),
        ("constant by one", pad.replace("1", "(2)")),
        ("constant by one", pad.replace("1", "(0)")),
        ("constant by one", pad.replace("2", "(3)")),
        ("constant by one", pad.replace("2", "(1)")),
        ("argument dropped", "found = (np.pad(values - 1, 2, a=size, b=wrap))"),
        ("argument dropped", "found = (np.pad(values - 1, 2, 'edge', b=wrap))"),
        ("argument dropped", "found = (np.pad(values - 1, 2, 'edge', a=size))"),
        ("call left out", "found = (values - 1)"),
        ("comparison", "if (found.size >= 5): # é"),
        ("branch negated", "if (not found.size > 5): # é"),
        ("constant by one", "if found.size > (6): # é"),
        ("constant by one", "if found.size > (4): # é"),
        ("call left out", "pass"),
        ("call left out", "(values)"),
        ("call left out", result.replace("found.sum()", "(found)")),
        ("comparison", result.replace("wrap is None", "(wrap is not None)")),
        ("branch negated", result.replace("wrap is None", "(not wrap is None)")),
        ("sign", result.replace("-x", "(x)")),
        ("branch negated", result.replace("if x]", "if (not x)]")),
    }


def test_what_is_changed_is_valid_and_another_program() -> None:
    source = Path(mutants.__file__).read_text(encoding="utf-8")
    before = ast.dump(ast.parse(source))
    for mutant in list(mutants_of(source))[::10]:
        assert ast.dump(ast.parse(mutant.applied(source))) != before


def test_docstrings_annotations_decorators_and_messages_stay() -> None:
    assert list(mutants_of(QUIET)) == []


def test_a_seed_draws_the_same_mutants_of_different_lines() -> None:
    sources = {"a.py": SOURCE, "b.py": SOURCE}
    lines = {path: {4, 6, 7, 8} for path in sources}
    found = drawn(sources, lines, 5, 0)
    assert found == drawn(dict(reversed(sources.items())), lines, 5, 0)
    assert found[:2] == drawn(sources, lines, 2, 0)
    assert found != drawn(sources, lines, 5, 1)
    every = [(path, mutant.line) for path, mutant in drawn(sources, lines, 99, 0)]
    assert every != sorted(every)
    assert sorted(every) == [(path, line) for path in sources for line in (4, 6, 7, 8)]


DIFF = """
--- internal_gan/a.py
+++ internal_gan/a.py
@@ -3 +3,2 @@ def one():
-    old
+    new
+    more
@@ -9,2 +11,0 @@
-    gone
-    gone
--- internal_gan/b.py
+++ internal_gan/b.py
@@ -1 +1 @@
-old
+new
"""


def test_lines_that_changed_since_a_commit_are_those_of_the_diff(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mutants, "_output", lambda *_: DIFF)
    assert changed_since("HEAD") == {
        "internal_gan/a.py": {3, 4},
        "internal_gan/b.py": {1},
    }


FILTERS = """
from internal_gan.loops import SIDE, add
STEP = 3

class Filter:
    sides = SIDE

    def __call__(self, x, step=STEP):
        return add(x, step)
"""

LOOPS = """
'''Loops, compiled by numba.'''
SIDE = 7
OTHER = SIDE

@njit
def one(x):
    return x + SIDE

@njit
def add(x, y):
    return one(x) + y
"""


@pytest.mark.parametrize(
    ("path", "line", "expected"),
    [
        ("filters", 9, {"calls"}),
        ("filters", 8, {"makes"}),
        ("filters", 3, {"makes"}),
        ("filters", 6, set()),
        ("loops", 12, {"calls", "plain"}),
        ("loops", 8, {"calls", "plain"}),
        ("loops", 3, {"calls", "plain"}),
        ("loops", 4, set()),
    ],
)
def test_what_coverage_does_not_see_has_the_tests_of_what_names_it(
    path: str, line: int, expected: set[str]
) -> None:
    use = "from internal_gan.filters import Filter\ndef use():\n    return Filter()(2)\n"
    sources = {"filters": FILTERS, "loops": LOOPS, "use": use}
    runs = {("filters", 9): {"calls"}, ("use", 3): {"makes"}, ("loops", 12): {"plain"}}
    known = ByLine(sources, Covered({}, runs))
    assert known.tests(path, Span(line, line)) == expected


def test_the_nearest_tests_come_first_and_take_a_limited_time() -> None:
    seconds = {"tests/a/f.py::x": 40.0, "tests/b/f.py::x": 1.0, "tests/a/f.py::y": 2.0}
    seconds |= {"tests/a/g.py::x": 3.0, "tests/b/g.py::x": 90.0, "tests/b/h.py::x": 70.0}
    found = [test[6:] for test in nearest({*seconds}, "internal_gan/a/f.py", seconds)]
    assert found == ["a/g.py::x", "a/f.py::y", "a/f.py::x", "b/f.py::x", "b/h.py::x"]


TOY = """
import os

def half(x):
    return x / 2 if os.environ["OMP_NUM_THREADS"] == "1" else x * 0.5

def rounded(x):
    return half(x) + 0 * 5
"""

TOY_TESTS = """
import pytest
from internal_gan.toy import half, rounded

@pytest.fixture(scope="module")
def one():
    return rounded(2)

def test_half():
    assert half(4) == 2

def test_rounded(one):
    assert one == 1

def test_that_fails():
    assert half(1) == 3
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    (tmp_path / "internal_gan").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "internal_gan" / "__init__.py").touch()
    (tmp_path / "internal_gan" / "toy.py").write_text(TOY)
    (tmp_path / "tests" / "test_toy.py").write_text(TOY_TESTS)
    for name in ("covered.py", "mutants.py"):
        shutil.copy(Path(mutants.__file__).with_name(name), tmp_path / "tests")
    monkeypatch.setattr(mutants, "_output", lambda *_: "")
    return Copy(tmp_path)


@pytest.mark.slow
def test_lines_have_the_tests_that_passed_and_a_recording_is_kept(toy: Copy) -> None:
    files, kept = ["tests/test_toy.py"], toy.root / "kept"
    found = covered(toy.root, toy.root, files, kept)
    half, rounded = ({f"{files[0]}::test_{name}"} for name in ("half", "rounded"))
    assert found.tests["internal_gan/toy.py", 5] == half | rounded
    # A fixture of the module runs it.
    assert found.tests["internal_gan/toy.py", 8] == half | rounded
    assert covered(toy.root, toy.root / "elsewhere", files, kept) == found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("half(x) + 0 * (6)", SURVIVED),
        ("half(x) + (1) * 5", "killed"),
        ("else (x / 0.5)", "killed on two threads"),
    ],
)
def test_a_mutant_survives_or_is_killed_on_one_or_two_threads(
    toy: Copy, after: str, expected: str
) -> None:
    tests = ["tests/test_toy.py::test_half", "tests/test_toy.py::test_rounded"]
    [mutant] = [one for one in mutants_of(TOY) if one.shown(TOY)[1].endswith(after)]
    assert toy.result("internal_gan/toy.py", mutant, tests, 1) == expected
    assert (toy.root / "internal_gan" / "toy.py").read_text() == TOY
