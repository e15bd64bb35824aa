"""The configuration is composed and checked."""

from dataclasses import replace

import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir

from internal_gan.config.compose import compose
from internal_gan.config.conf import conf_dir
from internal_gan.config.options import Options
from internal_gan.errors import UserError


def test_the_default_is_the_lean_singan() -> None:
    options = compose()
    assert options.task == "train"
    assert options.model["_target_"] == "internal_gan.models.singan.training.SinGANRecipe"


def test_without_hydra_the_defaults_are_the_same() -> None:
    assert replace(Options(), model=compose().model) == compose()


def test_an_experiment_wins_over_presets_and_the_command_line_over_it() -> None:
    paper = compose(["experiment=singan_paper"])
    assert paper.trainer.checkpoint_interval == 300
    assert paper.model["steps"] == 2000
    assert compose(["experiment=singan_paper", "model.steps=7"]).model["steps"] == 7


def test_references_are_resolved_once() -> None:
    assert compose(["output='runs/${seed}'", "seed=3"]).output == "runs/3"


def test_composing_works_inside_a_hydra_application() -> None:
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        assert compose(["seed=3"]).seed == 3
        assert hydra_compose("config", ["seed=4"]).seed == 4


def test_a_config_group_cannot_be_null() -> None:
    with pytest.raises(UserError, match="experiment=null: this option needs a name"):
        compose(["model=edgeconnect", "experiment=null"])
