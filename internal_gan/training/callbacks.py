"""What the engine tells others while it trains, and the plan it tells them first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from internal_gan.models.base import Model


@dataclass(frozen=True)
class StagePlan:
    """One stage to come: its name, working size (height, width), steps, seconds for one step, and
    threads of the CPU, 0 where they do not matter."""

    name: str
    size: tuple[int, int]
    steps: int
    seconds_per_step: float
    threads: int = 0

    @property
    def seconds(self) -> float:
        """Expected duration of the stage in seconds."""
        return self.steps * self.seconds_per_step


@dataclass(frozen=True)
class TrainingPlan:
    """All stages of a run in order, and the most bytes of memory in use until now, where known.

    Every stage was tried by then, but the plan is no bound: a run may need more.
    """

    stages: Sequence[StagePlan]
    peak_memory_bytes: int | None = None

    @property
    def total_seconds(self) -> float:
        """Expected duration of the whole run in seconds."""
        return sum(stage.seconds for stage in self.stages)


class Callback:
    """Listens to a training run. Every method does nothing here; override those of interest.

    The engine calls ``on_start`` once, ``on_step`` after each step, ``on_stage_end`` after each
    stage is finished and its weights are final, and ``on_end`` once when all stages are done;
    ``on_replan`` in between where the schedule turned out too long. A resumed run starts with
    ``on_start`` again and goes on with the step after the last one that was saved. A run that
    stops early never reaches ``on_end``; ``close`` is always called.
    """

    def on_start(self, model: "Model", plan: TrainingPlan) -> None:
        """Called before the first step of this process."""

    def on_replan(self, model: "Model", plan: TrainingPlan) -> None:
        """Called when stages that have not begun got other steps to keep to a time budget."""

    def on_step(
        self, stage_index: int, step: int, steps: int, scalars: dict[str, float] | None
    ) -> None:
        """Called after ``step`` (from 1) of ``steps``; ``scalars`` only when they were read."""

    def on_stage_end(self, model: "Model", stage_index: int) -> None:
        """Called when a stage is finished."""

    def on_end(self, model: "Model") -> None:
        """Called when all stages are finished."""

    def close(self) -> None:
        """Release files and the terminal; called once, also after an error."""
