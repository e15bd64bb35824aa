"""A training's saved state is complete, or refused in one line."""

from pathlib import Path
from typing import Any

import pytest
import torch

from internal_gan.errors import UserError
from tests.tiny import trained


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    trained(folder, "model.steps=2")
    return folder / "training.ckpt"


@pytest.mark.parametrize("part", ["optimizers", "stage_rng", "step"])
def test_an_incomplete_state_gives_a_one_line_error(
    part: str, finished: Path, tmp_path: Path
) -> None:
    state = torch.load(finished, weights_only=True)
    del state[part]
    torch.save(state, tmp_path / "training.ckpt")
    with pytest.raises(UserError, match=f"is incomplete; missing: {part}$"):
        trained(tmp_path, "model.steps=2", resume=True)


def test_a_training_resumed_with_another_number_of_threads_says_so(
    finished: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = torch.load(finished, weights_only=True)
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
    part: str, value: Any, finished: Path, tmp_path: Path
) -> None:
    state = torch.load(finished, weights_only=True)
    torch.save({**state, part: value}, tmp_path / "training.ckpt")
    complaint = r"training.ckpt does not fit the training that .*config.yaml"
    with pytest.raises(UserError, match=complaint):
        trained(tmp_path, "model.steps=2", resume=True)
