"""The kit for a machine with a GPU is rehearsed on the CPU."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from benchmarks import gpu
from internal_gan.errors import UserError
from tests.commands import ROOT

PAPERS = "singan_paper+ingan_paper+edgeconnect_paper"
PARTS = ("graphs", "tests", "smoke", PAPERS, "defaults", "agreement")


def test_an_unknown_part_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["gpu", "tests+smok"])
    with pytest.raises(UserError, match="smok: no such part; allowed: smoke, tests"):
        gpu.main()


@pytest.mark.slow
def test_every_part_leaves_its_findings(tmp_path: Path) -> None:
    """With this interpreter as ``python3``."""
    python, out = tmp_path / "python3", tmp_path / "out"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    given = {"DEVICE": "cpu", "TINY": "1", "OUT": str(out), "WORK": str(tmp_path / "work")}
    environment = os.environ | given | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    subprocess.run(["bash", "benchmarks/gpu.sh", *PARTS], cwd=ROOT, env=environment, check=True)
    results = json.loads((out / "results.json").read_text())
    for part in "+".join(PARTS).split("+"):
        found = results[part]
        assert "error" not in found
        assert zipfile.is_zipfile(out / f"{part}.zip")
        for name, command in found.items():
            if "state" in command and name != "ingan-fp32-evaluate":  # too small for its patches
                assert command["state"] == "finished", name
    assert results["tests"]["tests"]["code"] == 0
    assert results["smoke"]["singan-fp32, stopped"]["code"] == 143
    assert set(results["agreement"]["gaps"]) == {"singan", "ingan", "edgeconnect"}
    for rows in results["graphs"]["steps"].values():
        assert all(row["called_ms"] > 0 and row["graph_ms"] > 0 for row in rows)
