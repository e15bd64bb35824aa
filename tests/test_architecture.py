"""The architecture diagram matches the code, and no modules import each other in a circle."""

import runpy
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

DOCS = Path(__file__).resolve().parents[1] / "docs"


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
