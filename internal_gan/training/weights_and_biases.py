"""``logger=wandb``: losses and previews for Weights & Biases."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from internal_gan.errors import UserError
from internal_gan.files import atomic_write, read_json_object
from internal_gan.models.base import Model
from internal_gan.training.callbacks import TrainingPlan
from internal_gan.training.loggers import StepLogger

PROJECT = "internal-gan"
FOLDER = "wandb"
# What a logger remembers, by type. Positions within a stage are integers, at its end they are not.
MEMORY: Mapping[str, tuple[type, ...]] = {"id": (str,), "position": (int, float)}


def package() -> Any:
    """The module ``wandb``, or a UserError if it is not installed."""
    try:
        import wandb
    except ImportError as error:
        raise UserError(
            "logger=wandb needs Weights & Biases, which is not installed: "
            'pip install "internal-gan[wandb]"'
        ) from error
    return wandb


class WandbLogger(StepLogger):
    """Logs scalars and, after each stage, the preview and a sample to Weights & Biases.

    Without credentials, or with ``WANDB_MODE=offline``, it only writes into the run's folder
    ``wandb``, for ``wandb sync``. wandb's environment variables, such as ``WANDB_PROJECT`` and
    ``WANDB_NAME``, apply. A resumed run continues the same W&B run without repeating steps.

    Args:
        path: the run folder.
        config: plain values to record about the run.
    """

    def __init__(self, path: Path, config: Mapping[str, Any]) -> None:
        super().__init__()
        self._wandb = package()
        self._path = path
        self._config = dict(config)
        self._memory_path = path / FOLDER / "internal-gan.json"
        self._memory: dict[str, Any] = {"id": secrets.token_hex(4), "position": 0}
        self._run: Any = None

    def on_start(self, model: Model, plan: TrainingPlan) -> None:
        """Raises UserError if Weights & Biases cannot be reached."""
        super().on_start(model, plan)
        if self._run is not None:
            return
        found = read_json_object(self._memory_path)
        self._memory |= {k: v for k, v in found.items() if type(v) in MEMORY.get(k, ())}
        self._memory_path.parent.mkdir(exist_ok=True)
        self._remember(self._memory["position"])
        try:
            self._run = self._wandb.init(
                project=os.environ.get("WANDB_PROJECT", PROJECT),
                name=os.environ.get("WANDB_NAME", self._path.resolve().name),
                dir=str(self._path),
                id=self._memory["id"],
                resume="allow",
                mode=self._mode(),
                config=self._config,
                # The run's output is already shown and logged.
                settings=self._wandb.Settings(silent=True, console="off"),
            )
        except self._wandb.Error as error:
            reason = str(error).partition("\n")[0]
            raise UserError(
                f"logger=wandb: {reason}; with WANDB_MODE=offline it writes into the run folder"
            ) from error
        self._run.define_metric("*", step_metric="position")

    def on_step(
        self, stage_index: int, step: int, steps: int, scalars: dict[str, float] | None
    ) -> None:
        if scalars:
            stage = self._names[stage_index]
            values = {f"{name}/{stage}": value for name, value in scalars.items()}
            self._log(values, self._offsets[stage_index] + step)

    def on_stage_end(self, model: Model, stage_index: int) -> None:
        images = {
            name: self._wandb.Image((image * 255).round().byte().permute(1, 2, 0).numpy())
            for name, image in self._pictures(model, stage_index).items()
        }
        # Half a step later: at the last step's position they would count as already sent.
        self._log(images, self._offsets[stage_index + 1] + 0.5)

    def close(self) -> None:
        """Write or send remaining data."""
        if self._run is not None:
            self._run.finish()
            self._run = None

    def _log(self, values: Mapping[str, Any], position: float) -> None:
        if self._run is None or position <= self._memory["position"]:
            return
        self._run.log({**values, "position": position})
        self._remember(position)

    def _remember(self, position: float) -> None:
        self._memory["position"] = position
        with atomic_write(self._memory_path) as temporary:
            temporary.write_text(json.dumps(self._memory), encoding="utf-8")

    def _mode(self) -> Any:
        """The user's mode; without credentials offline, since wandb would prompt for them."""
        if "WANDB_MODE" in os.environ:
            return os.environ["WANDB_MODE"]
        return "online" if self._wandb.login(prompt=False, verify=False) else "offline"
