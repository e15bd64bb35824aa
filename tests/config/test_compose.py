"""The configuration is composed and checked, and survives being written and read."""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from internal_gan.config.compose import compose, load_options, options_of, save_options
from internal_gan.config.conf import conf_dir, groups
from internal_gan.config.options import Options
from internal_gan.errors import UserError
from tests.tiny import complaint


def test_without_hydra_the_defaults_are_the_same() -> None:
    assert replace(Options(), model=compose().model) == compose()


def test_an_experiment_wins_over_presets_and_the_command_line_over_it() -> None:
    paper = compose(["experiment=singan_paper"])
    assert paper.trainer.checkpoint_interval == 300
    assert paper.model["steps"] == 2000
    assert compose(["experiment=singan_paper", "model.steps=7"]).model["steps"] == 7


def test_the_model_of_an_experiment_may_be_named() -> None:
    experiment = "experiment=ingan_no_cycle"
    assert compose([experiment, "model=ingan_unet"]).model == compose([experiment]).model


@pytest.mark.parametrize(
    ("given", "option", "kind", "allowed"),
    [
        ("sample.count=0", "sample.count", None, "1 to 1000000"),
        ("finish.detail=fine", "finish.detail", None, ("patches", "network")),
        ("model=singn", "model", "unknown", [*groups()["model"]]),
        ("mask.grow=1", "mask.grow", "unknown", ["mask.file", "mask.box", "mask.dilate"]),
    ],
)
def test_what_is_wrong_and_allowed_is_told_as_fields(
    given: str, option: str, kind: str | None, allowed: Any
) -> None:
    with pytest.raises(UserError) as caught:
        compose([given])
    error = pickle.loads(pickle.dumps(caught.value))  # as between processes
    assert str(error) == str(caught.value)
    assert (error.option, error.kind, error.allowed) == (option, kind, allowed)


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


def test_options_survive_being_written_and_read(tmp_path: Path) -> None:
    options = compose(["sample.size=[30,80]", "trainer.time=10m", "seed=7", "trainer=debug"])
    options.image = "a ${b} \\${c} 'd' é: #1.jpg"
    options.output = "a${b"
    options.checkpoint = "x" * 5000  # too long for the system
    save_options(options, tmp_path / "config.yaml")
    assert load_options(tmp_path / "config.yaml") == options


def test_changing_loaded_options_does_not_change_later_loads(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    save_options(compose(["model.min_size=20"]), path)
    load_options(path).model["min_size"] = 30
    assert load_options(path).model["min_size"] == 20


@pytest.mark.parametrize(
    "text", ["a: [", "- 1", "seed: many", "sead: 3", "model: 3", "\0", "b\xfc", "a: " + "[" * 999]
)
def test_a_file_that_is_no_configuration_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="latin-1")
    assert "is not the configuration of a run" in complaint(load_options, path)
