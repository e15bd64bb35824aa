"""The options in words, for ``task=NAME --help`` and for ``docs/options.md``."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Collection, Iterator
from dataclasses import dataclass, is_dataclass
from operator import attrgetter

from internal_gan.config.catalogue import TABLE
from internal_gan.config.fields import fields_of
from internal_gan.config.options import Options
from internal_gan.errors import unknown

WIDTH = 90


@dataclass(frozen=True)
class Entry:
    """An option: its full name, ``name=default``, what it does and what it takes."""

    name: str
    default: str
    help: str
    needs: str


def entries(names: Collection[str] | None = None) -> Iterator[Entry]:
    """The options of these names and of these groups, by default all, in their order."""
    options = Options()
    for name, field in fields_of(Options):
        value = attrgetter(name)(options)
        chosen = names is None or name in names or name.partition(".")[0] in names
        if chosen and name != "model" and not is_dataclass(value):
            default = f"{name}={json.dumps(value)}".replace('"', "")
            yield Entry(name, default, field.metadata["help"], field.metadata["needs"])


def help_of_task(name: str) -> str:
    """What ``task=NAME --help`` shows: the options that are this task's own.

    Raises:
        UserError: there is no such task.
    """
    if name not in TABLE:
        raise unknown("task", name, TABLE)
    task = TABLE[name]
    if task.takes and not task.on_model:
        own = task.takes - {"task"}
    else:
        own = task.takes | task.draws | {name} | ({"trainer"} if task.learns != "never" else set())
    lines = [f"Options of task={name}; --help alone shows those of every task.", ""]
    for entry in entries(own):
        text = textwrap.wrap(f"{entry.help} ({entry.needs})", WIDTH - 4)
        lines += [entry.default, *(f"    {line}" for line in text)]
    return "\n".join(lines)
