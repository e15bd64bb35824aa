"""The ``config.yaml`` of a run folder, with all options of the run."""

from __future__ import annotations

import copy
import dataclasses
import functools
import os
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf

from internal_gan.config.compose import plain, to_options
from internal_gan.config.options import PATHS, Options
from internal_gan.errors import UserError
from internal_gan.files import atomic_write, read_file


def save_options(options: Options, path: Path) -> None:
    """Write ``options`` for :func:`load_options`, with absolute paths of existing files."""
    values = plain(_with_absolute_paths(dataclasses.asdict(options)))
    text = OmegaConf.to_yaml(OmegaConf.create(values))
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def load_options(path: Path) -> Options:
    """Read the ``config.yaml`` of a run folder, or raise a UserError if it is not valid."""
    try:
        return copy.deepcopy(_options_in(read_file(path).decode("utf-8")))
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
