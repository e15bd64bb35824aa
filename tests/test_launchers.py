"""Launchers: a sweep completes even if one of its processes is killed."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from internal_gan.images.files.image import to_uint8
from internal_gan.sweeps.jobs import Sweep
from tests.commands import run_process, start_process
from tests.tiny import TINY, picture

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

# Long enough to be killed during training, with checkpoints to resume from.
RUN = (
    *("-m", "image=photos", "output=out", "trainer=fast", *TINY, "model.steps=60"),
    *("trainer.checkpoint_interval=0.1", "precision=fp32", "device=cpu", "sample.count=1"),
)


def needs(*packages: str) -> pytest.MarkDecorator:
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


def needs_plugin(name: str, library: str) -> pytest.MarkDecorator:
    try:
        found = importlib.util.find_spec(f"hydra_plugins.hydra_{name}")
    except ModuleNotFoundError:
        found = None
    return needs(library) if found else needs(f"hydra_{name}")


JOBLIB = needs_plugin("joblib_launcher", "joblib")
SUBMITIT = needs_plugin("submitit_launcher", "submitit")
RAY = needs_plugin("ray_launcher", "ray")
LOCAL = "hydra/launcher=submitit_local"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with three photos in ``photos``."""
    (tmp_path / "photos").mkdir()
    for seed, name in enumerate("abc"):
        pixels = to_uint8(picture(seed=seed))[0].permute(1, 2, 0).numpy()
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{name}.png")
    return tmp_path


def training_process(run: Path) -> int:
    """The process that trains in a run folder, once it has saved a checkpoint."""
    for _ in range(3000):
        if (run / "training.ckpt").is_file():
            return int(json.loads((run / "status.json").read_text())["pid"])
        time.sleep(0.05)
    raise AssertionError(f"nothing was saved in {run}")


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@contextmanager
def started(*arguments: str, cwd: Path) -> "Iterator[subprocess.Popen[str]]":
    """Run a command in the background, and end it with the block."""
    with start_process(*arguments, cwd=cwd) as process:
        try:
            yield process
        finally:
            process.kill()


def assert_complete(folder: Path) -> None:
    states = {record.name: record.state for record in Sweep(folder / "out").records()}
    assert states == dict.fromkeys("abc", "finished")
    for name in "abc":
        status = json.loads((folder / "out" / name / "status.json").read_text())
        assert status["state"] == "finished"
        assert (folder / "out" / name / "sample" / "000.png").is_file()
    assert (folder / "out" / "comparison.md").read_text().count("finished") == 3


@pytest.mark.slow
@JOBLIB
def test_a_killed_training_is_resumed(folder: Path) -> None:
    options = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    with started(*RUN, *options, cwd=folder) as process:
        os.kill(training_process(folder / "out" / "a"), signal.SIGKILL)
        out, err = process.communicate()
    assert process.returncode == 0, err
    assert "a: killed by SIGKILL, attempt 1 of 3" in out
    assert_complete(folder)
    # It did not start again.
    assert "resume=" in (folder / "out" / ".jobs" / "a.txt").read_text()
    assert len((folder / "out" / "a" / "log.txt").read_text().split("Run folder")) == 3


@JOBLIB
@pytest.mark.slow
def test_a_killed_worker_is_replaced(folder: Path) -> None:
    options = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    with started(*RUN, *options, cwd=folder) as process:
        os.kill(parent_of(training_process(folder / "out" / "a")), signal.SIGKILL)
        _, err = process.communicate()
    assert process.returncode == 0, err
    assert "the launcher lost a worker (TerminatedWorkerError)" in err
    assert_complete(folder)


@JOBLIB
@pytest.mark.slow
def test_the_parent_process_reports_a_failure(folder: Path) -> None:
    Image.new("RGB", (56, 40), (9, 9, 9)).save(folder / "photos" / "flat.png")
    answer = run_process(*RUN, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", cwd=folder)
    assert answer.code == 2
    assert "3 of 4 jobs finished in out" in answer.out
    assert "error: flat failed: photos/flat.png: the image is one flat colour" in answer.err


@SUBMITIT
@pytest.mark.slow
def test_a_killed_local_submitit_job_is_restarted(folder: Path) -> None:
    options = (LOCAL, "hydra.sweeper.max_batch_size=2")
    with started(*RUN, *options, cwd=folder) as process:
        os.kill(parent_of(training_process(folder / "out" / "a")), signal.SIGKILL)
        _, err = process.communicate()
    assert process.returncode == 0, err
    assert "the launcher lost a worker" in err
    assert_complete(folder)


@SUBMITIT
def test_more_local_submitit_jobs_than_cores_are_refused(folder: Path) -> None:
    answer = run_process(*RUN, f"seed=range(0,{os.cpu_count()})", LOCAL, cwd=folder)
    assert answer.code == 2
    assert "hydra.sweeper.max_batch_size=" in answer.err
    assert not (folder / "out").exists()


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a Ray cluster of two nodes on this machine, each with one core."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    utilities: Any = importlib.import_module("ray.cluster_utils")
    limits = {
        "num_cpus": 1,
        "object_store_memory": 80_000_000,
        "include_dashboard": False,
    }
    for start in (1, 2, 3):
        try:
            nodes = utilities.Cluster(initialize_head=True, head_node_args=limits)
            break
        except Exception as error:
            # Ray waits half a minute for a head node; a busy machine may need that.
            if "timed out during startup" not in str(error) or start == 3:
                raise
    try:
        nodes.add_node(**limits)
        nodes.wait_for_nodes()
        yield nodes.address
    finally:
        nodes.shutdown()


@RAY
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_ray_cluster_of_two_nodes_replaces_a_worker(folder: Path, cluster: str) -> None:
    options = ("hydra/launcher=ray", f"hydra.launcher.ray.init.address='{cluster}'")
    with started(*RUN, *options, cwd=folder) as process:
        os.kill(parent_of(training_process(folder / "out" / "a")), signal.SIGKILL)
        out, err = process.communicate()
    assert process.returncode == 0, out + err
    assert_complete(folder)
