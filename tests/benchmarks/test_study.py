"""The user study: a self-contained page whose answers can be counted."""

import base64
import http.server
import io
import json
import queue
import re
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmarks import study
from benchmarks.confusion import confusion
from internal_gan.errors import UserError
from internal_gan.images.files.image import write_image
from tests.benchmarks.conftest import Run
from tests.tiny import picture

BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
# Presses the left button in every trial, and posts the answers at the end.
ROBOT = """<script>
const robot = setInterval(() => {
  const button = document.querySelector("#buttons button:not(#save)");
  const result = document.getElementById("result");
  if (button) button.click();
  if (!result) return;
  clearInterval(robot);
  fetch("/", { method: "POST", body: result.textContent });
}, 20);
</script></body>"""


def answers_of_a_robot(page: str, profile: Path) -> dict[str, Any]:
    """What a participant's browser saves at the end; ``profile`` is its user data folder."""
    received: queue.Queue[bytes] = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(page.replace("</body>", ROBOT).encode())

        def do_POST(self) -> None:
            received.put(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    assert BROWSER is not None
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        process = subprocess.Popen(
            [BROWSER, *flags, address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            result: dict[str, Any] = json.loads(received.get(timeout=120))
        finally:
            process.terminate()
            process.wait(timeout=30)
            server.shutdown()
    return result


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    """Four photos: one with a folder of two samples, two with one sample, one with none."""
    for name, seed in (("a", 1), ("b", 2), ("c", 3), ("alone", 4)):
        (tmp_path / "real").mkdir(exist_ok=True)
        write_image(tmp_path / "real" / f"{name}.jpg", picture(80, 112, seed))
    (tmp_path / "made" / "a").mkdir(parents=True)
    for name in ("a/000", "a/001", "b", "c"):
        write_image(tmp_path / "made" / f"{name}.png", picture(40, 56, 9))
    return ["--real", str(tmp_path / "real"), "--samples", str(tmp_path / "made")]


def data(page: str) -> dict[str, Any]:
    found = re.search(r'type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found
    shown: dict[str, Any] = json.loads(found[1])
    return shown


def test_the_page_holds_every_photo_with_its_samples_at_one_size(
    benchmark: Run, folders: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "study.html"
    options = ("--output", str(path), "--protocol", "paired", "--seconds", "0.5")
    found = benchmark("study", *folders, *options)
    page = path.read_text()
    shown = data(page)
    assert found["study"] == shown["id"]
    assert found["samples_of_photos"] == {"a": 2, "b": 1, "c": 1}
    assert {photo["name"]: len(photo["samples"]) for photo in shown["photos"]} == {
        "a": 2,
        "b": 1,
        "c": 1,
    }
    assert (shown["protocols"], shown["seconds"], shown["trials"]) == (["paired"], 0.5, 50)
    for address in shown["pictures"].values():
        png = io.BytesIO(base64.b64decode(address.removeprefix("data:image/png;base64,")))
        with Image.open(png) as image:
            assert (image.format, image.size) == ("PNG", (56, 40))
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page)


@pytest.mark.skipif(BROWSER is None, reason="no browser to open the page with")
@pytest.mark.slow
def test_a_participant_goes_through_both_protocols(folders: list[str], tmp_path: Path) -> None:
    path = tmp_path / "study.html"
    study.main([*folders, "--output", str(path), "--practice", "1", "--seconds", "0.2"])
    page = path.read_text()
    result = answers_of_a_robot(page, tmp_path / "browser")
    assert result["study"] == data(page)["id"]
    counted = [trial for trial in result["trials"] if not trial["practice"]]
    assert len(result["trials"]) == len(counted) + 2
    pairs = [trial for trial in counted if trial["protocol"] == "paired"]
    assert sorted(trial["photo"] for trial in pairs) == ["a", "b", "c"]
    assert all(trial["answer"] == "left" for trial in pairs)
    assert all(trial["confused"] == (trial["truth"] == "right") for trial in pairs)
    single = [trial for trial in counted if trial["protocol"] == "unpaired"]
    assert sorted(trial["truth"] for trial in single) == ["fake", "real"]
    assert len({trial["photo"] for trial in single}) == 2
    assert all(190 <= trial["shown_ms"] < 400 for trial in result["trials"])
    rates = confusion([result])
    assert rates["paired"]["trials"] == 3
    # Every picture was taken for a photo.
    assert rates["unpaired"]["fakes_taken_for_real"]["rate"] == 1


@pytest.mark.parametrize(
    ("samples", "piece"),
    [
        ("empty", "has the name of a photo"),
        ("one", "one photo has samples"),
        ("odd", "must have one size with its aspect ratio"),
    ],
)
def test_unusable_samples_are_refused_and_nothing_is_written(
    folders: list[str], tmp_path: Path, samples: str, piece: str
) -> None:
    for name in ("empty", "one", "odd"):
        (tmp_path / name).mkdir()
    write_image(tmp_path / "one" / "a.png", picture(40, 56))
    write_image(tmp_path / "odd" / "a.png", picture(40, 80))
    path = tmp_path / "study.html"
    with pytest.raises(UserError, match=piece):
        study.main([*folders, "--samples", str(tmp_path / samples), "--output", str(path)])
    assert not path.exists()
