"""The web server: the page, uploads and runs."""

import asyncio
import json
import secrets
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from internal_gan.api.previews import Previews
from internal_gan.app import pictures, programs, runs
from internal_gan.app.guard import API, HEADER, Guard
from internal_gan.app.processes import Trainings, Worker, interrupt
from internal_gan.app.settings import Settings
from internal_gan.app.uploads import Upload, Uploads
from internal_gan.config.catalogue import FAMILIES, MAKING, SPECS, families_for
from internal_gan.errors import UserError, unknown
from internal_gan.files import is_full, make_folder, write_text
from internal_gan.finishing.drawing import compile_loops
from internal_gan.runs.folder import RunFolder
from internal_gan.stopping import Stopped

PAGE = Path(__file__).parent / "page"
MAX_TABS = 200  # whose wishes are remembered

# For each task of the page, the families that can be trained to do it.
MODELS = {
    task: {
        name: {"title": FAMILIES[name].title, "time": FAMILIES[name].minutes}
        for name in families_for(task)
        if name != "patches"
    }
    for task in MAKING
}


class Server:
    """Handles the requests; those that are plain functions run in threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.runs = runs.Runs(settings.runs)
        self.uploads = Uploads(settings.runs, settings.max_megapixels * 1e6)
        self.worker = Worker()
        self.trainings = Trainings()
        # Bytes of an uploaded file, or of all that a program sends: 16 a pixel, and a header.
        self.most = int(16e6 * settings.max_megapixels) + 2**20
        # Of programs: all others wait here, and not each in a thread of its own.
        self.turn = asyncio.Lock()
        # One thread for all uploads: the C library keeps freed memory for each thread that had it.
        self.reading = ThreadPoolExecutor(max_workers=1)
        # Runs that the worker is running.
        self.drawing = set[str]()
        # The latest photos as previews need them; previews are drawn one after another.
        self.previews = lru_cache(maxsize=2)(Previews)
        self.preview_turn = asyncio.Lock()
        # The number of each of the latest tabs' latest wish, and what ends its preview.
        self.wishes = dict[str, tuple[int, threading.Event]]()

    def warm_up(self) -> None:
        """Start the worker, and load what previews need."""
        self.worker.start()
        compile_loops(lambda text: None)

    def close(self) -> None:
        for _, unwanted in self.wishes.values():
            unwanted.set()
        self.worker.close()
        self.trainings.close()

    async def add_photo(self, request: Request) -> Response:
        name = request.query_params.get("name", "photo")
        with self.uploads.begun(name) as path:
            with path.open("wb") as file:
                async for part in programs.parts_of(request, self.most, name):
                    await run_in_threadpool(file.write, part)
            upload = await self._added(name, path)
        return JSONResponse(self._about_photo(upload))

    async def _added(self, name: str, path: Path) -> Upload:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.reading, self.uploads.add, name, path)

    def photos(self, request: Request) -> Response:
        photos = []
        for upload in self.uploads.all():
            with suppress(UserError):  # its record names what cannot be a run
                photos.append(self._about_photo(upload))
        others = [
            {"run": name, "page": self.runs.url(name, "index.html")} for name in self.runs.others()
        ]
        return JSONResponse({"photos": photos, "others": others})

    def photo(self, request: Request) -> Response:
        upload = self.uploads.get(request.path_params["id"])
        about = [self._about(name) for name in reversed(upload.runs)]
        return JSONResponse(self._about_photo(upload) | {"runs": about, "models": MODELS})

    def photo_file(self, request: Request) -> Response:
        upload = self.uploads.get(request.path_params["id"])
        return FileResponse(self.uploads.copy(upload, request.path_params["which"]))

    async def add_drawing(self, request: Request) -> Response:
        upload = self.uploads.get(request.path_params["id"])
        kind = request.query_params.get("kind", "mask")
        data = await programs.body_of(request, 2**25, "the drawing")
        drawing = await run_in_threadpool(self.uploads.draw, upload, data, kind)
        return JSONResponse({"drawing": drawing})

    async def start(self, request: Request) -> Response:
        """Run a task to its end, or queue it if a model is to be trained for it first."""
        upload = self.uploads.get(request.path_params["id"])
        asked = programs.object_of(await programs.body_of(request, 2**16, "the request"))
        if not isinstance(asked.get("options", {}), dict):
            raise UserError("the request cannot be read")
        trains = asked.get("run") is None and asked.get("model") is not None
        name, overrides = self._command(upload, asked, trains)
        try:
            self.uploads.note_run(upload, name)
        except UserError:
            self._forget(upload, name)
            raise
        if trains:
            self.trainings.add(self.runs.path(name), overrides)
            return JSONResponse(self._about(name))
        self.drawing.add(name)
        try:
            error = await run_in_threadpool(self.worker.do, name, overrides)
        finally:
            self.drawing.remove(name)
        if error is not None:
            await run_in_threadpool(self._forget, upload, name)
            raise error
        return JSONResponse(self._about(name))

    async def preview(self, request: Request, tells: bool = False) -> Response:
        """A preview of a task on a photo, or what its plans do. A newer wish of the same tab, or
        DELETE, ends it."""
        upload = self.uploads.get(request.path_params["id"])
        unwanted = self._wish(request.query_params)
        if request.method == "DELETE":
            raise Stopped
        async with (
            programs.form_of(request, self.most) as form,
            watched(request, unwanted.set),
            self.preview_turn,
        ):
            given = form, upload, self.uploads, self.previews, unwanted.is_set
            return await run_in_threadpool(programs.preview, *given, tells)

    def _wish(self, given: Mapping[str, str]) -> threading.Event:
        """What ends a new wish, after it has ended the older one of its tab, if it has one."""
        number = given.get("wish", "0")
        if not (number.isdecimal() and len(number) < 16):
            raise UserError(f"wish={number[:40]}: needs a whole number, 0 or more")
        tab = given.get("tab", secrets.token_hex(8))[:100]
        wish, unwanted = int(number), threading.Event()
        latest, older = self.wishes.get(tab, (wish, threading.Event()))
        if wish < latest:
            raise Stopped
        older.set()
        self.wishes.pop(tab, None)  # so that it comes last
        self.wishes[tab] = wish, unwanted
        if len(self.wishes) > MAX_TABS:
            del self.wishes[next(iter(self.wishes))]
        return unwanted

    async def post(self, request: Request) -> Response:
        """Do a task for another program."""
        task = request.path_params["task"]
        if task not in MAKING:
            raise unknown("task", task, MAKING)
        name = secrets.token_hex(8)

        def do(_: str, overrides: Sequence[str]) -> UserError | None:
            return self.worker.do(name, overrides)

        async with (
            programs.form_of(request, self.most) as form,
            watched(request, partial(self.worker.stop, name)),
            self.turn,
        ):
            given = task, form, self.runs, self.uploads, do
            return await run_in_threadpool(programs.done, *given)

    def _command(
        self, upload: Upload, asked: Mapping[str, Any], trains: bool
    ) -> tuple[str, list[str]]:
        """The name of a new run and its command; both are also recorded next to its folder."""
        task, model = str(asked.get("task")), str(asked.get("model")) if trains else None
        given = {name: v for name, v in (asked.get("options") or {}).items() if v is not None}
        options = programs.overrides_of(task, given, self.uploads.drawing)
        for option in given.keys() & SPECS[task].reads:
            given[option] = str(self.uploads.drawing(given[option]))
        run = None if asked.get("run") is None else str(self.runs.path(str(asked["run"])))
        options.append(f"image={upload.path}" if run is None else f"checkpoint={run}")
        if model is not None:
            if model not in MODELS[task]:
                allowed = ", ".join(MODELS[task]) or "none"
                raise UserError(f"model={model}: not for task={task}; allowed: {allowed}")
            given["trainer"] = self.settings.trainer
            options += [f"model={model}", f"trainer={self.settings.trainer}"]
        name = self.runs.new(upload.name, model or task)
        folder = self.runs.path(name)
        about: dict[str, Any] = {
            "asked": {name: asked.get(name) for name in ("options", "run", "model")},
            "task": task,
            "trains": trains,
            "overrides": [f"task={task}", *options, f"output={folder}"],
            "python": runs.in_python(task, run, str(upload.path), model, given),
        }
        make_folder(folder.parent)
        write_text(runs.request_path(folder), json.dumps(about))
        return name, about["overrides"]

    async def stop(self, request: Request) -> Response:
        folder = self.runs.path(name := _name(request))
        if self.trainings.place(folder) is not None:
            self.trainings.stop(folder)
        elif name in self.drawing:
            self.worker.stop(name)
        else:
            # Left by a killed server. On another host, the number belongs to another process.
            status = RunFolder(folder).status()
            if status.get("state") == "running" and status.get("host") == socket.gethostname():
                with suppress(OSError):
                    interrupt(int(status["pid"]))
        return JSONResponse(self._about(name))

    async def resume(self, request: Request) -> Response:
        folder = self.runs.path(name := _name(request))
        begun = RunFolder(folder).config_path.is_file()
        overrides = [f"resume={folder}"] if begun else self.runs.asked(name).get("overrides")
        if self.trainings.place(folder) is None and overrides:
            self.trainings.add(folder, overrides)
        return JSONResponse(self._about(name))

    async def delete(self, request: Request) -> Response:
        folder = self.runs.path(name := _name(request))
        if not self.runs.asked(name):
            raise UserError("there is no such run", kind="missing")
        self._check_ended(name)
        for upload in self.uploads.all():
            if name in upload.runs:
                self.uploads.forget_run(upload, name)
        runs.request_path(folder).unlink(missing_ok=True)
        await run_in_threadpool(shutil.rmtree, folder, True)
        return JSONResponse({"run": name})

    async def delete_photo(self, request: Request) -> Response:
        """Delete a photo, and all that was made of it on the page."""
        upload = self.uploads.get(request.path_params["id"])
        for name in upload.runs:
            self._check_ended(name)
        for name in upload.runs:
            await run_in_threadpool(self._forget, upload, name)
        await run_in_threadpool(self.uploads.remove, upload)
        self.previews.cache_clear()
        return JSONResponse({"photo": upload.id})

    def _check_ended(self, name: str) -> None:
        if self.trainings.place(self.runs.path(name)) is not None or name in self.drawing:
            raise UserError("it is still running; stop it first")

    def _forget(self, upload: Upload, name: str) -> None:
        """Leave nothing of a run."""
        with suppress(UserError):  # a damaged record names none
            folder = self.runs.path(name)
            runs.request_path(folder).unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # if others are in it
                folder.parent.rmdir()
        # Last: it writes, for which a full disk has room only now.
        self.uploads.forget_run(upload, name)

    async def reuse(self, request: Request) -> Response:
        """Open a picture of a run as a photo of its own."""
        name = _name(request)
        asked = programs.object_of(await programs.body_of(request, 2**12, "the request"))
        found = self.runs.file(name, str(asked.get("file")))
        photo = f"{asked.get('title') or 'result'}{found.suffix}"
        with self.uploads.begun(photo) as path:
            await run_in_threadpool(shutil.copyfile, found, path)
            upload = await self._added(photo, path)
        return JSONResponse(self._about_photo(upload))

    def file(self, request: Request) -> Response:
        path = self.runs.file(_name(request), request.path_params["file"])
        if request.query_params.get("format") == "jpg":
            return Response(pictures.jpeg(path), media_type="image/jpeg")
        if "small" in request.query_params and path.suffix in (".png", ".jpg"):
            return Response(pictures.small(path), media_type="image/jpeg")
        if path.suffix in programs.TYPES:
            # Read as a whole, since a training replaces its pictures while they are viewed.
            return Response(path.read_bytes(), media_type=programs.TYPES[path.suffix])
        return FileResponse(path)

    async def user_error(self, request: Request, error: Exception) -> Response:
        """The fields of an error for the page, and its line for other programs."""
        assert isinstance(error, UserError)
        told = self.runs.said(error)
        code = 507 if is_full(error) else programs.STATUSES.get(error.kind, 400)
        if HEADER in request.headers:
            return JSONResponse(told, code)
        return PlainTextResponse(told["message"], code)

    def _about(self, name: str) -> dict[str, Any]:
        folder = self.runs.path(name)
        place, error = self.trainings.place(folder), self.trainings.error(folder)
        return self.runs.about(name, place, error, name in self.drawing)

    def _about_photo(self, upload: Upload) -> dict[str, Any]:
        return {
            "photo": upload.id,
            "name": upload.name,
            "size": upload.size,
            "small": f"/photos/{upload.id}/small",
            "url": f"/photos/{upload.id}/shown",
            "whole": f"/photos/{upload.id}/whole",
            "importance": f"/photos/{upload.id}/importance",
            "count": len(upload.runs),
            "training": self._progress(upload),
        }

    def _progress(self, upload: Upload) -> float | None:
        """The finished fraction of a photo's training; None if none is running or waiting."""
        for name in reversed(upload.runs):
            if self.trainings.place(self.runs.path(name)) is not None:
                return float(self._about(name)["share"])
        return None


def application(settings: Settings) -> Starlette:
    """The application; its processes end with it. A UserError if its folder cannot be made."""
    programs.remove_leftovers(make_folder(settings.runs))
    server = Server(settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        start = asyncio.get_running_loop().run_in_executor(None, server.warm_up)
        try:
            yield
        finally:
            await start
            await run_in_threadpool(server.close)

    get, post = partial(Route, methods=["GET"]), partial(Route, methods=["POST"])
    routes = [
        get("/", lambda _: FileResponse(PAGE / "index.html")),
        Mount("/page", StaticFiles(directory=PAGE)),
        get("/photos", server.photos),
        post(API + "{task}", server.post),
        post("/photos", server.add_photo),
        get("/photos/{id}", server.photo),
        get("/photos/{id}/{which:str}", server.photo_file),
        post("/photos/{id}/delete", server.delete_photo),
        post("/photos/{id}/drawings", server.add_drawing),
        Route("/photos/{id}/preview", server.preview, methods=["POST", "DELETE"]),
        post("/photos/{id}/plans", partial(server.preview, tells=True)),
        post("/photos/{id}/runs", server.start),
        post("/runs/{group}/{time}/stop", server.stop),
        post("/runs/{group}/{time}/resume", server.resume),
        post("/runs/{group}/{time}/delete", server.delete),
        post("/runs/{group}/{time}/photo", server.reuse),
        get("/runs/{group}/{time}/{file:path}", server.file),
    ]
    served = Starlette(
        routes=routes,
        lifespan=lifespan,
        # Nobody waits for the answer of what was stopped.
        exception_handlers={
            UserError: server.user_error,
            Stopped: lambda *_: Response(status_code=204),
        },
        middleware=[Middleware(Guard, token=settings.token)],
    )
    served.state.server = server
    return served


@asynccontextmanager
async def watched(request: Request, gone: Callable[[], None]) -> AsyncIterator[None]:
    """A block, after a request was read, during which ``gone`` is called if the client goes."""

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone()

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


def _name(request: Request) -> str:
    return f"{request.path_params['group']}/{request.path_params['time']}"
