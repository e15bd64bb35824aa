"""Which tests run a line of the package; recorded once for each test file, for ``make mutants``."""

import ast
import hashlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from coverage import Coverage

PACKAGE = "internal_gan"
COMPILED = "compiled by numba"  # in the docstrings of such modules: coverage does not see loops


class Span(NamedTuple):
    """The lines of a statement, without those of statements inside."""

    first: int
    last: int


def statements(tree: ast.Module) -> Iterator[tuple[ast.stmt, Span]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            inside = (one.lineno for one in ast.walk(node) if isinstance(one, ast.stmt))
            ends = (line - 1 for line in inside if line > node.lineno)
            yield node, Span(node.lineno, min(ends, default=node.end_lineno or node.lineno))


def imported(tree: ast.Module) -> set[str]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [name for node in found for name in node.names]
    return {name.asname or name.name.partition(".")[0] for name in names}


@dataclass(frozen=True)
class Covered:
    """What was recorded.

    Attributes:
        seconds: of each test that passed, by its name.
        tests: those that run a line, by path and number. A line that a fixture runs belongs to all
            tests of the file, as it is run for the first one alone.
    """

    seconds: Mapping[str, float]
    tests: Mapping[tuple[str, int], set[str]]


def covered(checkout: Path, copy: Path, files: Sequence[str], kept: Path) -> Covered:
    """What is recorded of some test files; what is not kept of this state of the package and of
    the file is recorded first, by running a ``copy`` of the checkout."""
    sources = [*(checkout / PACKAGE).rglob("*.py"), *(checkout / "conf").rglob("*.yaml")]
    folder = kept / _state(sorted(sources))
    places = {file: folder / f"{_state([checkout / file])}.json" for file in files}
    if missing := [file for file, place in places.items() if not place.exists()]:
        print(f"Recording which lines {len(missing)} test files run", file=sys.stderr, flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        made = folder / "recording.json"
        command = [sys.executable, "-m", "tests.covered", str(made), *missing]
        subprocess.run(command, cwd=copy, env=environment(copy), check=True, stdout=sys.stderr)
        recording = json.loads(made.read_text())
        for file in missing:
            places[file].write_text(json.dumps(recording[file]))
        made.unlink()
    seconds = dict[str, float]()
    tests = defaultdict[tuple[str, int], set[str]](set)
    for place in places.values():
        recorded = json.loads(place.read_text())
        passed = recorded["seconds"]
        seconds |= passed
        for test, lines in recorded["lines"].items():
            them = passed if "::" not in test else {test} & passed.keys()
            for path, numbers in lines.items():
                for number in numbers:
                    tests[path, number].update(them)
    return Covered(seconds, tests)


def environment(copy: Path, threads: int = 1) -> dict[str, str]:
    """The variables for tests of a copy. Python could take a file that changes within a second, and
    keeps its length, for the one that it has compiled."""
    return os.environ | {
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": str(threads),
    }


def _state(paths: Sequence[Path]) -> str:
    found = hashlib.sha256()
    for path in paths:
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:12]


class ByLine:
    """The tests that run a statement. What coverage does not see of them, compiled loops and what
    runs when a module is imported, has the tests of the statements that name it."""

    def __init__(self, sources: Mapping[str, str], recorded: Covered) -> None:
        self.recorded = recorded
        self.compiled = {path for path, source in sources.items() if COMPILED in source}
        self.named = defaultdict[tuple[str, str], list[tuple[str, Span]]](list)
        self.owners = defaultdict[tuple[str, int], list[str]](list)
        for path, source in sources.items():
            tree = ast.parse(source)
            elsewhere = imported(tree)
            for statement, span in statements(tree):
                for kind, name in _names(statement):
                    known = kind is ast.Name and name not in elsewhere
                    self.named[path if known else "", name].append((path, span))
            for name, lines in _owned(tree.body, path in self.compiled):
                for line in lines:
                    self.owners[path, line].append(name)

    def tests(self, path: str, span: Span) -> set[str]:
        return self._of(path, span, set())

    def _of(self, path: str, span: Span, asked: set[str]) -> set[str]:
        lines = range(span.first, span.last + 1)
        found = set[str]().union(*(self.recorded.tests.get((path, line), ()) for line in lines))
        for name in self.owners[path, span.first]:
            if name not in asked and (not found or path in self.compiled):
                asked.add(name)
                for other, place in [*self.named[path, name], *self.named["", name]]:
                    found |= self._of(other, place, asked)
        return found


def _names(statement: ast.stmt) -> Iterator[tuple[type[ast.AST], str]]:
    """What a statement names, other than by an import, and not in statements inside."""
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name):
            yield ast.Name, node.id
        elif isinstance(node, ast.Attribute):
            yield ast.Attribute, node.attr
        todo += (one for one in ast.iter_child_nodes(node) if not isinstance(one, ast.stmt))


def _owned(body: Sequence[ast.stmt], compiled: bool, of: str = "") -> Iterator[tuple[str, range]]:
    """The names by which others use what is defined, and the lines that run on import: of compiled
    functions, all."""
    for one in body:
        whole = range(one.lineno, (one.end_lineno or one.lineno) + 1)
        if isinstance(one, ast.ClassDef):
            yield one.name, range(one.lineno, one.body[0].lineno)
            yield from _owned(one.body, compiled, one.name)
        elif isinstance(one, ast.FunctionDef):
            name = of if one.name.startswith("__") else one.name
            yield name, whole if compiled else range(one.lineno, one.body[0].lineno)
        elif isinstance(one, ast.Assign | ast.AnnAssign):
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            for target in targets:
                yield from ((name, whole) for _, name in _names(ast.Expr(target)))


class _Recorder:
    """A plugin of pytest."""

    def __init__(self, coverage: Coverage) -> None:
        self.coverage = coverage
        self.seconds = dict[str, float]()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self.coverage.switch_context(item.nodeid.partition("::")[0])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        self.coverage.switch_context(item.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.seconds[report.nodeid] = round(report.duration, 2)


def _record(made: Path, files: Sequence[str]) -> None:
    coverage = Coverage(data_file=None, source=[PACKAGE])
    recorder = _Recorder(coverage)
    coverage.start()
    code = pytest.main(["-q", "-n", "0", "-p", "no:cacheprovider", *files], [recorder])
    coverage.stop()
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        sys.exit(code)  # not all were run
    recording: dict[str, Any] = {file: {"seconds": {}, "lines": {}} for file in files}
    for test, seconds in recorder.seconds.items():
        recording[test.partition("::")[0]]["seconds"][test] = seconds
    for path, number, test in _runs(coverage):
        lines = recording[test.partition("::")[0]]["lines"].setdefault(test, {})
        lines.setdefault(path, []).append(number)
    made.write_text(json.dumps(recording))


def _runs(coverage: Coverage) -> Iterator[tuple[str, int, str]]:
    """Each line, with the tests that ran it; what was run before the first test is left out."""
    data = coverage.get_data()
    for path in data.measured_files():
        short = Path(path).relative_to(Path.cwd()).as_posix()
        for number, tests in data.contexts_by_lineno(path).items():
            yield from ((short, number, test) for test in tests if test)


if __name__ == "__main__":
    _record(Path(sys.argv[1]), sys.argv[2:])
