"""The pictures and films that a run made, as ``status.json`` lists them."""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from internal_gan.files import is_file
from internal_gan.hints import typed
from internal_gan.runs.records import read_status

Kind = Literal["result", "film", "frame", "preview", "before", "mask", "aside"]
# Kinds of pictures that a run makes, as opposed to its inputs and comparisons.
MADE: frozenset[Kind] = frozenset({"result", "film", "frame", "preview"})
# Folders next to results, for what belongs to them; the first is for the network's output.
DRAWN = "drawn"
BESIDE = (DRAWN, "origin", "layers")
MOVIE_SUFFIXES = {".mp4"}


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
            * ``before``: what the results of the same group were made from, and ``mask``, white
              where it was changed;
            * ``aside``: anything else to show with the results.
        group: the row it is shown in, such as ``"scale-3"``; empty for the task's first row.
        caption: the text below it; previews have the name of their stage instead.
    """

    file: str
    kind: Kind = "result"
    group: str = ""
    caption: str = ""

    @property
    def task(self) -> str:
        return PurePosixPath(self.file).parts[0]


def group_of(file: str) -> str:
    """The group of a file: the folders between the task's and the file."""
    return "/".join(PurePosixPath(file).parts[1:-1])


def as_json(result: Result) -> dict[str, str]:
    """The entry of a result in ``status.json``, without empty fields."""
    return {name: value for name, value in vars(result).items() if value}


def read_results(folder: Path) -> list[Result]:
    """The results of a run, in the order in which they are shown.

    Invalid entries are left out, as are files that are missing or outside the run folder.
    """
    recorded = read_status(folder / "status.json").get("results", [])
    results = filter(None, map(_parsed, recorded))
    return [result for result in results if _is_there(folder, result.file)]


def in_words(name: str) -> str:
    """The name of a file or folder for people to read.

    >>> in_words("start-scale-2"), in_words("300x800")
    ('Start scale 2', '300 × 800')
    """
    text = re.sub(r"(?<=\d)x(?=\d)", " × ", re.sub(r"[-_]+", " ", name).strip())
    return text[:1].upper() + text[1:]


def _parsed(entry: Any) -> Result | None:
    with suppress(TypeError):
        result: Result = typed(entry, Result)
        return result
    return None


def _is_there(folder: Path, file: str) -> bool:
    path = folder / file
    # A link may lead out of the folder.
    return is_file(path) and path.resolve().is_relative_to(folder.resolve())
