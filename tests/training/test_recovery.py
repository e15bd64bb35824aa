"""A step that is not finite is repeated, then computed in float32; a passing fault leaves no trace.

Faults are injected into the gradients of real trainings of tiny default networks.
"""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.training import recovery
from internal_gan.training.callbacks import Callback
from internal_gan.training.trainee import Trainee
from tests.tiny import (
    EDGECONNECT,
    INGAN_FAST,
    INGAN_PAPER,
    LEAN,
    Run,
    picture,
    recipe_of,
    same_weights,
    trained,
)

BF16, FP32 = torch.bfloat16, torch.float32
# Long enough for two good states during training.
LONG = ("model.steps=[2,60,2]", "trainer.log_interval=10")


class Fault:
    """Corrupts a gradient, a limited number of times, if ``when(stage, step, precision)`` is true.

    It leaves stages of few steps alone, such as those used for measuring.
    """

    def __init__(
        self, when: Callable[[str, int, torch.dtype], bool], times: float = math.inf
    ) -> None:
        self.when = when
        self.times = times
        self.count = 0
        self._step = Trainee.step

    def install(self, monkeypatch: pytest.MonkeyPatch, networks: str = "generator") -> None:
        fault = self

        def step(trainee: Trainee, number: int) -> dict[str, Tensor]:
            weight = next(getattr(trainee.stage, networks).parameters())
            is_due = fault.when(trainee.stage.name, number, trainee.precision)
            if trainee.steps < 9 or not is_due or fault.count >= fault.times:
                return fault._step(trainee, number)
            fault.count += 1
            hook = weight.register_hook(lambda gradient: gradient * float("nan"))
            try:
                return fault._step(trainee, number)
            finally:
                hook.remove()

        monkeypatch.setattr(Trainee, "step", step)


def status(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((path / "status.json").read_text())
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained(tmp_path_factory.mktemp("undisturbed"), *LONG, precision=BF16)


@pytest.mark.parametrize("network", ["generator", "discriminator"])
@pytest.mark.parametrize("times", [1, recovery.TRIES])
def test_a_passing_fault_leaves_no_trace(
    network: str,
    times: int,
    undisturbed: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault = Fault(lambda stage, step, precision: (stage, step) == ("scale 1", 36), times)
    fault.install(monkeypatch, network)
    steps: list[tuple[int, int]] = []

    class Steps(Callback):
        def on_step(
            self, stage_index: int, step: int, steps_: int, scalars: dict[str, float] | None
        ) -> None:
            steps.append((stage_index, step))

    run = trained(tmp_path, *LONG, precision=BF16, callbacks=(Steps(),))
    assert fault.count == times
    assert same_weights(run.model, undisturbed.model)
    assert status(tmp_path)["repeated_steps"] == times
    assert "float32_since" not in status(tmp_path)
    assert steps == [(0, 1), (0, 2), *((1, n) for n in range(1, 61)), (2, 1), (2, 2)]


def test_a_bfloat16_fault_switches_to_float32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fault = Fault(lambda stage, step, precision: precision == BF16 and step >= 36)
    fault.install(monkeypatch)
    run = trained(tmp_path, *LONG, precision=BF16)
    assert run.model.finished == 3
    assert all(tensor.isfinite().all() for tensor in run.model.state_dict().values())
    assert status(tmp_path)["float32_since"] == {"stage": 1, "step": 37}
    (line,) = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert line == (
        "scale 1: step 37 is not finite in bfloat16 after 4 attempts; continuing in float32"
    )
    saved = torch.load(tmp_path / "training.ckpt", weights_only=True)
    assert saved["precision"] == "float32"


def test_a_fault_in_every_precision_ends_the_run_resumably(
    undisturbed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        fault = Fault(lambda stage, step, precision: step >= 36)
        fault.install(patch)
        with pytest.raises(UserError, match="scale 1: a loss is not finite at step 37"):
            trained(tmp_path, *LONG, precision=FP32)
    saved = torch.load(tmp_path / "training.ckpt", weights_only=True)
    assert (saved["stage"], saved["step"]) == (1, 25)
    expected = trained(tmp_path / "other", *LONG, precision=FP32)
    resumed = trained(tmp_path, *LONG, precision=FP32, resume=True)
    assert same_weights(resumed.model, expected.model)


FAMILIES = {
    "singan": LEAN,
    "singan with norms": (*LEAN, "model.generator.norm=spectral_batch"),
    "ingan": INGAN_FAST,
    "ingan_unet": INGAN_PAPER,
    "edgeconnect": EDGECONNECT,
}


@pytest.mark.parametrize("base", FAMILIES.values(), ids=FAMILIES)
def test_a_good_state_holds_everything_a_step_depends_on(
    base: tuple[str, ...], device: torch.device
) -> None:
    recipe = recipe_of(base=base)
    model = recipe.prepare(picture()).to(device)
    rng = torch.Generator(device).manual_seed(0)
    previous = None
    for index in range(model.num_stages):
        stage = recipe.stage(model, index, 20, previous, rng)
        trainee = Trainee(stage, 20, FP32)
        kept = recovery.Recovery(trainee, rng)
        for first in (0, 3):
            ends = []
            for _ in range(2):
                kept.restore()
                for step in range(first, first + 5):
                    trainee.step(step)
                tensors = [*stage.generator.state_dict().values()]
                if stage.discriminator is not None:
                    tensors += stage.discriminator.state_dict().values()
                tensors.append(rng.get_state())
                ends.append([tensor.clone() for tensor in tensors])
            assert all(torch.equal(a, b) for a, b in zip(*ends, strict=True)), stage.name
            kept.step = 3
            kept.keep()
        stage.finish()
        previous = stage


def test_an_asynchronous_device_undoes_a_fault_at_the_next_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def weights(times: int) -> list[Tensor]:
        rng = torch.Generator().manual_seed(0)
        recipe = recipe_of()
        stage = recipe.stage(recipe.prepare(picture()), 0, 60, None, rng)
        trainee = Trainee(stage, 60, FP32)
        # As on a GPU, a step does not check its gradients.
        trainee.device = torch.device("cuda")
        with monkeypatch.context() as patch:
            fault = Fault(lambda stage, step, precision: step == 30, times)
            fault.install(patch)
            for _ in recovery.Recovery(trainee, rng).steps(1000):
                pass
        assert fault.count == times
        return [weight.detach().clone() for weight in stage.generator.parameters()]

    disturbed, undisturbed = weights(1), weights(0)
    assert all(torch.equal(a, b) for a, b in zip(disturbed, undisturbed, strict=True))
