"""Write ``docs/options.md``, and the tables of options in the guides.

A guide has a line ``<!-- options NAME NAME ... -->`` before each table and ``<!-- end of options
-->`` after it. ``internal-gan app`` has options of its own, named ``app.NAME`` here.

python docs/list_options.py
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from internal_gan.app.settings import Settings
from internal_gan.config.fields import fields_of
from internal_gan.config.options import FIELDS
from internal_gan.config.reference import described
from internal_gan.files import atomic_write

DOCS = Path(__file__).parent
PAGE = DOCS / "options.md"
BLOCK = re.compile(
    r"^(<!-- options (.+?) -->)\n.*?^<!-- end of options -->$", re.MULTILINE | re.DOTALL
)
INTRODUCTION = """# Options

Every option with its default. Those of a model are in `conf/model/`, with comments; `--cfg job`
shows them as a run would use them, and `internal-gan task=NAME --help` shows the options of a task.
What each does to a result [was measured](results/options.md). This page is written by
`docs/list_options.py`.
"""

Row = tuple[str, str, str]


def table(rows: Iterable[Row]) -> str:
    """A table of options with their meaning and what they take."""
    lines = [f"| `{option}` | {help} | {needs} |" for option, help, needs in rows]
    return "\n".join(["| option | meaning | takes |", "|---|---|---|", *lines, ""])


def page() -> str:
    """The text of ``options.md``."""
    parts = [INTRODUCTION]
    for group, found in groupby(described(), lambda option: option[0].rpartition(".")[0]):
        if group:
            parts.append(f"## {group}\n\n{FIELDS[group].metadata['help']}\n")
        parts.append(table(row[1:] for row in found))
    return "\n".join(parts)


def rows() -> Iterator[tuple[str, Row]]:
    """Every option's name and row."""
    for name, *row in described():
        yield name, (row[0], row[1], row[2])
    for name, field in fields_of(Settings):
        default = "SECRET" if field.default is None else str(field.default).lower()
        about = field.metadata
        yield f"app.{name}", (f"{name}={default}", about["help"], about["needs"])


def renewed(text: str) -> str:
    """A guide with its tables of options written again."""
    known = dict(rows())

    def block(match: re.Match[str]) -> str:
        made = table(known[name] for name in match[2].split())
        return f"{match[1]}\n\n{made}\n<!-- end of options -->"

    return BLOCK.sub(block, text)


def pages() -> dict[Path, str]:
    """Every page that has options, with its text as it should be."""
    guides = [path for path in sorted(DOCS.rglob("*.md")) if path != PAGE]
    texts = {path: path.read_text(encoding="utf-8") for path in guides}
    found = {path: renewed(text) for path, text in texts.items() if BLOCK.search(text)}
    return {PAGE: page(), **found}


if __name__ == "__main__":
    for path, text in pages().items():
        with atomic_write(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
