"""The tables of ``docs/results``: kept as records in JSON, written into the pages by a command.

A page has a line ``<!-- table NAME.PART -->`` before each table and ``<!-- end of table -->`` after
it. What is between them is made from ``docs/results/data/NAME.json``, and never edited by hand.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks._common import ROOT
from internal_gan.errors import UserError
from internal_gan.files import atomic_write

RESULTS = ROOT / "docs" / "results"
RECORDS = RESULTS / "data"
BLOCK = re.compile(r"^<!-- table (\S+) -->\n.*?^<!-- end of table -->$", re.MULTILINE | re.DOTALL)
# Figures of a record are kept with so many digits.
DIGITS = 5

Tables = Mapping[str, str]


def pages() -> list[Path]:
    """The pages that may have tables."""
    return sorted(RESULTS.glob("*.md"))


def tables_in(text: str) -> list[str]:
    """The names of the tables that a page has, in order."""
    return BLOCK.findall(text)


def renewed(text: str, tables: Tables, page: str) -> str:
    """A page with its tables made anew.

    Args:
        tables: Markdown by ``NAME.PART``.
        page: its name, for messages.

    Raises:
        UserError: the page has a table that is not among them.
    """

    def block(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in tables:
            raise UserError(f"{page}: has a table {name}; allowed: {', '.join(tables)}")
        return f"<!-- table {name} -->\n\n{tables[name].strip()}\n\n<!-- end of table -->"

    return BLOCK.sub(block, text)


def renew_pages(tables: Tables) -> list[Path]:
    """Write all tables into the pages that have them.

    Returns:
        The pages that changed.

    Raises:
        UserError: a page has an unknown table.
    """
    changed = []
    for path in pages():
        text = path.read_text(encoding="utf-8")
        if (new := renewed(text, tables, path.name)) != text:
            with atomic_write(path) as temporary:
                temporary.write_text(new, encoding="utf-8")
            changed.append(path)
    return changed


def tables_by_hand(text: str) -> Iterator[str]:
    """The first lines of tables outside of the blocks."""
    lines = BLOCK.sub("", text).splitlines()
    for header, rule in pairwise(lines):
        if header.startswith("|") and re.fullmatch(r"\|[\s:|-]+\|", rule):
            yield header


def read_record(name: str) -> dict[str, Any] | None:
    """The record of a benchmark that was run; None if there is none yet."""
    try:
        found: dict[str, Any] = json.loads((RECORDS / f"{name}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def keep_record(name: str, record: Mapping[str, Any]) -> None:
    """Keep what a benchmark printed, with figures rounded to five digits."""
    RECORDS.mkdir(exist_ok=True)
    with atomic_write(RECORDS / f"{name}.json") as temporary:
        text = json.dumps(_rounded(record), indent=1)
        temporary.write_text(text + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    return [_rounded(entry) for entry in value] if isinstance(value, list) else value
