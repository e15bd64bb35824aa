"""The loop that trains any family: stage after stage, discriminator then generator."""

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from internal_gan.errors import UserError
from internal_gan.models.base import Losses, Model, Stage
from internal_gan.options import TrainerOptions
from internal_gan.training import budget
from internal_gan.training.callbacks import Callback, StagePlan, TrainingPlan
from internal_gan.training.checkpoint import load_training, save_model, save_training
from internal_gan.training.run_folder import RunFolder
from internal_gan.training.signals import StopRequest
from internal_gan.units import duration, parse_duration

_log = logging.getLogger(__name__)


class TrainingStopped(Exception):  # noqa: N818 (an outcome, not an error)
    """The run was asked to stop; its state is saved and it can be resumed."""


def train(
    model: Model,
    *,
    options: TrainerOptions,
    precision: torch.dtype,
    seed: int,
    folder: RunFolder,
    architecture: Mapping[str, Any],
    callbacks: Sequence[Callback] = (),
    resume: bool = False,
) -> None:
    """Train every stage of ``model`` and keep ``folder`` able to resume at any moment.

    Args:
        model: prepared, on the device to train on.
        precision: dtype of convolutions; losses and weights stay float32.
        architecture: configuration saved with the model, for loading it.
        resume: go on from the folder's checkpoint, to the same weights bit for bit on the CPU.

    Raises:
        TrainingStopped: Ctrl-C or SIGTERM, after saving.
        UserError: a loss is not finite, or a file cannot be written.
    """
    started = time.monotonic()
    rng = torch.Generator(model.device).manual_seed(seed)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    state = load_training(folder.checkpoint_path, model.family, model.device) if resume else None
    if state:
        _check_whole(state, folder.checkpoint_path)
        precision = _precision_of(state, model.device, folder)
    with StopRequest() as stop:
        plan = _plan(model, options, precision, seed, state, started)
        if state:
            _restore_model(model, state)
        for callback in callbacks:
            callback.on_start(model, plan)

        trained = 0.0
        previous: Stage | None = None
        for index in range(model.finished, model.num_stages):
            if options.time and not resume and index:
                left = parse_duration(options.time) - (time.monotonic() - started)
                plan = _keep_to_budget(model, plan, index, trained, left, callbacks)
            began = time.monotonic()
            if state:
                rng.set_state(state["stage_rng"].cpu())
            stage_rng = rng.get_state()
            stage = model.stage(index, previous, rng)
            trainee = Trainee(stage, model.steps[index], precision)
            first = trainee.load(state, rng) if state else 0
            state = None

            saved = time.monotonic()
            for step in range(first, trainee.steps):
                scalars = trainee.step(step)
                _report(callbacks, trainee, index, step + 1, scalars, options.log_interval)
                due = time.monotonic() - saved >= options.checkpoint_interval
                if due or stop.signal or step + 1 == trainee.steps:
                    trainee.check_finite(step + 1)
                    _save(folder, model, index, step + 1, trainee, rng, stage_rng)
                    saved = time.monotonic()
                if stop.signal:
                    raise TrainingStopped(f"{stop.signal} at {stage.name}, step {step + 1}")

            trainee.finish()
            # Without the pictures, which make no step slower.
            trained += time.monotonic() - began
            previous = stage
            save_model(model, folder.model_path, architecture)
            for callback in callbacks:
                callback.on_stage_end(model, index)
    for callback in callbacks:
        callback.on_end(model)


def train_stage(
    model: Model,
    stage: Stage,
    steps: int,
    *,
    precision: torch.dtype,
    callbacks: Sequence[Callback] = (),
    log_interval: int = 25,
) -> None:
    """Train one stage more of a finished model. Nothing is saved on the way.

    Args:
        stage: built on ``model``, which it changes when it is finished.
        precision: as for :func:`train`.

    Raises:
        UserError: a loss is not finite.
    """
    plan = TrainingPlan([StagePlan(stage.name, stage.size, steps, 0.0)])
    for callback in callbacks:
        callback.on_start(model, plan)
    trainee = Trainee(stage, steps, precision)
    for step in range(steps):
        _report(callbacks, trainee, 0, step + 1, trainee.step(step), log_interval)
    trainee.finish()
    for callback in callbacks:
        callback.on_stage_end(model, 0)
        callback.on_end(model)


# What a training goes on from.
_SAVED = {
    *("stage", "step", "steps", "model", "metadata", "device", "precision", "rng", "stage_rng"),
    *("networks", "optimizers", "ema", "stage_state"),
}


class Trainee:
    """A stage with its optimisers, its averaged generator and its precision."""

    def __init__(self, stage: Stage, steps: int, precision: torch.dtype) -> None:
        self.stage = stage
        self.steps = steps
        self.precision = precision
        settings = stage.optimization
        self.rates = (settings.generator_lr, settings.discriminator_lr)
        for network in (stage.generator, stage.discriminator):
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            network.train()
        betas = (float(settings.betas[0]), float(settings.betas[1]))
        self.optimizers = [
            torch.optim.Adam(network.parameters(), lr, betas=betas, fused=True)
            for network, lr in zip(self._networks, self.rates, strict=True)
        ]
        self.ema: list[Tensor] | None = None
        if settings.ema is not None:
            self.ema = [t.clone() for t in _averaged(stage.generator)]
        self._checksum = torch.zeros((), device=next(stage.generator.parameters()).device)

    @property
    def _networks(self) -> tuple[nn.Module, nn.Module]:
        return self.stage.generator, self.stage.discriminator

    def step(self, step: int) -> dict[str, Tensor]:
        """One step of the game; returns detached scalars."""
        stage = self.stage
        factor = stage.optimization.lr_factor(step, self.steps)
        for optimizer, rate in zip(self.optimizers, self.rates, strict=True):
            optimizer.param_groups[0]["lr"] = rate * factor
        generator, discriminator = self.optimizers
        scalars: dict[str, Tensor] = {}
        for _ in range(stage.discriminator_steps):
            scalars |= self._minimise(stage.discriminator_loss, discriminator)
        stage.discriminator.requires_grad_(False)
        for _ in range(stage.generator_steps):
            scalars |= self._minimise(stage.generator_loss, generator)
        stage.discriminator.requires_grad_(True)
        if self.ema is not None:
            assert stage.optimization.ema is not None
            # Young averages follow faster, or the random initial weights would linger.
            decay = min(stage.optimization.ema, (1 + step) / (10 + step))
            torch._foreach_lerp_(self.ema, _averaged(stage.generator), 1 - decay)
        return scalars

    def _minimise(
        self, loss: Callable[[], Losses], optimizer: torch.optim.Optimizer
    ) -> dict[str, Tensor]:
        mixed = self.precision != torch.float32
        with torch.autocast(self._checksum.device.type, self.precision, enabled=mixed):
            total, scalars = loss()
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(total)
        if self.stage.optimization.clip is not None:
            weights = optimizer.param_groups[0]["params"]
            nn.utils.clip_grad_norm_(weights, self.stage.optimization.clip)
        optimizer.step()
        self._checksum += total.detach()
        return scalars

    def check_finite(self, step: int) -> None:
        """Stop before a loss that is not finite spoils the saved state.

        Raises:
            UserError: a loss since the start of the stage, or a weight now, is not finite.
        """
        # The weights too: a finite loss may have had gradients that are not.
        weights = [p.detach().sum() for network in self._networks for p in network.parameters()]
        if not torch.isfinite(torch.stack([self._checksum, *weights])).all():
            raise UserError(
                f"{self.stage.name}: a loss is not finite at or before step {step}; the last good "
                "checkpoint is kept (smaller learning rates or precision=fp32 may help)"
            )

    def finish(self) -> None:
        """Give the averaged weights to the generator and close the stage."""
        if self.ema is not None:
            for tensor, average in zip(_averaged(self.stage.generator), self.ema, strict=True):
                tensor.copy_(average)
        self.stage.finish()

    def state_dict(self) -> dict[str, Any]:
        return {
            "networks": [network.state_dict() for network in self._networks],
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "ema": self.ema,
            "stage_state": self.stage.state_dict(),
        }

    def load(self, state: Mapping[str, Any], rng: torch.Generator) -> int:
        """Go back to a saved state and its random numbers; returns the step to go on with."""
        for network, saved in zip(self._networks, state["networks"], strict=True):
            network.load_state_dict(saved)
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        if self.ema is not None:
            for average, saved in zip(self.ema, state["ema"], strict=True):
                average.copy_(saved)
        self.stage.load_state_dict(state["stage_state"])
        rng.set_state(state["rng"].cpu())
        return int(state["step"])


def _averaged(network: nn.Module) -> list[Tensor]:
    """Weights and, since they belong to them, the statistics of batch norms."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    statistics = [t for m in norms for t in (m.running_mean, m.running_var) if t is not None]
    return [*(p.detach() for p in network.parameters()), *statistics]


def _plan(
    model: Model,
    options: TrainerOptions,
    precision: torch.dtype,
    seed: int,
    state: Mapping[str, Any] | None,
    started: float,
) -> TrainingPlan:
    """Fix every stage's steps and measure what they cost on this machine."""
    if state:
        model.steps = list(state["steps"])
    else:
        model.steps = [max(1, round(n * options.steps_factor)) for n in model.steps]
        if options.max_steps is not None:
            model.steps = [min(n, options.max_steps) for n in model.steps]

    def run_steps(stage: Stage, steps: int) -> None:
        trainee = Trainee(stage, steps, precision)
        for step in range(steps):
            trainee.step(step)
        trainee.check_finite(steps)

    plan = budget.measure(model, run_steps, seed)
    if options.time and not state:
        left = parse_duration(options.time) - (time.monotonic() - started)
        plan = budget.fit(plan, left, options.max_steps or math.inf)
        model.steps = [stage.steps for stage in plan.stages]
        if plan.total_seconds > left:
            _log.warning(
                "trainer.time=%s is too short for this model on this machine: one step of every "
                "stage, the least there is, ends about %s after it",
                options.time,
                duration(plan.total_seconds - left),
            )
    return plan


def _keep_to_budget(
    model: Model,
    plan: TrainingPlan,
    index: int,
    trained: float,
    left: float,
    callbacks: Sequence[Callback],
) -> TrainingPlan:
    """Shorten the stages from ``index`` on when the earlier ones took longer than planned.

    Args:
        trained: seconds that the earlier stages' steps took.
        left: seconds that the budget has left for everything.
    """
    planned = sum(stage.seconds for stage in plan.stages[:index])
    slower = max(1.0, trained / planned)
    stages = [
        replace(stage, seconds_per_step=stage.seconds_per_step * slower)
        for stage in plan.stages[index:]
    ]
    rest = budget.fit(replace(plan, stages=stages), left)
    if rest.stages[0].steps >= plan.stages[index].steps:
        return plan
    plan = replace(plan, stages=[*plan.stages[:index], *rest.stages])
    model.steps = [stage.steps for stage in plan.stages]
    for callback in callbacks:
        callback.on_replan(model, plan)
    return plan


def _report(
    callbacks: Sequence[Callback],
    trainee: Trainee,
    index: int,
    step: int,
    scalars: Mapping[str, Tensor],
    interval: int,
) -> None:
    read = None
    if step % interval == 0 or step == trainee.steps:
        trainee.check_finite(step)
        read = {name: float(value) for name, value in scalars.items()}
    for callback in callbacks:
        callback.on_step(index, step, trainee.steps, read)


def _check_whole(state: Mapping[str, Any], path: Path) -> None:
    """Refuse a state that lacks a part of what :func:`_save` writes."""
    if missing := sorted(_SAVED - set(state)):
        raise UserError(f"{path} is not complete: {', '.join(missing)} of the training is missing")


def _save(
    folder: RunFolder,
    model: Model,
    index: int,
    step: int,
    trainee: Trainee,
    rng: torch.Generator,
    stage_rng: Tensor,
) -> None:
    state = {
        "family": model.family,
        "stage": index,
        "step": step,
        "steps": model.steps,
        "model": model.state_dict(),
        "metadata": model.metadata(),
        "device": rng.device.type,
        "precision": str(trainee.precision).removeprefix("torch."),
        "rng": rng.get_state(),
        "stage_rng": stage_rng,  # what a stage draws once, when it is built, is drawn again
        **trainee.state_dict(),
    }
    save_training(state, folder.checkpoint_path)


def _precision_of(state: Mapping[str, Any], device: torch.device, folder: RunFolder) -> torch.dtype:
    """The precision that the run began in, whatever this machine would choose.

    Raises:
        UserError: it began on another kind of device, whose random numbers cannot go on here.
    """
    if state["device"] != device.type:
        raise UserError(
            f"run folder {folder.path} was trained on {state['device']} and cannot go on on "
            f"{device.type}, which draws other random numbers; resume it with "
            f"device={state['device']}"
        )
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[state["precision"]]


def _restore_model(model: Model, state: Mapping[str, Any]) -> None:
    device = model.device
    model.restore(state["metadata"])
    model.load_state_dict(state["model"])
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
