"""A training step as one launch: CUDA graphs of steps in which Python decides the same.

Small networks' kernels take less time than their launch (docs/results/gpu.md). A graph launches all
of a step's kernels at once, on the tensors with which it was captured.
"""

import itertools
import logging
import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor

from internal_gan.device import hand_over
from internal_gan.models.base import Stage

_log = logging.getLogger(__name__)

Values = dict[str, Tensor]
Step = Callable[[], Values]

# The kinds of device that have graphs.
DEVICES = ("cuda",)
# Steps of a key before its capture, which set up libraries and Adam's state.
CALLS = 2
# These calls and the capture take about as long as this many steps; a key must come more often.
MIN_USES = 8
# Each graph takes some megabytes.
MAX_GRAPHS = 400
# Batches that are prepared to learn how many forms they have, at most.
MOST_TRIED = 64
# If each form has come twice, so many are enough.
FEWEST_TRIED = 4
# A process captures one graph at a time.
_capturing = threading.Lock()


class Recorder:
    """Captures steps on a card; all its graphs share a pool of memory, ``held`` bytes."""

    def __init__(self, rng: torch.Generator) -> None:
        self.rng, self.held = rng, 0
        self.pool = torch.cuda.graph_pool_handle()
        self.stream = torch.cuda.Stream(rng.device)  # type: ignore[no-untyped-call]

    def call(self, step: Step) -> Values:
        """Take a step on the stream of the captures."""
        current = torch.cuda.current_stream(self.stream.device)
        self.stream.wait_stream(current)
        with torch.cuda.stream(self.stream):
            values = step()
        current.wait_stream(self.stream)
        return values

    def capture(self, step: Step) -> tuple[Values, Callable[[], None]]:
        """What takes the step, and where it leaves its values; it has not been taken yet."""
        graph, spare = torch.cuda.CUDAGraph(), self.rng.clone_state()
        graph.register_generator_state(self.rng)
        mode = "thread_local"  # other threads may allocate memory meanwhile
        try:
            with (
                _capturing,
                torch.cuda.graph(graph, self.pool, self.stream, capture_error_mode=mode),
            ):
                before = torch.cuda.memory_reserved(self.stream.device)
                values = step()
        except RuntimeError:
            # The state of a capture that failed would refuse to draw.
            self.rng.graphsafe_set_state(spare)
            raise
        self.held += max(0, torch.cuda.memory_reserved(self.stream.device) - before)
        return values, graph.replay


def count(stage: Stage, step: int) -> None:
    """Set a stage's counts of updates to those after ``step`` steps."""
    stage.step = step * stage.generator_steps
    stage.judged = step * stage.discriminator_steps


def with_tensors(batch: Any, change: Callable[[Tensor], Any]) -> Any:
    """A batch with what ``change`` makes of each of its tensors in its place."""
    if isinstance(batch, Tensor):
        return change(batch)
    if isinstance(batch, tuple):
        return tuple(with_tensors(part, change) for part in batch)
    if is_dataclass(batch) and not isinstance(batch, type):
        parts = {f.name: with_tensors(getattr(batch, f.name), change) for f in fields(batch)}
        return replace(batch, **parts)
    return batch


def form(batch: Any) -> Any:
    """A batch without the numbers in its tensors."""
    return with_tensors(batch, lambda tensor: (tensor.shape, tensor.dtype))


def key_count(stage: Stage) -> float:
    """About how many keys a stage has: each kind of its steps, with each form of their batches.

    The stage, not trained yet, is rewound afterwards.
    """
    before = {rng: rng.get_state() for rng in (stage.rng, stage.cpu_rng) if rng is not None}
    kinds, forms = set[Hashable](), Counter[Hashable]()
    for step in range(stage.steps):
        count(stage, step)
        kinds.add(stage.kind())
    for step in random.Random(0).sample(range(stage.steps), min(stage.steps, MOST_TRIED)):
        count(stage, step)
        forms[form(stage.prepare())] += 1
        if forms.total() >= FEWEST_TRIED and min(forms.values()) > 1:
            break
    for rng, state in before.items():
        rng.set_state(state)
    count(stage, 0)
    # Of forms that came once and twice, Chao (1984) estimates how many have not come yet.
    came = Counter(forms.values())
    unseen = came[1] * (came[1] - 1) / (2 * (came[2] + 1))
    return len(kinds) * (len(forms) + unseen)


class StepGraphs:
    """A stage's steps: on a card a graph for each key, captured when the key has come CALLS times.

    A key is a step's precision, its kind and the form of its batch. Elsewhere, and where keys are
    too many, each step is called.

    Attributes:
        active: whether there are graphs.
        refused: whether there are none because keys are too many.
        keys: about how many there are; not counted without a card.
        captured: by its key, a graph's values and what replays it.
        at_once: capture a key before its first step, to measure what later ones cost.
        seconds: spent on captures and, if ``at_once``, on the calls before them.
    """

    def __init__(self, stage: Stage, wanted: bool) -> None:
        self._stage, self.at_once, self.seconds = stage, False, 0.0
        wanted = wanted and stage.rng.device.type in DEVICES
        self.keys = key_count(stage) if wanted else math.inf
        self.active = self.keys <= min(MAX_GRAPHS, stage.steps / MIN_USES)
        self.refused = wanted and not self.active
        self._fixed = dict[Hashable, Tensor]()
        self.clear()

    def clear(self) -> None:
        """Forget all graphs, whose tensors may have been replaced; new ones get another pool, since
        they may not share what this one still holds."""
        self.captured: dict[Hashable, tuple[Values, Callable[[], None]]] = {}
        self._calls: Counter[Hashable] = Counter()
        self._recorder = Recorder(self._stage.rng) if self.active else None

    @property
    def held(self) -> int:
        """Bytes of memory that the graphs hold."""
        return self._recorder.held if self._recorder else 0

    def prepare(self, precision: torch.dtype) -> Hashable:
        """Prepare the stage's next step; its key."""
        batch, numbers = self._stage.prepare(), itertools.count()
        self._stage.batch = with_tensors(batch, lambda t: self._placed(next(numbers), t))
        return precision, self._stage.kind(), form(batch)

    def _placed(self, number: int, tensor: Tensor) -> Tensor:
        """A batch's tensor on the stage's device; for graphs, where the last one like it was."""
        place, device = (number, form(tensor)), self._stage.model.device
        placed = self._fixed.get(place)
        if placed is None:
            placed = torch.empty_like(tensor, device=device)
            if self.active:
                self._fixed[place] = placed
        return placed.copy_(hand_over(tensor, device))

    def take(self, key: Hashable, step: Step) -> Values:
        """Take a step, by the graph of its key or by a call; values until the key's next step."""
        if self._recorder is None:
            return step()
        began = time.perf_counter()
        while key not in self.captured:
            self._calls[key] += 1
            if self._calls[key] <= CALLS:
                values = self._recorder.call(step)
                if not self.at_once:
                    return values
            else:
                self._capture(key, step)
            if not self.active:
                return step()
        self.seconds += time.perf_counter() - began
        values, replay = self.captured[key]
        replay()
        return values

    def _capture(self, key: Hashable, step: Step) -> None:
        """Capture a step; if that fails, there are no graphs any more."""
        assert self._recorder is not None
        try:
            self.captured[key] = self._recorder.capture(step)
        except RuntimeError as error:
            self.active = False
            self.clear()
            reason = str(error).partition("\n")[0]
            _log.warning("%s: continuing without CUDA graphs (%s)", self._stage.name, reason)
