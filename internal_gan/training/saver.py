"""Saves a training's state in its run folder, and restores it when the run is resumed."""

import io
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.files import atomic_write
from internal_gan.models.base import Model
from internal_gan.process_settings import ignored_warnings
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.model_file import check_format, check_there, save_model
from internal_gan.training.callbacks import TrainingPlan
from internal_gan.training.stage_trainer import StageTrainer

# Incremented whenever files of the previous version can no longer be read unchanged.
FORMAT_VERSION = 1
# Entries without which a training cannot continue.
_SAVED = {
    *("stage", "step", "steps", "model", "metadata", "device", "precision", "threads"),
    *("rng", "stage_rng", "networks", "optimizers", "ema", "stage_state"),
}


class Saver:
    """Saves a training in its run's folder, stage by stage.

    ``saved`` is the ``time.monotonic()`` of the last save, or of the stage's beginning.
    """

    def __init__(
        self, folder: RunFolder, model: Model, architecture: Mapping[str, Any], interval: float
    ) -> None:
        self.folder = folder
        self.saved = 0.0
        self._model = model
        self._architecture = architecture
        self._interval = interval

    @property
    def is_due(self) -> bool:
        """Whether the last save is ``interval`` seconds ago."""
        return time.monotonic() - self.saved >= self._interval

    def begin(
        self,
        plan: TrainingPlan,
        trainer: StageTrainer,
        stage_rng: Tensor,
        state: Mapping[str, Any] | None,
    ) -> None:
        """Save another stage from now on, and restore a ``state`` to its trainer.

        ``stage_rng`` is the state of the random number generator before the stage was built, so
        that a resumed run builds the same stage.
        """
        self._plan, self._trainer, self._stage_rng = plan, trainer, stage_rng
        if state:
            with _fitting(self.folder):
                trainer.load_state_dict(state)
        self.saved = time.monotonic()

    def save(self) -> None:
        state = {
            "family": self._model.family,
            "stage": self._model.finished,
            "steps": [stage.steps for stage in self._plan.stages],
            "model": self._model.state_dict(),
            "metadata": self._model.metadata(),
            "device": self._model.device.type,
            "precision": str(self._trainer.precision).removeprefix("torch."),
            "threads": self._plan.threads,
            "stage_rng": self._stage_rng,
            **self._trainer.state_dict(),
        }
        save_training(state, self.folder.checkpoint_path)
        self.saved = time.monotonic()

    def save_model(self) -> None:
        """Save the model when a stage is finished."""
        save_model(self._model, self.folder.model_path, self._architecture)


def save_training(state: Mapping[str, Any], path: Path) -> None:
    """Write the state of a training, whole or not at all."""
    # Via memory, since on a full disk torch's writer leaves the unfinished file open.
    content = io.BytesIO()
    torch.save({"format_version": FORMAT_VERSION, **state}, content)
    with atomic_write(path) as temporary:
        temporary.write_bytes(content.getvalue())


def load_training(path: Path, family: str, device: torch.device) -> dict[str, Any]:
    """Read what :func:`save_training` wrote, without running code from the file; a UserError if it
    is missing, truncated, foreign, of a newer format or another family."""
    check_there(path, "there is nothing to resume")
    try:
        with ignored_warnings():
            state = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # the bytes of a foreign file may raise anything
        raise UserError(f"{path} is truncated or not a training checkpoint") from error
    if not isinstance(state, dict) or "family" not in state:
        raise UserError(f"{path} is not a training checkpoint of internal-gan")
    check_format(path, state.get("format_version"), FORMAT_VERSION)
    if state["family"] != family:
        raise UserError(f"{path} is a checkpoint of the family {state['family']}, not {family}")
    return state


def load_state(folder: RunFolder, model: Model) -> dict[str, Any]:
    """Read the state from which the training in ``folder`` continues.

    One that is missing, damaged, incomplete, or from another kind of device, whose random numbers
    cannot be continued here, is a UserError.
    """
    path, device = folder.checkpoint_path, model.device
    state = load_training(path, model.family, device)
    if missing := sorted(_SAVED - set(state)):
        raise UserError(f"{path} is incomplete; missing: {', '.join(missing)}")
    if state["device"] != device.type:
        raise UserError(
            f"run folder {folder.path} was trained on {state['device']} and cannot continue on "
            f"{device.type}, which draws other random numbers; resume it with "
            f"device={state['device']}"
        )
    with _fitting(folder):
        precision_of(state)
        torch.Generator(device).set_state(state["stage_rng"].cpu())
        if [type(n) for n in state["steps"]] != [int] * model.num_stages:
            raise ValueError("steps of other stages")
        if type(state["threads"]) is not int or state["threads"] < 1:
            raise ValueError("no number of threads")
    return state


def precision_of(state: Mapping[str, Any]) -> torch.dtype:
    """The precision of a saved training."""
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[state["precision"]]


def restore_model(folder: RunFolder, model: Model, state: Mapping[str, Any]) -> None:
    """Restore the finished stages of a prepared model, if the state fits it."""
    device = model.device
    with _fitting(folder):
        model.restore(state["metadata"])
        model.load_state_dict(state["model"])
        if model.finished != state["stage"] or model.finished >= model.num_stages:
            raise ValueError("another stage")
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]


@contextmanager
def _fitting(folder: RunFolder) -> Iterator[None]:
    """Report errors from a foreign state as one ``UserError``."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as e:
        raise UserError(
            f"{folder.checkpoint_path} does not fit the training that {folder.config_path} "
            "describes"
        ) from e
