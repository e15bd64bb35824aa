"""The state of a training in its run folder: written on the way, taken up again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.models.base import Model
from internal_gan.runs.folder import RunFolder
from internal_gan.training.callbacks import TrainingPlan
from internal_gan.training.checkpoint import load_training, save_training
from internal_gan.training.trainee import Trainee

# What a training goes on from.
_SAVED = {
    *("stage", "step", "steps", "model", "metadata", "device", "precision", "rng", "stage_rng"),
    *("networks", "optimizers", "ema", "stage_state"),
}


class Saver:
    """Writes the state of one stage's training, and notes what became of it in ``status.json``.

    Args:
        index: of the stage.
        rng: the source of the stage's random numbers.
        stage_rng: its state before the stage was built: what a stage draws then is drawn again.
    """

    def __init__(
        self,
        folder: RunFolder,
        model: Model,
        plan: TrainingPlan,
        index: int,
        trainee: Trainee,
        rng: torch.Generator,
        stage_rng: Tensor,
    ) -> None:
        self._folder = folder
        self._model = model
        self._steps = [stage.steps for stage in plan.stages]
        self._index = index
        self._trainee = trainee
        self._rng = rng
        self._stage_rng = stage_rng
        self._saved = time.monotonic()

    @property
    def age(self) -> float:
        """Seconds since the last state was written."""
        return time.monotonic() - self._saved

    def save(self, step: int) -> None:
        """Write the state after ``step`` steps.

        Raises:
            UserError: the file cannot be written.
        """
        state = {
            "family": self._model.family,
            "stage": self._index,
            "step": step,
            "steps": self._steps,
            "model": self._model.state_dict(),
            "metadata": self._model.metadata(),
            "device": self._rng.device.type,
            "precision": str(self._trainee.precision).removeprefix("torch."),
            "threads": torch.get_num_threads(),
            "rng": self._rng.get_state(),
            "stage_rng": self._stage_rng,
            **self._trainee.state_dict(),
        }
        save_training(state, self._folder.checkpoint_path)
        self._saved = time.monotonic()

    def load(self, state: Mapping[str, Any]) -> int:
        """Take up a saved state and its random numbers; returns how many steps are done.

        Raises:
            UserError: it does not fit this stage.
        """
        with _fitting(self._folder):
            self._trainee.load_state_dict(state)
            self._rng.set_state(state["rng"].cpu())
            return int(state["step"])

    def note_repeat(self, step: int, fell: bool) -> None:
        """Count steps that were computed again, and note where float32 took over."""
        known = self._folder.status().get("repeated_steps")
        notes: dict[str, Any] = {"repeated_steps": (known if isinstance(known, int) else 0) + 1}
        if fell:
            notes["float32_since"] = {"stage": self._index, "step": step}
        self._folder.write_status("running", **notes)

    def note_threads(self, count: int) -> None:
        """Note how many threads compute from now on."""
        self._folder.write_status("running", threads=count)


def load_state(folder: RunFolder, model: Model) -> dict[str, Any]:
    """Read the state that a training in ``folder`` goes on from.

    Raises:
        UserError: it is missing, damaged, not complete, or of another kind of device, whose random
            numbers cannot go on here.
    """
    path, device = folder.checkpoint_path, model.device
    state = load_training(path, model.family, device)
    if missing := sorted(_SAVED - set(state)):
        raise UserError(f"{path} is not complete: {', '.join(missing)} of the training is missing")
    if state["device"] != device.type:
        raise UserError(
            f"run folder {folder.path} was trained on {state['device']} and cannot go on on "
            f"{device.type}, which draws other random numbers; resume it with "
            f"device={state['device']}"
        )
    with _fitting(folder):
        precision_of(state)
        torch.Generator(device).set_state(state["stage_rng"].cpu())
        if [type(n) for n in state["steps"]] != [int] * model.num_stages:
            raise ValueError("steps of other stages")
    return state


def precision_of(state: Mapping[str, Any]) -> torch.dtype:
    """The precision of a saved training, whatever this machine would choose."""
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[state["precision"]]


def restore_model(folder: RunFolder, model: Model, state: Mapping[str, Any]) -> None:
    """Bring a prepared model to the stages that were finished.

    Raises:
        UserError: the state in ``folder`` is not of this model.
    """
    device = model.device
    with _fitting(folder):
        model.restore(state["metadata"])
        model.load_state_dict(state["model"])
        if model.finished != state["stage"] or model.finished >= model.num_stages:
            raise ValueError("another stage")
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]


@contextmanager
def _fitting(folder: RunFolder) -> Iterator[None]:
    """Whatever a state that was not saved by this run brings about is one line."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as e:
        raise UserError(
            f"{folder.checkpoint_path} is not of the training that {folder.config_path} describes"
        ) from e
