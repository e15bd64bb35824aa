"""Facts about the package that several files state agree."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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


def test_pins_are_exact_and_without_a_local_build(pins: dict[str, Requirement]) -> None:
    for pin in pins.values():
        (specifier,) = pin.specifier
        assert specifier.operator == "==", pin
        assert "+" not in specifier.version, pin
