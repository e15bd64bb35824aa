"""task=study: a page that works by itself, and whose answers can be counted."""

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

from internal_gan.evaluation.confusion import confusion
from internal_gan.images.files.image import write_image
from tests.commands import Shell
from tests.tiny import picture

BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
# Answers every trial with the left key, and hands the answers back when it is over.
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


def answers_of_a_robot(page: str) -> dict[str, Any]:
    """What a participant's browser saves at the end."""
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
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=browser"]
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
def folders(shell: Shell, tmp_path: Path) -> list[str]:
    """Four photos, of which one has a folder of two samples, two have one, and one has none."""
    for name, seed in (("a", 1), ("b", 2), ("c", 3), ("alone", 4)):
        (tmp_path / "real").mkdir(exist_ok=True)
        write_image(tmp_path / "real" / f"{name}.jpg", picture(80, 112, seed))
    (tmp_path / "made" / "a").mkdir(parents=True)
    for name in ("a/000", "a/001", "b", "c"):
        write_image(tmp_path / "made" / f"{name}.png", picture(40, 56, 9))
    return ["task=study", "study.real=real", "study.samples=made"]


def data(page: str) -> dict[str, Any]:
    found = re.search(r'type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found
    shown: dict[str, Any] = json.loads(found[1])
    return shown


def test_the_page_holds_every_photo_with_its_samples_at_one_size(
    shell: Shell, folders: list[str]
) -> None:
    answer = shell(*folders, "output=out", "study.protocol=paired", "study.seconds=0.5")
    assert answer.code == 0, answer.err
    page = Path("out/study.html").read_text()
    shown = data(page)
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
def test_a_participant_goes_through_both_protocols(shell: Shell, folders: list[str]) -> None:
    answer = shell(*folders, "output=out", "study.practice=1", "study.seconds=0.2")
    assert answer.code == 0, answer.err
    page = Path("out/study.html").read_text()
    result = answers_of_a_robot(page)
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
    ("arguments", "piece"),
    [
        ([], "needs study.real=FOLDER"),
        (["study.real=real"], "needs study.real=FOLDER and study.samples=FOLDER"),
        (["study.real=no", "study.samples=made"], "study.real=no: there is no such folder"),
        (["study.real=real", "study.samples=real/none"], "there is no such folder"),
        (["study.real=real", "study.samples=empty"], "has the name of a photo"),
        (["study.real=real", "study.samples=one"], "one photo that has samples"),
        (["study.real=real", "study.samples=odd"], "have one size, of its aspect"),
        (["study.real=real", "study.samples=made", "study.seconds=0"], "above 0"),
        (["study.real=real", "study.samples=made", "study.protocol=all"], "both, paired"),
        (["study.real=real", "study.samples=made", "checkpoint=x"], "checkpoint: cannot be"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_and_leaves_no_folder(
    shell: Shell, folders: list[str], arguments: list[str], piece: str
) -> None:
    for name in ("empty", "one", "odd"):
        Path(name).mkdir()
    write_image("one/a.png", picture(40, 56))
    write_image("odd/a.png", picture(40, 80))
    before = sorted(Path.cwd().iterdir())
    answer = shell("task=study", *arguments)
    assert answer.code == 2
    assert len(answer.lines) == 1
    assert piece in answer.lines[0]
    assert sorted(Path.cwd().iterdir()) == before
