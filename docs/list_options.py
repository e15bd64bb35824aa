"""Write ``docs/options.md``: every option with its default, meaning and allowed values.

python docs/list_options.py
"""

from itertools import groupby
from pathlib import Path

from internal_gan.config.fields import fields_of
from internal_gan.config.options import Options
from internal_gan.config.reference import described

PAGE = Path(__file__).with_name("options.md")
INTRODUCTION = """# Options

Every option with its default. Those of a model are in `conf/model/`, with comments; `--cfg job`
shows them as a run would use them, and `internal-gan task=NAME --help` shows the options of a task.
This page is written by `docs/list_options.py`.
"""


def page() -> str:
    """The text of the page."""
    help_of = {name: field.metadata["help"] for name, field in fields_of(Options)}
    parts = [INTRODUCTION]
    for group, found in groupby(described(), lambda option: option[0].rpartition(".")[0]):
        if group:
            parts.append(f"## {group}\n\n{help_of[group]}\n")
        rows = [f"| `{option}` | {help} | {needs} |" for _, option, help, needs in found]
        parts.append("\n".join(["| option | meaning | takes |", "|---|---|---|", *rows, ""]))
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
