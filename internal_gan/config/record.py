"""The ``config.yaml`` of a run folder: the options of that run, written out in full."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf

from internal_gan.config.arguments import escape
from internal_gan.config.compose import to_options
from internal_gan.config.migrations import COMMANDS
from internal_gan.config.options import PATHS, Options
from internal_gan.errors import UserError
from internal_gan.files import atomic_write, read_file

# This package's own files have some 4 KB and 250 values, and a name more for each photo.
MOST_BYTES = 2**18
MOST_VALUES = 10_000
MOST_LEVELS = 50
# After an odd number of backslashes it is text.
_REFERENCE = re.compile(r"(?<!\\)(?:\\\\)*\$\{")


def save_options(options: Options, path: Path) -> None:
    """Write ``options`` as YAML that :func:`load_options` reads back; an older file is replaced.

    Existing files are named by absolute paths, so that it can be read from any folder.
    """
    values = _escaped(_with_absolute_paths(dataclasses.asdict(options)))
    text = OmegaConf.to_yaml(OmegaConf.create(values))
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def load_options(path: Path) -> Options:
    """Read the ``config.yaml`` of a run folder.

    Raises:
        UserError: the file is no configuration of this package.
    """
    try:
        text = read_file(path, MOST_BYTES).decode("utf-8")
        _check_plain(text)
        config = OmegaConf.create(text)
        if not isinstance(config, DictConfig):
            raise UserError("it holds no options")
        for gone in COMMANDS:
            config.pop(gone, None)
        return to_options(config)
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        reason = f"{where}{error.problem}"
        raise UserError(f"{path} is not the configuration of a run: {reason}") from error
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise UserError(f"{path} is not the configuration of a run: {reason}") from error


def _with_absolute_paths(values: dict[str, Any]) -> dict[str, Any]:
    # A new folder is no file yet, and a photo of several may be given by its number.
    for path in set(PATHS) - {"output", "retarget.image", "model.features.weights"}:
        *groups, key = path.split(".")
        part = functools.reduce(dict.__getitem__, groups, values)
        names = part[key]
        part[key] = [*map(_absolute, names)] if isinstance(names, list) else _absolute(names)
    return values


def _absolute(name: str | None) -> str | None:
    # Links are not resolved: they may lead to another file later. A name that is too long for the
    # system is no error, as it would be to Path.exists.
    return os.path.abspath(name) if name and os.path.exists(name) else name  # noqa: PTH100, PTH110


def _check_plain(text: str) -> None:
    """Refuse YAML that stands for more than what is written there.

    Aliases could stand for any amount of data, and a reference for what only this machine knows,
    such as its environment.

    Raises:
        UserError: an alias, a reference ``${...}``, or more values than a configuration has.
    """
    level = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        line = f"line {event.start_mark.line + 1}: "
        if isinstance(event, yaml.CollectionStartEvent):
            level += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            level -= 1
        elif isinstance(event, yaml.AliasEvent):
            raise UserError(f"{line}*{event.anchor} is an alias; allowed are plain values")
        elif isinstance(event, yaml.ScalarEvent) and _REFERENCE.search(event.value):
            raise UserError(f"{line}{event.value} is a reference; allowed are plain values")
        if count > MOST_VALUES or level > MOST_LEVELS:
            raise UserError(f"{line}more values, or deeper ones, than any configuration has")


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _escaped(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(entry) for entry in value]
    return escape(value) if isinstance(value, str) else value
