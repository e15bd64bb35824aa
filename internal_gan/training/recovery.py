"""No run is lost to one bad step: what is not finite is computed again."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator
from typing import Any

import torch

from internal_gan.training.trainee import NotFiniteError, Trainee

_log = logging.getLogger(__name__)

# A good state is kept in memory every so many steps: the most that is computed again.
KEEP_EVERY = 25
# How often the steps after a good state are computed again before float32 takes over.
TRIES = 3


class Recovery:
    """Takes a stage through its steps, and back to its last good state where one is not finite.

    From that state and its random numbers the same steps are computed again, at most ``TRIES``
    times, and then in float32. Where a fault has passed, nothing of it remains in the result.

    Args:
        rng: the stage's source of random numbers.
        first: the number of steps that are done.
        on_repeat: called after going back, with the step that was not finite and whether float32
            has just taken over.

    Attributes:
        step: how many steps are done.
        failed: the step that was not finite the last time; 0 while there was none.
    """

    def __init__(
        self,
        trainee: Trainee,
        rng: torch.Generator,
        first: int = 0,
        on_repeat: Callable[[int, bool], None] = lambda step, fell: None,
    ) -> None:
        self.trainee = trainee
        self.step = first
        self.failed = 0
        self._rng = rng
        self._on_repeat = on_repeat
        self.keep()

    def keep(self) -> None:
        """Take the state as it is for a good one."""
        self._good: dict[str, Any] = copy.deepcopy(self.trainee.state_dict())
        self._good_rng = self._rng.get_state()
        self._good_step = self.step
        self._failures = 0

    def restore(self) -> None:
        """Go back to the last good state."""
        self.trainee.load_state_dict(self._good)
        self._rng.set_state(self._good_rng)
        self.step = self._good_step

    def steps(self, log_interval: int) -> Iterator[tuple[int, dict[str, float] | None]]:
        """Take the steps that are left.

        Yields:
            The number of each step, from 1, and every ``log_interval`` steps and after the last
            what it has to log. Each step comes once, however often it was computed.

        Raises:
            NotFiniteError: in float32, too; the stage is in its last good state then.
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
        """Wait for the device, and take the state for a good one; goes back where it is not.

        Raises:
            NotFiniteError: as for :meth:`steps`.
        """
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
                "%s: step %d is not finite in %s, computed %d times; goes on in float32",
                self.trainee.stage.name,
                failed,
                str(self.trainee.precision).removeprefix("torch."),
                self._failures,
            )
            self.trainee.precision = torch.float32
            self._failures = 0
        else:
            _log.info("%s: step %d is not finite; computed again", self.trainee.stage.name, failed)
        self._on_repeat(failed, falls)
