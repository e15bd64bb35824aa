"""Real processes are stopped, killed or out of disk space, and resume as if nothing had happened.

``tests/tasks/test_resume.py`` covers single interruptions. Here a run is interrupted several times,
at points read from its own metrics, and resumes in a new process each time.
"""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from PIL import Image

from internal_gan.images.files.image import to_uint8
from internal_gan.runs.folder import RunFolder
from tests.commands import ROOT, Answer, run_process, start_process
from tests.tiny import TINY, contents, picture

STEPS, SCALES = 30, 3
# A checkpoint after every step, so that a run can be interrupted anywhere.
RUN = (
    "model=singan",
    "image=photo.png",
    "output=run",
    "trainer=fast",
    *TINY,
    f"model.steps={STEPS}",
    "trainer.checkpoint_interval=0",
    "precision=fp32",
    "device=cpu",
    "sample.count=1",
)
Point = tuple[signal.Signals, int, int]


def save_photo(folder: Path) -> None:
    pixels = to_uint8(picture(40, 52))[0].permute(1, 2, 0).numpy()
    Image.fromarray(pixels).save(folder / "photo.png")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A working folder with a photo."""
    save_photo(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model file of an uninterrupted run."""
    place = tmp_path_factory.mktemp("uninterrupted")
    save_photo(place)
    answer = run_process(*RUN, cwd=place)
    assert answer.code == 0, answer.err
    return place / "run" / "model.safetensors"


def rows(folder: Path) -> list[tuple[int, int]]:
    """Stage and step of every row in the metrics so far."""
    path = folder / "metrics.jsonl"
    lines = path.read_text().splitlines(keepends=True) if path.is_file() else []
    entries = [json.loads(line) for line in lines if line.endswith("\n")]
    return [(entry["stage"], entry["step"]) for entry in entries if "step" in entry]


def interrupt(place: Path, arguments: Sequence[str], point: Point, again: bool = False) -> Answer:
    """Start a command and send it a signal after a given step of a given stage."""
    number, stage, step = point
    process = start_process(*arguments, cwd=place)
    try:
        while max(rows(place / "run"), default=(-1, 0)) < (stage, step):
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.01)
        process.send_signal(number)
        if again:
            process.send_signal(number)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    return Answer(process.returncode, out, err)


def saved_point(folder: Path) -> tuple[int, int]:
    state = torch.load(folder / "training.ckpt", weights_only=True)
    return state["stage"], state["step"]


def finish(place: Path, expected: Path) -> None:
    """Resume to the end; the model must equal that of the uninterrupted run."""
    answer = run_process("resume=run", cwd=place)
    assert answer.code == 0, answer.err
    folder = RunFolder(place / "run")
    assert folder.status()["state"] == "finished"
    assert contents(folder.model_path) == contents(expected)
    every_step = [(stage, step) for stage in range(SCALES) for step in range(1, STEPS + 1)]
    assert rows(folder.path) == every_step
    assert not list(folder.path.glob(".tmp-*"))


def check_interrupted(place: Path, answer: Answer, point: Point) -> None:
    number, stage, step = point
    stopped = number != signal.SIGKILL
    assert answer.code == (128 + number if stopped else -number), answer.err
    assert RunFolder(place / "run").status()["state"] == ("stopped" if stopped else "interrupted")
    # Metrics are written just before the checkpoint, so a kill in between loses one step. The run
    # may also have gone on for a while before the signal came.
    assert (stage, step - 1) <= saved_point(place / "run") < (SCALES - 1, STEPS)


IN_EVERY_SCALE = [(signal.SIGINT, 0, 8), (signal.SIGTERM, 1, 3), (signal.SIGKILL, 2, 12)]


@pytest.mark.slow
def test_a_run_interrupted_in_every_scale_ends_bit_equal(place: Path, uninterrupted: Path) -> None:
    for number, point in enumerate(IN_EVERY_SCALE):
        answer = interrupt(place, ["resume=run"] if number else RUN, point)
        check_interrupted(place, answer, point)
    finish(place, uninterrupted)


@pytest.mark.slow
def test_a_run_stopped_by_a_second_signal_ends_bit_equal(place: Path, uninterrupted: Path) -> None:
    answer = interrupt(place, RUN, (signal.SIGINT, 1, 5), again=True)
    assert answer.code == 130
    assert "Traceback" not in answer.err
    assert RunFolder(place / "run").status()["state"] == "stopped"
    finish(place, uninterrupted)


def has_private_mounts() -> bool:
    """Whether this user may mount a small disk visible to a single process."""
    if shutil.which("unshare") is None:
        return False
    mount = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(mount, capture_output=True, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not has_private_mounts(), reason="no private mounts for this user")
def test_a_run_on_a_full_disk_ends_bit_equal_once_there_is_space(
    place: Path, uninterrupted: Path
) -> None:
    # Copy the run out of the small disk, which vanishes with the process that mounted it.
    script = (
        'mkdir disk && mount -t tmpfs -o size="$1k" none disk && cp photo.png disk && shift && '
        'cd disk && "$@"; code=$?; cp -R run ../run; exit $code'
    )
    largest = (uninterrupted.parent / "training.ckpt").stat().st_size
    command = [sys.executable, "-m", "internal_gan", *RUN]
    # Room for one and a half checkpoints: a second one, written next to the first, may not fit.
    kilobytes = str(int(largest * 1.5) // 1024)
    process = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", kilobytes, *command],
        cwd=place,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": "/usr/sbin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 2, process.stderr
    assert process.stderr.splitlines()[-1].endswith("free some space or choose another folder")
    folder = RunFolder(place / "run")
    assert folder.status()["state"] == "failed"
    assert not list(folder.path.glob(".tmp-*"))
    finish(place, uninterrupted)
