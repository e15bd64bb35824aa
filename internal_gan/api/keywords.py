"""What methods take: pictures, and the options of their task by name.

Types and names for editors and type checkers; defaults, bounds and help are those of the options
(:mod:`internal_gan.config.task_options`, docs/options.md). None, too, means the option's default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from typing import Any, Literal, TypedDict

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
from internal_gan.units import Size

Given = str | PathLike[str] | Image.Image | np.ndarray[Any, Any] | torch.Tensor
Factors = tuple[float, float]
OutputType = Literal["pil", "np", "pt"]
Resolution = int | Literal["auto", "photo", "model"] | None


class How(TypedDict, total=False):
    """How to draw and finish results, and what to return; see :class:`internal_gan.Model`."""

    seed: int | None
    generator: torch.Generator | None
    output_type: OutputType
    detail: Literal["patches", "network"] | None
    resolution: Resolution


class Masked(How, total=False):
    """Also how to prepare a mask: ``invert`` it, then grow it and blur its border, in pixels."""

    invert: bool
    dilate: float | None
    feather: float | None


class Sampling(How, total=False):
    """Of task=sample."""

    size: Size | None
    start_scale: int
    tileable: bool | Literal["x", "y"]
    candidates: int
    matching: int


class Painting(How, total=False):
    """Of task=paint."""

    start_scale: int | None


class Editing(Masked, total=False):
    """Of task=edit."""

    start_scale: int | None


class Harmonizing(Editing, total=False):
    """Of task=harmonize."""

    match: bool


class Animating(How, total=False):
    """Of task=animate."""

    fps: float
    loop: bool
    alpha: float
    beta: float
    start_scale: int
    size: Size | None


class Enlarging(How, total=False):
    """Of task=super_resolution."""

    factor: float


class Retargeting(How, total=False):
    """Of task=retarget."""

    scale: Factors | None
    zoom: float | Literal["auto"]
    corners: Sequence[Factors] | None
    protect: Given | None


class Filling(Masked, total=False):
    """Of task=fill."""

    box: tuple[int, int, int, int] | None
    edges: Given | None
    source: Given | None
    avoid: Given | None
    tileable: bool | Literal["x", "y"]


def source_of(task: str, arguments: Mapping[str, Any], *, name: str | None = None) -> Source:
    """A task's checked options, and its pictures in memory.

    Args:
        arguments: values and pictures by their options' names without the group; ``photo`` stands
            for ``image=``.
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


def seed_of(seed: int | None, generator: torch.Generator | None) -> int | None:
    """The seed, or one drawn from the generator; a UserError if both are given."""
    if generator is None:
        return seed
    if seed is not None:
        raise UserError("seed, generator: both set the random numbers; give only one")
    return int(torch.randint(2**63 - 1, (), generator=generator, device=generator.device))
