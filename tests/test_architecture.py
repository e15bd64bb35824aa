"""The diagram matches the code, no imports form a circle, and the code does not grow unnoticed."""

import runpy
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
# The most lines of the package; ruff bounds its functions. Never pack lines to meet it: remove
# something, or say in the commit why it must grow.
MAX_LINES = 28_900


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


def test_the_package_stays_small() -> None:
    paths = (ROOT / "internal_gan").rglob("*.py")
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths) <= MAX_LINES
