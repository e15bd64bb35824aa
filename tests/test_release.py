"""What a release says about what it needs."""

import tomllib

import yaml

import internal_gan
from tests.commands import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_conda_recipe_needs_the_same() -> None:
    recipe = yaml.safe_load((ROOT / ".ci" / "conda" / "recipe.yaml").read_text(encoding="utf-8"))
    assert recipe["context"]["version"] == internal_gan.__version__
    needed = {text.replace(" ", "") for text in recipe["requirements"]["run"]}
    ours = {text.replace("torch", "pytorch") for text in PROJECT["dependencies"]}
    assert needed == ours | {f"python{PROJECT['requires-python']}"}
