"""The documented callback for Weights & Biases, with a stand-in for its package."""

import sys
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import internal_gan
from tests.commands import ROOT, TINY_RUN


class Wandb(ModuleType):
    """Records what is logged."""

    def __init__(self) -> None:
        super().__init__("wandb")
        self.rows: list[dict[str, Any]] = []
        self.finished = False
        self.log, self.Image = self.rows.append, np.asarray

    def init(self, *, project: str) -> None:
        assert not self.rows

    def finish(self) -> None:
        self.finished = True


def test_a_callback_logs_to_weights_and_biases(
    tiny_photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wandb = Wandb()
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    fit = partial(internal_gan.fit, overrides=TINY_RUN, output=tmp_path / "run")
    monkeypatch.setattr(internal_gan, "fit", fit)
    text = (ROOT / "docs" / "integrations.md").read_text(encoding="utf-8")
    example = text.partition("## Weights & Biases\n")[2].partition("```python\n")[2]
    exec(example.partition("```")[0].replace("photo.jpg", str(tiny_photo)), {})
    names = [name for row in wandb.rows for name in row]
    assert names.count("preview") == 3
    assert {f"reconstruction/scale {index}" for index in range(3)} <= set(names)
    pictures = [row["preview"] for row in wandb.rows if "preview" in row]
    assert [picture.shape for picture in pictures] == [(14, 20, 3), (17, 23, 3), (20, 28, 3)]
    assert all(picture.dtype == np.uint8 and picture.std() > 0 for picture in pictures)
    assert wandb.finished
