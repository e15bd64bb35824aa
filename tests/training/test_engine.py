"""The training loop follows its schedule, can be stopped anywhere, and resumes exactly."""

import pickle
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from internal_gan.config.options import TrainerOptions
from internal_gan.models.base import FailedStageError
from internal_gan.models.singan.model import SinGAN
from internal_gan.training import engine
from internal_gan.training.callbacks import Callback
from internal_gan.training.engine import TrainingStopped
from internal_gan.training.saver import save_state
from internal_gan.training.stage_trainer import StageTrainer
from tests import tiny
from tests.tiny import LEAN, PAPER, Run, SignalAt, same_weights, trained
from tests.toy import RATE, Clock, Diary, ToyRecipe, ToyStage, optimization


def train_toy(recipe: Any, path: Path, trainer: Any = None, *callbacks: Any, **how: Any) -> Any:
    model = recipe.prepare()
    tiny.train_model(path, recipe, model, trainer or TrainerOptions(), callbacks=callbacks, **how)
    return model


def saved_state(path: Path) -> Any:
    return torch.load(path / "training.ckpt", weights_only=True)


def steps_of(path: Path) -> Any:
    """The final number of steps of each stage of a training."""
    return saved_state(path)["steps"]


def test_the_seed_alone_decides_the_weights_not_how_often_it_saves_and_logs(tmp_path: Path) -> None:
    models: list[SinGAN] = []
    for seed, save, log in ((3, 0, 1), (3, 9999, 3), (4, 0, 1)):
        torch.manual_seed(len(models))
        how = f"trainer.checkpoint_interval={save}", f"trainer.log_interval={log}"
        models.append(trained(tmp_path / str(len(models)), *how, seed=seed).model)
    assert same_weights(models[0], models[1])
    assert not same_weights(models[0], models[2])


class TestSchedule:
    def test_the_discriminator_moves_and_then_rests(self, tmp_path: Path) -> None:
        model = train_toy(ToyRecipe(stages=2, steps=2, updates=(3, 2)), tmp_path)
        assert model.calls == [*[("D", True, True)] * 3, *[("G", True, False)] * 2] * 4

    def test_updates_are_counted(self, tmp_path: Path) -> None:
        recipe = ToyRecipe(stages=1, steps=3, updates=(3, 2))
        with pytest.raises(TrainingStopped):
            train_toy(recipe, tmp_path, None, SignalAt(0, 1))
        model = train_toy(recipe, tmp_path, resume=True)
        second = [*(("D", 2, 3 + n) for n in range(3)), *(("G", 2 + n, 6) for n in range(2))]
        third = [*(("D", 4, 6 + n) for n in range(3)), *(("G", 4 + n, 9) for n in range(2))]
        assert model.counts[-10:] == second + third

    def test_a_generator_trains_without_a_discriminator(self, tmp_path: Path) -> None:
        recipe = ToyRecipe(stages=2, steps=10, adversarial=False)
        with pytest.raises(TrainingStopped):
            train_toy(recipe, tmp_path, None, SignalAt(1, 4))
        assert len(saved_state(tmp_path)["optimizers"]) == 1
        model = train_toy(recipe, tmp_path, resume=True)
        assert set(model.calls) == {("G", True, False)}
        assert model.weights() == pytest.approx([-10 * RATE] * 2, rel=1e-4)

    @pytest.mark.parametrize(
        ("decay", "expected"), [("step", 6 + 4 * 0.2), ("linear", 6 + 1 + 0.8 + 0.6 + 0.4)]
    )
    def test_rates_fall_as_scheduled(self, decay: Any, expected: float, tmp_path: Path) -> None:
        settings = optimization(decay_start=0.6, decay=decay, final_lr=0.2)
        model = train_toy(ToyRecipe(stages=1, steps=10, optimization=settings), tmp_path)
        assert model.weights() == pytest.approx([-expected * RATE], rel=1e-4)

    @pytest.mark.parametrize(("clip", "expected"), [(None, 1.0), (0.25, 0.25), (4.0, 1.0)])
    def test_a_long_gradient_is_clipped(self, clip: Any, expected: float, tmp_path: Path) -> None:
        settings = optimization(betas=(0.5, 0.9), clip=clip)
        train_toy(ToyRecipe(stages=1, steps=1, optimization=settings), tmp_path)
        for state in saved_state(tmp_path)["optimizers"]:
            gradient = state["state"][0]["exp_avg"] / (1 - 0.5)
            assert float(gradient) == pytest.approx(expected, rel=1e-4)

    def test_the_average_of_the_weights_has_its_closed_form(self, tmp_path: Path) -> None:
        settings = optimization(ema=0.5)
        # Few enough that the faster average of the first eight is still felt.
        model = train_toy(ToyRecipe(stages=2, steps=10, optimization=settings), tmp_path)
        average = 0.0
        for step in range(10):
            decay = min(0.5, (1 + step) / (10 + step))
            average = decay * average + (1 - decay) * -RATE * (step + 1)
        assert model.weights() == pytest.approx([average] * 2, rel=1e-4)

    def test_steps_are_scaled_then_capped(self, tmp_path: Path) -> None:
        recipe = ToyRecipe(stages=3, steps=[4, 10, 1])
        model = train_toy(recipe, tmp_path, TrainerOptions(steps_factor=1.5, max_steps=12))
        assert steps_of(tmp_path) == [6, 12, 2]
        assert model.weights() == pytest.approx([-n * RATE for n in (6, 12, 2)], rel=1e-4)


def test_callbacks_hear_of_everything_in_order(tmp_path: Path) -> None:
    diary = Diary()
    train_toy(ToyRecipe(stages=2, steps=3), tmp_path, TrainerOptions(log_interval=2), diary)
    names = ["D", "G"]
    assert diary.entries == [
        *(("start",), ("step", 0, 1, 3, None), ("step", 0, 2, 3, names), ("step", 0, 3, 3, names)),
        *(("stage end", 0, 1), ("step", 1, 1, 3, None), ("step", 1, 2, 3, names)),
        *(("step", 1, 3, 3, names), ("stage end", 1, 2), ("end",)),
    ]
    planned = [(s.name, s.size, s.steps) for s in diary.plan.stages]
    assert planned == [("toy 0", (8, 8), 3), ("toy 1", (8, 8), 3)]


def test_a_passing_fault_while_measuring_stops_nothing(measured: None, tmp_path: Path) -> None:
    faults = 1

    def loss(index: int, weight: Tensor) -> Tensor:
        nonlocal faults
        faults -= 1
        return weight.sum() * (float("nan") if faults == 0 else 1.0)

    model = train_toy(ToyRecipe(loss=loss), tmp_path)
    assert model.weights() == pytest.approx([-10 * RATE] * 2, rel=1e-4)


class TestStop:
    def test_before_the_first_step_nothing_is_saved(self, measured: None, tmp_path: Path) -> None:
        with pytest.raises(TrainingStopped, match=r"^stop\(\) while steps were timed$"):
            train_toy(ToyRecipe(), tmp_path, stop=lambda: True)
        assert not (tmp_path / "training.ckpt").exists()

    def test_a_resumed_one_keeps_its_stages(self, measured: None, tmp_path: Path) -> None:
        with pytest.raises(TrainingStopped):
            train_toy(recipe := ToyRecipe(stages=3), tmp_path, None, SignalAt(1, 4))
        model, how = recipe.prepare(), {"resume": True, "stop": lambda: True}
        with pytest.raises(TrainingStopped, match="steps were timed"):
            tiny.train_model(tmp_path, recipe, model, TrainerOptions(), **how)
        assert model.finished == 1

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_once_ends_cleanly_and_says_where(self, number: signal.Signals, tmp_path: Path) -> None:
        stop, diary = SignalAt(1, 4, number), Diary()
        with pytest.raises(TrainingStopped, match=f"{number.name} at toy 1, step 4"):
            train_toy(ToyRecipe(stages=3), tmp_path, None, stop, diary)
        state = saved_state(tmp_path)
        assert (state["stage"], state["step"]) == (1, 4)
        assert ("stage end", 0, 1) in diary.entries
        assert ("end",) not in diary.entries

    def test_the_exception_can_be_pickled(self, tmp_path: Path) -> None:
        stopped = TrainingStopped("stop()", "at toy 1, step 3", tmp_path)
        again = pickle.loads(pickle.dumps(stopped))
        assert (str(again), again.by) == ("stop() at toy 1, step 3", "stop()")
        assert again.folder == tmp_path


@pytest.mark.parametrize(
    ("base", "precision"),
    [(LEAN, torch.float32), (PAPER, torch.float32), (LEAN, torch.bfloat16)],
    ids=["lean", "paper", "lean in bfloat16"],
)
def test_resuming_is_exact(base: tuple[str, ...], precision: torch.dtype, tmp_path: Path) -> None:
    def train(name: str, **how: Any) -> Run:
        exact = ("model.steps=3", "trainer.checkpoint_interval=9999")
        return trained(tmp_path / name, *exact, base=base, precision=precision, **how)

    for number, point in enumerate([(0, 2), (1, 1), (1, 3), (2, 2)]):
        torch.manual_seed(number)
        with pytest.raises(TrainingStopped):
            train("stopped", callbacks=(SignalAt(*point),), resume=number > 0)
    run, expected = train("stopped", resume=True), train("whole")
    assert same_weights(run.model, expected.model)
    assert tiny.contents(run.folder.model_path) == tiny.contents(expected.folder.model_path)


class TestBudget:
    def recipe(self, clock: Clock, costs: Sequence[float], steps: int = 1000) -> ToyRecipe:
        """Each of the two updates of a step takes half of its stage's seconds per step."""

        def loss(index: int, weight: Tensor) -> Tensor:
            clock.now += costs[index] / 2
            return weight.sum()

        return ToyRecipe(stages=len(costs), steps=steps, loss=loss)

    @pytest.mark.parametrize("seconds", [60, 1000])
    def test_the_budget_is_used_and_kept(self, clock: Clock, seconds: int, tmp_path: Path) -> None:
        recipe, started = self.recipe(clock, (0.2, 0.5, 2.0)), clock.now
        model = train_toy(recipe, tmp_path, TrainerOptions(time=f"{seconds}s"))
        assert 0.8 * seconds < clock.now - started < seconds
        assert model.finished == 3
        first, _, last = steps_of(tmp_path)
        assert first == pytest.approx(last, abs=1)

    def test_a_run_that_turns_out_slower_is_shortened(self, clock: Clock, tmp_path: Path) -> None:
        recipe = self.recipe(clock, (0.1, 0.1, 0.1))
        started, diary = clock.now, Diary()

        class SlowDown(Callback):
            def on_step(self, *arguments: Any) -> None:
                clock.now += 0.1

        model = train_toy(recipe, tmp_path, TrainerOptions(time="100s"), SlowDown(), diary)
        assert clock.now - started < 100
        assert model.finished == 3
        planned, steps = [stage.steps for stage in diary.plan.stages], steps_of(tmp_path)
        assert steps[0] == planned[0]
        # As soon as one stage was slow, it counts for all that follow.
        assert 0.6 * steps[1] < steps[2] < steps[1] < planned[1]
        assert [stage.steps for stage in diary.replans[-1].stages] == steps

    def test_time_for_pictures_is_budgeted_separately(self, clock: Clock, tmp_path: Path) -> None:
        recipe = self.recipe(clock, (0.1, 0.1, 0.1))
        started = clock.now

        class Slow(Callback):
            def on_stage_end(self, *arguments: Any) -> None:
                clock.now += 4

        train_toy(recipe, tmp_path, TrainerOptions(time="60s"), Slow())
        assert 0.85 * 60 < clock.now - started < 60
        # The budget leaves time for them, and they do not count as slow steps.
        steps = steps_of(tmp_path)
        assert 0.85 * steps[0] < steps[1] < steps[0]

    def test_it_saves_at_intervals_and_at_the_end_of_a_stage(
        self, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        saved = list[int]()

        def noted(*state: Any) -> None:
            save_state(*state)
            saved.append(saved_state(tmp_path)["step"])

        monkeypatch.setattr(engine, "save_state", noted)
        recipe = self.recipe(clock, (1.0, 2.0), 25)
        train_toy(recipe, tmp_path, TrainerOptions(checkpoint_interval=10))
        assert saved == [10, 20, 25, 5, 10, 15, 20, 25]

    def test_a_stage_that_is_trained_again_shortens_no_other(
        self, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        finish, tries, diary = ToyStage.finish, list[int](), Diary()

        def fails(stage: ToyStage) -> None:
            tries.append(stage.index)
            if diary.plan is not None and tries.count(1) == 2:  # the first was measured
                raise FailedStageError("by chance")
            finish(stage)

        monkeypatch.setattr(ToyStage, "finish", fails)
        train_toy(self.recipe(clock, (0.1, 0.1, 0.1)), tmp_path, TrainerOptions(time="60s"), diary)
        assert tries == [0, 1, 2, 0, 1, 1, 2]
        assert diary.replans == []

    @pytest.mark.parametrize(
        "case",
        [
            # The first stage is tried with 1 + 1 + 4 steps, the second with 1 + 4.
            (1, [0.5] * 2, 1, "5.5 s", 5.5),
            # Tried with 1 and with 1 + 8 a stage. Two thirds of the budget, less the reserve, are
            # 3.36 s.
            (12, [0.1] * 12, 2, "11 s", 1.3),
        ],
    )
    def test_too_small_a_budget_gives_a_complete_model_and_a_warning(
        self, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture, case: Any
    ) -> None:
        (seconds, costs, steps, took, late), started = case, clock.now
        train_toy(self.recipe(clock, costs), tmp_path, TrainerOptions(time=f"{seconds}s"))
        assert steps_of(tmp_path) == [steps] * len(costs)
        assert clock.now - started == pytest.approx(seconds + late)
        assert caplog.messages == [
            f"trainer.time={seconds}s is too short for this model on this machine, whose speed "
            f"took {took} to measure; training ends about {late} s after the limit"
        ]

    def test_a_resumed_run_keeps_the_fitted_schedule(self, clock: Clock, tmp_path: Path) -> None:
        trainer = TrainerOptions(time="60s")
        with pytest.raises(TrainingStopped):
            train_toy(self.recipe(clock, (0.02, 0.05)), tmp_path, trainer, SignalAt(0, 5))
        steps = steps_of(tmp_path)
        assert steps != [1000, 1000]
        clock.now += 5000
        again = train_toy(self.recipe(clock, (0.2, 0.9)), tmp_path, trainer, resume=True)
        assert steps_of(tmp_path) == steps
        assert again.weights() == pytest.approx([-n * RATE for n in steps], rel=1e-3)


def trainer_of(norm: str) -> StageTrainer:
    settings = f"model.generator.norm={norm}", "model.optimization.ema=0.9"
    return StageTrainer(tiny.stage_of(*settings, steps=6), torch.float32)


def test_batch_norm_statistics_are_averaged_with_the_weights() -> None:
    trainer = trainer_of("batch")
    norm = next(m for m in trainer.stage.generator.modules() if isinstance(m, torch.nn.BatchNorm2d))
    assert norm.running_mean is not None
    average = norm.running_mean.clone()
    for step in range(6):
        trainer.take_step()
        average.lerp_(norm.running_mean, 1 - min(0.9, (1 + step) / (10 + step)))
    last = norm.running_mean.clone()
    trainer.finish()
    torch.testing.assert_close(norm.running_mean, average)
    assert not torch.allclose(last, average)


def test_averaged_weights_are_divided_by_their_own_spectral_norms() -> None:
    trainer: Any = trainer_of("spectral")
    trainer.take_step()
    for average in trainer.ema:  # as far as possible from the last weights
        average.normal_(0, 0.02, generator=tiny.rng())
    trainer.finish()
    for block in trainer.stage.generator.blocks:
        assert not block[0].training
        norm = torch.linalg.matrix_norm(block[0].weight.flatten(1), 2)
        assert float(norm) == pytest.approx(1, abs=0.002)
