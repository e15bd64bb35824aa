"""A GPU that counts what makes the CPU wait for it in a training step."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from internal_gan.training.stage_trainer import StageTrainer
from tests.pretend_cuda import where


class RealCuda:
    """See :func:`real_cuda`; the attributes are those of the pretended one."""

    def __init__(self) -> None:
        self.steps = 0
        self.waits: list[str] = []

    @contextmanager
    def step(self) -> Iterator[None]:
        """Count what waits here."""
        self.steps += 1
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = self._note
            torch.cuda.set_sync_debug_mode("warn")
            try:
                yield
            finally:
                torch.cuda.set_sync_debug_mode("default")

    def _note(self, message: Warning | str, *_: object, **__: object) -> None:
        if "called a synchronizing" in str(message):
            self.waits.append(where(traceback.extract_stack()))


@contextmanager
def real_cuda() -> Iterator[RealCuda]:
    """Count the waits in training steps, by CUDA's own warnings."""
    found = RealCuda()
    take_step = StageTrainer.take_step

    def watched(trainer: StageTrainer) -> dict[str, torch.Tensor]:
        with found.step():
            return take_step(trainer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StageTrainer, "take_step", watched)
        yield found
