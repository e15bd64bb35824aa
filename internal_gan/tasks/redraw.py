"""What editing and harmonization share: a photo, a mask, a start scale, and what is written."""

from __future__ import annotations

import dataclasses
import functools
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from internal_gan.config.fields import AUTO, LARGEST_SEED
from internal_gan.config.options import Options
from internal_gan.config.task_options import MaskOptions, RedrawOptions
from internal_gan.errors import UserError
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.masks import read_mask
from internal_gan.images.photo import Photo, drawn_like
from internal_gan.images.resize import resize
from internal_gan.models.singan.injection import Injection
from internal_gan.tasks.reporting import enough_memory, say
from internal_gan.tasks.trained import load_trained, results

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Application:
    """What tells editing and harmonization apart.

    Attributes:
        task: its name.
        fraction: where ``start_scale=auto`` puts the image in, as a fraction of the finest size.
        dilate, feather: what is done to the mask by default, in pixels at the model's size.
        needs_mask: whether the task makes no sense without one.
    """

    task: str
    fraction: float
    dilate: float
    feather: float
    needs_mask: bool


def redraw(options: Options, application: Application, family: str | None) -> Path:
    """Redraw a part of a photo and write it beside what it was, with what each start scale gives.

    Returns:
        The new run folder.

    Raises:
        UserError: the photo, the mask, the checkpoint or a scale will not do. No folder is left
            behind.
    """
    task = application.task
    wanted: RedrawOptions = getattr(options, task)
    photo = read_given(wanted.image, task, "the photo with its changes")
    mask = _read_mask(options, application, photo)
    trained = load_trained(options, family, Injection)
    model = trained.model
    start = start_scale_of(model, wanted.start_scale, application.fraction, task)
    with enough_memory(f"{task}.image"):
        change = _change(model, options, application)
        used = None if mask is None else _used(model, mask, options, application)
        seeds = seeds_of(wanted, options)
        made = [change(photo.pixels, mask, start, seed=seed) for seed in seeds]
        at = model.working_size(photo.size)
        small = resize(photo.pixels, at).clamp(-1.0, 1.0)
        region = None if mask is None else model.shrink_mask(mask)
        strip = {n: change(small, region, n, seed=seeds[0]) for n in range(1, model.finished)}
    with results(trained, _counted(made)) as (folder, console):
        pictures = folder.path / task
        pictures.mkdir()
        for index, image in enumerate(made):
            write_image(pictures / f"{index:03d}.png", image, like=photo)
        write_image(pictures / "before.png", photo.pixels, like=photo)
        if used is not None:
            gray = Photo(photo.pixels, mode="L")
            write_image(pictures / "mask.png", used.expand(-1, 3, -1, -1) * 2.0 - 1.0, like=gray)
        like = drawn_like(photo)[0]
        for scale, image in strip.items():
            write_image(pictures / f"start-scale-{scale}.png", image, like=like)
        say(console, chosen(task, start, len(strip), wanted.start_scale))
    return folder.path


def read_given(path: str | None, task: str, what: str, longest: int | None = None) -> Photo:
    """The image that a task was asked to work on; ``longest`` is that of
    :func:`internal_gan.images.files.image.read_image`.

    Raises:
        UserError: none was named, or it cannot be read.
    """
    option = f"{task}.image"
    if path is None:
        raise UserError(f"{option}=FILE is missing: {what}. See --help")
    try:
        return read_image(path, longest=longest)
    except UserError as error:
        raise UserError(f"{option}={error}") from error


def start_scale_of(model: Any, wanted: int | str, fraction: float, task: str) -> int:
    """The start scale to use.

    Raises:
        UserError: one that the model does not have, or that is not finished.
    """
    auto = model.start_scale_for(fraction)
    if wanted == AUTO:
        return int(auto)
    last = model.finished - 1
    if int(wanted) > last:
        raise UserError(
            f"{task}.start_scale={wanted}: {model.finished} of the model's {model.num_stages} "
            f"scales are finished; allowed: 1 to {last}, or {AUTO} (here {auto})"
        )
    return int(wanted)


def seeds_of(wanted: Any, options: Options) -> list[int]:
    """A seed for each of the results that are wanted."""
    first = options.seed if wanted.seed is None else wanted.seed
    return [(first + k) % (LARGEST_SEED + 1) for k in range(wanted.count)]


def chosen(task: str, start: int, last: int, wanted: int | str) -> str:
    """A line about the start scale that was used and where to see the others."""
    by = f" ({AUTO})" if wanted == AUTO else ""
    return (
        f"Start scale {start}{by} of 1 to {last}; start-scale-1.png to start-scale-{last}.png show "
        f"them all: for another, {task}.start_scale=N"
    )


def _read_mask(options: Options, application: Application, photo: Photo) -> Tensor | None:
    option = f"{application.task}.mask"
    path = getattr(options, application.task).mask
    if path is not None:
        return read_mask(path, photo.size, invert=options.mask.invert, option=option)
    if application.needs_mask:
        raise UserError(f"{option}=FILE is missing: white where the object is, black elsewhere")
    if options.mask != MaskOptions():
        key, value = next(
            (key, value)
            for key, value in dataclasses.asdict(options.mask).items()
            if value != getattr(MaskOptions(), key)
        )
        raise UserError(f"mask.{key}={value}: there is no mask; {option}=FILE names one")
    return None


def _change(model: Any, options: Options, application: Application) -> Any:
    """The model's method, with what the options say about the mask and the colours."""
    keywords = dict(zip(("dilate", "feather"), _lengths(options, application), strict=True))
    if application.task == "harmonize":
        keywords["match"] = options.harmonize.match
    return functools.partial(getattr(model, application.task), **keywords)


def _lengths(options: Options, application: Application) -> tuple[float, float]:
    wanted = options.mask
    dilate = application.dilate if wanted.dilate is None else wanted.dilate
    feather = application.feather if wanted.feather is None else wanted.feather
    return dilate, feather


def _used(model: Any, mask: Tensor, options: Options, application: Application) -> Tensor:
    dilate, feather = _lengths(options, application)
    used: Tensor = model.soft_mask(mask, dilate, feather)
    if used.min() > 0.0:
        _log.warning(
            "the mask reaches every pixel after it was grown by %g and softened by %g pixels, so "
            "that nothing is kept as it was; smaller mask.dilate and mask.feather keep more",
            dilate,
            feather,
        )
    return used


def _counted(made: list[Tensor]) -> str:
    return "1 result" if len(made) == 1 else f"{len(made)} results"
