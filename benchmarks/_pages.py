"""The tables of ``docs/results``: generated from JSON records and written into the pages.

A page has a line ``<!-- table NAME.PART -->`` before each table and ``<!-- end of table -->`` after
it. The text between them is generated from ``docs/results/data/NAME.json``, never edited by hand.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks._common import ROOT, rounded
from internal_gan.errors import UserError
from internal_gan.files import read_json_object, write_text

RESULTS = ROOT / "docs" / "results"
RECORDS = RESULTS / "data"
BLOCK = re.compile(r"^<!-- table (\S+) -->\n.*?^<!-- end of table -->$", re.MULTILINE | re.DOTALL)

Tables = Mapping[str, str]


def pages() -> list[Path]:
    """The pages that may have tables."""
    return sorted(RESULTS.glob("*.md"))


def tables_in(text: str) -> list[str]:
    """The names of a page's tables, in order."""
    return BLOCK.findall(text)


def renewed(text: str, tables: Tables, page: str) -> str:
    """The text of a ``page`` with its tables regenerated, or a UserError for an unknown one.

    ``tables`` are Markdown by ``NAME.PART``; ``NAME.*`` stands for all parts.
    """

    def block(match: re.Match[str]) -> str:
        name = match.group(1)
        made = tables.get(name, tables.get(f"{name.partition('.')[0]}.*"))
        if made is None:
            raise UserError(f"{page}: has a table {name}; allowed: {', '.join(tables)}")
        return f"<!-- table {name} -->\n\n{made.strip()}\n\n<!-- end of table -->"

    return BLOCK.sub(block, text)


def renew_pages(tables: Tables) -> list[Path]:
    """Write all tables into their pages; returns the pages that changed."""
    changed = []
    for path in pages():
        text = path.read_text(encoding="utf-8")
        if (new := renewed(text, tables, path.name)) != text:
            write_text(path, new)
            changed.append(path)
    return changed


def tables_by_hand(text: str) -> Iterator[str]:
    """The header lines of tables outside the blocks."""
    lines = BLOCK.sub("", text).splitlines()
    for header, rule in pairwise(lines):
        if header.startswith("|") and re.fullmatch(r"\|[\s:|-]+\|", rule):
            yield header


def read_record(name: str) -> dict[str, Any] | None:
    """The record of a benchmark; None if there is none yet."""
    return read_json_object(RECORDS / f"{name}.json") or None


def keep_record(name: str, record: Mapping[str, Any]) -> None:
    """Save what a benchmark printed, with figures rounded to five digits."""
    RECORDS.mkdir(exist_ok=True)
    write_text(RECORDS / f"{name}.json", json.dumps(rounded(record), indent=1) + "\n")
