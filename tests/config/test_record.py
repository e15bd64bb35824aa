"""A run's options survive being written and read, and an untrusted file does no harm."""

import os
from pathlib import Path

import pytest

from internal_gan.config.compose import compose
from internal_gan.config.record import load_options, save_options
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
    "text", ["a: [", "- 1", "seed: many", "sead: 3", "model: 3", "\0", "b\xfc"]
)
def test_a_file_that_is_no_configuration_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(UserError, match="is not the configuration of a run") as caught:
        load_options(path)
    assert "\n" not in str(caught.value)


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BOMB, r"line 2: \*a0 is an alias"),
        ("model: &m\n  a: *m\n", r"line 2: \*m is an alias"),
        ("a: &a {b: 1}\nc:\n  <<: *a\n", r"line 3: \*a is an alias"),
        ("image: ${oc.env:HOME}", r"line 1: \$\{oc\.env:HOME\} is a reference"),
        ("seed: 1\nimage: a ${oc.env:HOME} b", r"line 2: a \$\{oc\.env:HOME\} b is a reference"),
        ("image: 'a \\\\${seed}'", "is a reference"),
        ("model: {a: [{b: '${seed}'}]}", "is a reference"),
        ("seed: ${seed}", "is a reference"),
        ("".join(f"k{n}: 1\n" for n in range(20_000)), "more values"),
        ("a: " + "[" * 5000, "deeper nesting"),
        ("#\n" * 200_000, "allowed: up to"),
    ],
    ids=lambda text: text[:30],
)
def test_aliases_references_and_oversized_configurations_are_refused(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=reason) as caught:
        load_options(path)
    assert "\n" not in str(caught.value)
    assert os.environ["HOME"] not in str(caught.value).removeprefix(str(path))


def test_a_pipe_instead_of_a_configuration_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.yaml")
    with pytest.raises(UserError, match="it is not a regular file"):
        load_options(tmp_path / "config.yaml")


def test_a_name_too_long_for_the_system_is_kept_as_it_is(tmp_path: Path) -> None:
    options = compose()
    options.image = "x" * 5000
    save_options(options, tmp_path / "config.yaml")
    assert load_options(tmp_path / "config.yaml").image == options.image
