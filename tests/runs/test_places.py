"""Where runs go, and waiting for one of another process."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from internal_gan.runs.folder import RunFolder
from internal_gan.runs.places import wait_for


def test_a_run_folder_that_another_process_uses_is_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claim = (
        "import sys; from pathlib import Path; from internal_gan.runs.folder import "
        "RunFolder; RunFolder.create(Path(sys.argv[1])); print('mine', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", claim, str(tmp_path / "run")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        other.stdout.readline()
        waiting = threading.Thread(target=wait_for, args=(RunFolder(tmp_path / "run"),))
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
        other.stdin.close()
        waiting.join(10)
        assert not waiting.is_alive()
    said = capsys.readouterr().out
    assert said == f"{tmp_path / 'run'}: process {other.pid} is using it; waiting for it to end\n"
