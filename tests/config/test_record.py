"""A run's options survive being written and read."""

from pathlib import Path

import pytest

from internal_gan.config.compose import compose, load_options, save_options
from internal_gan.errors import UserError


def test_options_survive_being_written_and_read(tmp_path: Path) -> None:
    options = compose(["sample.size=[30,80]", "trainer.time=10m", "seed=7", "trainer=debug"])
    options.image = "a ${b} \\${c} 'd' é: #1.jpg"
    options.output = "a${b"
    save_options(options, tmp_path / "config.yaml")
    assert load_options(tmp_path / "config.yaml") == options


def test_changing_loaded_options_does_not_change_later_loads(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    save_options(compose(["model.min_size=20"]), path)
    load_options(path).model["min_size"] = 30
    assert load_options(path).model["min_size"] == 20


@pytest.mark.parametrize(
    "text", ["a: [", "- 1", "seed: many", "sead: 3", "model: 3", "\0", "b\xfc", "a: " + "[" * 5000]
)
def test_a_file_that_is_no_configuration_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(UserError, match="is not the configuration of a run") as caught:
        load_options(path)
    assert "\n" not in str(caught.value)


def test_a_name_too_long_for_the_system_is_kept_as_it_is(tmp_path: Path) -> None:
    options = compose()
    options.image = "x" * 5000
    save_options(options, tmp_path / "config.yaml")
    assert load_options(tmp_path / "config.yaml").image == options.image
