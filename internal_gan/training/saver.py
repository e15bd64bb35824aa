"""Saves a training's state in its run folder, and restores it when the run is resumed."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.files import atomic_write
from internal_gan.models.base import Model
from internal_gan.process_settings import ignored_warnings
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.model_file import check_there
from internal_gan.training.callbacks import TrainingPlan
from internal_gan.training.stage_trainer import StageTrainer


def save_state(
    folder: RunFolder, model: Model, plan: TrainingPlan, trainer: StageTrainer, stage_rng: Tensor
) -> None:
    """Write the state of a training, whole or not at all. ``stage_rng`` is the random numbers'
    state before the stage was built, so that a resumed run builds the same stage."""
    state = {
        "family": model.family,
        "stage": model.finished,
        "steps": [stage.steps for stage in plan.stages],
        "model": model.state_dict(),
        "metadata": model.metadata(),
        "device": model.device.type,
        "precision": str(trainer.precision).removeprefix("torch."),
        "threads": plan.threads,
        "stage_rng": stage_rng,
        **trainer.state_dict(),
    }
    # Via memory, since on a full disk torch's writer leaves the unfinished file open.
    content = io.BytesIO()
    torch.save(state, content)
    with atomic_write(folder.checkpoint_path) as temporary:
        temporary.write_bytes(content.getvalue())


def load_state(folder: RunFolder, model: Model) -> dict[str, Any]:
    """Read the state from which the training in ``folder`` continues; no code in it is run.

    A UserError if it is missing, damaged, of another family, or from another kind of device, whose
    random numbers cannot be continued here.
    """
    path = folder.checkpoint_path
    device = model.device
    check_there(path, "there is nothing to resume")
    try:
        with ignored_warnings():
            state = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # the bytes of a foreign file may raise anything
        raise UserError(f"{path} is truncated or not a training checkpoint") from error
    if not isinstance(state, dict) or "family" not in state:
        raise UserError(f"{path} is not a training checkpoint of internal-gan")
    if (family := state["family"]) != model.family:
        raise UserError(f"{path} is a checkpoint of the family {family}, not {model.family}")
    if (trained_on := state.get("device")) != device.type:
        raise UserError(
            f"run folder {folder.path} was trained on {trained_on} and cannot continue on "
            f"{device.type}, which draws other random numbers; resume it with device={trained_on}"
        )
    with fitting(folder):
        precisions = {"float32": torch.float32, "bfloat16": torch.bfloat16}
        state["precision"] = precisions[state["precision"]]
        if len(state["steps"]) != model.num_stages:
            raise ValueError("steps of other stages")
    return state


def restore_model(
    folder: RunFolder, model: Model, rng: torch.Generator, state: Mapping[str, Any]
) -> None:
    """Restore a prepared model's finished stages, and random numbers for the next, if they fit."""
    device = model.device
    with fitting(folder):
        rng.set_state(state["stage_rng"].cpu())
        model.restore(state["metadata"])
        model.load_state_dict(state["model"])
        if model.finished != state["stage"] or model.finished >= model.num_stages:
            raise ValueError("another stage")
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]


@contextmanager
def fitting(folder: RunFolder) -> Iterator[None]:
    """Report errors from a foreign state as one ``UserError``."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as e:
        raise UserError(
            f"{folder.checkpoint_path} does not fit the training that {folder.config_path} "
            "describes"
        ) from e
