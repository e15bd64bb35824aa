"""Run every command of ``docs/gallery.md`` and write its seconds into the page.

    python docs/time_gallery.py

About six minutes on two cores. The commands run in the page's order, in a folder that has the files
which they name, each from the start of Python to its last file.
"""

import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from make_pictures import (
    ROOT,
    SCENES,
    enlarged_part,
    painting,
    path_of,
    with_copy,
    with_dandelion,
)

from benchmarks._common import environment
from benchmarks.all import provenance

PAGE = ROOT / "docs" / "gallery.md"
# A command and the line below it, if it has been timed.
TIMED = re.compile(r"^```\n(internal-gan [^`]+)\n```(?:\n\n\*[\d.]+ seconds\*)?$", re.MULTILINE)
LAST = re.compile(r"^\*Commit .+$", re.MULTILINE)


def write_files(folder: Path) -> None:
    """The files that the commands name."""
    for photo in (*SCENES.glob("*.jpg"), path_of("mountains.jpg")):
        (folder / photo.name).write_bytes(photo.read_bytes())
    edited, changed = with_copy()
    pasted, pasted_mask = with_dandelion()
    files = {
        "edited.png": edited,
        "changed.png": changed,
        "pasted.png": pasted,
        "object.png": pasted_mask,
        "painting.png": painting(),
        "small.png": enlarged_part()[1],
    }
    for name, picture in files.items():
        picture.save(folder / name)


def timed(match: re.Match[str], folder: Path) -> str:
    """The command with the seconds that it took."""
    _, *words = shlex.split(match[1].replace("\\\n", ""))
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "internal_gan", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{match[1]}: {done.stderr}")
    print(f"{seconds:6.1f}  {match[1]}", flush=True)
    return f"```\n{match[1]}\n```\n\n*{seconds:.{int(seconds < 10)}f} seconds*"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder)
        text = TIMED.sub(lambda match: timed(match, folder), PAGE.read_text(encoding="utf-8"))
    source = provenance({"environment": environment()}, "python docs/time_gallery.py")
    PAGE.write_text(LAST.sub(lambda _: source, text), encoding="utf-8")


if __name__ == "__main__":
    main()
