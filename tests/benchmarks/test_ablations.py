"""The papers' ablations as a benchmark."""

from pathlib import Path

import pytest

from benchmarks import ablations
from internal_gan.config.arguments import prepare

DEBUG = ["trainer=debug", "trainer.max_steps=1", "model.reconstruction_weight=0,1"]


@pytest.mark.slow
def test_a_sweep_and_its_tables(tmp_path: Path) -> None:
    arguments = ["singan-alpha", "--output", str(tmp_path), "--seeds", "0", "2"]
    ablations.main([*arguments, "--overrides", *DEBUG])
    text = (tmp_path / "summary.md").read_text()
    assert "| model.reconstruction_weight=0 | 6 |" in text
    assert "Differences from model.reconstruction_weight=0" in text
    assert "seconds" not in text


@pytest.mark.parametrize("name", ablations.ABLATIONS)
def test_every_sweep_uses_options_that_exist(name: str) -> None:
    prepare(ablations.overrides_of(name), multirun=True)
    assert all(photo.is_file() for photo in ablations.PHOTOS)
