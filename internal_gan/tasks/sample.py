"""task=sample: random pictures with the patches of the photo."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from rich.console import Console

from internal_gan.build import build
from internal_gan.config import load_options, save_options
from internal_gan.errors import UserError
from internal_gan.evaluation.report import write_report
from internal_gan.images.io import write_image
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
    with enough_memory("sample.size"):
        images = draw(model.to(device), options)
    options.model, options.trainer = trained.model, trained.trainer
    options.checkpoint = str(source.path.absolute())
    folder = RunFolder.create(new_run_path(options, trained.image, model.family))
    console = Console(highlight=False, soft_wrap=True)
    with recorded(folder):
        save_options(options, folder.config_path)
        announce(console, folder, [f"Device {device} ({reason})", f"Model {source.model_path}"])
        write_image(folder.path / "photo.png", model.get_buffer("image"))
        _write(images, folder)
        seconds = time.monotonic() - started
        folder.write_status("finished", device=str(device), seconds=round(seconds, 1))
        write_report(folder.path)
        say(console, f"{len(images)} samples in {duration(seconds)}.")
        say(console, f"  Pictures: {folder.path / 'sample'}")
        say(console, f"  Page:     {folder.report_path}")
    return folder.path


def draw(model: Any, options: Options, at_most: int | None = None) -> Any:
    """The samples that ``options.sample`` asks for, (count, 3, H, W) in [-1, 1].

    A model that is not finished yet draws at the size of its finest finished scale.
    """
    wanted = options.sample
    is_finished = model.finished == model.num_stages
    return model.sample(
        wanted.count if at_most is None else min(wanted.count, at_most),
        tuple(wanted.size) if wanted.size and is_finished else None,
        start_scale=wanted.start_scale
        if is_finished
        else min(wanted.start_scale, model.finished - 1),
        seed=options.seed if wanted.seed is None else wanted.seed,
    )


def write_samples(
    model: Model, options: Options, folder: RunFolder, at_most: int | None = None
) -> None:
    """Write ``sample/000.png`` and so on into a run folder, in place of older ones."""
    _write(draw(model, options, at_most), folder)


def _write(images: Any, folder: RunFolder) -> None:
    pictures = folder.path / "sample"
    pictures.mkdir(exist_ok=True)
    for index, image in enumerate(images):
        write_image(pictures / f"{index:03d}.png", image)
