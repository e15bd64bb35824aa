"""Small changes to the package, drawn at random, which tests should fail with: ``make mutants``.

A line is drawn, then a kind of change, then one of its changes. A copy of the checkout is changed,
and the tests that run the line are run, on one thread and on two. What survives is listed.
"""

import argparse
import ast
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from tests.covered import (
    COMPILED,
    PACKAGE,
    ByLine,
    Span,
    covered,
    environment,
    imported,
    statements,
)

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / ".mutants"
# A mutant's tests, nearest first, are run until they take so long together, in seconds.
MOST_SECONDS = 120
SURVIVED = "survived"
STARTING = 60  # seconds that a run of tests may take beyond twice what they took
PAIRS: tuple[tuple[type[Any], type[Any]], ...] = (
    (ast.Lt, ast.LtE),
    (ast.Gt, ast.GtE),
    (ast.Eq, ast.NotEq),
    (ast.Is, ast.IsNot),
    (ast.In, ast.NotIn),
    (ast.Add, ast.Sub),
    (ast.Mult, ast.Div),
)
OTHER = {one: other for pair in PAIRS for one, other in (pair, pair[::-1])}
ASIDE = {"annotation", "returns", "decorator_list", "bases"}
# Calls with these names say something; their words are tested elsewhere.
SAYS = {"print", "UserError", "warn", "debug", "info", "warning", "error"}


@dataclass(frozen=True)
class Mutant:
    """A change.

    Attributes:
        start, end: the bytes of the source that ``text`` replaces.
        span: the statement's lines.
    """

    line: int
    kind: str
    start: int
    end: int
    text: str
    span: Span

    def applied(self, source: str) -> str:
        whole = source.encode()
        return (whole[: self.start] + self.text.encode() + whole[self.end :]).decode()

    def shown(self, source: str) -> tuple[str, str]:
        """The line, or the lines as one, before and after."""
        whole = source.encode()
        first, last = whole.rfind(b"\n", 0, self.start) + 1, whole.find(b"\n", self.end)
        before = whole[first:last]
        after = whole[first : self.start] + self.text.encode() + whole[self.end : last]
        return " ".join(before.decode().split()), " ".join(after.decode().split())


def mutants_of(source: str) -> Iterator[Mutant]:
    """Every change to a source."""
    tree = ast.parse(source)
    names = imported(tree)
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for statement, span in statements(tree):
        for node in _nodes(statement):
            for kind, old, new in _changes(node, names):
                start = starts[old.lineno - 1] + old.col_offset
                end = starts[(old.end_lineno or 0) - 1] + (old.end_col_offset or 0)
                text = f"({ast.unparse(new)})" if isinstance(new, ast.expr) else ast.unparse(new)
                yield Mutant(old.lineno, kind, start, end, text, span)


def _nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """What may change of a statement: no decorators, annotations, or words for the user."""
    if isinstance(statement, ast.Raise) or _says(getattr(statement, "value", None)):
        return
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        yield node
        for name, value in ast.iter_fields(node):
            for one in value if isinstance(value, list) else [value]:
                if name in ASIDE or not isinstance(one, ast.AST):
                    continue
                if not isinstance(one, ast.stmt | ast.JoinedStr) and not _says(one):
                    todo.append(one)


def _says(node: object) -> bool:
    if not isinstance(node, ast.Call):
        return False
    return getattr(node.func, "attr", getattr(node.func, "id", None)) in SAYS


Place = ast.expr | ast.stmt  # has numbers of lines


def _changes(node: ast.AST, names: set[str]) -> Iterator[tuple[str, Place, Place]]:
    """Kinds of changes, each with what is replaced, and by what."""
    match node:
        case ast.Compare(ops=[first, *more]) if type(first) in OTHER:
            others = [OTHER[type(first)](), *more]
            yield "comparison", node, ast.Compare(node.left, others, node.comparators)
        case ast.BinOp(op=sign) if type(sign) in OTHER:
            yield "sign", node, ast.BinOp(node.left, OTHER[type(sign)](), node.right)
        case ast.UnaryOp(op=ast.USub()):
            yield "sign", node, node.operand
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            yield "constant by one", node, ast.Constant(value + 1)
            yield "constant by one", node, ast.Constant(value - 1)
        case ast.If() | ast.While() | ast.IfExp():
            yield "branch negated", node.test, ast.UnaryOp(ast.Not(), node.test)
        case ast.comprehension():
            for test in node.ifs:
                yield "branch negated", test, ast.UnaryOp(ast.Not(), test)
        case ast.Call():
            for fewer in _fewer(node):
                yield "argument dropped", node, fewer
            if (rest := _left(node, names)) is not None:
                yield "call left out", node, rest
        case ast.Expr(value=ast.Call()):
            yield "call left out", node, ast.Pass()


def _fewer(call: ast.Call) -> Iterator[ast.Call]:
    """A call without its last argument, or without one that is given by name."""
    if len(call.args) > 1 and not isinstance(call.args[-1], ast.Starred):
        yield ast.Call(call.func, call.args[:-1], call.keywords)
    for number, keyword in enumerate(call.keywords):
        if keyword.arg:
            rest = call.keywords[:number] + call.keywords[number + 1 :]
            yield ast.Call(call.func, call.args, rest)


def _left(call: ast.Call, names: set[str]) -> ast.expr | None:
    """What is left of a call: of a method, what it belongs to, else its first argument."""
    if isinstance(call.func, ast.Attribute):
        owner: ast.expr = call.func.value
        while isinstance(owner, ast.Attribute):
            owner = owner.value
        if not (isinstance(owner, ast.Name) and owner.id in names | {"self", "cls"}):
            return call.func.value
    return call.args[0] if call.args and not isinstance(call.args[0], ast.Starred) else None


def drawn(
    sources: Mapping[str, str], lines: Mapping[str, set[int]], count: int, seed: int
) -> list[tuple[str, Mutant]]:
    """Mutants of lines of some files, each of another line, with the file's path."""
    found = defaultdict[tuple[str, int], dict[str, list[Mutant]]](lambda: defaultdict(list))
    for path, numbers in lines.items():
        for mutant in mutants_of(sources[path]):
            if mutant.line in numbers:
                found[path, mutant.line][mutant.kind].append(mutant)
    rng = random.Random(seed)
    places = sorted(found)
    rng.shuffle(places)
    result = list[tuple[str, Mutant]]()
    for place in places:
        mutant = rng.choice(found[place][rng.choice(sorted(found[place]))])
        if len(result) < count and _is_valid(mutant.applied(sources[place[0]])):
            result.append((place[0], mutant))
    return result


def _is_valid(source: str) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


class Copy:
    """A copy of the checkout, to be changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        for name in filter(None, _output(*listed).split("\0")):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name)

    def result(self, path: str, mutant: Mutant, tests: Sequence[str], seconds: float) -> str:
        """What the tests say of a mutant."""
        file = self.root / path
        source = file.read_text(encoding="utf-8")
        # Other files' loops contain those of this one, and its constants.
        self.loops = self.root / ("its-loops" if COMPILED in source else "loops")
        file.write_text(mutant.applied(source), encoding="utf-8")
        try:
            if self._fails(tests, seconds, 1):
                return "killed"
            on_two = self._fails(tests, seconds, 2)
        finally:
            file.write_text(source, encoding="utf-8")
            shutil.rmtree(self.root / "its-loops", ignore_errors=True)
        # They may fail on two threads without it.
        on_two = on_two and not self._fails(tests, seconds, 2)
        return "killed on two threads" if on_two else SURVIVED

    def _fails(self, tests: Sequence[str], seconds: float, threads: int) -> bool:
        command = [sys.executable, "-m", "pytest", "-qx", "-n", "0", "-p", "no:cacheprovider"]
        variables = environment(self.root, threads) | {"NUMBA_CACHE_DIR": str(self.loops)}
        process = subprocess.Popen(
            [*command, *tests],
            cwd=self.root,
            env=variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return process.wait(2 * seconds + STARTING) != 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with the processes of tests
            process.wait()
            return True


def _output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def changed_since(commit: str) -> dict[str, set[int]]:
    """The lines of the package that are not as they were, by path."""
    found = defaultdict[str, set[int]](set)
    path = ""
    command = ["git", "diff", "--no-prefix", "--unified=0", commit, "--", PACKAGE]
    for line in _output(*command).splitlines():
        if line.startswith("+++ "):
            path = line.removeprefix("+++ ")
        elif of := re.match(r"@@ .* \+(\d+)(?:,(\d+))? @@", line):
            first, count = int(of[1]), int(of[2] or 1)
            found[path].update(range(first, first + count))
    return found


def tests_near(paths: Iterable[str]) -> list[str]:
    """The files of tests of the rooms that these files are in, and those that import them."""
    rooms = {ROOT / "tests" / Path(path).parts[1] for path in paths}
    modules = "|".join(path.removesuffix(".py").replace("/", "[.]") for path in paths)
    named = re.compile(rf"\b({modules})\b")
    return [
        file.relative_to(ROOT).as_posix()
        for file in sorted((ROOT / "tests").rglob("test_*.py"))
        if rooms & {*file.parents} or named.search(file.read_text(encoding="utf-8"))
    ]


def nearest(tests: set[str], path: str, seconds: Mapping[str, float]) -> list[str]:
    """Tests of a file's own room first, quick files first, until they take MOST_SECONDS."""
    own = f"tests/{Path(path).parts[1]}/"
    lasts = defaultdict[str, float](float)
    for test in tests:
        lasts[_file(test)] += seconds[test]

    def order(test: str) -> tuple[bool, float, str, float, str]:
        file = _file(test)
        return not test.startswith(own), lasts[file], file, seconds[test], test

    in_order = sorted(tests, key=order)
    times = accumulate(seconds[test] for test in in_order)
    return [test for test, time in zip(in_order, times, strict=True) if time <= MOST_SECONDS]


def _file(test: str) -> str:
    return test.partition("::")[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20, help="how many mutants")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--room", nargs="*", default=[], help="folders or files of the package")
    parser.add_argument("--since", help="a commit: only lines that have changed since")
    parser.add_argument("--tests", nargs="*", default=[], help="files, beside those of the rooms")
    options = parser.parse_args()
    if not (options.room or options.since):
        parser.error("name a ROOM, such as patches, or a commit SINCE which lines have changed")

    files = sorted((ROOT / PACKAGE).rglob("*.py"))
    sources = {file.relative_to(ROOT).as_posix(): file.read_text("utf-8") for file in files}
    rooms = tuple(f"{PACKAGE}/{room}" for room in options.room or [""])
    every = {path: {*range(1, source.count("\n") + 1)} for path, source in sources.items()}
    lines = changed_since(options.since) if options.since else every
    lines = {path: lines[path] for path in lines if path in sources and path.startswith(rooms)}
    found = drawn(sources, lines, options.count, options.seed)
    survivors = list[str]()
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder))
        near = {*tests_near({path for path, _ in found}), *options.tests}
        known = ByLine(sources, covered(ROOT, copy.root, sorted(near), KEPT))
        for number, (path, mutant) in enumerate(found, 1):
            outcome, about = tried(copy, path, mutant, known)
            where = f"{path}:{mutant.line}: {mutant.kind}"
            print(f"{number:3d} {outcome:8} {where} ({about})", flush=True)
            if outcome == SURVIVED:
                before, after = mutant.shown(sources[path])
                survivors.append(f"\n{where} ({about})\n- {before}\n+ {after}")
    print(f"\n{len(found)} drawn by seed {options.seed}, {len(survivors)} survived")
    print(*survivors, sep="\n")


def tried(copy: Copy, path: str, mutant: Mutant, known: ByLine) -> tuple[str, str]:
    """What becomes of a mutant, and of how many tests."""
    every, lasts = known.tests(path, mutant.span), known.recorded.seconds
    tests = nearest(every, path, lasts)
    left_out = f", {len(every) - len(tests)} left out" if len(every) > len(tests) else ""
    about = f"{len(tests)} tests{left_out}"
    if not tests:
        return SURVIVED, about
    return copy.result(path, mutant, tests, sum(lasts[test] for test in tests)), about


if __name__ == "__main__":
    main()
