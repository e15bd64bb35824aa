"""Trainings that a benchmark needs, by the real command line, whatever became of them before."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks._common import say
from benchmarks._processes import Processes
from internal_gan.runs.folder import RunFolder

POLL_SECONDS = 1.0


def bring_to_end(
    run: Path, arguments: Sequence[str], log: Path, threads: int, processes: Processes
) -> None:
    """Train, wait for, resume or leave alone what ``run`` holds, until it is finished.

    Args:
        arguments: of the command line, but for ``output=``.

    Raises:
        UserError: the training failed.
        StoppedError: the benchmark was asked to stop.
    """
    folder = RunFolder(run)
    # The trainings of a benchmark that was killed by kill -9 go on without it.
    while folder.status()["state"] == "running":
        processes.sleep(POLL_SECONDS)
    if folder.status()["state"] == "finished":
        return
    if folder.config_path.exists():
        say(f"{run.name}: going on")
        command = [f"resume={run}"]
    else:
        say(f"{run.name}: training")
        shutil.rmtree(run, ignore_errors=True)
        command = [*arguments, f"output={run}"]
    processes.run(["-m", "internal_gan", *command], log, threads)
