"""The documented callback for Weights & Biases, with a stand-in for its package."""

import sys
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

import internal_gan
from tests.commands import ROOT, TINY_RUN


def test_a_callback_logs_to_weights_and_biases(
    tiny_photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wandb = Mock(Image=np.asarray)
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    fit = partial(internal_gan.fit, overrides=TINY_RUN, output=tmp_path / "run")
    monkeypatch.setattr(internal_gan, "fit", fit)
    text = (ROOT / "docs" / "integrations.md").read_text(encoding="utf-8")
    example = text.partition("## Weights & Biases\n")[2].partition("```python\n")[2]
    exec(example.partition("```")[0].replace("photo.jpg", str(tiny_photo)), {})
    rows = [call.args[0] for call in wandb.log.call_args_list]
    pictures = [row["preview"] for row in rows if "preview" in row]
    assert [picture.shape for picture in pictures] == [(14, 20, 3), (17, 23, 3), (20, 28, 3)]
    logged = {name for row in rows for name in row}
    assert {f"reconstruction/scale {index}" for index in range(3)} <= logged
    wandb.finish.assert_called_once_with()
