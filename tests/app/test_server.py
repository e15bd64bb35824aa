"""The server behind the page: who may reach it, and what it does with bad input."""

import errno
import io
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from urllib.request import urlopen

import numpy as np
import psutil
import pytest
from PIL import Image

pytest.importorskip("starlette")
from starlette.testclient import TestClient

import internal_gan
from internal_gan.app.guard import HEADER
from internal_gan.app.processes import Worker
from internal_gan.app.server import MAX_TABS, application
from internal_gan.app.settings import Settings
from internal_gan.errors import UserError
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.files.marks import xmp
from internal_gan.runs.folder import RunFolder
from internal_gan.stopping import Stopped
from tests.commands import start_process
from tests.tiny import SRGB, picture

OURS = {HEADER: "1"}
BASE = "http://127.0.0.1:7860"


def content(image: Image.Image, kind: str = "PNG", **how: Any) -> bytes:
    """An image's file."""
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def opened(answer: Any) -> Image.Image:
    """The image that the server sent."""
    return Image.open(io.BytesIO(answer.content))


def png(height: int = 40, width: int = 56) -> bytes:
    return content(Image.linear_gradient("L").resize((width, height)).convert("RGB"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def client(runs: Path) -> Iterator[TestClient]:
    settings = Settings(runs=runs, max_megapixels=1, trainer="debug")
    with TestClient(application(settings), BASE, headers=OURS) as client:
        yield client


@pytest.fixture
def photo(client: TestClient) -> str:
    answer = client.post("/photos?name=my photo.png", content=png())
    assert answer.status_code == 200, answer.text
    assert answer.json()["size"] == [40, 56]
    return str(answer.json()["photo"])


def error(answer: Any, code: int = 400) -> str:
    assert answer.status_code == code, answer.text
    told = answer.json() if "json" in answer.headers["content-type"] else {"message": answer.text}
    text = str(told["message"])
    assert "\n" not in text
    assert "Traceback" not in text
    return text


def test_the_page_loads_nothing_from_other_hosts(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    policies = (
        one.headers["content-security-policy"] for one in (page, client.get("/x/index.html"))
    )
    # Only a run's report, which is one file, has its style in it.
    assert ["'unsafe-inline'" in one for one in policies if "default-src 'self'" in one] == [0, 1]
    for name in ("app.js", "stage.js", "tools.js", "style.css", "icon.svg"):
        text = client.get(f"/page/{name}").text
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize(
    ("where", "data", "code", "part"),
    [
        ("photos?name=a.txt", b"text", 400, "a.txt: not the name of a picture"),
        ("photos?name=a.png", b"text", 400, "a.png: not an image, or a damaged one"),
        ("photos?name=a.png", b"", 400, "a.png: the file is empty"),
        # Pillow reads it by starting another program.
        ("photos?name=a.png", content(Image.new("L", (40, 30)), "EPS"), 400, "not an image"),
        ("photos?name=a.png", png(1200, 1000), 413, "1 megapixels; allowed: up to 1"),
        ("photos?name=a.png", png()[:-40], 400, "damaged"),
        ("photos/{}/runs", b"", 400, "the request cannot be read"),
        ("photos/{}/runs", b"[]", 400, "the request cannot be read"),
        ("photos/{}/runs", b'{"options": []}', 400, "the request cannot be read"),
        ("photos/{}/runs", b"\xff", 400, "the request cannot be read"),
        ("photos/{}/runs", b'{"a":' + b"[" * 50_000, 400, "the request cannot be read"),
        ("photos/{}/runs", b'{"task": "\\ud800"}', 400, "the request cannot be read"),
        ("photos/{}/preview?wish=" + 5000 * "1", b"", 400, "needs a whole number"),
        ("runs/a/b/photo", b'{"file": "a\\u0000b"}', 404, "there is no such file"),
        (f"runs/{'a' * 300}/b/stop", b"", 404, "there is no such run"),
        ("photos/{}/drawings?kind=paint", b"text", 400, "cannot be read"),
        ("photos/{}/drawings?kind=paint", png()[:-40], 400, "cannot be read"),
        ("photos/{}/drawings?kind=paint", png(8, 3000), 400, "up to 2048"),
        ("photos/{}/preview?wish=two", b"", 400, "wish=two: needs a whole number"),
        ("photos/{}/plans", b"", 400, "the request: needs to be multipart/form-data"),
        ("photos/{}/drawings?kind=importance", b"text", 400, "cannot be read"),
        ("runs/a/b/delete", b"", 404, "there is no such run"),
        ("runs/a/b/photo", b'{"file": "../config.yaml"}', 404, "there is no such file"),
    ],
)
def test_what_cannot_be_used_gives_a_one_line_error(
    client: TestClient, photo: str, where: str, data: bytes, code: int, part: str
) -> None:
    assert part in error(client.post(f"/{where}".format(photo), content=data), code)


def test_a_photo_with_a_damaged_record_is_left_out(client: Any, photo: str, runs: Path) -> None:
    known = '"name": "a", "file": "photo.png", "size": [40, 56]'
    damaged = (f'{{{known}, "runs": {runs}}}' for runs in (5, [5]))
    for record in ('{"name": "a"}', '{"size": 5}', *damaged):
        (runs / ".app" / "photos" / photo / "photo.json").write_text(record)
        assert "no such photo" in error(client.post(f"/photos/{photo}/runs", content=b"{}"), 404)
        assert photo not in [one["photo"] for one in client.get("/photos").json()["photos"]]
    record = f'{{{known}, "runs": ["../../x"]}}'
    (runs / ".app" / "photos" / photo / "photo.json").write_text(record)
    assert photo not in [one["photo"] for one in client.get("/photos").json()["photos"]]


@pytest.mark.parametrize(
    "path",
    [
        *("/runs/..%2f..%2fetc/passwd/x", "/runs/.app/photos/x", "/runs/a/b/..%2f..%2f.app"),
        *("/runs/%2e%2e/%2e%2e/etc/passwd", "/photos/..%2f..%2f/file", "/page/..%2f..%2fcli.py"),
        *("/runs/a/b/c%00.png", f"/runs/{'a' * 300}/b/x"),
    ],
)
def test_no_path_reaches_outside_the_runs_folder(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_files_are_served_links_out_are_not(client: TestClient, runs: Path, tmp_path: Path) -> None:
    run = runs / "photo-sample" / "2026-01-01"
    (run / "sample").mkdir(parents=True)
    mark = xmp("trainedAlgorithmicMedia", "sample", "singan")
    write_image(run / "sample" / "000.png", picture(), mark=mark)
    (tmp_path / "secret.png").write_bytes(png())
    (run / "sample" / "out.png").symlink_to(tmp_path / "secret.png")
    assert client.get("/runs/photo-sample/2026-01-01/sample/000.png").status_code == 200
    jpeg = opened(client.get("/runs/photo-sample/2026-01-01/sample/000.png?format=jpg"))
    assert (jpeg.size, jpeg.info["xmp"]) == ((56, 40), mark)
    assert client.get("/runs/photo-sample/2026-01-01/sample/out.png").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {**OURS, "host": "evil.example"},
        {**OURS, "origin": "http://evil.example"},
        {**OURS, "origin": "null"},
        {},
        {**OURS, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
    ],
)
def test_other_pages_cannot_reach_it(client: TestClient, headers: dict[str, str]) -> None:
    plain = TestClient(client.app, BASE)
    error(plain.post("/photos?name=a.png", content=png(), headers=headers), 403)


def test_from_another_machine_the_token_is_needed(tmp_path: Path) -> None:
    settings = Settings(runs=tmp_path, host="0.0.0.0", token="secret")
    client = TestClient(application(settings), "http://192.168.0.7:7860", follow_redirects=False)
    assert client.get("/photos").status_code == 401
    assert client.get("/?token=wrong").status_code == 401
    assert client.get("/health").status_code == 204
    token, evil = {"authorization": "Bearer secret"}, {"origin": "http://evil.example"}
    for headers, code in (({}, 401), (token, 400), (token | evil, 403)):
        assert client.post("/api/fill", headers=headers).status_code == code
    assert client.get("/photos", headers={"authorization": "Bearer wrong"}).status_code == 401
    entered = client.get("/?token=secret")
    assert entered.status_code == 303
    assert "httponly" in entered.headers["set-cookie"].lower()
    assert client.get("/photos").status_code == 200


def test_the_printed_addresses_can_be_opened() -> None:
    for host, own in (("0.0.0.0", "127.0.0.1"), ("::", "[::1]")):
        here, others = Settings(host=host, token="x y").urls(80)
        assert here == f"http://{own}:80/?token=x%20y"
        assert others == f"http://{socket.gethostname()}:80/?token=x%20y"


@pytest.mark.parametrize(
    ("asked", "code", "part"),
    [
        ({"task": "train"}, 400, "not on this page"),
        ({"task": "fill", "options": {"mask.file": "../x"}}, 404, "no such drawing"),
        ({"task": "sample", "model": "ingan"}, 400, "model=ingan: not for task=sample; allowed: s"),
        ({"task": "extend", "model": "singan"}, 400, "singan: not for task=extend; allowed: none"),
        ({"task": "sample", "model": ["singan"]}, 400, "not for task=sample"),
        ({"task": "sample", "run": "../x"}, 404, "no such run"),
        ({"task": "sample", "run": "a/b"}, 404, "run folder a/b does not exist"),
        # As on the command line.
        (
            {"task": "sample", "options": {"sample.start_scale": 7}},
            400,
            "sample.start_scale=7: 4 of the model's 4 scales are finished",
        ),
    ],
)
def test_an_invalid_request_is_one_line(
    client: Any, photo: str, asked: Any, code: int, part: str
) -> None:
    answer = client.post(f"/photos/{photo}/runs", json=asked)
    assert part in error(answer, code)
    assert client.get(f"/photos/{photo}").json()["runs"] == []


def test_strokes_are_scaled_to_the_photo_and_painted_on_it(client: TestClient, runs: Path) -> None:
    own = Image.effect_noise((300, 200), 60).convert("RGB")
    file = content(own, icc_profile=SRGB)
    photo = client.post("/photos?name=a.png", content=file).json()["photo"]
    strokes = Image.new("RGBA", (150, 100))
    strokes.paste((200, 10, 20, 255), (50, 40, 100, 60))
    ids = {
        kind: client.post(f"/photos/{photo}/drawings?kind={kind}", content=content(strokes)).json()
        for kind in ("mask", "paint")
    }
    drawn = {
        kind: runs / ".app/photos" / photo / f"{one['drawing']}.png" for kind, one in ids.items()
    }
    with Image.open(drawn["paint"]) as painted, Image.open(drawn["mask"]) as mask:
        assert painted.size == mask.size == (300, 200)
        assert painted.info["icc_profile"] == SRGB
        assert painted.getpixel((150, 100)) == (200, 10, 20)
        assert mask.getpixel((150, 100)) == 255
        assert painted.crop((0, 0, 300, 70)).tobytes() == own.crop((0, 0, 300, 70)).tobytes()
        assert mask.crop((0, 0, 300, 70)).getextrema() == (0, 0)


def test_a_profile_counts_when_a_photo_is_shown_or_painted(client: TestClient, runs: Path) -> None:
    # Red and green change places.
    swapped = SRGB.replace(b"rXYZ", b"____").replace(b"gXYZ", b"rXYZ").replace(b"____", b"gXYZ")
    file = content(Image.new("RGB", (60, 40), (250, 20, 30)), icc_profile=swapped)
    about = client.post("/photos?name=swapped.png", content=file).json()
    for which in ("small", "url", "whole"):
        shown = opened(client.get(about[which]))
        assert shown.info.get("icc_profile") is None
        assert shown.getpixel((30, 20)) == pytest.approx((20, 250, 30), abs=4)
    file = content(Image.new("RGBA", (60, 40), (200, 10, 20, 255)))
    address = f"/photos/{about['photo']}/drawings?kind=paint"
    drawing = client.post(address, content=file).json()["drawing"]
    with Image.open(runs / ".app/photos" / about["photo"] / f"{drawing}.png") as painted:
        assert painted.info["icc_profile"] == swapped
        assert painted.getpixel((30, 20)) == pytest.approx((10, 200, 20), abs=4)


def test_unrelated_folders_and_odd_names_do_no_harm(client: TestClient, runs: Path) -> None:
    for name in ("first try/1", "a/b c", "old/2026"):
        (runs / name).mkdir(parents=True)
        (runs / name / "config.yaml").touch()
        (runs / name / "index.html").touch()
    photo = client.post("/photos?name=-x.png", content=png()).json()["photo"]
    others = {one["run"] for one in client.get("/photos").json()["others"]}
    assert "old/2026" in others
    assert not {"first try/1", "a/b c"} & others
    tile = client.post(f"/photos/{photo}/runs", json={"task": "make_tileable"})
    assert tile.json()["state"] == "finished"


def test_an_unexpected_error_is_told(client: Any, monkeypatch: Any, capsys: Any) -> None:
    broken = Mock(side_effect=ZeroDivisionError("by zero"))
    monkeypatch.setattr("internal_gan.app.uploads.Uploads.all", broken)
    assert error(client.get("/photos"), 500) == "unexpected ZeroDivisionError: by zero"
    assert capsys.readouterr().err == "error: /photos: unexpected ZeroDivisionError: by zero\n"


def test_a_full_disk_is_told_and_leaves_nothing(
    client: Any, photo: str, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, full = sorted(runs.rglob("*")), OSError(errno.ENOSPC, "No space left", f"{runs}/x")
    stroke = content(Image.new("RGBA", (8, 8)))

    def begun(path: Any) -> None:
        Path(path).write_bytes(b"")
        raise full

    with monkeypatch.context() as patch:
        patch.setattr("PIL.Image.Image.save", lambda image, path, *_, **how: begun(path))
        where = f"/photos/{photo}/drawings?kind=mask"
        assert "disk is full" in error(client.post(where, content=stroke), 507)
    data = png()
    monkeypatch.setattr("internal_gan.app.uploads.Uploads.add", Mock(side_effect=full))
    answer = client.post("/photos?name=a.png", content=data)
    assert error(answer, 507) == "the server's disk is full"
    assert sorted(runs.rglob("*")) == before


def test_a_run_that_fails_leaves_no_folder(
    client: Any, photo: str, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failed(run: str, overrides: Any) -> UserError:
        (runs / run).mkdir()
        return UserError(f"image={runs.resolve()}/.app/photos/{photo}/photo.png: too odd")

    monkeypatch.setattr(client.app.state.server.worker, "do", failed)
    before = sorted(runs.rglob("*"))
    answer = client.post(f"/photos/{photo}/runs", json={"task": "make_tileable"})
    assert error(answer) == "image=photo.png: too odd"
    assert sorted(runs.rglob("*")) == before


def test_what_must_be_confirmed_and_what_a_training_lacks_are_told_as_fields(
    client: Any, photo: str, runs: Path
) -> None:
    where = f"/photos/{photo}/runs"
    large = {"task": "super_resolution", "options": {"super_resolution.factor": 152}}
    answer = client.post(where, json=large)
    told = answer.json()
    assert error(answer) == f"{told['problem']}; to go on, add confirm=large"
    assert (told["option"], told["kind"]) == ("super_resolution.factor", "unconfirmed")
    (runs / ".app/photos" / photo / "photo.png").unlink()
    run = client.post(where, json={"task": "sample", "model": "singan"}).json()["run"]
    told = waited_for(client, photo, run, "failed")["error"]
    assert (told["option"], told["kind"]) == ("image", "missing")
    assert told["message"].startswith("image=photo.png: no such file")


def test_photos_are_read_one_after_another(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, most = list[Path](), 0

    def slow(path: Path) -> Any:
        nonlocal most
        reading.append(path)
        most = max(most, len(reading))
        time.sleep(0.1)
        reading.remove(path)
        return read_image(path)

    monkeypatch.setattr("internal_gan.app.uploads.read_image", slow)
    with ThreadPoolExecutor() as pool:
        where = "/photos?name=a.png"
        answers = [*pool.map(lambda _: client.post(where, content=png()), range(3))]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert most == 1


def test_a_photo_is_deleted_with_all_that_was_made_of_it(client: Any, runs: Path) -> None:
    client.post("/photos?name=other.png", content=png())
    before = sorted(runs.rglob("*"))
    photo = client.post("/photos?name=secret.png", content=png()).json()["photo"]
    strokes = Image.new("RGBA", (56, 40))
    strokes.paste((255, 0, 0, 255), (20, 15, 35, 25))
    where = f"/photos/{photo}/drawings?kind=mask"
    drawing = client.post(where, content=content(strokes)).json()["drawing"]
    asked = {"task": "fill", "options": {"mask.file": drawing}}
    run = client.post(f"/photos/{photo}/runs", json=asked).json()
    assert run["state"] == "finished", run
    server = client.app.state.server
    server.drawing.add(run["run"])
    assert "it is still running" in error(client.post(f"/photos/{photo}/delete"))
    server.drawing.remove(run["run"])
    assert client.post(f"/photos/{photo}/delete").status_code == 200
    assert sorted(runs.rglob("*")) == before
    assert error(client.post(f"/photos/{photo}/delete"), 404) == "there is no such photo"


def test_tabs_are_forgotten_and_clients_without_one_do_not_meet(
    client: Any, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = client.app.state.server.wishes
    for tab in range(MAX_TABS + 50):
        assert client.delete(f"/photos/{photo}/preview?tab={tab}").status_code == 204
    assert len(wishes) == MAX_TABS
    kept = {*wishes}
    for _ in range(2):
        client.delete(f"/photos/{photo}/preview")
    new = {*wishes} - kept
    assert len(new) == 2
    assert not any(wishes[one][1].is_set() for one in new)


def test_tasks_work_on_a_photo_or_on_a_model(client: TestClient, photo: str, runs: Path) -> None:

    def started(**asked: Any) -> Any:
        answer = client.post(f"/photos/{photo}/runs", json={"task": "sample", **asked})
        assert answer.status_code == 200, answer.text
        return answer.json()

    look = started(options={"sample.count": 2, "seed": 5})
    assert look["state"] == "finished"
    assert [result["kind"] for result in look["results"]].count("result") == 2
    assert " task=sample sample.count=2 seed=5 image=" in look["command"]
    file = str(runs / ".app/photos" / photo / "photo.png")
    assert look["python"].splitlines()[-1] == (
        f"result = internal_gan.sample({file!r}, count=2, seed=5)"
    )
    trained = started(model="singan", options={"sample.count": 1})
    can = ("sample", "edit", "harmonize", "paint", "animate", "super_resolution", "evaluate")
    assert {*trained["can"]} == {*can}
    assert trained["python"].splitlines()[-1] == (
        f"result = internal_gan.fit({file!r}, 'singan', overrides="
        "{'task': 'sample', 'sample.count': 1, 'trainer': 'debug'})"
    )
    trained = waited_for(client, photo, trained["run"], "finished", "failed", "stopped")
    assert trained["state"] == "finished", trained
    assert [result["kind"] for result in trained["results"]].count("result") == 1
    run = trained["run"]
    drawn = started(run=run, options={"sample.count": 1, "sample.size": [30, 70]})
    (result,) = [result for result in drawn["results"] if result["kind"] == "result"]
    assert opened(client.get(result["url"])).size == (70, 30)
    assert "sample.size=[30,70]" in drawn["command"].replace("'", "")
    assert drawn["python"].splitlines()[-1] == (
        f"result = internal_gan.load({str(runs / run)!r}).sample(count=1, size=[30, 70])"
    )
    made = client.get(f"/photos/{photo}").json()["runs"]
    assert [one["task"] for one in made] == ["sample"] * 3
    assert [one["trains"] for one in made] == [False, True, False]
    assert made[0]["asked"]["options"] == {"sample.count": 1, "sample.size": [30, 70]}
    assert made[0]["seconds"] > 0

    small = opened(client.get(f"{result['url']}&small"))
    assert (small.format, small.size) == ("JPEG", (70, 30))
    asked = {"file": result["file"], "title": "mine"}
    reused = client.post(f"/runs/{drawn['run']}/photo", json=asked).json()
    assert (reused["name"], reused["size"]) == ("mine.png", [30, 70])
    kept = runs / ".app/photos" / reused["photo"] / "photo.png"
    assert kept.read_bytes() == client.get(result["url"]).content
    client.post(f"/runs/{drawn['run']}/delete")
    made = client.get(f"/photos/{photo}").json()["runs"]
    assert [one["trains"] for one in made] == [True, False]
    assert client.get(result["url"]).status_code == 404
    assert about(client, photo, run)["state"] == "finished"


def test_two_people_draw_at_the_same_time(client: TestClient, photo: str) -> None:
    def ask(person: int) -> Any:
        options = {"sample.count": 1, "finish.resolution": 64, "seed": person}
        asked = {"task": "sample", "options": options}
        return client.post(f"/photos/{photo}/runs", json=asked).json()

    with ThreadPoolExecutor() as pool:
        answers = [*pool.map(ask, range(3))]
    assert [answer["state"] for answer in answers] == ["finished"] * 3
    assert len({answer["run"] for answer in answers}) == 3
    for person, answer in enumerate(answers):
        assert f"seed={person}" in answer["command"]
        assert client.get(answer["results"][0]["url"]).status_code == 200


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError("it took too long")


def about(client: TestClient, photo: str, run: str) -> dict[str, Any]:
    """What the page is told about a run of a photo."""
    (found,) = [one for one in client.get(f"/photos/{photo}").json()["runs"] if one["run"] == run]
    return dict(found)


def waited_for(client: TestClient, photo: str, run: str, *states: str) -> dict[str, Any]:
    until(lambda: about(client, photo, run)["state"] in states)
    return about(client, photo, run)


@pytest.mark.slow
def test_trainings_go_on_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Only trainings draw here.
    monkeypatch.setattr(Worker, "start", lambda self: None)
    settings = Settings(runs=tmp_path, trainer="debug")
    with TestClient(application(settings), BASE, headers=OURS) as client:
        photo = client.post("/photos?name=a.png", content=png()).json()["photo"]
        asked = {"task": "sample", "model": "singan", "options": {"sample.count": 2}}
        where = f"/photos/{photo}/runs"
        first, second, third = (client.post(where, json=asked).json()["run"] for _ in range(3))
        assert about(client, photo, second)["state"] == "waiting"
        assert about(client, photo, third)["place"] == 2
        assert client.post(f"/runs/{third}/stop").json()["state"] == "stopped"
        waited_for(client, photo, first, "running")
        while not (tmp_path / first / "training.ckpt").exists():
            time.sleep(0.02)
    with TestClient(application(settings), BASE, headers=OURS) as client:
        run = about(client, photo, first)
        if run["state"] != "finished":
            assert run["state"] == "stopped"
            client.post(f"/runs/{first}/resume")
            run = waited_for(client, photo, first, "finished")
        assert len([one for one in run["results"] if one["kind"] == "result"]) == 2
        # The queued run had not begun.
        assert about(client, photo, second)["state"] == "stopped"
        client.post(f"/runs/{second}/resume")
        waited_for(client, photo, second, "running", "finished")


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process at once")
def test_two_signals_at_once_end_the_server(tmp_path: Path) -> None:
    command = ("app", "port=0", "browser=false", f"runs={tmp_path}")
    with start_process(*command, cwd=tmp_path) as server:
        try:
            assert urlopen(f"{server.stdout.readline().split()[-1]}health").status == 204
            until(lambda: bool(psutil.Process(server.pid).children()))  # its worker
            server.send_signal(signal.SIGINT)
            server.send_signal(signal.SIGTERM)
            _, said = server.communicate(timeout=60)
        finally:
            server.kill()
    assert "Traceback" not in said
    # A script's background jobs ignore Ctrl-C; then SIGTERM alone ends the server.
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert server.returncode in ((0,) if ignored else (-signal.SIGINT, 130))


@pytest.mark.slow
def test_stopping_one_drawing_leaves_the_others_running(tmp_path: Path) -> None:
    worker = Worker()
    answers: dict[str, str] = {}
    photo = tmp_path / "photo.png"
    photo.write_bytes(png())
    worker.start()

    def draw(run: str) -> None:
        command = ("task=sample", f"image={photo}", "sample.count=1", f"output={tmp_path / run}")
        answers[run] = str(worker.do(run, command))

    def draw_and_stop(first: str, second: str, stopped: str) -> None:
        """Stop a drawing while the process, held still, is at the first."""
        process: Any = worker._process
        with ThreadPoolExecutor() as pool:
            process.send_signal(signal.SIGSTOP)
            pool.submit(draw, first)
            until(lambda: worker._at == first)
            pool.submit(draw, second)
            worker.stop(stopped)
            process.send_signal(signal.SIGCONT)

    draw_and_stop("first", "second", stopped="second")
    draw_and_stop("third", "fourth", stopped="third")
    worker.close()
    stopped = "it was stopped"
    assert answers == {"first": "None", "second": stopped, "third": stopped, "fourth": "None"}


def test_a_run_on_another_machine_is_not_signalled(
    client: TestClient, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signalled: list[int] = []
    monkeypatch.setattr("os.kill", lambda pid, number: signalled.append(pid) if number else None)
    for name, host in (("here", socket.gethostname()), ("elsewhere", "another")):
        folder = RunFolder(runs / "old" / name)
        folder.path.mkdir(parents=True)
        folder.write_status("running")
        status = json.loads(folder.status_path.read_text()) | {"host": host}
        folder.status_path.write_text(json.dumps(status))
        assert folder.status()["state"] == "running"
        client.post(f"/runs/old/{name}/stop")
    assert signalled == [os.getpid()]


def wished(
    client: Any,
    photo: str,
    task: str,
    options: Any,
    files: Any = None,
    what: str = "preview",
    **tab: Any,
) -> Any:
    """The answer to a wish for a preview."""
    fields = {"task": (None, task), "options": (None, json.dumps(options))}
    return client.post(f"/photos/{photo}/{what}", params=tab, files=fields | (files or {}))


def test_a_preview_is_the_result_and_not_kept(client: TestClient, photo: str, runs: Path) -> None:
    before = sorted(runs.rglob("*"))
    strokes = Image.new("RGBA", (112, 80))  # twice the photo's size
    strokes.paste((255, 0, 0, 255), (40, 30, 70, 50))
    files = {"mask.file": ("mask", content(strokes), "image/png")}
    answer = wished(client, photo, "fill", {"mask.dilate": 2, "seed": 3}, files)
    assert answer.headers["content-type"] == "image/jpeg"
    made = np.asarray(opened(answer), np.float32)
    given = next((runs / ".app" / "photos" / photo).glob("photo.*"))
    mask = Image.new("L", (56, 40))
    mask.paste(255, (20, 15, 35, 25))
    expected = internal_gan.fill(str(given), mask, dilate=2, seed=3)
    assert np.abs(made - np.asarray(expected)).mean() < 4
    assert sorted(runs.rglob("*")) == before


def test_plans_are_told_in_words(client: TestClient, photo: str, runs: Path) -> None:
    given = str(runs / ".app" / "photos" / photo / "photo.png")
    shapes: Any = ("1:1", [30, 50])
    for shape in shapes:
        answer = wished(client, photo, "retarget", {"retarget.shape": shape}, what="plans")
        expected = [plan.in_words() for plan in internal_gan.Patches(given).plans(shape)]
        assert answer.json() == expected != []
    redrawn = {"retarget.shape": ["200%", "200%"]}
    assert wished(client, photo, "retarget", redrawn, what="plans").json() == []
    assert wished(client, photo, "retarget", {}, what="plans").json() == []
    answer = wished(client, photo, "retarget", {"retarget.shape": "wide"}, what="plans")
    assert "retarget.shape=wide: needs" in error(answer)
    # As a preview, it ends an older wish.
    plans = partial(wished, client, photo, "retarget", {"retarget.shape": "1:1"}, what="plans")
    assert plans(tab="plans", wish=2).status_code == 200
    assert plans(tab="plans", wish=1).status_code == 204


def test_what_does_not_suit_a_format_is_told(client: TestClient, photo: str) -> None:
    black = content(Image.new("RGBA", (56, 40), (0, 0, 0, 255)))
    for option, kind in (("importance", "importance"), ("protect", "mask")):
        files = {f"retarget.{option}": (kind, black, "image/png")}
        for what in ("preview", "plans"):
            answer = wished(client, photo, "retarget", {"retarget.shape": "1:2"}, files, what)
            assert f"retarget.{option}: the mask " in error(answer)


def test_strokes_change_what_matters(
    client: TestClient, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Image.effect_noise((300, 200), 5).convert("RGB")
    own.paste((250, 80, 10), (40, 60, 100, 140))
    photo = client.post("/photos?name=a.png", content=content(own)).json()
    found = opened(client.get(photo["importance"]))
    expected = internal_gan.importance(own).resize(found.size)
    assert np.abs(np.asarray(found, float) - np.asarray(expected, float)).mean() < 3
    strokes = Image.new("RGBA", (150, 100))
    strokes.paste((255, 255, 255, 255), (120, 0, 150, 100))
    strokes.paste((0, 0, 0, 255), (0, 0, 70, 100))
    address = f"/photos/{photo['photo']}/drawings?kind=importance"
    drawing = client.post(address, content=content(strokes)).json()["drawing"]
    with Image.open(runs / ".app/photos" / photo["photo"] / f"{drawing}.png") as painted:
        levels = np.asarray(painted.convert("L"), float)
    assert levels.shape == (200, 300)
    assert (levels[:, 245:] == 255).all()
    assert (levels[:, :135] == 0).all()
    between = np.asarray(found.resize((300, 200)), float)[:, 145:235]
    assert np.abs(levels[:, 145:235] - between).mean() < 3
    monkeypatch.setattr("internal_gan.finishing.sizes.SMALL_SIDE", 100)
    # What was kept is given up for what now matters.
    options: dict[str, Any] = {"retarget.shape": "1:2"}
    files = {"retarget.importance": ("importance", content(strokes), "image/png")}
    ask = partial(wished, client, photo["photo"], "retarget", options)
    kept = [np.asarray(opened(ask(strokes)).convert("RGB"))[..., 2] for strokes in (None, files)]
    assert (kept[0] < 60).mean() > 0.1
    assert (kept[1] < 60).mean() < 0.05
    answer = ask(files, what="plans").json()
    assert answer != ask(what="plans").json()
    # At another resolution, they are brought to the size of another copy.
    options |= {"retarget.shape": ["100%", "150%"], "finish.resolution": 120}
    files = {"retarget.protect": ("mask", content(strokes), "image/png")}
    assert ask(files).status_code == 200


@pytest.mark.parametrize(
    ("task", "options", "files", "message"),
    [
        ("fill", {"device": "cuda"}, {}, "device: cannot be set here"),
        ("fill", {}, {"image": ("mask", b"", "image/png")}, "image: takes no file here"),
        ("fill", {"mask.file": __file__}, {}, "needs the file itself, not its name"),
        ("fill", [], {}, "the request cannot be read"),
        ("extend", {"extend.margins": [0, 0, 0, 999]}, {}, "margins of"),
    ],
)
def test_a_wish_that_cannot_be_granted_gives_a_one_line_error(
    client: TestClient, photo: str, task: str, options: Any, files: Any, message: str
) -> None:
    assert message in error(wished(client, photo, task, options, files))


def test_a_newer_wish_wins(client: TestClient, photo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(task: str, *, stop: Callable[[], bool], seed: int) -> Image.Image:
        if seed == 1:
            until(stop)
            raise Stopped
        return Image.new("RGB", (8, 8))

    server: Any = client.app.state.server  # type: ignore[attr-defined]
    monkeypatch.setattr(server, "previews", lambda path: Mock(side_effect=drawn))
    sample = partial(wished, client, photo, "sample")
    with ThreadPoolExecutor() as pool:
        older = pool.submit(sample, {"seed": 1}, tab="c", wish=1)
        until(lambda: "c" in server.wishes)
        assert sample({"seed": 2}, tab="c", wish=2).status_code == 200
        assert older.result().status_code == 204
        last = pool.submit(sample, {"seed": 1}, tab="c", wish=3)
        until(lambda: server.wishes["c"][0] == 3)
        ended = client.delete(f"/photos/{photo}/preview?tab=c&wish=4")
        assert ended.status_code == last.result().status_code == 204
    assert sample({"seed": 2}, tab="c", wish=1).status_code == 204  # it came late
    assert sample({"seed": 2}, tab="d", wish=1).status_code == 200
