"""Draw ``docs/images/rooms.svg``: the subpackages and what they import.

    python docs/draw_rooms.py

Each subpackage ("room") is above all that it imports. Its text is the first paragraph of its
docstring. Arrows are the imports found in the code, without those that follow from others. Needs
grimp, which import-linter installs.
"""

import ast
import textwrap
from collections.abc import Collection, Mapping
from html import escape
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "rooms.svg"
PACKAGE = "internal_gan"
# Top-level modules that import no subpackage share one box.
GROUND = "top-level modules"

WIDTH, HEIGHT, GAP, ROW_GAP, MARGIN = 214, 86, 20, 34, 20
LETTERS = 33  # in a line of text in a box
LANE = 26  # distance of an arrow past a row from the boxes, and from the next arrow

Edges = Collection[tuple[str, str]]


def main() -> None:
    PICTURE.write_text(draw(), encoding="utf-8")


def draw() -> str:
    """The picture as SVG."""
    edges = reduced(imports())
    ranks = heights(edges)
    boxes = places(ranks)
    arrows, lanes = [], 0
    for upper, lower in sorted(edges):
        if ranks[upper] - ranks[lower] == 1:
            arrows.append(_arrow(boxes[upper], boxes[lower]))
        else:
            lanes += 1
            between = [boxes[r] for r in boxes if ranks[lower] <= ranks[r] <= ranks[upper]]
            lane = max(x for x, _ in between) + WIDTH + lanes * LANE
            arrows.append(_detour(boxes[upper], boxes[lower], lane))
    width = max(x for x, _ in boxes.values()) + WIDTH + MARGIN + lanes * LANE
    height = max(y for _, y in boxes.values()) + HEIGHT + MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" font-family="system-ui, sans-serif">',
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#789"/></marker></defs>',
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
            *arrows,
            *(_box(room, *boxes[room]) for room in sorted(boxes)),
            "</svg>\n",
        ]
    )


def imports() -> set[tuple[str, str]]:
    """Pairs of rooms, the first of which imports the second."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    found = set()
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            found.add((_top(module), _top(imported)))
    found = {(a, b) for a, b in found if a != b and not (a + b).startswith("_") and a and b}
    ground = {a for a, _ in found} | {b for _, b in found}
    ground = {name for name in ground if _is_module(name)}
    while upper := {a for a, b in found if a in ground and b not in ground}:
        ground -= upper
    names = dict.fromkeys(ground, GROUND)
    pairs = {(names.get(a, a), names.get(b, b)) for a, b in found}
    return {(a, b) for a, b in pairs if a != b}


def reduced(edges: Edges) -> set[tuple[str, str]]:
    """The edges that do not follow from the others."""
    below: dict[str, set[str]] = {}
    for upper, lower in edges:
        below.setdefault(upper, set()).add(lower)

    def reaches(start: str, goal: str) -> bool:
        return goal in below.get(start, ()) or any(
            reaches(room, goal) for room in below.get(start, ())
        )

    return {
        (upper, lower)
        for upper, lower in edges
        if not any(reaches(room, lower) for room in below[upper] - {lower})
    }


def heights(edges: Edges) -> dict[str, int]:
    """The length of the longest chain of imports below each room."""

    def height(room: str) -> int:
        return max((1 + height(lower) for upper, lower in edges if upper == room), default=0)

    return {room: height(room) for edge in edges for room in edge}


def places(ranks: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """The upper left corner of every room's box, the rows centred."""
    rows = [
        sorted(room for room in ranks if ranks[room] == rank)
        for rank in range(max(ranks.values()), -1, -1)
    ]
    widest = max(map(len, rows))
    found = {}
    for number, row in enumerate(rows):
        left = MARGIN + (widest - len(row)) * (WIDTH + GAP) // 2
        for column, room in enumerate(row):
            found[room] = (left + column * (WIDTH + GAP), MARGIN + number * (HEIGHT + ROW_GAP))
    return found


def _top(module: str) -> str:
    name = module.removeprefix(PACKAGE).lstrip(".").partition(".")[0]
    return "" if name.startswith("_") else name


def _is_module(name: str) -> bool:
    return (ROOT / PACKAGE / f"{name}.py").is_file()


def _about(room: str) -> str:
    path = ROOT / PACKAGE / room
    if room == GROUND:
        rooms = {name for edge in imports() for name in edge}
        names = {path.stem for path in (ROOT / PACKAGE).glob("[!_]*.py")} - rooms
        return ", ".join(sorted(names))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.partition("\n\n")[0].replace("\n", " ").replace("``", "")


def _box(room: str, left: int, top: int) -> str:
    lines = textwrap.wrap(_about(room), LETTERS, max_lines=4, placeholder=" …")
    text = "".join(
        f'<tspan x="{left + 10}" dy="{13 if number else 0}">{escape(line)}</tspan>'
        for number, line in enumerate(lines)
    )
    return (
        f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#f4f7fa" '
        f'stroke="#789"/><text x="{left + 10}" y="{top + 20}" font-size="14" font-weight="600">'
        f'{escape(room)}</text><text y="{top + 37}" font-size="11" fill="#345">{text}</text>'
    )


def _arrow(upper: tuple[int, int], lower: tuple[int, int]) -> str:
    x, y = upper[0] + WIDTH // 2, upper[1] + HEIGHT
    u, v = lower[0] + WIDTH // 2, lower[1]
    bend = (v - y) // 2
    return _path(f"M{x} {y}C{x} {y + bend} {u} {v - bend} {u} {v - 1}")


def _detour(upper: tuple[int, int], lower: tuple[int, int], lane: int) -> str:
    """An arrow between two boxes, around the rows between them."""
    x, y = upper[0] + 3 * WIDTH // 4, upper[1] + HEIGHT
    u, v = lower[0] + 3 * WIDTH // 4, lower[1]
    out, back = y + ROW_GAP // 3, v - ROW_GAP // 2
    return _path(f"M{x} {y}V{out}H{lane}V{back}H{u}V{v - 1}")


def _path(course: str) -> str:
    return (
        f'<path d="{course}" fill="none" stroke="#789" stroke-width="1.3" marker-end="url(#tip)"/>'
    )


if __name__ == "__main__":
    main()
