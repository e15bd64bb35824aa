"""The ``config.yaml`` of a run folder, with all options of the run."""

from __future__ import annotations

import copy
import dataclasses
import functools
import os
import re
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf

from internal_gan.config.compose import plain, to_options
from internal_gan.config.options import PATHS, Options
from internal_gan.errors import UserError
from internal_gan.files import atomic_write, read_file

# This package writes about 4 KB and 250 values, plus a name per photo.
MOST_BYTES = 2**18
MOST_VALUES = 10_000
MOST_LEVELS = 50
# After an odd number of backslashes, ${ is plain text.
_REFERENCE = re.compile(r"(?<!\\)(?:\\\\)*\$\{")


def save_options(options: Options, path: Path) -> None:
    """Write ``options`` for :func:`load_options`, with absolute paths of existing files."""
    values = plain(_with_absolute_paths(dataclasses.asdict(options)))
    text = OmegaConf.to_yaml(OmegaConf.create(values))
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def load_options(path: Path) -> Options:
    """Read the ``config.yaml`` of a run folder, or raise a UserError if it is not valid."""
    try:
        return copy.deepcopy(_options_in(read_file(path, MOST_BYTES).decode("utf-8")))
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        reason = f"{where}{error.problem}"
        raise UserError(f"{path} is not the configuration of a run: {reason}") from error
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise UserError(f"{path} is not the configuration of a run: {reason}") from error


@functools.lru_cache(maxsize=8)
def _options_in(text: str) -> Options:
    # A run and its report read the same text repeatedly, which takes a tenth of a second each time.
    _check_plain(text)
    config = OmegaConf.create(text)
    if not isinstance(config, DictConfig):
        raise UserError("it has no options")
    return to_options(config)


def _with_absolute_paths(values: dict[str, Any]) -> dict[str, Any]:
    # Except a new folder, and options that may hold numbers or names instead of paths.
    for path in set(PATHS) - {"output", "retarget.image", "model.features.weights"}:
        *groups, key = path.split(".")
        part = functools.reduce(dict.__getitem__, groups, values)
        names = part[key]
        part[key] = [*map(_absolute, names)] if isinstance(names, list) else _absolute(names)
    return values


def _absolute(name: str | None) -> str | None:
    # Links are not resolved, since their targets may change. Path.exists raises on too long names.
    return os.path.abspath(name) if name and os.path.exists(name) else name  # noqa: PTH100, PTH110


def _check_plain(text: str) -> None:
    """Refuse YAML with aliases, references ``${...}`` or too many values.

    Aliases can expand to any amount of data, and references can read this machine's environment.
    """
    level = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        line = f"line {event.start_mark.line + 1}: "
        if isinstance(event, yaml.CollectionStartEvent):
            level += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            level -= 1
        elif isinstance(event, yaml.AliasEvent):
            raise UserError(f"{line}*{event.anchor} is an alias; only plain values are allowed")
        elif isinstance(event, yaml.ScalarEvent) and _REFERENCE.search(event.value):
            raise UserError(f"{line}{event.value} is a reference; only plain values are allowed")
        if count > MOST_VALUES or level > MOST_LEVELS:
            raise UserError(f"{line}more values or deeper nesting than any configuration has")
