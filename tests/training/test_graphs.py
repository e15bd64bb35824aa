"""Steps that are replayed leave what called ones leave, whatever differs between them.

Without a card, a tape stands for its graphs: it repeats a step's operations, without the Python.
"""

import copy
from collections.abc import Callable
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from internal_gan import TrainingStopped
from internal_gan.patches import losses
from internal_gan.training import graphs
from internal_gan.training.progress import Progress
from internal_gan.training.stage_trainer import StageTrainer
from tests import tiny
from tests.tiny import EDGECONNECT, INGAN_FAST, INGAN_PAPER, LEAN, PAPER, ZSSR, same_weights
from tests.toy import ToyModel, ToyRecipe
from tests.training.test_cuda import EDGECONNECT_PAPER

NETWORKS = ("generator", "discriminator")
COARSE, TWO_UPDATES = ("model.num_scales=2",), [f"model.{who}_steps=2" for who in NETWORKS]
ONE_SIZE = ("model.size_grid=1000", "model.geometry=0.3")
ONE_RATE = ("model.final_rates=null", "model.learning_rates=1")
FAST = (
    *(*INGAN_FAST, *COARSE, "model.curriculum=0.1", "model.cycle_weight=1"),
    *("model.cycle_interval=2", "model.patch_loss.nearest_patch.loss.candidates=400"),
)
FORMS = {
    "singan": (*LEAN, *COARSE, "model.penalty_interval=2", "model.batch=5"),
    "singan, paper": (*PAPER, *COARSE, *TWO_UPDATES, "model.batch=8"),
    "ingan": (*FAST, "model.size_grid=16", "model.scale_range=[0.6,1.8]"),
    "ingan, shapes": (*FAST, *ONE_SIZE),
    "ingan, paper": (*INGAN_PAPER, "model.size_grid=16", "model.inverse_start=0.4"),
    "ingan, paper, shapes": (*INGAN_PAPER, *ONE_SIZE, "model.curriculum=0.1"),
    "edgeconnect": (*EDGECONNECT, *ONE_RATE, "model.max_size=48", "model.crop=null"),
    "edgeconnect, paper": (*EDGECONNECT_PAPER, *ONE_RATE),
    "zssr": (*ZSSR, "model/discriminator=patch"),
}
# For all keys to come often enough, twice.
STEPS = {"singan": 48, "ingan": 40, "ingan, paper": 40}
# Powers of two, which are the same in the tensors that graphs need.
RATES = (
    *(f"model.optimization.{network}_lr={2**-10}" for network in NETWORKS),
    *("model.optimization.decay=step", "model.optimization.decay_start=0.25"),
    "model.optimization.final_lr=0.5",
)
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif("not torch.cuda.is_available()"))]


class Tape(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """The operations of a step, with the tensors that they were given and that they made."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations: list[tuple[Any, ...]] = []
        self.taken = True  # while they were recorded

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if func.namespace != "profiler":
            self.operations.append((func, args, kwargs or {}, made))
        return made

    @torch.no_grad()
    def replay(self) -> None:
        """Take the step; at first only say so."""
        if not self.taken:
            for func, args, kwargs, made in self.operations:
                again = tree_leaves(func(*args, **kwargs))
                for old, new in zip(tree_leaves(made), again, strict=True):
                    if isinstance(old, Tensor) and old.data_ptr() != new.data_ptr():
                        old.copy_(new)
        self.taken = False


class TapeRecorder:
    """In place of :class:`graphs.Recorder`."""

    held = 2**20

    def __init__(self, rng: torch.Generator) -> None:
        pass

    def call(self, step: graphs.Step) -> graphs.Values:
        return step()

    def capture(self, step: graphs.Step) -> tuple[graphs.Values, Callable[[], None]]:
        with Tape() as tape:
            values = step()
        return values, tape.replay


def record_on(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tiny trainings on a device have graphs."""
    monkeypatch.setattr(graphs, "DEVICES", (device,))
    monkeypatch.setattr(graphs, "MIN_USES", 1)
    if device == "cpu":
        monkeypatch.setattr(graphs, "Recorder", TapeRecorder)
        # As on a card: a tape does not record what numpy does.
        monkeypatch.setattr(losses, "in_order", lambda rows: rows.sort(dim=1).values)


trainers = partial(tiny.trainers, *RATES)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("form", FORMS)
def test_replays_are_like_calls(form: str, device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    record_on(device, monkeypatch)
    close = {"rtol": 0, "atol": 0} if device == "cpu" else {"rtol": 0.1, "atol": 0.02}
    steps = STEPS.get(form, 12)
    both = (trainers(base=FORMS[form], device=device, steps=steps, graphs=x) for x in (False, True))
    for pair in zip(*both, strict=True):
        called, replayed = pair
        for step in range(steps):
            if step == steps // 2:
                state, made = copy.deepcopy(replayed.state_dict()), len(replayed.graphs.captured)
                for trainer in pair:
                    trainer.load_state_dict(state)
                assert made
                assert not replayed.graphs.captured
            losses = [trainer.take_step() for trainer in pair]
            torch.testing.assert_close(losses[1], losses[0], **close)
            counts = [(t.stage.step, t.stage.judged) for t in pair]
            assert counts[0] == counts[1]
        assert 0 < len(replayed.graphs.captured) <= replayed.graphs.keys
        if device == "cpu":
            assert same_weights(called.stage.generator, replayed.stage.generator)


@pytest.mark.usefixtures("measured")
def test_a_training_with_graphs_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record_on("cpu", monkeypatch)
    console, steps = Console(file=StringIO()), "model.steps=8"
    whole = tiny.trained(tmp_path / "whole", steps, callbacks=[Progress(console)])
    assert "1 thread; 1 MB for CUDA graphs\n" in console.file.getvalue()  # type: ignore[attr-defined]
    with pytest.raises(TrainingStopped):
        tiny.trained(tmp_path / "stopped", steps, callbacks=[tiny.SignalAt(1, 5)])
    assert same_weights(tiny.trained(tmp_path / "stopped", steps, resume=True).model, whole.model)
    monkeypatch.delattr(graphs, "Recorder")
    tiny.trained(tmp_path / "off", steps, "trainer.graphs=off")


def test_a_failed_capture_is_a_called_step(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    record_on("cpu", monkeypatch)

    def fail(self: TapeRecorder, step: graphs.Step) -> None:
        self.stage.judged += 1  # type: ignore[attr-defined]
        raise RuntimeError("operation not permitted\nwhen stream is capturing")

    form = (*LEAN, "model.penalty_interval=2")
    called, failed = (next(trainers(base=form, steps=20, graphs=x)) for x in (False, True))
    monkeypatch.setattr(TapeRecorder, "stage", failed.stage, raising=False)
    monkeypatch.setattr(TapeRecorder, "capture", fail)
    for _ in range(6):
        assert called.take_step() == failed.take_step()
    assert not failed.graphs.active
    assert "scale 0: continuing without CUDA graphs (operation not permitted)" in caplog.messages


def test_a_stage_of_many_keys_calls_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    record_on("cpu", monkeypatch)
    monkeypatch.setattr(graphs, "MIN_USES", 2)
    windows, terms = ("model.discriminator_crop=16",), ("model/patch_loss=sliced_wasserstein",)
    for form in ((*LEAN, *windows), (*LEAN, *terms), INGAN_FAST, INGAN_PAPER):
        assert next(trainers(base=form, steps=20)).graphs.refused


def test_a_stage_that_names_no_kinds_calls_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    record_on("cpu", monkeypatch)
    monkeypatch.setattr(graphs, "MIN_USES", 2)
    stage = ToyRecipe().stage(ToyModel(), 0, 20, None, tiny.rng())
    assert StageTrainer(stage, torch.float32).graphs.refused


def test_keys_are_counted_by_a_few_batches() -> None:
    """Those of the paper's InGAN are its random sizes, before and after the inverse starts."""
    for grid in (8, 4):
        sizes = f"model.size_grid={grid}", "model.curriculum=0"
        stage = tiny.stage_of(*sizes, base=INGAN_PAPER, steps=1000)
        found = {stage.draw_size() for _ in range(1000)}
        assert 2 / 3 < graphs.key_count(stage) / (2 * len(found)) < 3 / 2
        assert stage.step == 0
