"""Run folders, as the page shows them."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from internal_gan.app.uploads import FOLDER
from internal_gan.config.arguments import command
from internal_gan.config.catalogue import SPECS, families_for
from internal_gan.errors import UserError
from internal_gan.files import read_json_object
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.records import read_results

_NAME = re.compile(r"\w[\w.+-]*/\w[\w.+-]*")
MAX_NAME = 240  # bytes of a folder's name, with which a file beside it can still be named


class Runs:
    """The folder of all runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        places = "|".join(re.escape(str(path)) for path in (folder.resolve(), folder))
        self._here = re.compile(rf"(?:{places})/(?:{FOLDER}/photos/\w{{16}}/)?")

    def said(self, error: UserError) -> dict[str, Any]:
        """An error as others may read it: its files without the folders of this machine."""
        problem, advice = (self._here.sub("", text) for text in (error.problem, error.advice))
        found = error.reworded(problem, advice=advice)
        return {**vars(found), "message": str(found)}

    def new(self, photo: str, kind: str) -> str:
        """A name for a new run, ``PHOTO-KIND/TIME``."""
        stem = re.sub(r"[^\w-]+", "_", Path(photo).stem).strip("_-")[:60] or "photo"
        now = datetime.now().strftime("%Y-%m-%d_%H-%M-%S-%f")[:-3]
        return f"{stem}-{kind}/{now}"

    def path(self, name: str) -> Path:
        """The folder of a run, or a UserError for a name that leads elsewhere."""
        path = self.folder / name
        lengths = [len(part) for part in name.encode(errors="replace").split(b"/")]
        if not _NAME.fullmatch(name) or max(lengths) > MAX_NAME:
            raise UserError("there is no such run", kind="missing")
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise UserError("there is no such run", kind="missing")
        return path

    def file(self, name: str, file: str) -> Path:
        """A file of a run, or a UserError if it is missing or outside the run folder."""
        folder = self.path(name)
        with suppress(OSError, ValueError):  # for names that no file can have
            path = (folder / file).resolve()
            if path.is_file() and path.is_relative_to(folder.resolve()):
                return path
        raise UserError("there is no such file", kind="missing")

    def others(self) -> list[str]:
        """The names of runs with a report that the page did not start, newest first."""
        found = [path.parent for path in self.folder.glob("*/*/index.html")]
        paths = [path for path in found if not request_path(path).is_file()]
        paths.sort(key=lambda path: path.name, reverse=True)
        names = [path.relative_to(self.folder).as_posix() for path in paths]
        return [name for name in names if _NAME.fullmatch(name)]

    def asked(self, name: str) -> dict[str, Any]:
        """The page's request that started a run."""
        return read_json_object(request_path(self.path(name)))

    def about(
        self, name: str, place: int | None, error: UserError | None, drawing: bool
    ) -> dict[str, Any]:
        """What the page shows about a run: its ``place`` in the queue of trainings, if any, the
        ``error`` for which it did not start, and whether the worker is ``drawing`` it."""
        folder, request = RunFolder(self.path(name)), self.asked(name)
        asked, trains = request.get("asked", {}), request.get("trains", False)
        status = folder.status()
        state = status["state"]
        if place:
            state = "waiting"
        elif place == 0 or drawing:
            state = "running"
        elif error is not None:
            state = "failed"
        elif state == "interrupted" or (state == "unknown" and request):
            state = "stopped"
        if error is None and (reason := status.get("reason")):
            error = UserError(reason)
        can = [task for task in SPECS if trains and asked.get("model") in families_for(task)]
        return {
            "run": name,
            "task": request.get("task"),
            "asked": asked,
            "started": status.get("started"),
            "seconds": status.get("seconds"),
            "can": can,
            "trains": trains,
            "state": state,
            "place": place,
            "error": error and self.said(error),
            "share": status.get("share", 0.0),
            "seconds_left": status.get("seconds_left"),
            "page": self.url(name, "index.html") if folder.report_path.is_file() else None,
            "command": command(*request.get("overrides", [])[:-1]),  # not output=
            "python": request.get("python"),
            "results": [
                {**vars(result), "url": self._current(name, result.file)}
                for result in read_results(folder.path)
            ],
        }

    def url(self, name: str, file: str) -> str:
        return quote(f"/runs/{name}/{file}")

    def _current(self, name: str, file: str) -> str:
        """A URL that changes with the file; otherwise the page would not reload the file."""
        path = self.path(name) / file
        return f"{self.url(name, file)}?v={path.stat().st_mtime_ns if path.exists() else 0}"


def request_path(folder: Path) -> Path:
    """Where a request is kept: outside the run folder, which must be empty when the run starts."""
    return folder.with_name(f".{folder.name}.app.json")


def in_python(
    task: str, run: str | None, photo: str, model: str | None, options: Mapping[str, Any]
) -> str:
    """Python code that does the same as a command: on a run or a photo, for which a ``model`` is
    trained first; ``options`` are values by full names."""
    begin = "import internal_gan\n\nresult = internal_gan."
    if model is not None:
        return f"{begin}fit({photo!r}, {model!r}, overrides={ {'task': task, **options} })"
    # Arguments are the last parts of options, with exceptions; films are drawn as single frames.
    known = {"mask.file": "mask", "retarget.shape": "size", "retarget.mask": "outline"}
    arguments = [] if run else [repr(photo)]
    for name, value in options.items():
        if name not in ("animate.format", "confirm"):
            arguments.append(f"{known.get(name, name.rpartition('.')[2])}={value!r}")
    method = "super_resolve" if task == "super_resolution" else task
    return f"{begin}{f'load({run!r}).' if run else ''}{method}({', '.join(arguments)})"
