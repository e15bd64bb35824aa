"""A resumed training ends as if it had never been interrupted."""

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM
from typing import Any

import pytest

import internal_gan
from internal_gan.config.compose import load_options, save_options
from internal_gan.images.files.image import read_image
from internal_gan.images.levels import levels_of
from internal_gan.runs.folder import RunFolder
from tests.commands import TINY_RUN, Shell, start_process
from tests.tiny import network_of, picture, same_weights

# A checkpoint at every step, and enough steps to interrupt.
OFTEN = ("trainer.max_steps=null", "trainer.checkpoint_interval=0", "model.steps=12")
SLOW = (*TINY_RUN, *OFTEN, "sample.count=1")
RARELY = ("trainer.checkpoint_interval=999",)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of the uninterrupted training."""
    folder = tmp_path_factory.mktemp("whole")
    internal_gan.fit(levels_of(picture(), 255), overrides=SLOW, output=folder)
    return folder


@pytest.mark.parametrize(
    ("stops", "at", "more", "said"),
    [
        pytest.param([SIGINT], 3, (), "Stopped: ", marks=pytest.mark.slow),
        ([SIGKILL], 15, (), ""),
        pytest.param([SIGINT, SIGTERM], 20, (), "Stopped immediately", marks=pytest.mark.slow),
        pytest.param([SIGKILL], 5, RARELY, "", marks=pytest.mark.slow),
    ],
    ids=["Ctrl-C", "kill -9", "two signals", "kill -9 before any checkpoint"],
)
def test_a_run_is_resumed_once_it_has_stopped_and_ends_bit_equal(
    shell: Shell, tmp_path: Path, photo: str, whole: Path, stops: Any, at: int, more: Any, said: str
) -> None:
    process = start_process(f"image={photo}", "output=run", *SLOW, *more, cwd=tmp_path)
    try:
        wait_for_lines(tmp_path / "run" / "metrics.jsonl", at, process)
        process.send_signal(signal.SIGSTOP)  # so that it cannot end before the second command
        assert f"process {process.pid}" in shell.refused("resume=run")
        for stop in (*stops, signal.SIGCONT):
            process.send_signal(stop)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == (130 if said else -SIGKILL)
    folder = RunFolder(tmp_path / "run")
    assert folder.status()["state"] == ("stopped" if said else "interrupted")
    assert said in out
    assert bool(said) == ("  Resume:   python -m internal_gan resume=run" in out)
    shell.done("resume=run")
    assert folder.status()["state"] == "finished"
    assert not list(folder.path.glob(".tmp-*"))
    assert read_image("run/sample/000.png").size == (20, 28)
    assert same_weights(network_of("run"), network_of(whole))
    for name in ("sample/000.png", "scales/00.png", "model.safetensors"):
        assert Path("run", name).read_bytes() == Path(whole, name).read_bytes()


def wait_for_lines(path: Path, count: int, process: "subprocess.Popen[str]") -> None:
    """Wait until a run has logged a number of steps."""
    while process.poll() is None:
        if path.is_file() and len(path.read_text().splitlines()) > count:
            return
        time.sleep(0.01)
    raise AssertionError(process.communicate()[1])


def stop_after_a_scale(shell: Shell, *arguments: str, by: signal.Signals = SIGINT) -> None:
    """Train into ``run`` until its first scale is done."""
    with pytest.MonkeyPatch.context() as patch:
        stop = lambda *_: signal.raise_signal(by)  # noqa: E731
        patch.setattr("internal_gan.tasks.train.Upkeep.on_stage_end", stop)
        answer = shell(*TINY_RUN, "image=photo.png", "output=run", *arguments)
    assert answer.code == 128 + by
    assert "1 of 3 stages are done" in answer.out


def test_a_resumed_run_reports_the_time_of_all_its_processes(shell: Shell, photo: str) -> None:
    stop_after_a_scale(shell, by=SIGTERM)
    metrics = Path("run/metrics.jsonl")
    rows = [json.loads(line) for line in metrics.read_text().splitlines()]
    rows = [row | {"seconds": 1000.0} if "seconds" in row else row for row in rows]
    metrics.write_text("".join(json.dumps(row) + "\n" for row in rows))
    answer = shell.done("resume=run")
    assert RunFolder(Path("run")).status()["seconds"] > 1000
    assert "and 16 min 40 s before" in answer.out


def test_the_number_of_scales_that_the_photo_decided_stays(shell: Shell, photo: str) -> None:
    """As in the paper's form, whose number depends on the photo's size before it was shrunk."""
    released = "model.scale_count=released"
    shell.done(*TINY_RUN, released, f"image={photo}", "output=whole")
    stop_after_a_scale(shell, released)
    shell.done("resume=run")
    assert network_of("run").sizes == network_of("whole").sizes
    assert same_weights(network_of("run"), network_of("whole"))


@pytest.mark.parametrize("image", ["photo.png", None])
def test_a_new_start_is_told(shell: Shell, learnt: str, tmp_path: Path, image: str | None) -> None:
    shutil.copytree(learnt, "run")
    Path("run/training.ckpt").unlink()
    Path("run/inputs.json").unlink()
    folder = RunFolder(Path("run"))
    folder.write_status("stopped")
    saved = load_options(folder.config_path)
    saved.image = image and str(tmp_path / image)
    save_options(saved, folder.config_path)
    (line,) = (line for line in shell.done("resume=run").out.splitlines() if "starts over" in line)
    assert "from run/photo.png, the photo shrunk and with 8 bits, because " in line
    assert line.endswith("photo.png is gone" if image else "the photo was in memory only")
    assert line in folder.log_path.read_text()
