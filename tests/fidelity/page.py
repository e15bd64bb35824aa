"""The page of published numbers."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "results" / "fidelity.md"


def rows(family: str) -> list[str]:
    """The names of the numbers in the first table of a family, in order."""
    text = PAGE.read_text(encoding="utf-8")
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    (found,) = (part for part in section if part.startswith(f"{family}\n"))
    table = found[found.index("| number |") :].partition("\n\n")[0]
    return [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()[2:]]
