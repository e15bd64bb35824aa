"""Records of results for run folders that a test fills by hand."""

import json
from pathlib import Path

from internal_gan.files import natural
from internal_gan.runs.records import Kind, Result, in_words, read_status

KINDS: dict[str, Kind] = {
    "scales": "preview",
    "frames": "frame",
    "before": "before",
    "mask": "mask",
    ".mp4": "film",
    "hole": "aside",
}


def write(run: Path, *names: str) -> None:
    """Write files that stand for pictures."""
    for name in names:
        path = run / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"picture")


def record_files(run: Path) -> None:
    """List the files in the folders of a run as its results, unless it lists some already."""
    path = run / "status.json"
    status = read_status(path)
    if "results" not in status:
        found = [file.relative_to(run) for file in run.glob("*/**/*.*")]
        made = [file for file in found if file.parts[0] not in ("photos", "inputs")]
        made.sort(key=lambda file: (len(file.parts), natural(str(file))))
        path.write_text(json.dumps(status | {"results": [vars(_result(file)) for file in made]}))


def _result(file: Path) -> Result:
    words = (*file.parts[:-1], file.stem, file.suffix)
    kind: Kind = next((KINDS[word] for word in words if word in KINDS), "result")
    return Result(file.as_posix(), kind, "" if file.stem.isdecimal() else in_words(file.stem))
