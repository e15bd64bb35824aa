"""The workflows in .github: each step is a target of the Makefile, so that it can be run here."""

import re
from typing import Any

import pytest
import yaml

from tests.commands import ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def steps(name: str) -> list[dict[str, Any]]:
    (path,) = (path for path in WORKFLOWS if path.stem == name)
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_target_exists(path: Any) -> None:
    commands = [step.get("run", "") for step in steps(path.stem)]
    targets = re.findall(r"^make (?:-C \w+ )?([a-z-]+)", "\n".join(commands), re.MULTILINE)
    assert targets
    assert set(targets) <= TARGETS


def test_the_slow_tests_run_every_night() -> None:
    workflow = yaml.safe_load((FOLDER / "nightly.yml").read_text(encoding="utf-8"))
    # YAML reads the key "on" as true.
    assert set(workflow[True]) == {"schedule", "workflow_dispatch"}
    assert "make test-slow PYTHON=python" in [step.get("run") for step in steps("nightly")]
    target: Any = re.search(r"^test-slow:.*\n\t(.*)", MAKEFILE, re.MULTILINE)
    assert target[1].endswith("--runslow -m slow")
