"""What a training ends with: the task it was asked for, or the one that its family names."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from internal_gan.config.build import build
from internal_gan.config.options import Options
from internal_gan.images.photo import Photo
from internal_gan.models.base import Model


def the_whole_photo(photo: Photo, options: Options, number: int = 0) -> tuple[Photo, list[str]]:
    """Trains on the photo, shrunk to the size that the model asks for."""
    return photo, []


@dataclass(frozen=True)
class OwnTask:
    """How a training uses a task. Each task's module that can end a training has one, ``OWN``.

    Attributes:
        name: of the task.
        check: refuse options that do not fit the prepared model, before the training.
        write: write the pictures into a folder named after the task, in place of older ones, for
            the photo as its file has it; ``on_the_way`` is true for a look while the training
            still goes on.
        size_option: the option to make smaller where memory is short.
        again: options of an example of what to ask of the model next.
        lesson: the part of a photo to train on, and what to tell about it; it is called with the
            photo, the options and the photo's number, from 0.
        stands_for_photo: its pictures stand for the photo and keep what its file has.
    """

    name: str
    check: Callable[[Any, Options], None]
    write: Callable[..., None]
    size_option: str
    again: tuple[str, ...]
    lesson: Callable[[Photo, Options, int], tuple[Photo, list[str]]] = the_whole_photo
    stands_for_photo: bool = False


def own_task(model: Model | type[Model], options: Options) -> OwnTask:
    """The task that a training with these options ends with."""
    name = model.task if options.task == "train" else options.task
    own = importlib.import_module(f"internal_gan.tasks.{name}").OWN
    assert isinstance(own, OwnTask)
    return own


def longest_learnt(options: Options) -> int | None:
    """The longest side of a photo that a training has a use for, in pixels; None: all of it.

    Raises:
        UserError: the model's options will not do.
    """
    own = own_task(build(options.model).model_class, options)
    longest = options.model.get("max_size")
    return None if own.stands_for_photo or not isinstance(longest, int) else longest
