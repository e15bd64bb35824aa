"""The schedule that a run used is saved in its configuration."""

import copy
from dataclasses import replace
from pathlib import Path

from internal_gan.config.compose import load_options
from internal_gan.runs.source import Source
from internal_gan.tasks.train import train
from tests.commands import TINY_RUN, Shell
from tests.tiny import network_of, same_weights


def test_a_budgeted_run_saves_its_fitted_steps_and_repeats_exactly(
    shell: Shell, photo: str, tmp_path: Path
) -> None:
    options = ("trainer.time=9s", "trainer.max_steps=null", "model.steps=500")
    shell.done(f"image={photo}", *TINY_RUN, *options, f"output={tmp_path / 'run'}")
    saved = load_options(tmp_path / "run" / "config.yaml")
    assert saved.trainer.time is None
    assert len(saved.model["steps"]) == 3
    assert min(saved.model["steps"]) > 0
    given = replace(saved, output=str(tmp_path / "again"))
    before = copy.deepcopy(given)
    again, _ = train(Source(given))
    assert given == before
    assert load_options(tmp_path / "again" / "config.yaml").model["steps"] == saved.model["steps"]
    assert same_weights(network_of(tmp_path / "run"), again)
