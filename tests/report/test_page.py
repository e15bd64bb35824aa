"""A run's page shows what is there, is self-contained, and stays small."""

import base64
import io
import json
import re
import shlex
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from internal_gan.config.arguments import prepare
from internal_gan.config.compose import compose
from internal_gan.report.page import EVALUATION, read_picture, write_report
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.records import Result
from tests.recorded import record_files
from tests.tiny import GRAY, SRGB

CONFIG = """task: train
image: photos/birds $1.jpg
checkpoint: null
model:
  widths:
    coarsest: 32
  _target_: internal_gan.models.singan.model.SinGAN
"""
VOID = {"meta", "link", "img", "path", "rect", "br"}


class Page(HTMLParser):
    """Checks that tags are balanced and collects addresses and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [
            value or ""
            for name, value in attrs
            if name in {"src", "srcset"} or (name == "href" and tag != "a")
        ]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def noise(path: Path, height: int, width: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def metrics(folder: Path, stages: int = 3, done: int = 2, steps: int = 100) -> None:
    """A run in which stage i takes (i + 1) * 10 seconds, `done` of them finished."""
    plan = [
        {"name": f"scale {i}", "size": [20 * (i + 1), 30], "steps": steps, "seconds_per_step": 0.5}
        for i in range(stages)
    ]
    rows: list[dict[str, Any]] = [{"event": "plan", "stages": plan}]
    clock = 0.0
    for stage in range(done):
        for step in range(1, steps + 1):
            clock += (stage + 1) * 10 / steps
            values = {"discriminator": -1 / step, "generator": 1.0, "reconstruction": 1 / step**2}
            rows.append({"stage": stage, "step": step, "seconds": clock, **values})
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run with everything in it."""
    folder = tmp_path / "a run"
    folder.mkdir()
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "model.safetensors").write_bytes(b"")
    set_state(folder, "finished")
    noise(folder / "photo.png", 40, 60)
    for index in range(3):
        noise(folder / "sample" / f"{index:03d}.png", 40, 60)
    for index in range(2):
        noise(folder / "scales" / f"{index:02d}.png", 20 * (index + 1), 30)
    metrics(folder, stages=2)
    return folder


def set_state(folder: Path, state: str, **fields: Any) -> None:
    status = {"state": state, "started": "2026-11-20T10:00:00+00:00", **fields}
    (folder / "status.json").write_text(json.dumps(status))


def embedded(folder: Path, name: str) -> Image.Image:
    """A picture as the page of its folder shows it."""
    picture: Any = read_picture(folder, name)
    return Image.open(io.BytesIO(base64.b64decode(picture.data.partition(",")[2])))


def render(folder: Path) -> tuple[str, Page]:
    record_files(folder)
    html = write_report(folder).read_text(encoding="utf-8")
    return html, Page(html)


def test_the_page_shows_the_whole_run(folder: Path) -> None:
    html, page = render(folder)
    assert "<title>birds $1.jpg · SinGAN</title>" in html
    assert page.tags.count("img") == 1 + 3 + 2
    assert page.tags.count("svg") == 2
    for text in ("finished", "40 × 60 pixels", "30 s", "_target_", "Scale 1, 40 × 30"):
        assert text in page.text


def test_the_page_loads_nothing_from_elsewhere(folder: Path) -> None:
    html, page = render(folder)
    assert page.loaded
    assert all(address.startswith("data:") for address in page.loaded)
    assert "script" not in page.tags
    assert "http://" not in html
    assert "https://" not in html
    assert "url(" not in html


def test_the_time_of_each_stage_is_the_measured_one(folder: Path) -> None:
    metrics(folder, stages=3, done=2)
    html, _ = render(folder)
    times = re.findall(r'<tr class="(\w+)"><td>scale \d</td>.*?<td class="num">([^<]*s)</td>', html)
    assert times == [("done", "10 s"), ("done", "20 s"), ("todo", "about 50 s")]


@pytest.mark.parametrize("state", ["running", "finished", "stopped", "failed"])
def test_only_the_page_of_a_running_run_refreshes_itself(folder: Path, state: str) -> None:
    set_state(folder, state)
    html, _ = render(folder)
    assert ('http-equiv="refresh"' in html) == (state == "running")


def test_an_unfinished_run_says_why_and_how_to_resume(folder: Path) -> None:
    set_state(folder, "failed", reason="a loss is <not> finite")
    _, page = render(folder)
    assert "a loss is <not> finite" in page.text
    assert f"resume='{folder}'" in page.text


def test_suggested_commands_name_the_run_and_fit_the_photo(folder: Path) -> None:
    _, page = render(folder)
    assert f"task=sample checkpoint='{folder}' 'sample.size=[40,120]'" in page.text
    assert f"task=animate checkpoint='{folder}'" in page.text
    assert "resume=" not in page.text


@pytest.mark.parametrize("task", ["sample", "retarget", "fill"])
def test_suggested_commands_have_options_of_their_task(folder: Path, task: str) -> None:
    RunFolder(folder).write_status("finished", model_task=task)
    _, page = render(folder)
    commands = [word for word in page.words if f"internal_gan task={task} checkpoint=" in word]
    assert len(commands) > 1
    for command in commands:
        assert compose(prepare(shlex.split(command)[3:])).task == task


def test_pictures_made_from_another_run_name_that_model(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "metrics.jsonl").unlink()
    (folder / "config.yaml").write_text("task: sample\nimage: null\ncheckpoint: runs/birds/1\n")
    set_state(folder, "stopped")
    html, page = render(folder)
    assert "<title>a run</title>" in html
    assert "checkpoint=runs/birds/1" in page.text
    assert "resume=" not in page.text


@pytest.mark.parametrize(
    ("task", "model", "name", "learns"),
    [
        ("extend", "singan.model.SinGAN", "", False),
        ("sample", "singan.model.SinGAN", " · SinGAN", True),
        ("sample", "patches.model.Patches", " · Patches", False),
    ],
)
def test_a_model_is_named_where_it_works_and_its_photo_shown_as_given_or_learnt(
    folder: Path, task: str, model: str, name: str, learns: bool
) -> None:
    """What a model learns, or patches are drawn at, has few pixels."""
    noise(folder / "inputs" / "image.png", 80, 120)
    config = CONFIG.replace("task: train", f"task: {task}").replace("singan.model.SinGAN", model)
    (folder / "config.yaml").write_text(config)
    html, page = render(folder)
    assert f"<title>birds $1.jpg{name}</title>" in html
    assert ("80 × 120 pixels" not in page.text) == ("as learnt" in page.text) == learns


def test_names_are_text_and_never_markup(folder: Path) -> None:
    config = CONFIG.replace("birds $1", "<script>alert(1)</script>&amp;")
    (folder / "config.yaml").write_text(config)
    (folder / "sample" / "000.png").rename(folder / "sample" / '"><script>.png')
    html, page = render(folder)
    assert "script" not in page.tags
    assert "&lt;script&gt;alert(1)" in html


@pytest.mark.parametrize("config", ["", "[1, 2]", "image: [", "image: {a: &b c, d: *b}", "odd: 1"])
def test_a_foreign_configuration_is_shown_but_not_interpreted(folder: Path, config: str) -> None:
    (folder / "config.yaml").write_text(config)
    html, page = render(folder)
    assert "<title>a run</title>" in html
    assert config in page.text


def test_a_half_written_picture_is_left_out(folder: Path) -> None:
    path = folder / "sample" / "001.png"
    path.write_bytes(path.read_bytes()[:500])
    (folder / "sample" / "002.png").write_bytes(b"")
    _, page = render(folder)
    assert page.tags.count("img") == 1 + 1 + 2


def test_a_huge_picture_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise(folder / "sample" / "000.png", 40, 90)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40 * 90 // 2 - 1)
    html, _ = render(folder)
    link = '<a href="sample/000.png">sample/000.png</a>'
    assert f"<p>{link}: 40 × 90 pixels, too large to be shown here</p>" in html


def test_only_recorded_results_are_shown(folder: Path) -> None:
    made = [
        *(Result("sample/002.png", caption="The <best>"), Result("sample/000.png")),
        Result("paint/a b/plain.png", "aside", "Plain"),
        *(Result("paint/a b/ours.png", "aside", "Ours"), Result("scales/01.png", "preview")),
    ]
    for name in ("plain", "ours", "other"):
        noise(folder / "paint" / "a b" / f"{name}.png", 20, 30)
    RunFolder(folder).write_status("finished", results=made)
    html, _ = render(folder)
    assert re.findall('href="([^"]*)"><img', html) == [
        *("photo.png", "sample/002.png", "sample/000.png", "paint/a%20b/plain.png"),
        *("paint/a%20b/ours.png", "scales/01.png"),
    ]
    rows = html[html.index(">Samples<") : html.index(">Scale by scale<")]
    assert re.findall("<h[23]>(.*?)</h[23]>", rows)[:2] == ["Paint", "A b"]
    captions = re.findall("<figcaption>(.*?)</figcaption>", rows)
    assert captions == ["The &lt;best&gt;", "Plain", "Ours"]


def test_the_figures_of_an_evaluation_are_a_table_for_each_group(folder: Path) -> None:
    figure = {"mean": 0.12345, "std": 0.5, "interval": [0.1, 0.2], "count": 2}
    lone = {"mean": None, "std": None, "interval": None, "count": 1}
    evaluation = {
        "groups": {
            "scale-0": {"count": 2, "figures": {"ssim": figure}},
            "scale-1": {"count": 1, "figures": {"ssim": lone}},
        },
        "meaning": {"ssim": {"best": "1", "meaning": "structural <similarity>"}},
        "reconstruction": {"psnr": 30.0, "l1": 0.01234},
        "inception": {"file": "a.pth", "sha256": "f0"},
    }
    (folder / EVALUATION).write_text(json.dumps(evaluation))
    html, page = render(folder)
    rows = [re.findall("<t[dh].*?>(.*?)</t[dh]>", row) for row in re.findall("<tr>.*", html)][:4]
    assert [row[0] for row in rows] == ["2 samples", "ssim", "1 sample", "ssim"]
    assert rows[1][1:] == ["0.123", "0.5", "0.1 to 0.2", "1", "structural &lt;similarity&gt;"]
    assert rows[3][1:5] == ["", "", "", "1"]
    assert "PSNR 30, L1 0.0123" in page.text
    assert "a.pth, SHA-256 f0" in page.text


def test_the_page_stays_small(folder: Path) -> None:
    metrics(folder, stages=3, done=3, steps=400)
    for index in range(40):
        noise(folder / "sample" / f"{index:03d}.png", 40, 60)
    noise(folder / "sample" / "000.png", 700, 900)
    html, page = render(folder)
    assert page.tags.count("img") == 1 + 12 + 2
    assert "and 28 more in sample/" in page.text
    assert len(html) < 900_000
    assert sum(len(svg) for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL)) < 15_000


def test_a_picture_of_16_or_32_bits_shows_its_levels(tmp_path: Path) -> None:
    levels = np.random.default_rng(0).integers(20000, 21000, (300, 200))
    for name, kind in (("16.png", np.uint16), ("32.tif", np.int32), ("float.tif", np.float32)):
        Image.fromarray(levels.astype(kind)).save(tmp_path / name)
        found = np.asarray(embedded(tmp_path, name).convert("L"))
        assert found.min() < 15
        assert found.max() > 240


@pytest.mark.parametrize(
    ("shape", "profile", "expected"),
    [((300, 300, 3), None, None), ((300, 300, 3), SRGB, SRGB), ((300, 300), GRAY, None)],
    ids=["plain", "colour", "gray"],
)
def test_a_shrunk_picture_keeps_its_colour_profile(
    shape: tuple[int, ...], profile: bytes | None, expected: bytes | None, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png", icc_profile=profile)
    shown = embedded(tmp_path, "a.png")
    assert shown.format == "WEBP"
    assert shown.info.get("icc_profile") == expected
