"""From a command's overrides, or a run's ``config.yaml``, to checked :class:`Options`."""

import contextlib
import copy
import dataclasses
import functools
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import hydra
import yaml
from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf, errors

from internal_gan.config.arguments import escape, key_of, values_of, written
from internal_gan.config.catalogue import SPECS, family_of
from internal_gan.config.conf import conf_dir, groups
from internal_gan.config.messages import refused, unknown_option, wrong_value
from internal_gan.config.options import FIELDS, FREE, PATHS, Options
from internal_gan.errors import UserError, refusing, unknown
from internal_gan.files import read_file, write_text

CONFIG_NAME = "config"
_composing = threading.Lock()
# The names, types and defaults of all options.
_SCHEMA: DictConfig = OmegaConf.structured(Options)

# The first entry of the defaults list in conf/config.yaml. It has plain values, since Hydra would
# check the dataclass's types with messages of its own. Groups of conf/ come last, as in --cfg job.
_DEFAULTS = dataclasses.asdict(Options())
_DEFAULTS |= {group: _DEFAULTS.pop(group) for group in ("model", "trainer")}
ConfigStore.instance().store("internal_gan_options", _DEFAULTS)


def compose(overrides: Sequence[str] = ()) -> Options:
    """The options of a command with these overrides, or a UserError if one is wrong."""
    return to_options(composed(overrides))


def composed(overrides: Sequence[str] = (), *, with_hydra: bool = False) -> DictConfig:
    """The configuration with these overrides, unchecked; a UserError if Hydra refuses one."""
    _check_model(overrides)
    try:
        return _compose(overrides, with_hydra)
    except UserError:
        raise
    except Exception as error:
        names = [o for o in overrides if key_of(o) in groups() or key_of(o).startswith("hydra/")]
        chosen = _compose([], True)
        for some in (names, [name for name in names if "/" not in key_of(name)]):
            with contextlib.suppress(Exception):
                chosen = _compose(some, True)
                break
        raise refused(overrides, error, chosen) from error


def hydra_of_conf() -> hydra.initialize_config_dir:
    """A context in which Hydra composes ``conf/``. Its state is global to the process."""
    try:
        return hydra.initialize_config_dir(str(conf_dir()), version_base="1.3")
    except ValueError as error:
        raise UserError(str(error)) from error


def _compose(overrides: Sequence[str], with_hydra: bool) -> DictConfig:
    with _composing, hydra_of_conf():
        return hydra.compose(CONFIG_NAME, list(overrides), return_hydra_config=with_hydra)


def shown(overrides: Sequence[str]) -> str:
    """The answer to ``--cfg job``: the configuration as YAML."""
    return OmegaConf.to_yaml(composed(overrides))


def _check_model(overrides: Sequence[str]) -> None:
    """Refuse a model that would replace an experiment's, and a part of a trainer in its place."""
    given = values_of(overrides)
    model, experiment = given.get("model"), given.get("experiment")
    if "/" in (trainer := given.get("trainer", "")):
        raise unknown("trainer", trainer, groups()["trainer"])
    if model is None or experiment not in {*groups()["experiment"]} - {"none"}:
        return
    chosen = _compose([f"experiment={experiment}"], True).hydra.runtime.choices.model
    if model != chosen:
        raise UserError(
            f"model={model}: experiment={experiment} is of model={chosen}; leave out model="
        )


def options_of(values: Mapping[str, Any]) -> Options:
    """The default options but for these values, by full name; a UserError if one is wrong."""
    config = OmegaConf.create()
    for name, value in values.items():
        try:
            OmegaConf.update(config, name, plain(value), force_add=True)
        except errors.OmegaConfBaseException as error:  # for an object of any other type
            raise wrong_value(name, str(value)) from error
    return to_options(config)


def to_options(config: DictConfig) -> Options:
    """The options of a configuration, or a UserError about a wrong name, type or range."""
    try:
        for key, entry in FIELDS.items():
            value = OmegaConf.select(config, key, default=entry)
            is_group = key == "model" or dataclasses.is_dataclass(entry.default_factory)
            if value is not entry and isinstance(value, DictConfig) != is_group:
                raise wrong_value(key, value)
        options = OmegaConf.to_object(OmegaConf.merge(_SCHEMA, config))
    except errors.OmegaConfBaseException as error:
        raise _wrong_option(error, config) from error
    assert isinstance(options, Options)
    if options.task not in SPECS:
        raise unknown("task", options.task, SPECS)
    for key, entry in FIELDS.items():
        value = attrgetter(key)(options)
        with refusing(f"{key}={value}", key):
            fits = value is None or entry.metadata["allowed"](value)
        if not fits:
            raise wrong_value(key, value)
    return options


def _wrong_option(error: errors.OmegaConfBaseException, config: DictConfig) -> UserError:
    key = error.full_key or ""
    if isinstance(error, errors.ConfigKeyError | errors.ConfigAttributeError):
        return unknown_option(key, [*FIELDS, *groups()])
    if isinstance(error, errors.InterpolationKeyError | errors.MissingMandatoryValue):
        return UserError(f"{key}: {str(error).partition(chr(10))[0]}")
    key = key.partition("[")[0]
    return wrong_value(key, OmegaConf.select(config, key))


def plain(value: Any) -> Any:
    """A Python value as OmegaConf takes it, with references escaped."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, str | PathLike):
        return escape(fspath(value))
    # Arrays, tensors and their numbers.
    return value.tolist() if hasattr(value, "tolist") else value


def _absolute(names: Any) -> Any:
    """A file's name, or a list of them, as an absolute path if there is such a file."""
    if isinstance(names, list):
        return [*map(_absolute, names)]
    # Links are not resolved, since their targets may change. Path.exists raises on too long names.
    return os.path.abspath(names) if names and os.path.exists(names) else names  # noqa: PTH100, PTH110


def save_options(options: Options, path: Path, named: Callable[[Any], Any] = _absolute) -> None:
    """Write the ``config.yaml`` of a run folder; files that exist are named as ``named`` names
    them."""
    config = OmegaConf.create(plain(dataclasses.asdict(options)))
    # Not a new folder, nor an option that may hold a name instead of a path.
    for option in set(PATHS) - {"output", "model.features.weights"}:
        OmegaConf.update(config, option, plain(named(attrgetter(option)(options))))
    write_text(path, OmegaConf.to_yaml(config))


def load_options(path: Path) -> Options:
    """Read the ``config.yaml`` of a run folder, or raise a UserError if it is not valid."""
    try:
        return copy.deepcopy(_options_in(read_file(path).decode("utf-8")))
    except Exception as error:
        reason = str(error).partition("\n")[0]
        if isinstance(error, yaml.MarkedYAMLError):
            where = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
            reason = f"{where}{error.problem}"
        raise UserError(f"{path} is not the configuration of a run: {reason}") from error


def values_in(path: Path) -> dict[str, str]:
    """What a run's ``config.yaml`` has about its result, unless null, by option and as written; of
    ``model``, that is the family, and of a photo's other files, that they are given. Nothing if it
    is missing or damaged."""
    found = dict[str, str]()
    with contextlib.suppress(UserError):
        options = load_options(path)
        for name, value in dataclasses.asdict(options).items():
            for part, one in value.items() if isinstance(value, dict) else [("", value)]:
                if one is not None:
                    found[f"{name}.{part}".rstrip(".")] = written(one)
        found |= dict.fromkeys(found.keys() & {*PATHS} - {"image", "checkpoint"}, "given")
        found["model"] = family_of(options.model) or "patches"
    return {name: value for name, value in found.items() if name not in (*FREE, "trainer.threads")}


@functools.lru_cache(maxsize=8)
def _options_in(text: str) -> Options:
    # A run and its report read the same text repeatedly, which takes a tenth of a second each time.
    config = OmegaConf.create(text)
    if not isinstance(config, DictConfig):
        raise UserError("it has no options")
    return to_options(config)
