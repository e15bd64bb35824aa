"""Importing the package and its command line loads nothing heavy."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    "module", ["internal_gan", "internal_gan.cli", "internal_gan.config.options"]
)
def test_importing_does_not_load_torch(module: str) -> None:
    script = f"import sys, {module}; print(sorted({{'torch', 'numpy', 'PIL'}} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "module", ["errors", "files", "images.files.names", "config.options", "units"]
)
def test_modules_every_layer_may_import_need_only_the_standard_library(module: str) -> None:
    script = f"import sys, internal_gan.{module}; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-S", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in result.stdout.split()}
    assert loaded <= {*sys.stdlib_module_names, "__main__", "internal_gan"}
