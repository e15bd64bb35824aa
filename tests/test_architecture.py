"""The diagram matches the code, no imports form a circle, and no room grows unnoticed."""

import runpy
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
# The most lines that a folder of the package may have. Delete something before you raise a number,
# or say in the commit why it must grow.
MAX_LINES = {
    "api": 928,
    "app": 1363,
    "config": 1502,
    "finishing": 2316,
    "hub": 123,
    "images": 3555,
    "internal_gan": 1186,
    "judging": 1053,
    "models": 3601,
    "nn": 938,
    "patches": 1830,
    "report": 581,
    "runs": 948,
    "sweeps": 292,
    "tasks": 2379,
    "training": 1248,
}
# The same for all of the code.
MAX_IN_ALL = {"internal_gan": 23_843, "tests": 22_889, "benchmarks": 5_533}


def test_the_architecture_diagram_is_up_to_date() -> None:
    drawn = runpy.run_path(str(DOCS / "draw_rooms.py"))["draw"]()
    kept = (DOCS / "images" / "rooms.svg").read_text(encoding="utf-8")
    assert drawn == kept, "run: python docs/draw_rooms.py"


def test_indirect_imports_are_not_drawn() -> None:
    reduced = runpy.run_path(str(DOCS / "draw_rooms.py"))["reduced"]
    assert reduced({("a", "b"), ("b", "c"), ("a", "c")}) == {("a", "b"), ("b", "c")}


def test_no_imports_form_a_circle() -> None:
    graph = grimp.build_graph("internal_gan", cache_dir=None)  # TYPE_CHECKING included
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    TopologicalSorter(imports).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize(("folder", "most"), MAX_IN_ALL.items())
def test_the_code_stays_small(folder: str, most: int) -> None:
    paths = [path for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths) <= most


def test_no_room_has_more_lines_than_its_budget() -> None:
    lines: Counter[str] = Counter()
    for path in (ROOT / "internal_gan").rglob("*.py"):
        room = path.relative_to(ROOT).parts[-2 if path.parent.name == "internal_gan" else 1]
        lines[room] += len(path.read_text(encoding="utf-8").splitlines())
    assert lines.keys() == MAX_LINES.keys()
    over = {room: count for room, count in lines.items() if count > MAX_LINES[room]}
    assert not over, f"more lines than MAX_LINES allows: {over}"
    # What a diet won is kept.
    slack = {room: MAX_LINES[room] - count for room, count in lines.items()}
    assert max(slack.values()) < 100, f"lower MAX_LINES: {slack}"
