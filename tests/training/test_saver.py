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
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.model_file import load_model
from internal_gan.training.saver import load_state
from tests.tiny import Run, complaint, model_of, trained

Load = Callable[[Path], object]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained(tmp_path_factory.mktemp("run"), "model.steps=2")


def read_training(path: Path) -> object:
    return load_state(RunFolder(path.parent), model_of())


BOTH = pytest.mark.parametrize(
    ("load", "name"), [(load_model, "model.safetensors"), (read_training, "training.ckpt")]
)


class Trap:
    """Creates a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


class TestTrainingFile:
    def test_missing_says_that_there_is_nothing_to_resume(self, tmp_path: Path) -> None:
        assert "nothing to resume" in complaint(read_training, tmp_path / "training.ckpt")

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ({"family": "ingan"}, "of the family ingan, not singan"),
            ([1, 2], "is not a training checkpoint of internal-gan"),
            ({"weights": torch.zeros(2)}, "is not a training checkpoint of internal-gan"),
            (torch.zeros(2), "is not a training checkpoint of internal-gan"),
        ],
    )
    def test_of_something_else_is_refused(self, content: object, said: str, tmp_path: Path) -> None:
        path = tmp_path / "training.ckpt"
        torch.save(content, path)
        assert said in complaint(read_training, path)

    @pytest.mark.parametrize("write", [torch.save, lambda c, p: p.write_bytes(pickle.dumps(c))])
    def test_runs_no_code_from_the_file(self, write: Any, tmp_path: Path) -> None:
        path, made = tmp_path / "training.ckpt", tmp_path / "made"
        write({"family": "singan", "trap": Trap(made)}, path)
        complaint(read_training, path)
        assert not made.exists()


@BOTH
class TestDamagedFile:
    def test_cut_anywhere_is_refused(self, run: Run, load: Load, name: str, tmp_path: Path) -> None:
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
            *(b"hello\n", b"\x89PNG\r\n\x1a\n" + bytes(100), b"\xff\xd8\xff\xe0" + bytes(100)),
            pickle.dumps([1, 2, 3]),
            *(chance.randbytes(length) for length in (1, 2, 5, 50, 500) for _ in range(40)),
        ]:
            path.write_bytes(content)
            complaint(load, path)

    @pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
    def test_that_is_a_folder_or_a_pipe_is_refused(
        self, make: Callable[[Path], object], load: Load, name: str, tmp_path: Path
    ) -> None:
        make(tmp_path / name)
        assert "is not a file; remove it" in complaint(load, tmp_path / name)


def test_other_threads_are_told(run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    state = torch.load(run.folder.checkpoint_path, weights_only=True)
    torch.save({**state, "threads": 64}, tmp_path / "training.ckpt")
    trained(tmp_path, "model.steps=2", resume=True)
    said = "Continuing with 1 thread instead of 64: results may differ in their last digits"
    assert caplog.messages == [said]


@pytest.mark.parametrize(
    ("part", "value"),
    [
        *(("device", "cuda"), ("steps", [2, 2]), ("stage_rng", None), ("optimizers", None)),
        *(("precision", "float16"), ("metadata", {"sizes": 1}), ("networks", [])),
        *(("rng", torch.zeros(3, dtype=torch.uint8)), ("step", "many")),
    ],
)
def test_another_runs_state_is_one_line(part: str, value: Any, run: Run, tmp_path: Path) -> None:
    state = torch.load(run.folder.checkpoint_path, weights_only=True)
    torch.save({**state, part: value}, tmp_path / "training.ckpt")
    other = r"training.ckpt does not fit the training that .*config.yaml"
    complaint = r"cannot continue on cpu, .* with device=cuda" if part == "device" else other
    with pytest.raises(UserError, match=complaint):
        trained(tmp_path, "model.steps=2", resume=True)
