"""Facts about the package that several files state agree."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import internal_gan

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


@pytest.fixture
def pins() -> dict[str, Requirement]:
    """The requirements in constraints.txt by normalised name."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    requirements = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def test_version_is_the_same_everywhere() -> None:
    citation = (ROOT / "CITATION.cff").read_text()
    assert re.findall(r"^version: (.+)$", citation, re.MULTILINE) == [internal_gan.__version__]
    changelog = (ROOT / "CHANGELOG.md").read_text()
    releases = re.findall(r"^## \[(\d[^]]*)\]", changelog, re.MULTILINE)
    assert releases[0] == internal_gan.__version__


def test_installed_version_is_that_of_the_code() -> None:
    assert version("internal-gan") == internal_gan.__version__


def test_every_requirement_is_pinned_within_its_range(
    project: dict[str, Any], pins: dict[str, Requirement]
) -> None:
    extras = project["optional-dependencies"].values()
    lines = [line for group in (project["dependencies"], *extras) for line in group]
    for wanted in map(Requirement, lines):
        name = canonicalize_name(wanted.name)
        if name == project["name"]:
            continue
        (pin,) = pins[name].specifier
        assert wanted.specifier.contains(pin.version), wanted


def test_the_oldest_versions_are_those_that_the_ranges_begin_with(project: dict[str, Any]) -> None:
    extras = project["optional-dependencies"].values()
    lines = [line for group in (project["dependencies"], *extras) for line in group]
    least = {}
    for wanted in map(Requirement, lines):
        for specifier in wanted.specifier:
            if specifier.operator == ">=":
                least[canonicalize_name(wanted.name)] = Version(specifier.version)
    makefile = (ROOT / "Makefile").read_text()
    (torch_pin,) = re.findall(r"^TORCH \?= (.+)$", makefile, re.MULTILINE)
    file = (ROOT / "constraints-oldest.txt").read_text().splitlines()
    oldest = [Requirement(line) for line in [*file, torch_pin] if not line.startswith("#")]
    for pin in oldest:
        (specifier,) = pin.specifier
        version_of_pin = Version(specifier.version)
        assert version_of_pin.release[:2] == (*least[canonicalize_name(pin.name)].release, 0)[:2]
    named = {canonicalize_name(pin.name) for pin in oldest}
    needed = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    assert needed <= named


def test_pins_are_exact_and_without_a_local_build(pins: dict[str, Requirement]) -> None:
    for pin in pins.values():
        (specifier,) = pin.specifier
        assert specifier.operator == "==", pin
        assert "+" not in specifier.version, pin
