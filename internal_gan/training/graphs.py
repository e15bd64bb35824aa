"""A training step as one launch: CUDA graphs of steps for which Python decides the same.

Small networks' kernels take less time than their launch (docs/results/gpu.md). A graph launches all
of a step's kernels at once, on the tensors with which it was captured.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable

import torch
from torch import Tensor

from internal_gan.models.base import Stage

_log = logging.getLogger(__name__)

Values = dict[str, Tensor]
Step = Callable[[], Values]

# The kinds of device that have graphs.
DEVICES = ("cuda",)
# Steps of a key before its capture, which set up libraries and Adam's state.
CALLS = 2
# These calls and the capture take about as long as so many steps, so a key must come more often.
MIN_USES = 8
# Each graph takes some megabytes.
MAX_GRAPHS = 400
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


class StepGraphs:
    """A stage's steps: on a card a graph for each key, captured when the key has come CALLS times.

    Elsewhere, and where keys are too many, each step is called.

    Attributes:
        active: whether there are graphs.
        refused: whether there are none because keys are too many.
        captured: by its key, a graph's values, what replays it, and what it counts.
        at_once: capture a key before its first step, to measure what later ones cost.
        seconds: spent on captures and, if ``at_once``, on the calls before them.
    """

    def __init__(self, stage: Stage, wanted: bool) -> None:
        self._stage, self.at_once, self.seconds = stage, False, 0.0
        wanted = wanted and stage.rng.device.type in DEVICES
        self.active = wanted and stage.key_count() <= min(MAX_GRAPHS, stage.steps / MIN_USES)
        self.refused = wanted and not self.active
        self.clear()

    def clear(self) -> None:
        """Forget all graphs, whose tensors may have been replaced; new ones get another pool, since
        they may not share what this one still holds."""
        self.captured: dict[Hashable, tuple[Values, Callable[[], None], dict[str, int]]] = {}
        self._calls: Counter[Hashable] = Counter()
        self._recorder = Recorder(self._stage.rng) if self.active else None

    @property
    def held(self) -> int:
        """Bytes of memory that the graphs hold."""
        return self._recorder.held if self._recorder else 0

    def take(self, key: Hashable, step: Step) -> Values:
        """Take a step, by the graph of its key or by a call; values until the key's next step."""
        if self._recorder is None:
            return step()
        began, before = time.perf_counter(), self._counts()
        while key not in self.captured:
            self._calls[key] += 1
            if self._calls[key] <= CALLS:
                values = self._recorder.call(step)
                if not self.at_once:
                    return values
            else:
                self._capture(key, step, before)
            vars(self._stage).update(before)
            if not self.active:
                return step()
        self.seconds += time.perf_counter() - began
        values, replay, counted = self.captured[key]
        replay()
        vars(self._stage).update({name: n + counted[name] for name, n in before.items()})
        return values

    def _capture(self, key: Hashable, step: Step, before: dict[str, int]) -> None:
        """Capture a step; if that fails, there are no graphs any more."""
        assert self._recorder is not None
        try:
            values, replay = self._recorder.capture(step)
        except RuntimeError as error:
            self.active = False
            self.clear()
            reason = str(error).partition("\n")[0]
            _log.warning("%s: continuing without CUDA graphs (%s)", self._stage.name, reason)
        else:
            counted = {name: count - before[name] for name, count in self._counts().items()}
            self.captured[key] = values, replay, counted

    def _counts(self) -> dict[str, int]:
        return {name: getattr(self._stage, name) for name in self._stage.counters}
