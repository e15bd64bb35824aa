"""The configuration composes, is checked, and survives being written and read."""

from dataclasses import replace
from pathlib import Path

import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir

from internal_gan.config import compose, conf_dir, load_options, save_options
from internal_gan.errors import UserError
from internal_gan.options import Options


def test_the_default_is_singan_made_lean() -> None:
    options = compose()
    assert options.task == "train"
    assert options.model["_target_"] == "internal_gan.models.singan.SinGAN"


def test_without_hydra_the_defaults_are_the_same() -> None:
    assert replace(Options(), model=compose().model) == compose()


def test_an_experiment_wins_over_presets_and_the_command_line_over_it() -> None:
    paper = compose(["experiment=singan_paper"])
    assert paper.trainer.checkpoint_interval == 300
    assert paper.model["steps"] == 2000
    assert compose(["experiment=singan_paper", "model.steps=7"]).model["steps"] == 7


def test_options_survive_being_written_and_read(tmp_path: Path) -> None:
    options = compose(["sample.size=[30,80]", "trainer.time=10m", "seed=7", "trainer=debug"])
    options.image = "a ${b} \\${c} 'd' é: #1.jpg"
    options.output = "a${b"
    save_options(options, tmp_path / "config.yaml")
    assert load_options(tmp_path / "config.yaml") == options


def test_references_are_resolved_once() -> None:
    assert compose(["output='runs/${seed}'", "seed=3"]).output == "runs/3"


def test_composing_works_inside_a_hydra_application() -> None:
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        assert compose(["seed=3"]).seed == 3
        assert hydra_compose("config", ["seed=4"]).seed == 4


def test_a_group_cannot_be_nothing() -> None:
    with pytest.raises(UserError, match="experiment=null: this option needs a name"):
        compose(["model=edgeconnect", "experiment=null"])


@pytest.mark.parametrize("text", ["a: [", "- 1", "seed: many", "sead: 3", "model: 3", "\0"])
def test_a_file_that_is_no_configuration_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match="is not the configuration of a run") as caught:
        load_options(path)
    assert "\n" not in str(caught.value)
