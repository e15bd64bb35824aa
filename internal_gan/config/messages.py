"""What is wrong with overrides that Hydra refuses, or with values that do not fit their options."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf

from internal_gan.config.arguments import key_of, written
from internal_gan.config.conf import groups
from internal_gan.config.options import FIELDS
from internal_gan.errors import UserError, nearest, unknown


def parsed(override: str) -> Override:
    """An override as Hydra reads it, or a UserError if it cannot be read."""
    try:
        return OverridesParser.create().parse_overrides([override])[0]
    except OverrideParseException as error:
        key = key_of(override)
        why = "cannot be read; quote a value with spaces or special characters, key='\"value\"'"
        why = _needs(key) if key in FIELDS else why
        raise UserError(f"{override}: {why}", option=key) from error


def refused(overrides: Sequence[str], error: Exception, chosen: DictConfig) -> UserError:
    """Why Hydra refuses to compose ``overrides``, in its own words only if nothing else is found.
    ``chosen`` has the same model, trainer and experiment, and Hydra's settings."""
    for override in map(parsed, overrides):
        if found := _mistake(override, chosen):
            return found
    if isinstance(error, MissingConfigException) and error.options is not None:
        group, _, name = str(error.missing_cfg_file).rpartition("/")
        return unknown(group, name, error.options)
    why = [" ".join(str(error).split()), str(error.__cause__ or "").partition("\n")[0]]
    return UserError(": ".join(filter(None, why)) or type(error).__name__)


def _mistake(override: Override, chosen: DictConfig) -> UserError | None:
    key = override.key_or_group
    given = override.input_line
    if override.is_sweep_override():
        return UserError(f"{given}: {_needs(key)}; for one run per value add -m")
    value = override.value()
    names = groups().get(key)
    choices = chosen.hydra.runtime.choices
    if names is not None and value not in names:
        return unknown(key, written(value), names)
    if names is not None and (key in choices) == override.is_add():
        added = "is there already; leave out +"
        lacking = f"model={choices.model} has no such part"
        return UserError(f"{given}: {added if override.is_add() else lacking}")
    known = [*_keys(OmegaConf.to_container(chosen)), *groups()]
    wrong = [key, *_keys(value, f"{key}.")] if not override.is_add() else []
    if not key.startswith("hydra/") and not {*wrong} <= {*known}:
        return unknown_option(key, known)
    if isinstance(value, list) and isinstance(OmegaConf.select(chosen, key), DictConfig):
        why = "a list cannot replace named values"
        return UserError(f"{given}: {why}; write ~{key} +{key}={written(value)}")
    return None


def wrong_value(key: str, value: Any) -> UserError:
    """The error for a value that an option does not take."""
    allowed = FIELDS[key].metadata["values"] if key in FIELDS else None
    return UserError(f"{key}={written(value)}: {_needs(key)}", option=key, allowed=allowed)


def _needs(key: str) -> str:
    """What an option takes, such as ``"needs a whole number"``; options of models have no field."""
    return f"needs {FIELDS[key].metadata['needs'] if key in FIELDS else 'one value'}"


def unknown_option(key: str, known: Iterable[str]) -> UserError:
    """The error for an option, or named values in one, that are not ``known``."""
    known = list(dict.fromkeys(k for k in known if k != "hydra"))
    if key in known:
        inside = [k.removeprefix(f"{key}.") for k in known if k.startswith(f"{key}.")]
        return UserError(f"{key}: has no such named values. Allowed: {', '.join(inside) or 'none'}")
    parent = key.rpartition(".")[0]
    if parent == "model" and not any(k.startswith("model.") for k in known):
        return UserError(f"{key}: an option of a model; name one as well, such as model=singan")
    siblings = [k for k in known if k.rpartition(".")[0] == parent] or [
        k for k in known if "." not in k and "/" not in k
    ]
    parts = {k for k in known if k != parent}
    same = sorted(k for k in parts if k.rpartition(".")[2] == key)
    hint = nearest(key, parts) or "."
    if same:
        hint = f"; did you mean {' or '.join(map(repr, same))}?"
    text = f"{key}: there is no such option{hint} Allowed: {', '.join(siblings)}"
    return UserError(text, option=key, kind="unknown", allowed=siblings)


def _keys(values: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(values, dict):
        for key, value in values.items():
            if key != "_target_":
                yield f"{prefix}{key}"
            yield from _keys(value, f"{prefix}{key}.")
