"""task=sample: random pictures with the patches of the photo."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from internal_gan.build import build
from internal_gan.config import load_options, save_options
from internal_gan.errors import UserError
from internal_gan.evaluation.report import write_report
from internal_gan.images.io import read_image, write_image
from internal_gan.images.photo import Photo, drawn_like
from internal_gan.models.base import Model
from internal_gan.options import Options
from internal_gan.tasks import new_run_path
from internal_gan.tasks.reporting import announce, enough_memory, recorded, say
from internal_gan.training.checkpoint import load_model
from internal_gan.training.device import select_device
from internal_gan.training.run_folder import RunFolder
from internal_gan.units import duration


def sample(options: Options, family: str | None = None) -> Path:
    """Write samples of the model in the run folder ``options.checkpoint`` to a folder of their own.

    Args:
        family: refuse a model of another family; null takes any.

    Returns:
        The new run folder.

    Raises:
        UserError: the checkpoint, the device, a size or a scale will not do. No folder is left
            behind.
    """
    assert options.checkpoint is not None
    started = time.monotonic()
    device, reason = select_device(options.device)
    source = RunFolder.open(options.checkpoint, needs=["model.safetensors"])
    trained = load_options(source.config_path)
    model = load_model(source.model_path, build)
    if family is not None and model.family != family:
        raise UserError(f"checkpoint={source.path}: a model of {model.family}, not of {family}")
    like = _photo_of(source)
    with enough_memory("sample.size"):
        images = draw(model.to(device), options)
    options = replace(
        options,
        model=trained.model,
        trainer=trained.trainer,
        checkpoint=str(source.path.absolute()),
    )
    folder = RunFolder.create(new_run_path(options, trained.image, model.family))
    console = Console(highlight=False, soft_wrap=True)
    with recorded(folder):
        save_options(options, folder.config_path)
        announce(console, folder, [f"Device {device} ({reason})", f"Model {source.model_path}"])
        write_image(folder.path / "photo.png", model.image, like=like)
        _write(images, folder, like)
        seconds = time.monotonic() - started
        folder.write_status("finished", device=str(device), seconds=round(seconds, 1))
        write_report(folder.path)
        say(console, f"{len(images)} samples in {duration(seconds)}.")
        say(console, f"  Pictures: {folder.path / 'sample'}")
        say(console, f"  Page:     {folder.report_path}")
    return folder.path


def draw(model: Any, options: Options, at_most: int | None = None) -> Any:
    """The samples that ``options.sample`` asks for, (count, 3, H, W) in [-1, 1].

    Args:
        at_most: for a look while the model is being trained: no more samples than this, at the
            size of the finest finished scale, and from a start scale that is finished.

    Raises:
        UserError: a start scale that the model does not have, or that is not finished.
    """
    wanted = options.sample
    count, size, start_scale = wanted.count, wanted.size, wanted.start_scale
    if at_most is not None:
        count, size, start_scale = min(count, at_most), None, min(start_scale, model.finished - 1)
    elif start_scale >= model.finished:
        raise UserError(
            f"sample.start_scale={start_scale}: {model.finished} of the model's "
            f"{model.num_stages} scales are finished; allowed: 0 to {model.finished - 1}"
        )
    return model.sample(
        count,
        tuple(size) if size else None,
        start_scale=start_scale,
        seed=options.seed if wanted.seed is None else wanted.seed,
    )


def write_samples(
    model: Model, options: Options, folder: RunFolder, like: Photo, at_most: int | None = None
) -> None:
    """Write ``sample/000.png`` and so on into a run folder, in place of older ones."""
    _write(draw(model, options, at_most), folder, like)


def _photo_of(source: RunFolder) -> Photo | None:
    """The photo of a training as its run folder has it; None where somebody deleted it."""
    path = source.path / "photo.png"
    return drawn_like(read_image(path))[0] if path.is_file() else None


def _write(images: Any, folder: RunFolder, like: Photo | None) -> None:
    pictures = folder.path / "sample"
    pictures.mkdir(exist_ok=True)
    for index, image in enumerate(images):
        write_image(pictures / f"{index:03d}.png", image, like=like)
