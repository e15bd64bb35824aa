"""What every task on a trained model does: read the model, then write a run folder of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from rich.console import Console

from internal_gan.config.options import Options
from internal_gan.config.record import load_options, save_options
from internal_gan.device import select_device
from internal_gan.errors import UserError
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.photo import Photo, drawn_like
from internal_gan.models.singan.model import SinGAN
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.model_file import load_model
from internal_gan.runs.places import new_run_path
from internal_gan.tasks.reporting import announce, recorded, say, write_page
from internal_gan.units import duration


@dataclass(frozen=True)
class Trained:
    """A model that was read from a run folder.

    Attributes:
        model: on the device that was asked for.
        source: the run folder of its training.
        options: what the task was asked for, with the model and the photo it was trained on.
        like: what pictures that it draws have in common with its photo; None if that is gone.
        about: what to tell in the first lines.
    """

    model: Any
    source: RunFolder
    options: Options
    like: Photo | None
    about: Sequence[str]
    started: float


def load_trained(options: Options, family: str | None = None, kind: type[Any] = SinGAN) -> Trained:
    """Read the model in the run folder ``options.checkpoint``.

    Args:
        family: refuse a model of another family; null takes any.
        kind: what the task is for.

    Raises:
        UserError: the device or the checkpoint will not do.
    """
    assert options.checkpoint is not None
    started = time.monotonic()
    device, reason = select_device(options.device)
    source = RunFolder.open(options.checkpoint, needs=["model.safetensors"])
    trained = load_options(source.config_path)
    model = load_model(source.model_path)
    # The name of a family's other form begins with the family's.
    if family is not None and not family.startswith(model.family):
        raise UserError(f"checkpoint={source.path}: a model of {model.family}, not of {family}")
    if not isinstance(model, kind):
        raise UserError(
            f"checkpoint={source.path}: a model of {model.family} has no task={options.task}; "
            f"it has task={model.task}"
        )
    photo = source.path / "photo.png"
    return Trained(
        model=model.to(device),
        source=source,
        options=replace(
            options,
            image=options.image or trained.image,
            model=trained.model,
            trainer=trained.trainer,
            checkpoint=str(source.path.absolute()),
        ),
        like=drawn_like(read_image(photo))[0] if photo.is_file() else None,
        about=[f"Device {device} ({reason})", f"Model {source.model_path}"],
        started=started,
    )


@contextmanager
def results(trained: Trained, what: str) -> Iterator[tuple[RunFolder, Console]]:
    """A new run folder for the results of a task, described and shown when the block ends.

    Enter it when nothing of the user's can be wrong any more, so that no folder is left behind.

    Args:
        what: what was made, for the last line, such as ``"8 samples"``.

    Raises:
        UserError: the folder cannot be written.
    """
    options, model = trained.options, trained.model
    folder = RunFolder.create(new_run_path(options, options.photo, model.family))
    console = Console(highlight=False, soft_wrap=True)
    with recorded(folder):
        save_options(options, folder.config_path)
        announce(console, folder, trained.about)
        write_image(folder.path / "photo.png", model.image, like=trained.like)
        yield folder, console
        seconds = time.monotonic() - trained.started
        folder.write_status(
            "finished", device=str(model.device), seconds=round(seconds, 1), model_task=model.task
        )
        write_page(folder)
        say(console, f"{what} in {duration(seconds)}.")
        say(console, f"  Pictures: {folder.path / options.task}")
        say(console, f"  Page:     {folder.report_path}")
