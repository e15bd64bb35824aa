"""A step with an injected fault, which is not finite, is repeated from the last good state."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.models.singan.training import SinGANStage
from internal_gan.training.stage_trainer import StageTrainer
from tests import tiny
from tests.tiny import LEAN, same_weights, trained
from tests.toy import Diary
from tests.training.test_engine import saved_state

BF16, FP32 = torch.bfloat16, torch.float32
LONG = ("model.steps=[2,20,2]", "trainer.log_interval=5")


def spoil(monkeypatch: pytest.MonkeyPatch, when: Any, network: str = "generator") -> list[int]:
    """Make a gradient NaN in the steps for which ``when(step, precision)`` is true; these steps."""
    take_step, spoilt = StageTrainer.take_step, list[int]()

    def faulty(trainer: StageTrainer) -> dict[str, Tensor]:
        if not when(trainer.step, trainer.precision):
            return take_step(trainer)
        spoilt.append(trainer.step)
        weight = next(getattr(trainer.stage, network).parameters())
        hook = weight.register_hook(lambda gradient: gradient * float("nan"))
        try:
            return take_step(trainer)
        finally:
            hook.remove()

    monkeypatch.setattr(StageTrainer, "take_step", faulty)
    return spoilt


@pytest.mark.parametrize("network", ["generator", "discriminator"])
def test_a_bfloat16_fault_switches_to_float32(
    network: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spoilt = spoil(monkeypatch, lambda step, dtype: dtype == BF16 and step >= 12, network)
    diary = Diary()
    run = trained(tmp_path, *LONG, precision=BF16, callbacks=(diary,))
    assert spoilt == [12]
    assert run.model.finished == 3
    assert all(tensor.isfinite().all() for tensor in run.model.state_dict().values())
    (line,) = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert line == "scale 1: step 13 is not finite in bfloat16; continuing in float32 after step 0"
    told = [(stage, step) for stage, step, *_ in diary.steps]
    assert told == [(0, 1), (0, 2), *((1, n) for n in range(1, 21)), (2, 1), (2, 2)]
    assert saved_state(tmp_path)["precision"] == "float32"


def test_steps_are_repeated_in_float32(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in the first step of a scale leaves no trace of bfloat16 in it."""
    one = ("model.steps=[20,2,2]", "trainer.log_interval=5")
    expected = trained(tmp_path / "float32", *one, precision=FP32)
    spoil(monkeypatch, lambda step, dtype: dtype == BF16 and step == 12)
    assert same_weights(trained(tmp_path / "fallen", *one, precision=BF16).model, expected.model)


@pytest.mark.parametrize(("interval", "kept"), [(0, 12), (9999, 0)])
def test_a_fault_in_float32_ends_the_run_resumably(
    interval: int, kept: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    often = (*LONG, f"trainer.checkpoint_interval={interval}")
    with monkeypatch.context() as patch:
        spoil(patch, lambda step, _: step >= 12)
        with pytest.raises(UserError) as caught:
            trained(tmp_path, *often, precision=BF16)
    assert str(caught.value) == (
        "scale 1: a loss is not finite at step 13, even in float32; the state after step "
        f"{kept} is saved (smaller learning rates may help)"
    )
    saved = saved_state(tmp_path)
    assert (saved["stage"], saved["step"], saved["precision"]) == (1, kept, "float32")
    assert all(weight.isfinite().all() for weight in saved["networks"][0].values())
    assert (tmp_path / "model.safetensors").is_file()
    assert trained(tmp_path, *often, precision=BF16, resume=True).model.finished == 3
    assert saved_state(tmp_path)["precision"] == "float32"


def test_after_a_fault_the_same_is_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(monkeypatch, lambda step, dtype: dtype == BF16 and step == 12)
    seldom = (*LONG, "model.reconstruction_interval=17", "trainer.checkpoint_interval=0")
    diary = Diary()
    trained(tmp_path, *seldom, precision=BF16, callbacks=[diary])
    logged = {step: terms for stage, step, _, terms in diary.steps if stage == 1}
    assert logged[15] == logged[10]
    assert "reconstruction" in (logged[10] or ())


FAMILIES = {
    "singan": LEAN,
    "singan with norms": (
        *(*LEAN, "model.generator.norm=spectral_batch", "model.discriminator.norm=instance"),
        *("model.noise_padding=random", "model.reconstruction_interval=2"),
        *("model.discriminator_crop=12", "model.penalty_crop=13"),
    ),
    "ingan": (*tiny.INGAN_FAST, "model.geometry=0.3", "model.cycle_weight=1"),
    "ingan_unet": (*tiny.INGAN_PAPER, "model.geometry=0.3", "model/adversarial_loss=wgan_gp"),
    "edgeconnect": tiny.EDGECONNECT,
    "zssr": tiny.ZSSR,
    "zssr with a discriminator": (*tiny.ZSSR, "model/discriminator=patch"),
}


def same(a: Tensor, b: Tensor) -> bool:
    """Bit for bit on the CPU; sums on a GPU vary, and Adam enlarges even tiny gradients."""
    return torch.allclose(a, b, rtol=0.05, atol=0.02) if a.is_cuda else torch.equal(a, b)


@pytest.mark.parametrize("base", FAMILIES.values(), ids=FAMILIES)
def test_a_good_state_holds_everything_a_step_depends_on(base: Any, device: torch.device) -> None:
    for trainer in tiny.trainers(base=base, steps=20, device=device):
        stage = trainer.stage
        trainer.keep()
        for _ in range(2):
            ends = []
            for _ in range(2):
                trainer.go_back()
                for _ in range(3):
                    trainer.take_step()
                tensors = [*stage.generator.state_dict().values()]
                if stage.discriminator is not None:
                    tensors += stage.discriminator.state_dict().values()
                tensors.append(stage.rng.get_state())
                ends.append([tensor.clone() for tensor in tensors])
            for pair in zip(*ends, strict=True):
                assert same(*pair), stage.name
            trainer.keep()


def test_a_gpu_is_checked_at_its_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = StageTrainer.__init__

    def as_on_a_gpu(trainer: StageTrainer, *arguments: Any) -> None:
        make(trainer, *arguments)
        trainer.device = torch.device("cuda")  # a step does not look at its gradients

    monkeypatch.setattr(StageTrainer, "__init__", as_on_a_gpu)
    spoil(monkeypatch, lambda step, _: step == 12)
    with pytest.raises(UserError, match="at step 15, even in float32; the state after step 0 is"):
        trained(tmp_path, *LONG, "trainer.checkpoint_interval=9999")
    assert all(weight.isfinite().all() for weight in saved_state(tmp_path)["networks"][0].values())


@pytest.mark.parametrize("failures", [1, 2])
def test_a_stage_that_ends_black_or_white_is_trained_once_more(
    failures: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made, finish = list[list[Tensor]](), SinGANStage.finish

    def fails(stage: SinGANStage) -> None:
        if stage.index == 1:
            made.append([weight.clone() for weight in stage.generator.parameters()])
            if len(made) <= failures:
                with torch.no_grad():
                    for weight in list(stage.generator.parameters())[-2:]:
                        weight.fill_(1e3)
        finish(stage)

    monkeypatch.setattr(SinGANStage, "finish", fails)
    monkeypatch.setattr("internal_gan.models.singan.training.FIRST_STEP_TO_JUDGE", 1)
    diary, options = Diary(), ("model.steps=2",)
    if failures == 2:
        with pytest.raises(UserError, match="scale 1: training failed because most of its output"):
            trained(tmp_path, *options, callbacks=(diary,))
        return
    run = trained(tmp_path, *options, callbacks=(diary,))
    told = [(stage, step) for stage, step, *_ in diary.steps]
    assert told == [(stage, step) for stage in (0, 1, 1, 2) for step in (1, 2)]
    assert not torch.equal(made[0][0], made[1][0])
    assert run.model.finished == 3
    (said,) = [r.getMessage() for r in caplog.records if "another seed" in r.getMessage()]
    ends = "most of its output is black or white; trained again with another seed"
    assert said == f"scale 1: training failed because {ends}"
