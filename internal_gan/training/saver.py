"""Saves a training's state in its run folder, and restores it when the run is resumed."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.files import atomic_write
from internal_gan.models.base import Model
from internal_gan.process_settings import ignored_warnings
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.model_file import check_format, check_there
from internal_gan.training.callbacks import TrainingPlan
from internal_gan.training.trainee import Trainee

# Incremented whenever files of the previous version can no longer be read unchanged.
FORMAT_VERSION = 1
# Entries without which a training cannot continue.
_SAVED = {
    *("stage", "step", "steps", "model", "metadata", "device", "precision", "rng", "stage_rng"),
    *("networks", "optimizers", "ema", "stage_state"),
}


@dataclass
class Saver:
    """Saves and restores the state of one stage in training, and notes events in ``status.json``.

    ``stage_rng`` is the state of ``rng`` before the stage was built, so that a resumed run builds
    the same stage.
    """

    folder: RunFolder
    model: Model
    plan: TrainingPlan
    index: int
    trainee: Trainee
    rng: torch.Generator
    stage_rng: Tensor
    saved: float = field(default_factory=time.monotonic)

    @property
    def age(self) -> float:
        """Seconds since the last save."""
        return time.monotonic() - self.saved

    def save(self, step: int) -> None:
        """Save the state after ``step`` steps."""
        state = {
            "family": self.model.family,
            "stage": self.index,
            "step": step,
            "steps": [stage.steps for stage in self.plan.stages],
            "model": self.model.state_dict(),
            "metadata": self.model.metadata(),
            "device": self.rng.device.type,
            "precision": str(self.trainee.precision).removeprefix("torch."),
            "threads": torch.get_num_threads(),
            "rng": self.rng.get_state(),
            "stage_rng": self.stage_rng,
            **self.trainee.state_dict(),
        }
        save_training(state, self.folder.checkpoint_path)
        self.saved = time.monotonic()

    def load(self, state: Mapping[str, Any]) -> int:
        """Restore a saved state, if it fits this stage; returns the number of steps done."""
        with _fitting(self.folder):
            self.trainee.load_state_dict(state)
            self.rng.set_state(state["rng"].cpu())
            return int(state["step"])

    def note_repeat(self, step: int, fell: bool) -> None:
        """Count a repetition of steps, and note a switch to float32."""
        known = self.folder.status().get("repeated_steps")
        notes: dict[str, Any] = {"repeated_steps": (known if isinstance(known, int) else 0) + 1}
        if fell:
            notes["float32_since"] = {"stage": self.index, "step": step}
        self.folder.write_status("running", **notes)

    def note_threads(self, count: int) -> None:
        """Note the number of threads in use."""
        self.folder.write_status("running", threads=count)


def save_training(state: Mapping[str, Any], path: Path) -> None:
    """Write the state of a training, whole or not at all."""
    # Via memory, since on a full disk torch's writer leaves the unfinished file open.
    content = io.BytesIO()
    torch.save({"format_version": FORMAT_VERSION, **state}, content)
    with atomic_write(path) as temporary:
        temporary.write_bytes(content.getvalue())


def load_training(path: Path, family: str, device: torch.device) -> dict[str, Any]:
    """Read what :func:`save_training` wrote, without running code from the file.

    Raises:
        UserError: the file is missing, truncated, foreign, of a newer format or another family.
    """
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

    Raises:
        UserError: it is missing, damaged, incomplete, or from another kind of device, whose random
            numbers cannot be continued here.
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
