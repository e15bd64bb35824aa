"""``internal-gan info``, and what a release says about what it needs."""

import getpass
import re
import socket
import tomllib
from pathlib import Path

import yaml

import internal_gan
from internal_gan import info
from tests.commands import ROOT, run_process

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_info_names_versions_and_nothing_private(tmp_path: Path) -> None:
    answer = run_process("info", cwd=tmp_path)
    assert answer.code == 0, answer.err
    for part in ("internal-gan 0.", "Python 3.", "torch 2.", "processor: ", "devices: cpu"):
        assert part in answer.out
    private = [str(Path.home()), str(tmp_path), socket.gethostname(), getpass.getuser()]
    found = [word for word in re.split(r"[\s,;()]+", answer.out) if word in private]
    assert found == []


def test_packages_are_those_that_the_project_and_its_extras_need() -> None:
    names = {re.split(r"[><=]", text)[0] for text in PROJECT["dependencies"]}
    assert names | {"starlette"} <= set(info.packages())
    assert not {"pytest", "ruff"} & set(info.packages())


def test_the_conda_recipe_needs_the_same() -> None:
    recipe = yaml.safe_load((ROOT / ".ci" / "conda" / "recipe.yaml").read_text(encoding="utf-8"))
    assert recipe["context"]["version"] == internal_gan.__version__
    needed = {text.replace(" ", "") for text in recipe["requirements"]["run"]}
    ours = {text.replace("torch", "pytorch") for text in PROJECT["dependencies"]}
    assert needed == ours | {f"python{PROJECT['requires-python']}"}
