"""A training's state in its folder: whole, or refused in one line."""

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
def test_a_state_that_lacks_a_part_is_one_line(part: str, finished: Path, tmp_path: Path) -> None:
    state = torch.load(finished, weights_only=True)
    del state[part]
    torch.save(state, tmp_path / "training.ckpt")
    with pytest.raises(UserError, match=f"is not complete: {part} of the training"):
        trained(tmp_path, "model.steps=2", resume=True)


def test_a_state_without_its_threads_as_older_versions_wrote_it_goes_on(
    finished: Path, tmp_path: Path
) -> None:
    state = torch.load(finished, weights_only=True)
    del state["threads"]
    torch.save(state, tmp_path / "training.ckpt")
    assert trained(tmp_path, "model.steps=2", resume=True).model.finished == 3


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("steps", [2, 2]),
        ("steps", 3),
        ("precision", "float16"),
        ("stage", 1),
        ("metadata", {"sizes": 1}),
        ("model", {}),
        ("networks", []),
        ("optimizers", [{}, {}]),
        ("rng", torch.zeros(3, dtype=torch.uint8)),
        ("stage_rng", torch.zeros(3)),
        ("stage_state", {}),
        ("step", "many"),
    ],
)
def test_a_state_of_another_run_is_one_line(
    part: str, value: Any, finished: Path, tmp_path: Path
) -> None:
    state = torch.load(finished, weights_only=True)
    torch.save({**state, part: value}, tmp_path / "training.ckpt")
    with pytest.raises(UserError, match=r"training.ckpt is not of the training that .*config.yaml"):
        trained(tmp_path, "model.steps=2", resume=True)
