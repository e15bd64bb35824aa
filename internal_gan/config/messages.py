"""Turns errors of Hydra and OmegaConf into one line for the user."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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

from internal_gan.config.arguments import key_of, written
from internal_gan.config.conf import experiments, known_keys
from internal_gan.config.options import FIELDS
from internal_gan.errors import UserError, nearest, unknown
from internal_gan.files import write_error

# Hydra plugins hydra_EXTRA_KIND; internal-gan[EXTRA] installs each.
PLUGINS = (
    "hydra_joblib_launcher",
    "hydra_submitit_launcher",
    "hydra_ray_launcher",
    "hydra_optuna_sweeper",
)


@contextmanager
def user_errors(overrides: Sequence[str]) -> Iterator[None]:
    """Raise errors of Hydra and OmegaConf about ``overrides`` as :class:`UserError`."""
    try:
        yield
    except (UserError, BrokenPipeError):
        raise
    except Exception as error:
        raise user_error(error, overrides) from error


def user_error(error: Exception, overrides: Sequence[str]) -> UserError:
    """The mistake in ``overrides`` that made Hydra or OmegaConf raise ``error``."""
    text = str(error)
    if isinstance(error, MissingConfigException) and error.options is not None:
        group, _, name = str(error.missing_cfg_file).rpartition("/")
        if group == "hydra/sweeper" and f"hydra_{name}_sweeper" in PLUGINS:
            return needs_extra(f"hydra_{name}_sweeper")
        if group.partition("/")[0] == "experiment":
            # Ablations are in a subfolder, not a group of their own.
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
        return UserError(f"{match[1]}: {needs}; for one run per value add -m")
    if "Got NoneType" in text and "experiment=null" in overrides:
        return UserError("experiment=null: it needs a name; for none write experiment=none")
    if "${model}_${trainer}" in text or "Config group override" in text:
        return UserError("model and trainer each take one name, such as model=singan trainer=fast")
    if isinstance(error, OmegaConfBaseException):
        return schema_error(error, OmegaConf.create())
    if isinstance(error, OSError) and error.filename is not None:
        return write_error(Path(error.filename), error) or UserError(text)
    return UserError(text.strip().partition("\n")[0] or type(error).__name__)


def needs_extra(plugin: str) -> UserError:
    """The error for a Hydra plugin that is not installed."""
    name, kind = plugin.removeprefix("hydra_").rsplit("_", 1)
    return UserError(
        f"hydra/{kind}={name}: the plugin {plugin.replace('_', '-')} is not installed: "
        f'pip install "internal-gan[{name}]"'
    )


def schema_error(error: OmegaConfBaseException, config: DictConfig) -> UserError:
    """The error for a configuration that does not fit the options' types."""
    key = error.full_key or ""
    if isinstance(error, ConfigKeyError | ConfigAttributeError):
        return _unknown_option(key, known_keys(()))
    if isinstance(error, InterpolationKeyError):
        return UserError(f"{key}: {str(error).partition(chr(10))[0]}")
    if isinstance(error, MissingMandatoryValue):
        return UserError(f"{key}: this option has no value; set it with {key}=...")
    key = re.sub(r"\[\d+\].*", "", key)
    return wrong_value(key, OmegaConf.select(config, key))


def wrong_value(key: str, value: Any) -> UserError:
    """The error for a value that an option does not take."""
    return UserError(f"{key}={written(value)}: {_needs(key)}")


def _needs(key: str) -> str:
    """What an option takes, such as ``"needs a whole number"``; options of models have no field."""
    return f"needs {FIELDS[key].metadata['needs'] if key in FIELDS else 'one value'}"


def _unreadable(key: str) -> str:
    if key in FIELDS:
        return _needs(key)
    return "cannot be read; quote a value with spaces or special characters, key='\"value\"'"


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
