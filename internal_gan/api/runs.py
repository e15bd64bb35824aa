"""Ways to get a trained model: ``fit``, ``resume`` and ``load``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch

import internal_gan.api.methods  # noqa: F401 (the classes of models that are loaded)
from internal_gan.api.model import Given, Model, opened, picture_of
from internal_gan.config.arguments import check_image_file, key_of, prepare, written
from internal_gan.config.catalogue import check_trains
from internal_gan.config.compose import compose, load_options
from internal_gan.errors import UserError
from internal_gan.images.files.memory import to_mask
from internal_gan.images.photo import Photo
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.source import IN_MEMORY, Source
from internal_gan.tasks import train as training
from internal_gan.tasks.train import Hooks
from internal_gan.training.callbacks import Callback
from internal_gan.training.progress import TrainingProgress

Trained = TypeVar("Trained", bound=Model)
Overrides = Sequence[str] | Mapping[str, Any]
Progress = bool | Callable[[TrainingProgress], object] | None
Stop = Callable[[], bool] | None

# Options that do not apply when a new model is trained on given photos.
_NOT_HERE = {"checkpoint", "image", "resume", "runs", "skip_finished"}


@dataclass(frozen=True)
class Run(Generic[Trained]):
    """A finished training.

    Attributes:
        folder: the run folder with model, photo, losses, log, pictures and a report page.
        model: the trained model, of its family's class, on the training device.
    """

    folder: Path
    model: Trained


def fit(  # noqa: PLR0913 (a whole training)
    image: Given,
    model: str | None = None,
    *,
    mask: Given | None = None,
    overrides: Overrides = (),
    output: str | PathLike[str] | None = None,
    seed: int | None = None,
    device: str | torch.device | None = None,
    callbacks: Sequence[Callback] = (),
    stop: Stop = None,
    progress: Progress = None,
) -> Run[Any]:
    """Train a generative model on one photo, like ``internal-gan image=...``.

    Several threads may train at the same time.

    Args:
        image: a picture as in :class:`internal_gan.Model`.
        model: the method, one of ``internal_gan.list_models()``; by default the one of an
            ``experiment=`` in ``overrides``, or else ``singan``.
        mask: for EdgeConnect, the hole in white, of the photo's size.
        overrides: further options as on the command line, ``["trainer=full"]``, or by name,
            ``{"trainer.time": "20s", "model.max_size": 60}``.
        output: the run folder; by default a new ``runs/<image>-<model>/<time>``.
        seed: seed of all random numbers, by default 0.
        device: ``cpu``, ``cuda``, ``cuda:1`` or similar; by default a GPU if there is one.
        callbacks: follow the training; see :class:`internal_gan.Callback`.
        stop: called at least once a step, also of those timed at first; true stops as Ctrl-C does.
        progress: True prints what the command line prints, including a bar with the time left; a
            function receives an :class:`internal_gan.TrainingProgress` after every step.

    Raises:
        internal_gan.TrainingStopped: after a request by ``stop`` or, in the main thread, Ctrl-C or
            SIGTERM. What was learnt is saved; :func:`resume` continues it from its ``folder``.
        internal_gan.UserError: the image, an option or the output folder is invalid.
    """
    photo = picture_of(image)
    hole = None if mask is None else picture_of(mask, "mask", to_mask)
    others = {"model": model, "output": output, "seed": seed, "device": device}
    others["mask"] = IN_MEMORY if isinstance(hole, Photo) else hole
    arguments = _as_arguments(overrides, others)
    options = compose(arguments)
    changed = set(map(key_of, arguments))
    if extra := sorted(changed & _NOT_HERE):
        raise UserError(f"{', '.join(extra)}: cannot be changed here; fit trains a new model")
    check_trains(options.model)
    if not options.trains:
        raise UserError(f"task={options.task}: trains no model, which fit does")
    if isinstance(photo, Path):
        options.image = str(photo)
        check_image_file(options.image)
    hooks = Hooks(callbacks, stop, progress)
    given = {"image": photo, "mask.file": hole}
    files = {name: one for name, one in given.items() if isinstance(one, Photo)}
    network, folder = training.train(Source(options, files=files), changed=changed, hooks=hooks)
    return Run(folder.path, opened(network, folder))


def resume(
    folder: str | PathLike[str],
    *,
    device: str | torch.device | None = None,
    callbacks: Sequence[Callback] = (),
    stop: Stop = None,
    progress: Progress = None,
) -> Run[Any]:
    """Continue a stopped or interrupted training with its original configuration.

    Args:
        folder: its run folder; a finished training is returned unchanged.
        device: see :func:`fit`; by default the training's.
        callbacks, stop, progress: see :func:`fit`.

    Raises:
        internal_gan.TrainingStopped: see :func:`fit`.
        internal_gan.UserError: the folder holds no training, is damaged or in use.
    """
    run = RunFolder.open(folder)
    if run.status()["state"] == "finished":
        device = load_options(run.config_path).device if device is None else device
        return Run(run.path, opened(None, run).to(device))
    hooks = Hooks(callbacks, stop, progress)
    device = "auto" if device is None else str(device)
    network, run = training.resume(fspath(folder), device, hooks)
    return Run(run.path, opened(network, run))


def load(
    name: str | PathLike[str],
    *,
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
    **of_hub: Any,
) -> Any:
    """Read a trained model, by default onto the CPU, as :meth:`internal_gan.Model.from_pretrained`,
    which of a family's class also checks the family, and whose type is then known."""
    return Model.from_pretrained(name, device=device, dtype=dtype, **of_hub)


def _as_arguments(overrides: Overrides, others: Mapping[str, Any]) -> list[str]:
    """Overrides and ``others``, unless None, as arguments for Hydra; a UserError for one in both.

    >>> _as_arguments({"sample.size": (30, 80), "runs": None}, {"seed": 3, "device": None})
    ['seed=3', 'sample.size=[30,80]', 'runs=null']
    """
    if isinstance(overrides, str):
        raise UserError(f"overrides={overrides}: needs a list of options, such as ['{overrides}']")
    if isinstance(overrides, Mapping):
        overrides = [f"{name}={written(value)}" for name, value in overrides.items()]
    given = [f"{name}={written(v)}" for name, v in others.items() if v is not None]
    first, both = prepare(given), prepare([*given, *overrides])
    for name in sorted(set(map(key_of, first)) & set(map(key_of, both[len(first) :]))):
        raise UserError(f"{name}: is given twice, as an argument and in overrides")
    return both
