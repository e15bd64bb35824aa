"""Recovery from losses and weights that are not finite, by repeating steps."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from internal_gan.training.trainee import NotFiniteError, Trainee

_log = logging.getLogger(__name__)

# Steps between good states kept in memory: at most this many are repeated.
KEEP_EVERY = 25
# Attempts to repeat steps before switching to float32.
TRIES = 3


@dataclass
class Recovery:
    """Runs a stage's steps, returning to the last good state if a value is not finite.

    The same steps are then repeated with the same random numbers, at most ``TRIES`` times, and
    after that in float32. A passing fault therefore leaves no trace in the result.

    Attributes:
        rng: the stage's random number generator.
        step: number of steps done.
        on_repeat: called after going back, with the failed step and whether the stage has just
            switched to float32.
        failed: the last step that was not finite, or 0.
    """

    trainee: Trainee
    rng: torch.Generator
    step: int = 0
    on_repeat: Callable[[int, bool], None] = lambda step, fell: None
    failed: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.keep()

    def keep(self) -> None:
        """Keep the current state as the last good one."""
        self._good: dict[str, Any] = copy.deepcopy(self.trainee.state_dict())
        self._good_rng = self.rng.get_state()
        self._good_step = self.step
        self._failures = 0

    def restore(self) -> None:
        """Go back to the last good state."""
        self.trainee.load_state_dict(self._good)
        self.rng.set_state(self._good_rng)
        self.step = self._good_step

    def steps(self, log_interval: int) -> Iterator[tuple[int, dict[str, float] | None]]:
        """Run the remaining steps.

        Yields:
            Each step's number, from 1, only once even if it was repeated; and its scalars every
            ``log_interval`` steps and after the last step, otherwise None.

        Raises:
            NotFiniteError: even in float32; the stage is then in its last good state.
        """
        told, total = self.step, self.trainee.steps
        while self.step < total:
            done = self.step + 1
            keeps = done % KEEP_EVERY == 0
            logs = done % log_interval == 0 or done == total
            try:
                scalars = self.trainee.step(self.step)
                if keeps or logs:
                    self.trainee.check_finite()
            except NotFiniteError:
                self._go_back(done)
                continue
            self.step = done
            if keeps:
                self.keep()
            if done > told:
                told = done
                yield done, {n: float(v) for n, v in scalars.items()} if logs else None

    def confirm(self) -> bool:
        """Wait for the device and keep the state if it is finite, or else go back."""
        try:
            self.trainee.check_finite()
        except NotFiniteError:
            self._go_back(self.step)
            return False
        self.keep()
        return True

    def _go_back(self, failed: int) -> None:
        self.restore()
        self.failed = failed
        self._failures += 1
        falls = self._failures > TRIES
        if falls:
            if self.trainee.precision == torch.float32:
                raise NotFiniteError
            _log.warning(
                "%s: step %d is not finite in %s after %d attempts; continuing in float32",
                self.trainee.stage.name,
                failed,
                str(self.trainee.precision).removeprefix("torch."),
                self._failures,
            )
            self.trainee.precision = torch.float32
            self._failures = 0
        else:
            _log.info("%s: step %d is not finite; repeating it", self.trainee.stage.name, failed)
        self.on_repeat(failed, falls)
