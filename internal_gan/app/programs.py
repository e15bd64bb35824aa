"""What requests send, as commands, and ``POST /api/TASK`` for other programs: files and options
in, pictures out, nothing is kept. No value is a path; photos, drawings and runs have ids."""

import io
import json
import os
import re
import shutil
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from internal_gan.api.previews import Previews
from internal_gan.app import pictures
from internal_gan.app.runs import Runs
from internal_gan.app.uploads import Upload, Uploads, plain
from internal_gan.config.arguments import SHORT, quote, written
from internal_gan.config.catalogue import MAKING, SPECS
from internal_gan.config.options import PATHS, taken_by
from internal_gan.errors import Kind, UserError
from internal_gan.runs.records import read_results
from internal_gan.stopping import Stopped

TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".html": "text/html"}
LAYERS = "layers.files"
POST = ".post-"  # begins the name of a folder for a request, then its server's process
Do = Callable[[str, Sequence[str]], UserError | None]
# Statuses of the answer for kinds of errors; others have 400.
STATUSES: dict[Kind | None, int] = {"missing": 404, "unknown": 404, "large": 413, "unexpected": 500}
# A number, a word, or a list of them: nothing that Hydra interprets further.
VALUE = re.compile(r"[A-Za-z0-9_:.%-]{1,40}|\[[A-Za-z0-9_:.%\[\], -]{0,80}\]")


def overrides_of(
    task: str, given: Mapping[str, Any], drawing: Callable[[str], Path] | None = None
) -> list[str]:
    """The overrides for a task's options, given by their full names; a UserError for one that a
    request cannot set. ``drawing`` finds a drawing by its id; without it, none may name a file."""
    if task not in MAKING:
        raise UserError(f"task={task}: not on this page; allowed: {', '.join(MAKING)}")
    found = []
    for name, value in given.items():
        if name in SPECS[task].reads:
            if drawing is None:
                raise UserError(f"{name}={value}: needs the file itself, not its name")
            found.append(f"{name}={drawing(str(value))}")
        elif name in taken_by(task).difference(PATHS) or name == "confirm":
            if not VALUE.fullmatch(text := written(value)):
                raise UserError(f"{name}: needs a number, a word, or a list of them")
            found.append(f"{name}={text}")
        else:
            raise UserError(f"{name}: cannot be set here")
    return found


async def parts_of(request: Request, most: int, what: str) -> AsyncGenerator[bytes]:
    """The body of a request, read only up to the allowed length."""
    refusal = HTTPException(413, f"{what}: too large; allowed: up to {most / 1e6:.0f} MB")
    if int(request.headers.get("content-length", 0)) > most:
        raise refusal
    length = 0
    async for part in request.stream():
        length += len(part)
        if length > most:
            raise refusal
        yield part


async def body_of(request: Request, most: int, what: str) -> bytes:
    return b"".join([part async for part in parts_of(request, most, what)])


@asynccontextmanager
async def form_of(request: Request, most: int) -> AsyncIterator[FormData]:
    """The fields of a request; those that are files lie on the disk, unless they are small."""
    parts = parts_of(request, most, "the request")
    try:
        form = await MultiPartParser(
            request.headers, parts, max_files=20, max_fields=50, max_part_size=4096
        ).parse()
    except (KeyError, ValueError, MultiPartException) as error:
        why = getattr(error, "message", "It cannot be read.")
        raise UserError(f"the request: needs to be multipart/form-data. {why}") from error
    try:
        yield form
    finally:
        await form.close()


def object_of(data: str | bytes) -> dict[str, Any]:
    """The JSON object that the page sent; a UserError if it is none."""
    try:
        found = json.loads(data)
        json.dumps(found, ensure_ascii=False).encode()  # half of a character pair is no text
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UserError("the request cannot be read")
    return found


def preview(
    form: FormData,
    upload: Upload,
    uploads: Uploads,
    previews: Callable[[Path], Previews],
    stop: Callable[[], bool],
    tells: bool = False,
) -> Response:
    """The JPEG file of a preview, for fields ``task`` and ``options``, as JSON, and files of
    strokes by the options that take them; the name of each file is its kind, see
    :meth:`Uploads.drawn`. Or it ``tells`` what the plans for it do."""
    if stop():
        raise Stopped
    task, options = str(form.get("task")), object_of(str(form.get("options")))
    given = {name: value for name, value in options.items() if value is not None}
    overrides_of(task, given)
    photo = previews(upload.path)
    for name, strokes in form.multi_items():
        if not isinstance(strokes, str):
            if name not in SPECS[task].reads:
                raise UserError(f"{name}: takes no file here")
            copy = photo.copy(task, given.get("finish.resolution"))
            kind, data = str(strokes.filename), strokes.file.read()
            given[name] = uploads.drawn(upload, data, kind, copy)
    arguments = {name.rpartition(".")[2]: value for name, value in given.items()}
    if tells:
        return JSONResponse([plan.in_words() for plan in photo.plans(**arguments)])
    picture = pictures.preview(photo(task, stop=stop, **arguments))
    return Response(picture, media_type="image/jpeg")


def remove_leftovers(folder: Path) -> None:
    """Remove what requests sent to servers that were killed."""
    for left in folder.glob(f"{POST}*"):
        pid = left.name.removeprefix(POST).partition("-")[0]
        if not pid.isdecimal() or int(pid) == os.getpid() or not psutil.pid_exists(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def _packed(run: Path) -> Response:
    """The picture of a run, or its pictures and layers in a zip file."""
    made = [
        run / one.file
        for one in read_results(run)
        if one.kind in ("result", "film") or "/layers/" in one.file
    ]
    if len(made) == 1:
        return Response(made[0].read_bytes(), media_type=TYPES.get(made[0].suffix))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in made:
            archive.write(path, path.relative_to(run))
    return Response(packed.getvalue(), media_type="application/zip")


def done(task: str, form: FormData, runs: Runs, uploads: Uploads, do: Do) -> Response:
    """Do a task with :meth:`internal_gan.app.processes.Worker.do`: the response is its picture, or
    a zip file if there are several. What cannot be done is a UserError or an HTTPException."""
    with TemporaryDirectory(prefix=f"{POST}{os.getpid()}-", dir=runs.folder) as place:
        folder, run = Path(place), Path(place) / "run"
        files, options = dict[str, list[Path]](), dict[str, str]()
        overrides, pixels = [f"task={task}", f"output={run}"], dict[Path, int]()
        takes = ("image", LAYERS, *SPECS[task].reads)
        for name, value in form.multi_items():
            option = SHORT.get(name, name)
            if not isinstance(value, str):
                if option not in takes or (option in files and option != LAYERS):
                    raise UserError(f"{name}: takes no file here, or only one")
                path = folder / str(len(pixels)) / plain(value.filename or "")
                path.parent.mkdir()
                with path.open("wb") as file:
                    shutil.copyfileobj(value.file, file)
                files.setdefault(option, []).append(path)
                pixels[path] = uploads.pixels(path.name, path)
            elif option == "checkpoint":
                overrides.append(f"checkpoint={runs.path(value)}")
            elif option in takes:
                raise UserError(f"{name}={value}: needs the file itself, not its name")
            else:
                options[option] = value
        for option, paths in files.items():
            names = ",".join(quote(str(path)) for path in paths)
            overrides.append(f"{option}={names if len(paths) == 1 else f'[{names}]'}")
        error = do(folder.name, overrides + overrides_of(task, options))
        if error is not None:
            for path in pixels:
                error = error.reworded(error.problem.replace(str(path), path.name))
            usual = 415 if 0 in pixels.values() else 400
            raise HTTPException(STATUSES.get(error.kind, usual), runs.said(error)["message"])
        return _packed(run)
