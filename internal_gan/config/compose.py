"""From Hydra's configuration to checked `Options`, and to and from a run's ``config.yaml``."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import threading
from collections.abc import Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

import yaml
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    InterpolationKeyError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)

from internal_gan.config.arguments import escape, key_of
from internal_gan.config.fields import fields_of
from internal_gan.config.migrations import COMMANDS, migrated
from internal_gan.config.options import LOGGERS, PATHS, PRECISIONS, TASKS, Options
from internal_gan.errors import UserError, nearest, unknown
from internal_gan.files import atomic_write, read_file, write_error
from internal_gan.units import parse_duration

CONFIG_NAME = "config"
# Plugins of Hydra, and the extra of this package that installs each.
EXTRAS = {
    "hydra_joblib_launcher": "joblib",
    "hydra_submitit_launcher": "submitit",
    "hydra_ray_launcher": "ray",
    "hydra_optuna_sweeper": "optuna",
}
VERSION_BASE = "1.3"
# What a run's config.yaml may have; this package's own have some 4 KB and 250 values, and a name
# more for each photo.
MOST_CONFIG_BYTES = 2**18
MOST_CONFIG_VALUES = 10_000
MOST_CONFIG_LEVELS = 50
_composing = threading.Lock()
# After an odd number of backslashes it is text.
_REFERENCE = re.compile(r"(?<!\\)(?:\\\\)*\$\{")


def conf_dir() -> Path:
    """The folder of the configuration: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def compose(overrides: Sequence[str] = ()) -> Options:
    """The options that a command with these overrides would run with.

    Raises:
        UserError: an override has a wrong name or value.

    >>> compose(["trainer=debug", "sample.size=[30,80]"]).sample.size
    [30, 80]
    """
    try:
        return to_options(_compose(overrides))
    except UserError:
        raise
    except Exception as error:
        raise user_error(error, overrides) from error


def compose_hydra(overrides: Sequence[str] = ()) -> DictConfig:
    """Hydra's own settings under a command with these overrides.

    Raises:
        UserError: an override has a wrong name or value.
    """
    try:
        settings = _compose(overrides, return_hydra_config=True).hydra
    except Exception as error:
        raise user_error(error, overrides) from error
    assert isinstance(settings, DictConfig)
    return settings


def _compose(overrides: Sequence[str], *, return_hydra_config: bool = False) -> DictConfig:
    # Hydra has one state for all threads of a process.
    with _composing:
        # A job, or a caller's own Hydra application, may be under way in this process.
        outer = GlobalHydra.instance().hydra
        GlobalHydra.instance().clear()
        try:
            with initialize_config_dir(str(conf_dir()), version_base=VERSION_BASE):
                return hydra_compose(
                    CONFIG_NAME, list(overrides), return_hydra_config=return_hydra_config
                )
        finally:
            GlobalHydra.instance().hydra = outer


def to_options(config: DictConfig) -> Options:
    """Check names, types and ranges of a composed configuration.

    Raises:
        UserError: names the option, its value, and what it needs.
    """
    try:
        for entry in dataclasses.fields(Options):
            is_group = entry.default_factory is not dataclasses.MISSING
            if is_group and not isinstance(config.get(entry.name, DictConfig({})), DictConfig):
                raise _wrong(entry.name, config[entry.name])
        options = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Options), config))
    except OmegaConfBaseException as error:
        raise _schema_error(error, config) from error
    assert isinstance(options, Options)
    options.model = migrated(options.model)
    check(options)
    return options


def check(options: Options) -> None:
    """Check the values that a type alone does not.

    Raises:
        UserError: names the option, its value, and what it needs.
    """
    if options.task in COMMANDS:
        raise _is_command(options.task)
    for what, name, allowed in (
        ("task", options.task, TASKS),
        ("precision", options.precision, PRECISIONS),
        ("logger", options.logger, LOGGERS),
    ):
        if name not in allowed:
            raise unknown(what, name, allowed)
    if options.trainer.time is not None:
        parse_duration(options.trainer.time)
    for key, entry in fields_of(options):
        value = attrgetter(key)(options)
        if value is not None and not entry.metadata["allowed"](value):
            raise _wrong(key, value)


def save_options(options: Options, path: Path) -> None:
    """Write ``options`` as YAML that `load_options` reads back; an older file is replaced.

    Files that are there are named in full, so that it does not matter where it is read.
    """
    values = _escaped(_with_whole_names(dataclasses.asdict(options)))
    text = OmegaConf.to_yaml(OmegaConf.create(values))
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _with_whole_names(values: dict[str, Any]) -> dict[str, Any]:
    # A new folder is no file yet, and a photo of several may be given by its number.
    for path in set(PATHS) - {"output", "retarget.image", "model.features.weights"}:
        *groups, key = path.split(".")
        part = functools.reduce(dict.__getitem__, groups, values)
        names = part[key] if isinstance(part[key], list) else [part[key]]
        # Not resolved: a link may lead to another file later. Unlike Path.exists, a name that is
        # too long for the system is no error.
        whole = [os.path.abspath(n) if n and os.path.exists(n) else n for n in names]  # noqa: PTH100, PTH110
        part[key] = whole if isinstance(part[key], list) else whole[0]
    return values


def load_options(path: Path) -> Options:
    """Read the ``config.yaml`` of a run folder.

    Raises:
        UserError: the file is no configuration of this package.
    """
    try:
        text = read_file(path, MOST_CONFIG_BYTES).decode("utf-8")
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


def _check_plain(text: str) -> None:
    """Refuse YAML that would become more than what is written there.

    A run's configuration is written out in full. Aliases in another's could stand for any amount
    of data, and a reference for what only this machine knows, such as its environment.

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
        if count > MOST_CONFIG_VALUES or level > MOST_CONFIG_LEVELS:
            raise UserError(f"{line}more values, or deeper ones, than any configuration has")


def user_error(error: Exception, overrides: Sequence[str]) -> UserError:
    """Say in one line what Hydra or OmegaConf found wrong with ``overrides``."""
    text = str(error)
    if gone := [group for o in overrides if (group := key_of(o).partition(".")[0]) in COMMANDS]:
        return _is_command(gone[0])
    if isinstance(error, MissingConfigException) and error.options is not None:
        group, _, name = str(error.missing_cfg_file).rpartition("/")
        if group == "hydra/sweeper" and f"hydra_{name}_sweeper" in EXTRAS:
            return needs_extra(f"hydra_{name}_sweeper")
        if group.partition("/")[0] == "experiment":
            # The folder of the ablations is no option of its own.
            root = conf_dir() / "experiment"
            files = (path.relative_to(root).with_suffix("") for path in root.rglob("*.yaml"))
            _, _, name = f"{group}/{name}".partition("/")
            return unknown("experiment", name, sorted(file.as_posix() for file in files))
        return unknown(group, name, error.options)
    if isinstance(error, OverrideParseException):
        return UserError(f"{error.override}: {_grammar_hint(error.override)}")
    if match := re.match(r"Could not override '([^']*)'", text):
        return _unknown_option(match[1], _known_keys(overrides))
    if match := re.match(r"Error merging override ([^=]*)=(.*)", text):
        key, value = match[1].lstrip("+"), match[2]
        return UserError(
            f"{key}={value}: a list cannot replace named values; write ~{key} +{key}={value}"
        )
    if match := re.match(r"Ambiguous value for argument '(.*)'\n", text):
        key = key_of(match[1])
        return UserError(f"{match[1]}: {_needs(key)}; for one run of each value add -m")
    nothing = [o for o in overrides if o in ("experiment=null", "recipe=null")]
    if "Got NoneType" in text and nothing:
        group = key_of(nothing[0])
        return UserError(f"{nothing[0]}: this option needs a name; to have none: {group}=none")
    if "${model}_${trainer}" in text or "Config group override" in text:
        return UserError("model and trainer each take one name, such as model=singan trainer=fast")
    if isinstance(error, OmegaConfBaseException):
        return _schema_error(error, None)
    if isinstance(error, OSError) and error.filename is not None:
        return write_error(Path(error.filename), error) or UserError(text)
    return UserError(text.strip().partition("\n")[0] or type(error).__name__)


def _is_command(task: str) -> UserError:
    return UserError(
        f"task={task}: is no task any more; in a checkout of internal-gan, "
        f"python -m {COMMANDS[task]} does it (benchmarks/README.md)"
    )


def needs_extra(plugin: str) -> UserError:
    """The error for a plugin of Hydra that is not installed."""
    name, kind = plugin.removeprefix("hydra_").rsplit("_", 1)
    return UserError(
        f"hydra/{kind}={name}: the plugin {plugin.replace('_', '-')} is not installed: "
        f'pip install "internal-gan[{EXTRAS[plugin]}]"'
    )


def _schema_error(error: OmegaConfBaseException, config: DictConfig | None) -> UserError:
    key = error.full_key or ""
    if isinstance(error, ConfigKeyError | ConfigAttributeError):
        return _unknown_option(key, _known_keys(()))
    if isinstance(error, InterpolationKeyError):
        return UserError(f"{key}: {str(error).partition(chr(10))[0]}")
    if isinstance(error, MissingMandatoryValue):
        return UserError(f"{key}: this option has no value yet; give one by {key}=...")
    key = re.sub(r"\[\d+\].*", "", key) or _mapping_for_a_value(config)
    return _wrong(key, _selected(config, key))


def _mapping_for_a_value(config: DictConfig | None) -> str:
    """The first option that has named values and needs one, of which OmegaConf tells no name."""
    for key, _ in fields_of(Options) if config is not None else ():
        is_group = any(other.startswith(f"{key}.") for other, _ in fields_of(Options))
        if key != "model" and not is_group and isinstance(_selected(config, key), DictConfig):
            return key
    return ""


def _selected(config: DictConfig | None, key: str) -> Any:
    return None if config is None else OmegaConf.select(config, key)


def _wrong(key: str, value: Any) -> UserError:
    shown = "null" if value is None else str(value).replace("', '", ",").replace("'", "")
    return UserError(f"{key}={shown.replace(', ', ',')}: {_needs(key)}")


def _needs(key: str) -> str:
    """``"needs a whole number"``: what an option wants, by the schema."""
    known = dict(fields_of(Options))
    # Of the model's own options the schema knows nothing.
    return f"needs {known[key].metadata['needs'] if key in known else 'one value'}"


def _unknown_option(key: str, known: list[str]) -> UserError:
    if key in known:
        inside = [k.removeprefix(f"{key}.") for k in known if k.startswith(f"{key}.")]
        return UserError(f"{key}: has no such named values. Allowed: {', '.join(inside)}")
    parent = key.rpartition(".")[0]
    siblings = [k for k in known if k.rpartition(".")[0] == parent] or [
        k for k in known if "." not in k and "/" not in k
    ]
    hint = nearest(key, known) or "."
    return UserError(f"{key}: there is no such option{hint} Allowed: {', '.join(siblings)}")


def _known_keys(overrides: Sequence[str]) -> list[str]:
    """Every option there is with the model, trainer and experiment that ``overrides`` choose."""
    root = conf_dir()
    groups = [
        path.relative_to(root).as_posix()
        for path in sorted(root.rglob("*"))
        if path.is_dir()
        and path.relative_to(root).parts[0] not in ("hydra", "preset")
        and path.name != "ablation"
    ]
    try:
        config = _compose([o for o in overrides if key_of(o) in groups])
    except Exception:
        config = _compose([])
    keys = list(_keys(OmegaConf.to_container(config, resolve=False)))
    return keys + [group for group in groups if group not in keys]


def _keys(values: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(values, dict):
        for key, value in values.items():
            if key != "_target_":
                yield f"{prefix}{key}"
            yield from _keys(value, f"{prefix}{key}.")


def _grammar_hint(override: str) -> str:
    key = key_of(override)
    known = _needs(key)
    if known != "needs one value":
        return known
    return "cannot be read; put a value with blanks or signs into quotation marks, key='\"value\"'"


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _escaped(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(entry) for entry in value]
    return escape(value) if isinstance(value, str) else value
