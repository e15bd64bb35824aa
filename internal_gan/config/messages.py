"""What Hydra or OmegaConf found wrong with a configuration, in one line for the user."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    InterpolationKeyError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)

from internal_gan.config.arguments import key_of
from internal_gan.config.conf import experiments, known_keys
from internal_gan.config.fields import fields_of
from internal_gan.config.migrations import COMMANDS
from internal_gan.config.options import Options
from internal_gan.errors import UserError, nearest, unknown
from internal_gan.files import write_error

# Plugins of Hydra, and the extra of this package that installs each.
EXTRAS = {
    "hydra_joblib_launcher": "joblib",
    "hydra_submitit_launcher": "submitit",
    "hydra_ray_launcher": "ray",
    "hydra_optuna_sweeper": "optuna",
}
_FIELDS = dict(fields_of(Options))


def user_error(error: Exception, overrides: Sequence[str]) -> UserError:
    """The error of ``overrides`` that made Hydra or OmegaConf raise ``error``."""
    text = str(error)
    if gone := [group for o in overrides if (group := key_of(o).partition(".")[0]) in COMMANDS]:
        return is_command(gone[0])
    if isinstance(error, MissingConfigException) and error.options is not None:
        group, _, name = str(error.missing_cfg_file).rpartition("/")
        if group == "hydra/sweeper" and f"hydra_{name}_sweeper" in EXTRAS:
            return needs_extra(f"hydra_{name}_sweeper")
        if group.partition("/")[0] == "experiment":
            # The folder of the ablations is no option of its own.
            _, _, name = f"{group}/{name}".partition("/")
            return unknown("experiment", name, experiments())
        return unknown(group, name, error.options)
    if isinstance(error, OverrideParseException):
        return UserError(f"{error.override}: {_unreadable(key_of(error.override))}")
    if match := re.match(r"Could not override '([^']*)'", text):
        return _unknown_option(match[1], known_keys(overrides))
    if match := re.match(r"Error merging override ([^=]*)=(.*)", text):
        key, value = match[1].lstrip("+"), match[2]
        return UserError(
            f"{key}={value}: a list cannot replace named values; write ~{key} +{key}={value}"
        )
    if match := re.match(r"Ambiguous value for argument '(.*)'\n", text):
        needs = _needs(key_of(match[1]))
        return UserError(f"{match[1]}: {needs}; for one run of each value add -m")
    nothing = [o for o in overrides if o in ("experiment=null", "recipe=null")]
    if "Got NoneType" in text and nothing:
        group = key_of(nothing[0])
        return UserError(f"{nothing[0]}: this option needs a name; to have none: {group}=none")
    if "${model}_${trainer}" in text or "Config group override" in text:
        return UserError("model and trainer each take one name, such as model=singan trainer=fast")
    if isinstance(error, OmegaConfBaseException):
        return schema_error(error)
    if isinstance(error, OSError) and error.filename is not None:
        return write_error(Path(error.filename), error) or UserError(text)
    return UserError(text.strip().partition("\n")[0] or type(error).__name__)


def is_command(task: str) -> UserError:
    """The error for a task of earlier versions that is a command of a checkout now."""
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


def schema_error(error: OmegaConfBaseException, config: DictConfig | None = None) -> UserError:
    """The error of a configuration, where it is known, that does not fit the options' types."""
    key = error.full_key or ""
    if isinstance(error, ConfigKeyError | ConfigAttributeError):
        return _unknown_option(key, known_keys(()))
    if isinstance(error, InterpolationKeyError):
        return UserError(f"{key}: {str(error).partition(chr(10))[0]}")
    if isinstance(error, MissingMandatoryValue):
        return UserError(f"{key}: this option has no value yet; give one by {key}=...")
    key = re.sub(r"\[\d+\].*", "", key)
    if config is None:
        return wrong_value(key, None)
    key = key or _mapping_for_a_value(config)
    return wrong_value(key, OmegaConf.select(config, key))


def wrong_value(key: str, value: Any) -> UserError:
    """The error for a value that an option does not take."""
    shown = "null" if value is None else str(value).replace("'", "").replace(", ", ",")
    return UserError(f"{key}={shown}: {_needs(key)}")


def _mapping_for_a_value(config: DictConfig) -> str:
    """The first option that has named values and needs one, of which OmegaConf tells no name."""
    groups = {key.rpartition(".")[0] for key in _FIELDS} | {"model"}
    named = (k for k in _FIELDS if k not in groups)
    return next((k for k in named if isinstance(OmegaConf.select(config, k), DictConfig)), "")


def _needs(key: str) -> str:
    """``"needs a whole number"``: what an option takes; a model's own options have no field."""
    return f"needs {_FIELDS[key].metadata['needs'] if key in _FIELDS else 'one value'}"


def _unreadable(key: str) -> str:
    if key in _FIELDS:
        return _needs(key)
    return "cannot be read; put a value with blanks or signs into quotation marks, key='\"value\"'"


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
