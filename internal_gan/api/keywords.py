"""What methods take: pictures, and the options of their task by name."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any

import numpy as np
import torch
from PIL import Image

from internal_gan.config.arguments import SHORT
from internal_gan.config.compose import options_of
from internal_gan.config.options import PATHS, taken_by
from internal_gan.errors import UserError
from internal_gan.images.files.memory import to_mask, to_photo
from internal_gan.images.files.names import local
from internal_gan.images.photo import Photo
from internal_gan.runs.source import IN_MEMORY, Source

Given = str | PathLike[str] | Image.Image | np.ndarray[Any, Any] | torch.Tensor


def source_of(task: str, arguments: Mapping[str, Any], *, name: str | None = None) -> Source:
    """A task's checked options, and its pictures in memory.

    Args:
        arguments: values and pictures by their options' names without the group; ``photo`` stands
            for ``image=``. None means the option's default.
        name: of the photo that masks in a folder belong to, if no photo is given.

    Raises:
        UserError: the task has no such option, or a value is not allowed.
    """
    values: dict[str, Any] = {"task": task}
    files: dict[str, Photo] = {}
    for argument, value in arguments.items():
        if value is None:
            continue
        option = option_of(task, argument, value)
        if option in PATHS and name_of(value) is None:
            plain = option.removesuffix(".file")
            files[option] = (to_photo if plain.endswith("image") else to_mask)(value, plain)
            value = IN_MEMORY
        values[option] = value
    photo = files.pop("image", None)
    if photo is not None:
        del values["image"]
    options = options_of(values)
    return Source(options, photo=photo, name=options.image or name, files=files)


def option_of(task: str, name: str, value: Any = None) -> str:
    """The option that an argument sets: the task's own, or one that it takes besides."""
    taken = taken_by(task)
    plain = [option for option in taken - {*PATHS} if option.rpartition(".")[2] == name]
    for option in (f"{task}.{name}", SHORT.get(name, ""), f"mask.{name}", *plain):
        if option in taken:
            return option
    if name == "photo":
        return "image"
    why = "draws nothing at random" if name == "seed" else "has no such argument"
    raise UserError(f"{name}={value}: task={task} {why}")


def name_of(given: Given) -> str | None:
    """The file name of a picture; None if it is in memory."""
    return local(fspath(given)) if isinstance(given, str | PathLike) else None
