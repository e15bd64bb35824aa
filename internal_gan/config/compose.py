"""From a command's overrides to checked :class:`Options`."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from operator import attrgetter
from os import PathLike, fspath
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from internal_gan.config.arguments import escape, values_of
from internal_gan.config.conf import composed, experiments, model_of
from internal_gan.config.messages import schema_error, user_errors, wrong_value
from internal_gan.config.options import FIELDS, TASKS, Options
from internal_gan.errors import UserError, unknown


def compose(overrides: Sequence[str] = ()) -> Options:
    """The options of a command with these overrides, or a UserError if one is wrong.

    >>> compose(["trainer=debug", "sample.size=[30,80]"]).sample.size
    [30, 80]
    """
    with user_errors(overrides):
        _check_model(overrides)
        return to_options(composed(overrides))


def _check_model(overrides: Sequence[str]) -> None:
    """Refuse a ``model=`` that would silently replace the one of the chosen experiment."""
    given = values_of(overrides)
    model, experiment = given.get("model"), given.get("experiment")
    if model is None or experiment not in experiments():
        return
    if (chosen := model_of(experiment)) not in (None, model):
        raise UserError(
            f"model={model}: experiment={experiment} is of model={chosen}; leave out model="
        )


def compose_hydra(overrides: Sequence[str] = ()) -> DictConfig:
    """Hydra's own settings for a command with these overrides, or a UserError if one is wrong."""
    with user_errors(overrides):
        settings = composed(overrides, with_hydra=True).hydra
    assert isinstance(settings, DictConfig)
    return settings


def options_of(values: Mapping[str, Any]) -> Options:
    """The default options with some values replaced, by full name, or a UserError if one is wrong.

    >>> options_of({"sample.size": (30, 80)}).sample.size
    [30, 80]
    """
    config = OmegaConf.create()
    for name, value in values.items():
        OmegaConf.update(config, name, plain(value), force_add=True)
    return to_options(config)


def to_options(config: DictConfig) -> Options:
    """The options of a configuration, or a UserError about a wrong name, type or range."""
    try:
        for key, entry in FIELDS.items():
            value = OmegaConf.select(config, key, default=entry)
            is_group = key == "model" or is_dataclass(entry.default_factory)
            if value is not entry and isinstance(value, DictConfig) != is_group:
                raise wrong_value(key, value)
        options = OmegaConf.to_object(OmegaConf.merge(_schema(), config))
    except OmegaConfBaseException as error:
        raise schema_error(error, config) from error
    assert isinstance(options, Options)
    if options.task not in TASKS:
        raise unknown("task", options.task, TASKS)
    for key, entry in FIELDS.items():
        value = attrgetter(key)(options)
        try:
            fits = value is None or entry.metadata["allowed"](value)
        except ValueError as error:
            raise UserError(f"{key}={value}: {error}") from error
        if not fits:
            raise wrong_value(key, value)
    return options


@functools.cache
def _schema() -> DictConfig:
    """The names, types and defaults of all options."""
    schema: DictConfig = OmegaConf.structured(Options)
    return schema


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
