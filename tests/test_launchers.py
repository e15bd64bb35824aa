"""Launchers: jobs run in several processes, and continue if one of them is killed."""

import importlib.util
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from internal_gan.images.files.image import write_image
from internal_gan.runs.jobs import read_records
from tests.commands import run_process, start_process
from tests.tiny import TINY, picture

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

# Long enough to be killed during training, with checkpoints to resume from.
RUN = (
    *("-m", "image=photos", "output=out", "trainer=fast", *TINY, "model.steps=60"),
    *("trainer.checkpoint_interval=0.1", "precision=fp32", "device=cpu", "sample.count=1"),
)


def needs(library: str) -> pytest.MarkDecorator:
    """Skip without a library or Hydra's plugin for it."""
    try:
        plugin = importlib.util.find_spec(f"hydra_plugins.hydra_{library}_launcher")
    except ModuleNotFoundError:  # no plugin at all
        plugin = None
    missing = plugin is None or importlib.util.find_spec(library) is None
    return pytest.mark.skipif(missing, reason=f"not installed: {library} or its launcher")


JOBLIB, SUBMITIT, RAY = map(needs, ("joblib", "submitit", "ray"))
LOCAL = "hydra/launcher=submitit_local"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with three photos in ``photos``."""
    (tmp_path / "photos").mkdir()
    for seed, name in enumerate("abc"):
        write_image(tmp_path / "photos" / f"{name}.png", picture(seed=seed))
    return tmp_path


def training_process(run: Path) -> int:
    """The process that trains in a run folder, once it has saved a checkpoint."""
    for _ in range(3000):
        if (run / "training.ckpt").is_file():
            return int(json.loads((run / "status.json").read_text())["pid"])
        time.sleep(0.05)
    raise AssertionError(f"nothing was saved in {run}")


def assert_complete(folder: Path) -> None:
    states = {record.name: record.state for record in read_records(folder / "out")}
    assert states == dict.fromkeys("abc", "finished")
    for name in "abc":
        status = json.loads((folder / "out" / name / "status.json").read_text())
        assert status["state"] == "finished"
        assert (folder / "out" / name / "sample" / "000.png").is_file()
    assert (folder / "out" / "comparison.md").read_text().count("finished") == 3


@JOBLIB
@pytest.mark.slow
def test_a_killed_worker_ends_the_sweep_which_the_same_command_continues(folder: Path) -> None:
    command = (*RUN, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    with start_process(*command, cwd=folder) as process:
        os.kill(training_process(folder / "out" / "a"), signal.SIGKILL)
        _, err = process.communicate()
    assert process.returncode == 1
    assert "the sweep ended early (TerminatedWorkerError): A worker process" in err
    assert "error: a running: it was interrupted" in err
    assert "skip_finished=true runs the remaining jobs" in err
    answer = run_process(*command, "skip_finished=true", cwd=folder)
    assert answer.code == 0, answer.err
    assert_complete(folder)
    # It did not start again.
    assert "resume=" in (folder / "out" / ".jobs" / "a.txt").read_text()
    assert len((folder / "out" / "a" / "log.txt").read_text().split("Run folder")) == 3


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
def test_submitit_runs_all_jobs(folder: Path) -> None:
    answer = run_process(*RUN, LOCAL, "hydra.sweeper.max_batch_size=2", cwd=folder)
    assert answer.code == 0, answer.err
    assert_complete(folder)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a Ray cluster of two nodes on this machine, each with one core."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    utilities: Any = importlib.import_module("ray.cluster_utils")
    limits = {"num_cpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False}
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
    with start_process(*RUN, *options, cwd=folder) as process:
        os.kill(training_process(folder / "out" / "a"), signal.SIGKILL)
        out, err = process.communicate()
    assert process.returncode == 0, out + err
    assert_complete(folder)
