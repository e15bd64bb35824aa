"""Removes what a run wrote, and nothing else."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from internal_gan.config.catalogue import TABLE
from internal_gan.errors import UserError
from internal_gan.files import disk_errors

# What tasks without a training write next to their folders of pictures.
_FILES = {
    *("config.yaml", "log.txt", "metrics.jsonl", "index.html", "photo.png", "inputs.json"),
    *("evaluation.json", "evaluation.csv", "verification.json"),
}


def remove_run(folder: Path, names: Iterable[str], task: str) -> None:
    """Remove entries of the run folder of a ``task`` that trained nothing.

    Raises:
        UserError: one of them is not what such a run writes; nothing is removed.
    """
    known = _FILES | TABLE[task].draws | {"inputs", "compare", task}
    # The configuration goes last: while it is there, the rest can still be removed.
    entries = sorted(map(folder.joinpath, names), key=lambda path: path.name == "config.yaml")
    for path in entries:
        if path.name not in known or path.is_symlink() or path.is_dir() == (path.name in _FILES):
            raise UserError(
                f"output folder {folder}: {path.name} is not of the run that ended early there; "
                "move it away, or choose another folder"
            )
    with disk_errors(folder):
        for path in entries:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
