"""Importing the package and its command line loads nothing heavy."""

import subprocess
import sys

import pytest

from tests.commands import ROOT


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
