"""Turns a request into the overrides of a command.

Only the task's options and ``trainer`` can be set by a request, and no value is a path: photos,
drawings and runs are named by their ids.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from internal_gan.config.arguments import written
from internal_gan.config.catalogue import TABLE
from internal_gan.config.options import PATHS, taken_by
from internal_gan.errors import UserError

# A number, a word, or a list of them: nothing that Hydra interprets further.
VALUE = re.compile(r"[A-Za-z0-9_:.%-]{1,40}|\[[A-Za-z0-9_:.%\[\], -]{0,80}\]")
# Tasks that draw: with a model, or without one.
TASKS = (
    *(name for name, task in TABLE.items() if task.needs and not task.files),
    *("preview", "fill", "extend", "make_tileable"),
)


def overrides_of(task: str, given: Mapping[str, Any], drawing: Callable[[str], Path]) -> list[str]:
    """The overrides for the options of a task; a UserError if a request cannot set an option, or a
    value is of the wrong type.

    Args:
        given: options by their full names.
        drawing: returns the file of a drawing, given its id.
    """
    if task not in TASKS:
        raise UserError(f"task={task}: not on this page; allowed: {', '.join(TASKS)}")
    found = []
    for name, value in given.items():
        if name in TABLE[task].reads:
            found.append(f"{name}={drawing(str(value))}")
        elif name in taken_by(task).difference(PATHS) or name in ("trainer", "confirm"):
            if not VALUE.fullmatch(text := written(value)):
                raise UserError(f"{name}: needs a number, a word, or a list of them")
            found.append(f"{name}={text}")
        else:
            raise UserError(f"{name}: cannot be set here")
    return found
