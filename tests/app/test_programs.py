"""What requests may set, and ``POST /api/TASK``, asked over HTTP as other programs ask."""

import io
import os
import runpy
import socket
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("python_multipart")
pytest.importorskip("requests")
pytest.importorskip("uvicorn")
import requests
import uvicorn

from internal_gan.app import guard, programs
from internal_gan.app.processes import Worker
from internal_gan.app.server import application
from internal_gan.app.settings import Settings
from internal_gan.app.worker import done
from internal_gan.cli import main
from internal_gan.config.catalogue import MAKING, SPECS
from internal_gan.config.compose import save_options
from internal_gan.config.options import FIELDS, PATHS
from internal_gan.errors import UserError
from internal_gan.images.files.image import read_image
from internal_gan.images.masks import write_mask
from internal_gan.models.singan.training import SinGANRecipe
from internal_gan.runs.model_file import save_model
from internal_gan.runs.records import read_results
from internal_gan.stopping import Stopped
from tests.commands import ROOT
from tests.tiny import GRAY, holes, tiny_options, untrained

# A file's name, or None, and its bytes or an option's value.
Field = tuple[str | None, bytes | str]
Client = Callable[..., None]


def asked(task: str, name: str, value: object) -> list[str]:
    return programs.overrides_of(task, {name: value}, drawing=Path("/drawings").joinpath)


@pytest.mark.parametrize("task", MAKING)
def test_the_options_of_a_task_can_be_set_and_files_only_by_their_ids(task: str) -> None:
    other = "paint.count" if task == "sample" else "sample.count"
    never = ("image", "output", "checkpoint", "device", "layers.files", other)
    for name in (*never, *(name for name in FIELDS if name.startswith(f"{task}."))):
        if name in SPECS[task].reads:
            assert asked(task, name, "id") == [f"{name}=/drawings/id"]
        elif name in never or name in PATHS:
            with pytest.raises(UserError, match="cannot be set here"):
                asked(task, name, 3)
        else:
            assert asked(task, name, 3) == [f"{name}=3"]


@pytest.mark.parametrize("value", ["../x", "/etc", "a b", "${seed}", "a,b", {"a": 1}, ["/etc"]])
def test_a_value_is_a_number_a_word_or_a_list(value: object) -> None:
    with pytest.raises(UserError, match="a number, a word, or a list"):
        asked("sample", "sample.size", value)


@dataclass
class Served:
    """A running server: its address, and its folder of runs."""

    address: str
    runs: Path
    app: Any

    def send(self, task: str, fields: dict[str, Field] | None = None) -> tuple[int, str]:
        """The status and the text of the answer."""
        headers = {"Authorization": "Bearer secret"}
        answer = requests.post(f"{self.address}/api/{task}", headers=headers, files=fields)
        return answer.status_code, answer.text

    def begun(self, length: int) -> socket.socket:
        """A connection on which a request with a body of this length has begun."""
        host, _, port = self.address.removeprefix("http://").partition(":")
        line = socket.create_connection((host, int(port)), timeout=30)
        headers = (
            f"Host: {host}:{port}",
            *("Authorization: Bearer secret", f"Content-Length: {length}"),
            "Content-Type: multipart/form-data; boundary=x",
        )
        line.sendall("\r\n".join(["POST /api/fill HTTP/1.1", *headers, "\r\n"]).encode())
        return line


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    runs = tmp_path_factory.mktemp("served") / "runs"
    page = application(Settings(token="secret", max_megapixels=1, runs=runs))
    served = uvicorn.Server(uvicorn.Config(page, http=guard.Connection, log_config=None))
    listening = socket.create_server(("127.0.0.1", 0))
    with pytest.MonkeyPatch.context() as patch:
        # In this process, which has already loaded what a worker loads.
        patch.setattr(Worker, "start", lambda self: None)
        patch.setattr(Worker, "do", lambda self, run, overrides: done(overrides))
        thread = threading.Thread(target=served.run, args=([listening],))
        thread.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        yield Served(address, runs, page.state.server)
        served.should_exit = True
        thread.join()
    # Nothing is left of all that was sent.
    assert {path.name for path in runs.glob("*")} <= {"photo-singan", ".app"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a gray photo of 16 bits that has a profile, and two masks of its size."""
    path = tmp_path_factory.mktemp("given")
    levels = np.random.default_rng(0).integers(0, 65536, (48, 64), dtype=np.uint16)
    Image.fromarray(levels).save(path / "photo.png", icc_profile=GRAY)
    write_mask(path / "mask.png", holes((48, 64), (20, 20, 8, 10)))
    write_mask(path / "avoid.png", holes((48, 64), (20, 34, 8, 10)))
    (path / "junk.png").write_text("no picture")
    Image.new("1", (30, 30)).save(path / "small.png")
    Image.new("1", (1200, 1000)).save(path / "huge.png")
    return path


@pytest.fixture
def client(server: Served, place: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The example's client, in the folder of the photo."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("GAN_SERVER", server.address)
    monkeypatch.setenv("GAN_TOKEN", "secret")
    main: Client = runpy.run_path(str(ROOT / "examples" / "post.py"))["main"]
    return main


@pytest.mark.parametrize(
    ("task", "fields"),
    [
        ("fill", ("mask=@mask.png", "fill.avoid=@avoid.png", "mask.dilate=1")),
        ("extend", ("extend.margins=[0,10%,0,5]",)),
        ("retarget", ("retarget.shape=[40,80]", "retarget.protect=@mask.png")),
        ("edit", ("edit.image=@photo.png", "mask=@mask.png")),
    ],
)
def test_the_answer_is_the_picture_of_the_command_line(
    client: Client, tmp_path: Path, task: str, fields: tuple[str, ...]
) -> None:
    client(task, str(tmp_path / "posted.png"), "image=@photo.png", *fields)
    run = tmp_path / "run"
    options = [field.replace("@", "") for field in fields]
    main([f"task={task}", "image=photo.png", *options, f"output={run}"])
    (result,) = [one for one in read_results(run) if one.kind == "result"]
    ours, theirs = read_image(tmp_path / "posted.png"), read_image(run / result.file)
    assert (ours.bit_depth, ours.is_gray) == (16, True)
    assert ours.icc_profile == theirs.icc_profile is not None
    assert (ours.pixels == theirs.pixels).all()


def test_a_trained_model_is_named_by_a_run(client: Client, server: Served, tmp_path: Path) -> None:
    folder, options = server.runs / "photo-singan" / "1", tiny_options()
    folder.mkdir(parents=True)
    save_options(options, folder / "config.yaml")
    save_model(untrained(), folder / "model.safetensors", SinGANRecipe.architecture(options.model))
    fields = ("checkpoint=photo-singan/1", "sample.count=1", "sample.size=[30,44]")
    client("sample", str(tmp_path / "sample.png"), *fields)
    assert read_image(tmp_path / "sample.png").size == (30, 44)


def test_layers_come_back_with_the_picture_in_a_zip_file(client: Client, tmp_path: Path) -> None:
    layers = ("layers=@avoid.png", "layers=@photo.png", "layers=@mask.png")
    client("make_tileable", str(tmp_path / "all.zip"), "image=@photo.png", *layers)
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        rooms = ["", *(f"layers/{name}/" for name in ("avoid", "photo", "mask"))]
        names = [f"make_tileable/{room}000.png" for room in rooms]
        assert archive.namelist() == names
        for name in names:
            with Image.open(io.BytesIO(archive.read(name))) as image:
                assert image.size == (64, 48)


class Sockets(dict[str, Any]):
    """Inputs of a node of Blender, by their names."""

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values())


def node(kind: str, image: Any = None, **inputs: SimpleNamespace) -> SimpleNamespace:
    """A node of Blender, and those that lead to its inputs."""
    links = {name: SimpleNamespace(from_node=other) for name, other in inputs.items()}
    sockets = {name.replace("_", " "): SimpleNamespace(links=[links[name]]) for name in links}
    return SimpleNamespace(type=kind, image=image, inputs=Sockets(sockets))


class BlenderImage:
    """An image in Blender: a file, packed or not, or painted, which ``save`` writes."""

    library = packed_file = None
    alpha_mode, colorspace_settings = "NONE", SimpleNamespace(name="Non-Color")

    def __init__(self, path: str, source: str = "FILE", is_dirty: bool = False) -> None:
        self.name, self.filepath = Path(path).name, path
        self.source, self.is_dirty = source, is_dirty

    def pack(self) -> None:
        self.packed_file = SimpleNamespace(data=Path(self.filepath).read_bytes())

    def save(self, *, filepath: str, save_copy: bool) -> None:
        assert save_copy
        Image.new("L", (64, 48), 99).save(filepath)


@pytest.fixture
def add_on(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the add-on for Blender defines, with a stand-in for Blender."""
    bpy = Mock()
    for name in ("AddonPreferences", "Operator", "Panel"):
        setattr(bpy.types, name, type(name, (), {}))
    bpy.utils.register_classes_factory.return_value = (None, None)
    bpy.path.abspath = lambda path, library: path
    bpy.data.images.load = BlenderImage
    monkeypatch.setitem(sys.modules, "bpy", bpy)
    monkeypatch.setitem(sys.modules, "bpy.props", bpy.props)
    return runpy.run_path(str(ROOT / "examples" / "blender_material.py"), run_name="add_on")


def test_the_textures_of_a_material_in_blender_tile_together(
    add_on: dict[str, Any], server: Served, client: Client, place: Path, tmp_path: Path
) -> None:
    packed = BlenderImage("mask.png")
    packed.pack()
    images = [
        *(BlenderImage(str(place / "photo.png")), packed),
        BlenderImage("painted", source="GENERATED", is_dirty=True),
    ]
    colour, rough, height = (node("TEX_IMAGE", image) for image in images)
    mix = node("MIX", Color=colour)
    shader = node("BSDF_PRINCIPLED", Roughness=rough, Base_Color=mix)
    output = node("OUTPUT_MATERIAL", Surface=shader, Displacement=height)
    nodes = [output, shader, rough, mix, height, colour]
    context = Mock()
    tree = SimpleNamespace(nodes=nodes, get_output_node=lambda target: output)
    context.object.active_material = SimpleNamespace(name="Wall", node_tree=tree)
    given = SimpleNamespace(server=server.address, token="secret")
    context.preferences.addons = {"add_on": SimpleNamespace(preferences=given)}
    operator, said = add_on["MATERIAL_OT_tile"](), list[str]()
    operator.axes = "x"
    operator.report = lambda kinds, text: said.append(text)

    rough.image = BlenderImage(str(place / "small.png"))
    assert operator.execute(context) == {"CANCELLED"}
    assert said == ["layers=1 small.png: 30x30 pixels; the photo has 48x64"]
    assert colour.image == images[0]

    rough.image = images[1]
    assert operator.execute(context) == {"FINISHED"}
    found = [texture.image for texture in (colour, rough, height)]
    names = ("photo", "mask", "painted")
    assert [image.name for image in found] == [f"{name} tileable" for name in names]
    Image.new("L", (64, 48), 99).save(tmp_path / "painted.png")
    layers = ("layers=@mask.png", f"layers=@{tmp_path / 'painted.png'}")
    options = ("image=@photo.png", *layers, "make_tileable.axes=x")
    client("make_tileable", str(tmp_path / "all.zip"), *options)
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        files = [archive.read(name) for name in archive.namelist()]
    assert [image.packed_file.data for image in found] == files


@pytest.mark.parametrize(
    ("task", "fields", "code", "said"),
    [
        ("fil", {}, 404, "task=fil: there is no such task; did you mean 'fill'?"),
        ("train", {"image": "photo.png"}, 404, "task=train: there is no such task"),
        ("fill", {"mask": "mask.png"}, 400, "task=fill needs a photo, image=FILE, or a trained"),
        ("extend", {"seed": "=1"}, 400, "image=FILE is missing: it names the photo"),
        ("fill", {"image": "photo.png", "mask": "small.png"}, 400, "mask=small.png: 30x30 pixels"),
        ("fill", {"image": "photo.png", "mask": "junk.png"}, 415, "mask=junk.png: not an image"),
        ("sample", {"image": "huge.png"}, 413, "huge.png: 1 megapixels; allowed: up to 1 ("),
        ("sample", {"image": "photo.png", "output": "mask.png"}, 400, "output: takes no file"),
        ("fill", {"image": "=/etc/x"}, 400, "image=/etc/x: needs the file"),
        ("sample", {"image": "photo.png", "sample.count": "=0"}, 400, "sample.count=0"),
        ("sample", {"image": "photo.png", "model": "=singan"}, 400, "model: cannot be set here"),
        ("sample", {"sample.count": "=1"}, 400, "task=sample needs a photo, image=FILE, or a"),
        ("sample", {"checkpoint": "=../x"}, 404, "there is no such run"),
        ("sample", {"checkpoint": "=a/b"}, 404, "run folder a/b does not exist"),
        ("fill", {}, 400, "the request: needs to be multipart/form-data"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    server: Served, place: Path, task: str, fields: dict[str, str], code: int, said: str
) -> None:
    given: dict[str, Field] = {
        name: (None, one[1:]) if one.startswith("=") else (one, (place / one).read_bytes())
        for name, one in fields.items()
    }
    answer = server.send(task, given)
    assert answer[0] == code, answer
    assert answer[1].startswith(said)
    assert "\n" not in answer[1]
    assert str(server.runs) not in answer[1]


def test_two_gigabytes_are_refused_before_they_are_read(server: Served) -> None:
    with server.begun(2**31) as line:
        assert line.recv(99).startswith(b"HTTP/1.1 413 ")


def test_a_program_that_goes_away_leaves_nothing_behind(
    server: Served, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with server.begun(500_000) as out:
        out.sendall(b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\nabc')
    assert server.send("sample")[0] == 400
    assert capsys.readouterr().err == caplog.text == ""


def test_work_ends_when_its_client_goes_away(
    server: Served, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended, headers = threading.Event(), threading.Event(), {"Authorization": "Bearer secret"}

    def drawn(task: str, *, stop: Callable[[], bool]) -> None:
        begun.set()
        while not stop():
            time.sleep(0.02)
        ended.set()
        raise Stopped

    def done(run: str, overrides: Any) -> UserError:
        begun.set()
        return UserError(f"stopped: {ended.wait(30)}")

    monkeypatch.setattr(server.app, "previews", lambda path: Mock(side_effect=drawn))
    monkeypatch.setattr(server.app.worker, "do", done, raising=False)
    monkeypatch.setattr(server.app.worker, "stop", lambda run: ended.set())
    data = (place / "photo.png").read_bytes()
    where = f"{server.address}/photos?name=a.png"
    photo = requests.post(where, headers=headers | {guard.HEADER: "1"}, data=data).json()["photo"]
    fields: Any = {"task": (None, "sample"), "options": (None, "{}")}
    program: Any = {"image": ("a.png", data)}
    for path, files in ((f"photos/{photo}/preview", fields), ("api/sample", program)):
        begun.clear()
        ended.clear()
        with suppress(requests.Timeout):
            sent = headers | {guard.HEADER: "1"}
            requests.post(f"{server.address}/{path}", headers=sent, files=files, timeout=1)
        assert begun.is_set()
        assert ended.wait(20), path


def test_connections_without_a_request_are_closed(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "IDLE", 0.2)
    monkeypatch.setattr(guard, "PATIENCE", 0.2)
    address = ("127.0.0.1", int(server.address.rpartition(":")[2]))
    for begun in (
        b"",
        b"GET / HTTP/1.1\r\nHost: a\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\n\r\nG",
    ):
        with socket.create_connection(address, timeout=4) as line:
            line.sendall(begun)
            answer = b"".join(iter(lambda: line.recv(999), b""))  # until it is closed
        assert answer.startswith(b"HTTP/1.1 204" if b"health" in begun else b""), begun
    with server.begun(500) as line:
        line.sendall(b"--x")
        assert line.recv(99).startswith(b"HTTP/1.1 408 ")


def test_what_killed_servers_left_is_removed(tmp_path: Path) -> None:
    gone, ours, alive = 2**22 + 7, os.getpid(), os.getppid()  # no process has the first number
    for name in (f".post-{gone}-a", f".post-{ours}-b", ".post-old", f".post-{alive}-c", "run"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "photo.png").touch()
    programs.remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f".post-{alive}-c", "run"}
