"""``POST /api/TASK``: a server in a process of its own, asked as other programs ask it."""

import io
import re
import runpy
import socket
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("python_multipart")
pytest.importorskip("requests")
pytest.importorskip("uvicorn")
import requests

from internal_gan.cli import main
from internal_gan.config.compose import save_options
from internal_gan.images.files.image import read_image
from tests.commands import ROOT, start_process
from tests.tiny import trained

# A file's name, or None, and its bytes or an option's value.
Field = tuple[str | None, bytes | str]
OURS = {"Authorization": "Bearer secret"}


@dataclass
class Served:
    """A running server: its address, and its folder of runs."""

    address: str
    runs: Path

    def send(
        self, task: str, fields: dict[str, Field] | None = None, headers: dict[str, str] = OURS
    ) -> tuple[int, str]:
        """The status and the text of the answer."""
        address = f"{self.address}/api/{task}"
        answer = requests.post(address, headers=headers, files=fields)
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
    options = ("port=0", "browser=false", "token=secret", "max_megapixels=1", f"runs={runs}")
    with start_process("app", *options, cwd=ROOT) as process:
        assert process.stdout is not None
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert found is not None
        yield Served(found[0], runs)
        # Nothing is left of all that was sent.
        assert {path.name for path in runs.glob("*")} <= {"photo-singan"}
        process.terminate()
        _, said = process.communicate(timeout=60)
    assert "rror" not in said


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a gray photo of 16 bits that has a profile, and two masks of its size."""
    path = tmp_path_factory.mktemp("given")
    levels = np.random.default_rng(0).integers(0, 65536, (48, 64), dtype=np.uint16)
    profile = bytes(16) + b"GRAY" + bytes(108)
    Image.fromarray(levels).save(path / "photo.png", icc_profile=profile)
    mask = Image.new("L", (64, 48))
    mask.paste(255, (20, 20, 30, 28))
    mask.save(path / "mask.png")
    mask.transpose(Image.Transpose.ROTATE_180).save(path / "avoid.png")
    (path / "junk.png").write_text("no picture")
    Image.new("1", (30, 30)).save(path / "small.png")
    Image.new("1", (1200, 1000)).save(path / "huge.png")
    return path


@pytest.fixture
def client(server: Served, place: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The example's client, in the folder of the photo."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("GAN_SERVER", server.address)
    monkeypatch.setenv("GAN_TOKEN", "secret")
    main: Callable[..., None] = runpy.run_path(str(ROOT / "examples" / "post.py"))["main"]
    return main


@pytest.mark.parametrize(
    ("task", "fields"),
    [
        ("fill", ("mask=@mask.png", "fill.avoid=@avoid.png", "mask.dilate=1")),
        ("extend", ("extend.margins=[0,10%,0,5]",)),
    ],
)
def test_the_answer_is_the_picture_of_the_command_line(
    client: Callable[..., None], tmp_path: Path, task: str, fields: tuple[str, ...]
) -> None:
    client(task, str(tmp_path / "posted.png"), "image=@photo.png", *fields)
    run = tmp_path / "run"
    options = [field.replace("@", "") for field in fields]
    main([f"task={task}", "image=photo.png", *options, f"output={run}"])
    ours, theirs = read_image(tmp_path / "posted.png"), read_image(run / task / "000.png")
    assert (ours.bit_depth, ours.is_gray) == (16, True)
    assert ours.icc_profile == theirs.icc_profile is not None
    assert (ours.pixels == theirs.pixels).all()


def test_a_trained_model_is_named_by_its_run(
    client: Callable[..., None], server: Served, tmp_path: Path
) -> None:
    run = trained(server.runs / "photo-singan" / "1")
    save_options(run.options, run.folder.config_path)
    options = ("checkpoint=photo-singan/1", "sample.count=1", "sample.size=[30,44]")
    client("sample", str(tmp_path / "sample.png"), *options)
    assert read_image(tmp_path / "sample.png").size == (30, 44)


def test_layers_come_back_with_the_picture_in_a_zip_file(
    client: Callable[..., None], tmp_path: Path
) -> None:
    layers = ("layers=@avoid.png", "layers.labels=@mask.png")
    client("make_tileable", str(tmp_path / "all.zip"), "image=@photo.png", *layers)
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        names = [f"make_tileable/{name}000.png" for name in ("", "layers/avoid/", "layers/mask/")]
        assert archive.namelist() == names
        for name in names:
            with Image.open(io.BytesIO(archive.read(name))) as image:
                assert image.size == (64, 48)


@pytest.mark.parametrize(
    ("task", "fields", "code", "said"),
    [
        ("fil", {}, 404, "task=fil: there is no such task; did you mean 'fill'?"),
        ("train", {"image": "photo.png"}, 404, "task=train: there is no such task"),
        ("fill", {"mask": "mask.png"}, 400, "image=FILE is missing: it names the photo"),
        ("fill", {"image": "photo.png", "mask": "small.png"}, 400, "mask=small.png: 30x30 pixels"),
        ("fill", {"image": "photo.png", "mask": "junk.png"}, 415, "mask=junk.png: not an image"),
        ("preview", {"image": "huge.png"}, 413, "huge.png: 1 megapixels; allowed: up to 1 ("),
        ("preview", {"image": "photo.png", "output": "mask.png"}, 400, "output: takes no file"),
        ("preview", {"image": "photo.png", "output": "=x"}, 400, "output: cannot be set here"),
        ("fill", {"image": "=/etc/x"}, 400, "image=/etc/x: needs the file"),
        ("preview", {"image": "photo.png", "preview.freedom": "=7"}, 400, "preview.freedom=7"),
        ("fill", {"image": "photo.png", "fill.seed": "=${seed}"}, 400, "fill.seed: needs a number"),
        ("sample", {"sample.count": "=1"}, 400, "task=sample needs checkpoint=RUN"),
        ("sample", {"checkpoint": "=../x"}, 404, "there is no such run"),
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


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({**OURS, "Origin": "http://evil.example"}, 403),
    ],
)
def test_the_token_is_needed_and_other_pages_are_refused(
    server: Served, headers: dict[str, str], code: int
) -> None:
    assert server.send("fill", headers=headers)[0] == code


def test_two_gigabytes_are_refused_before_they_are_read(server: Served) -> None:
    with server.begun(2**31) as line:
        assert line.recv(99).startswith(b"HTTP/1.1 413 ")


def test_a_program_that_goes_away_leaves_nothing_behind(server: Served) -> None:
    with server.begun(500_000) as line:
        line.sendall(
            b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\nabc'
        )
    assert server.send("preview")[0] == 400
