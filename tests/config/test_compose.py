"""The configuration is composed and checked."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from internal_gan.config.compose import compose, options_of
from internal_gan.config.conf import conf_dir, groups, model_of
from internal_gan.config.options import Options
from internal_gan.errors import UserError


def test_without_hydra_the_defaults_are_the_same() -> None:
    assert replace(Options(), model=compose().model) == compose()


def test_an_experiment_wins_over_presets_and_the_command_line_over_it() -> None:
    paper = compose(["experiment=singan_paper"])
    assert paper.trainer.checkpoint_interval == 300
    assert paper.model["steps"] == 2000
    assert compose(["experiment=singan_paper", "model.steps=7"]).model["steps"] == 7


@pytest.mark.parametrize(
    "experiment", [name for name in groups()["experiment"] if not name.startswith("tune_")]
)
def test_an_experiment_of_another_model_is_refused(experiment: str) -> None:
    chosen = model_of(experiment)
    plain = compose([f"experiment={experiment}"])
    if chosen is None:
        assert experiment == "none"
        return
    assert compose([f"experiment={experiment}", f"model={chosen}"]).model == plain.model
    other = "edgeconnect" if chosen == "ingan" else "ingan"
    said = f"model={other}: experiment={experiment} is of model={chosen}; leave out model="
    # Quoted, a name means the same.
    with pytest.raises(UserError, match=re.escape(said)):
        compose([f"model='{other}'", f"experiment={experiment}"])


def test_a_numpy_size_is_a_size() -> None:
    assert options_of({"sample.size": np.array([30, 40])}).sample.size == [30, 40]
    assert options_of({"sample.count": np.int64(3)}).sample.count == 3


def test_references_are_resolved_once() -> None:
    assert compose(["output='runs/${seed}'", "seed=3"]).output == "runs/3"


def test_another_hydra_application_is_told_to_clear_its_state() -> None:
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        with pytest.raises(UserError, match=r"call GlobalHydra\.instance\(\)\.clear\(\)"):
            compose(["seed=3"])
        assert hydra_compose("config", ["seed=4"]).seed == 4
        GlobalHydra.instance().clear()
        assert compose(["seed=3"]).seed == 3
