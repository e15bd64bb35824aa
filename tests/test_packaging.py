"""Facts about the package that several files state agree."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import internal_gan

ROOT = Path(__file__).resolve().parents[1]
# Beginnings of the names of what torch for NVIDIA cards needs; other builds of it do not.
CUDA = ("cuda-", "nvidia-", "triton")


@pytest.fixture
def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def test_version_is_the_same_everywhere() -> None:
    citation = (ROOT / "CITATION.cff").read_text()
    assert re.findall(r"^version: (.+)$", citation, re.MULTILINE) == [internal_gan.__version__]
    releases = re.findall(r"^## \[(\d[^]]*)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert releases[0] == internal_gan.__version__ == version("internal-gan")


def test_the_conda_recipe_needs_the_same(project: dict[str, Any]) -> None:
    recipe = yaml.safe_load((ROOT / ".ci" / "conda" / "recipe.yaml").read_text())
    assert recipe["context"]["version"] == internal_gan.__version__
    needed = {text.replace(" ", "") for text in recipe["requirements"]["run"]}
    ours = {text.replace("torch", "pytorch") for text in project["dependencies"]}
    assert needed == ours | {f"python{project['requires-python']}"}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems need more packages")
def test_pip_installs_all_extras_as_pinned(project: dict[str, Any], tmp_path: Path) -> None:
    """All together: every package has one version, so that pip accepts any of the extras too."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
    if subprocess.run([*pip, "--retries=0", "--no-deps", "pip"], capture_output=True).returncode:
        pytest.skip("pip reaches no package index")
    file, report = ROOT / "constraints.txt", tmp_path / "report.json"
    pip += ["--report", str(report), "--constraint", str(file), "--build-constraint", str(file)]
    extras = ",".join(project["optional-dependencies"])
    # Half a minute on an idle machine; hours if pip tries one version of a package after the other.
    answer = subprocess.run(
        [*pip, f"{ROOT}[{extras}]"], capture_output=True, text=True, timeout=300
    )
    assert answer.returncode == 0, answer.stderr
    pins = [Requirement(line) for line in file.read_text().splitlines() if not line.startswith("#")]
    pinned = {canonicalize_name(pin.name): str(pin.specifier) for pin in pins}
    for package in json.loads(report.read_text())["install"]:
        about = package["metadata"]
        name, chosen = canonicalize_name(about["name"]), Version(about["version"]).public
        assert "3.11.2" in SpecifierSet(about.get("requires_python", "")), name  # Debian 12's
        if name != project["name"] and not name.startswith(CUDA):
            assert pinned.get(name) == f"=={chosen}", name


def test_the_oldest_versions_are_those_that_the_ranges_begin_with(project: dict[str, Any]) -> None:
    extras = project["optional-dependencies"].values()
    lines = [line for group in (project["dependencies"], *extras) for line in group]
    least = {}
    for wanted in map(Requirement, lines):
        for specifier in wanted.specifier:
            if specifier.operator == ">=":
                least[canonicalize_name(wanted.name)] = Version(specifier.version)
    (torch_pin,) = re.findall(r"^TORCH \?= (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    file = (ROOT / "constraints-oldest.txt").read_text().splitlines()
    oldest = [Requirement(line) for line in [*file, torch_pin] if not line.startswith("#")]
    for pin in oldest:
        (specifier,) = pin.specifier
        version_of_pin = Version(specifier.version)
        assert version_of_pin.release[:2] == (*least[canonicalize_name(pin.name)].release, 0)[:2]
    named = {canonicalize_name(pin.name) for pin in oldest}
    assert {canonicalize_name(Requirement(line).name) for line in project["dependencies"]} <= named
