"""What a run recorded about itself in ``status.json`` and ``metrics.jsonl``, read back. A line or a
field of the wrong type counts as missing, since a damaged or edited folder must not stop a run.
What it was given is in ``inputs.json``."""

import filecmp
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from glob import escape
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypedDict

from internal_gan.files import is_file, json_object, read_file, read_json_object, read_record
from internal_gan.type_hints import fits, hints_of, typed

State = Literal["running", "finished", "stopped", "failed"]
Kind = Literal["result", "film", "frame", "preview", "before", "mask", "aside"]
# Kinds of pictures that a run makes, as opposed to its inputs and comparisons.
MADE: frozenset[Kind] = frozenset({"result", "film", "frame", "preview"})
INDEX = "inputs.json"
# Folders next to results, for what belongs to them; the first is for the network's output.
DRAWN = "drawn"
BESIDE = (DRAWN, "origin", "layers")


class Status(TypedDict, total=False):
    """The fields of ``status.json`` that are read back."""

    state: State
    pid: int
    process_start: float
    host: str
    started: str
    reason: str
    device: str
    seconds: float
    share: float
    seconds_left: float
    seams: dict[str, float]
    seams_before: dict[str, float]
    results: list[Any]
    model_task: str


class PlannedStage(TypedDict):
    name: str
    size: tuple[int, int]
    steps: int
    seconds_per_step: float


class Step(TypedDict):
    stage: int
    step: int
    seconds: float


def read_status(path: Path) -> dict[str, Any]:
    """Read a ``status.json``, also fields that are not known here; empty if it is unusable."""
    hints = hints_of(Status)
    found = read_json_object(path)
    return {key: value for key, value in found.items() if fits(value, hints.get(key, Any))}


@dataclass(frozen=True)
class Result:
    """A picture or film in a run folder.

    Attributes:
        file: its path in the run folder, with slashes, such as ``"sample/000.png"``. The first
            part is the task that made it, or ``scales`` for previews.
        kind: what it is:

            * ``result``: a picture that the user asked for, to evaluate, compare and publish;
            * ``film``: a moving picture, and ``frame``: one of its pictures;
            * ``preview``: the photo as the model rebuilds it after a stage;
            * ``before``: what the results were made from, and ``mask``, white where it was
              changed;
            * ``aside``: anything else to show with the results.
        caption: the text below it; previews have the name of their stage instead.
    """

    file: str
    kind: Kind = "result"
    caption: str = ""

    @property
    def task(self) -> str:
        return PurePosixPath(self.file).parts[0]

    @property
    def group(self) -> str:
        """The row it is shown in: the folders between the task's and the file, if any."""
        return "/".join(PurePosixPath(self.file).parts[1:-1])


def read_results(folder: Path) -> list[Result]:
    """The results of a run, in the order in which they are shown, without invalid entries and files
    that are missing or outside the run folder."""
    found = list[Result]()
    for entry in read_status(folder / "status.json").get("results", []):
        with suppress(TypeError):
            result: Result = typed(entry, Result)
            path = folder / result.file
            # A link may lead out of the folder.
            if is_file(path) and path.resolve().is_relative_to(folder.resolve()):
                found.append(result)
    return found


@dataclass(frozen=True)
class Input:
    """A file that a run was given: by which option, such as ``mask.file``, and as which of several,
    its absolute path as given, empty for a picture in memory, and its copy in the run folder."""

    option: str
    number: int
    name: str
    file: str


@dataclass(frozen=True)
class Index:
    """What ``inputs.json`` holds."""

    inputs: list[Input]


def changed_inputs(folder: Path, model: Path | None = None) -> list[str]:
    """The files that a run was given whose contents are no longer those that it read; also a
    ``model``, of which it has no copy, if that was written after the run began."""
    index = read_record(Index, folder / INDEX)
    pairs = [(Path(one.name), folder / one.file) for one in (index.inputs if index else [])]
    both = [(given, kept) for given, kept in pairs if is_file(given) and is_file(kept)]
    found = [str(given) for given, kept in both if not filecmp.cmp(given, kept, shallow=False)]
    # A mask in a folder may have come back with another suffix.
    gone = [given for given, _ in pairs if given.name and not given.exists()]
    found += [str(given) for given in gone if any(given.parent.glob(f"{escape(given.stem)}.*"))]
    began = read_status(folder / "status.json").get("started")
    if model and is_file(model) and began:
        # The status has whole seconds.
        is_newer = int(model.stat().st_mtime) > datetime.fromisoformat(began).timestamp()
        found += [str(model)] * is_newer
    return found


def in_words(name: str) -> str:
    """The name of a file or folder for people to read.

    >>> in_words("start-scale-2"), in_words("300x800")
    ('Start scale 2', '300 × 800')
    """
    text = re.sub(r"(?<=\d)x(?=\d)", " × ", re.sub(r"[-_]+", " ", name).strip())
    return text[:1].upper() + text[1:]


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Read a ``metrics.jsonl``; empty if it is missing, a UserError if it is not readable.

    A line with an event has `PlannedStage`s; others have the fields of a `Step`, and further ones
    that are finite numbers or null.
    """
    try:
        text = read_file(path).decode("utf-8", "replace")
    except FileNotFoundError:
        return []
    # str.splitlines also splits at other characters, which values may contain.
    return [row for row in map(json_object, text.split("\n")) if _is_row(row)]


def seconds_of(rows: Sequence[Mapping[str, Any]]) -> float:
    """The training time recorded in the lines from `read_metrics`."""
    timed = (row["seconds"] for row in rows if row.get("event") != "plan")
    return float(max(timed, default=0.0))


def _is_row(row: Mapping[str, Any]) -> bool:
    if row.get("event") == "plan":
        return fits(row.get("stages"), list[PlannedStage])
    return fits(row, Step) and fits(row, dict[str, float | None])
