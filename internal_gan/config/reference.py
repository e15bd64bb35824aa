"""Descriptions of the options, for ``TASK --help`` and ``docs/options.md``."""

import textwrap
from collections.abc import Collection, Iterator
from dataclasses import is_dataclass
from operator import attrgetter
from pathlib import Path

from internal_gan.config.arguments import written
from internal_gan.config.catalogue import SPECS
from internal_gan.config.conf import groups
from internal_gan.config.options import FIELDS, Options
from internal_gan.errors import unknown


def described(names: Collection[str] | None = None) -> Iterator[tuple[str, str, str, str]]:
    """Name, ``name=default``, help and needs of options, all or those named, or whose group is."""
    for name, field in FIELDS.items():
        value = attrgetter(name)(Options())
        chosen = names is None or name in names or name.partition(".")[0] in names
        if chosen and name != "model" and not is_dataclass(value):
            about = field.metadata
            yield name, f"{name}={written(value)}", about["help"], about["needs"]


def help_text() -> str:
    """The text of ``--help``, with the names that the groups of files take."""
    text = Path(__file__).with_name("help.txt").read_text(encoding="utf-8")
    return text + "\n".join(f"{group}: {', '.join(names)}" for group, names in groups().items())


def help_of_task(name: str) -> str:
    """The text of ``NAME --help``, or a UserError if there is no such task."""
    if name not in SPECS:
        raise unknown("task", name, SPECS)
    task = SPECS[name]
    own = {option for option in FIELDS if task.allows(option)} - {"task"}
    if task.needs or name == "train":
        own.add("trainer")
    lines = [f"Options of {name}; --help alone shows those of every task.", ""]
    for _, option, help, needs in described(own):
        lines += [option, *textwrap.wrap(f"    {help} ({needs})", 90, subsequent_indent="    ")]
    return "\n".join(lines)
