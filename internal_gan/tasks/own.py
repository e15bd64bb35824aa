"""What a training ends with: the task that the model's family names as its own."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from internal_gan.models.base import Model
from internal_gan.options import Options


@dataclass(frozen=True)
class OwnTask:
    """How a training uses a task. Each task's module that some family names has one, ``OWN``.

    Attributes:
        check: refuse options that do not fit the prepared model, before the training.
        write: write the pictures into a folder named after the task, in place of older ones;
            ``on_the_way`` is true for a look while the training still goes on.
        size_option: the option to make smaller where memory is short.
        again: options of an example of what to ask of the model next.
    """

    check: Callable[[Any, Options], None]
    write: Callable[..., None]
    size_option: str
    again: tuple[str, ...]


def own_task(model: Model) -> OwnTask:
    """The task of the model's family."""
    own = importlib.import_module(f"internal_gan.tasks.{model.task}").OWN
    assert isinstance(own, OwnTask)
    return own
