"""Training files load as saved, or are refused in one line; so are damaged model files."""

import os
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from internal_gan.errors import UserError
from internal_gan.runs.model_file import load_model
from internal_gan.training import saver
from internal_gan.training.saver import load_training, save_training
from tests.runs.test_model_file import complaint
from tests.tiny import Run, trained

CPU = torch.device("cpu")
Load = Callable[[Path], object]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained(tmp_path_factory.mktemp("run"), "model.steps=2")


def read_model(path: Path) -> object:
    return load_model(path)


def read_training(path: Path) -> object:
    return load_training(path, "singan", CPU)


BOTH = pytest.mark.parametrize(
    ("load", "name"), [(read_model, "model.safetensors"), (read_training, "training.ckpt")]
)


class Trap:
    """Creates a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


class TestTrainingFile:
    def test_loads_as_saved(self, tmp_path: Path) -> None:
        state = {
            "family": "toy",
            "step": 7,
            "weights": {"a": torch.arange(6.0).view(2, 3).T},
            "ema": None,
            "list": [torch.ones(2, dtype=torch.uint8), 0.5],
        }
        save_training(state, tmp_path / "training.ckpt")
        loaded = load_training(tmp_path / "training.ckpt", "toy", CPU)
        assert loaded["format_version"] == saver.FORMAT_VERSION
        assert (loaded["step"], loaded["ema"], loaded["list"][1]) == (7, None, 0.5)
        assert torch.equal(loaded["weights"]["a"], state["weights"]["a"])  # type: ignore[index]
        assert loaded["weights"]["a"].stride() == (1, 3)

    def test_missing_says_that_there_is_nothing_to_resume(self, tmp_path: Path) -> None:
        assert "nothing to resume" in complaint(read_training, tmp_path / "training.ckpt")

    def test_of_another_family_names_both(self, tmp_path: Path) -> None:
        path = tmp_path / "training.ckpt"
        save_training({"family": "ingan"}, path)
        assert "of the family ingan, not singan" in complaint(read_training, path)

    def test_of_a_newer_format_says_to_upgrade(self, tmp_path: Path) -> None:
        path = tmp_path / "training.ckpt"
        newer = saver.FORMAT_VERSION + 1
        torch.save({"family": "singan", "format_version": newer}, path)
        message = complaint(read_training, path)
        assert f"format {newer}" in message
        assert "upgrade" in message

    @pytest.mark.parametrize("content", [[1, 2], {"weights": torch.zeros(2)}, torch.zeros(2), 7])
    def test_of_another_program_is_refused(self, content: object, tmp_path: Path) -> None:
        path = tmp_path / "training.ckpt"
        torch.save(content, path)
        assert "is not a training checkpoint of internal-gan" in complaint(read_training, path)

    @pytest.mark.parametrize("writer", ["torch", "pickle"])
    def test_runs_no_code_from_the_file(self, writer: str, tmp_path: Path) -> None:
        path, made = tmp_path / "training.ckpt", tmp_path / "made"
        content = {"family": "singan", "format_version": 1, "trap": Trap(made)}
        if writer == "torch":
            torch.save(content, path)
        else:
            path.write_bytes(pickle.dumps(content))
        complaint(read_training, path)
        assert not made.exists()


@BOTH
class TestDamagedFile:
    def test_truncated_anywhere_is_refused(
        self, run: Run, load: Load, name: str, tmp_path: Path
    ) -> None:
        content = (run.folder.path / name).read_bytes()
        path = tmp_path / name
        lengths = {0, 1, 7, 8, 9, 100, len(content) - 1, len(content) - 100}
        for length in lengths | {len(content) * k // 20 for k in range(20)}:
            path.write_bytes(content[:length])
            assert "is truncated or not a" in complaint(load, path)

    def test_that_was_never_one_is_refused(self, load: Load, name: str, tmp_path: Path) -> None:
        chance = random.Random(0)
        path = tmp_path / name
        for content in [
            b"hello\n",
            b"\x89PNG\r\n\x1a\n" + bytes(100),
            b"\xff\xd8\xff\xe0" + bytes(100),
            pickle.dumps([1, 2, 3]),
            *(chance.randbytes(length) for length in (1, 2, 5, 50, 500) for _ in range(40)),
        ]:
            path.write_bytes(content)
            complaint(load, path)

    def test_that_is_a_folder_or_a_pipe_is_refused(
        self, load: Load, name: str, tmp_path: Path
    ) -> None:
        (tmp_path / "a").mkdir()
        os.mkfifo(tmp_path / "b")
        for path in (tmp_path / "a", tmp_path / "b"):
            assert "is not a file; remove it" in complaint(load, path)


@pytest.mark.parametrize("part", ["optimizers", "stage_rng", "step"])
def test_an_incomplete_state_gives_a_one_line_error(part: str, run: Run, tmp_path: Path) -> None:
    state = torch.load(run.folder.checkpoint_path, weights_only=True)
    del state[part]
    torch.save(state, tmp_path / "training.ckpt")
    with pytest.raises(UserError, match=f"is incomplete; missing: {part}$"):
        trained(tmp_path, "model.steps=2", resume=True)


def test_a_training_resumed_with_another_number_of_threads_says_so(
    run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = torch.load(run.folder.checkpoint_path, weights_only=True)
    torch.save({**state, "threads": 64}, tmp_path / "training.ckpt")
    trained(tmp_path, "model.steps=2", resume=True)
    assert caplog.messages == [
        "Continuing with 1 thread instead of 64: results may differ in their last digits"
    ]


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("steps", [2, 2]),
        ("precision", "float16"),
        ("metadata", {"sizes": 1}),
        ("networks", []),
        ("rng", torch.zeros(3, dtype=torch.uint8)),
        ("step", "many"),
    ],
)
def test_a_state_of_another_run_gives_a_one_line_error(
    part: str, value: Any, run: Run, tmp_path: Path
) -> None:
    state = torch.load(run.folder.checkpoint_path, weights_only=True)
    torch.save({**state, part: value}, tmp_path / "training.ckpt")
    complaint = r"training.ckpt does not fit the training that .*config.yaml"
    with pytest.raises(UserError, match=complaint):
        trained(tmp_path, "model.steps=2", resume=True)
