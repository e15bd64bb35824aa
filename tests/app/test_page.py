"""The page in a real browser: every tab is used as a person would, with loopback network only."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

ROOT = Path(__file__).parents[2]
NAMES = ("dandelions.jpg", "gravel.jpg", "peaks.jpg", "mountains.jpg")
PHOTO = NAMES[0]
SIZE = (71, 125)
AXE = ROOT / "tests" / "app" / "node_modules" / "axe-core" / "axe.min.js"
# Milliseconds: enough to train with trainer=debug on a busy machine.
LONG = 40_000


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with some of the examples' photos at half their size."""
    folder = tmp_path_factory.mktemp("photos")
    for name in NAMES:
        with Image.open(ROOT / "examples" / "photos" / name) as photo:
            photo.reduce(2).save(folder / name)
    return folder


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server started for this module."""
    runs = tmp_path_factory.mktemp("app") / "runs"
    command = [sys.executable, "-m", "internal_gan", "app", "port=0", "browser=false"]
    server = subprocess.Popen(
        [*command, f"runs={runs}", "trainer=debug"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found is not None
        yield found[0]
    finally:
        server.terminate()
        server.communicate()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    sync_api.expect.set_options(timeout=LONG)
    with sync_api.sync_playwright() as playwright:
        # Host names do not resolve, so a request to another machine fails visibly.
        arguments = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(chromium: Any, address: str, photos: Path) -> Iterator[Any]:
    """A tab with a photo chosen. Checks that no request left the machine and no error occurred."""
    page = chromium.new_page(viewport={"width": 1200, "height": 900}, accept_downloads=True)
    page.set_default_timeout(LONG)
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.goto(address)
    page.set_input_files("#files", photos / PHOTO)
    page.get_by_role("heading", name=PHOTO).wait_for()
    yield page
    assert not wrong
    outside = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    assert not outside
    page.close()


@pytest.fixture(scope="module")
def looked_at(page: Any) -> Any:
    """The tab once the automatic first look is shown."""
    looks = page.get_by_role("heading", name="A first look", exact=True)
    looks.nth(1).wait_for()
    card(page, "A first look").get_by_role("img").nth(1).wait_for()
    return page


@pytest.fixture(scope="module")
def learnt(looked_at: Any) -> Any:
    """The tab once a SinGAN is trained on the photo."""
    tab(looked_at, "Variations").get_by_role("button", name="Train").click()
    finished(looked_at, "Variations, with a new model")
    return looked_at


def tab(page: Any, name: str) -> Any:
    page.get_by_role("tab", name=name, exact=True).click()
    return page.get_by_role("tabpanel")


def card(page: Any, title: str) -> Any:
    """The newest result with this title."""
    heading = page.get_by_role("heading", name=title, exact=True)
    return page.locator("article.run").filter(has=heading).first


def finished(page: Any, title: str) -> Any:
    """The newest result with this title, once it has finished."""
    found = card(page, title)
    sync_api.expect(found).to_have_attribute("data-state", re.compile("finished|failed"))
    assert found.locator(".message").count() == 0, found.inner_text()
    return found


def brush(page: Any, board: Any, width: float = 0.2) -> None:
    """Brush a stroke across the middle of a picture."""
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    x, y = box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.5
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] * width, y, steps=4)
    page.mouse.up()


def size_of(page: Any, found: Any) -> tuple[int, int]:
    """Height and width of the first picture of a result."""
    picture = found.locator(".pictures img").first
    height, width = picture.evaluate(
        "async (e) => { await e.decode(); return [e.naturalHeight, e.naturalWidth] }"
    )
    return height, width


def test_variations_have_the_chosen_size(learnt: Any) -> None:
    panel = tab(learnt, "Variations")
    panel.get_by_label("How many").last.fill("1")
    panel.get_by_label("Height").fill("90")
    panel.get_by_label("Width").fill("240")
    panel.get_by_role("button", name="Draw").click()
    assert size_of(learnt, finished(learnt, "Variations")) == (90, 240)


def test_the_viewer_compares_saves_and_shows_the_command(learnt: Any, tmp_path: Path) -> None:
    shown = card(learnt, "Variations, with a new model")
    height, width = size_of(learnt, shown)
    shown.locator(".pictures button").first.click()
    viewer = learnt.get_by_role("dialog")
    viewer.get_by_label("Compare with the photo").fill("40")
    assert "60%" in viewer.locator("#over").evaluate("(e) => e.style.clipPath")
    assert viewer.locator("#over").evaluate("(e) => e.width == e.naturalWidth")
    for name, kind in (("PNG", "PNG"), ("JPEG", "JPEG")):
        with learnt.expect_download() as download:
            viewer.get_by_role("link", name=name, exact=True).click()
        download.value.save_as(tmp_path / name)
        with Image.open(tmp_path / name) as picture:
            assert picture.format == kind
            assert picture.size == (width, height)
    viewer.get_by_text("Reproduce this result").click()
    assert "model=singan image=" in viewer.locator("#command").inner_text()
    assert "internal_gan.fit(" in viewer.locator("#python").inner_text()
    viewer.get_by_role("button", name="Close").click()


def test_dragging_the_frame_sets_the_new_shape(looked_at: Any) -> None:
    panel = tab(looked_at, "Retarget")
    panel.get_by_role("button", name="Train").click()
    finished(looked_at, "Retargeted, with a new model")
    corner = panel.locator(".frame button")
    corner.scroll_into_view_if_needed()
    box = corner.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    looked_at.mouse.move(x, y)
    looked_at.mouse.down()
    looked_at.mouse.move(x - 40, y, steps=4)
    looked_at.mouse.up()
    rows = int(panel.get_by_label("Height").input_value())
    columns = int(panel.get_by_label("Width").input_value())
    assert abs(rows - 71) <= 3
    assert 75 < columns < 100
    panel.get_by_role("button", name="Retarget", exact=True).click()
    assert size_of(looked_at, finished(looked_at, "Retargeted")) == (rows, columns)


def test_the_brushed_area_is_removed(looked_at: Any) -> None:
    panel = tab(looked_at, "Remove")
    panel.get_by_role("button", name="Remove").click()
    assert looked_at.get_by_role("alert").inner_text() == "First brush over what should go."
    brush(looked_at, panel.locator("canvas").first)
    panel.get_by_role("button", name="First look").click()
    assert size_of(looked_at, finished(looked_at, "Removed, a first look")) == SIZE
    panel.get_by_role("button", name="Remove").click()
    found = finished(looked_at, "Removed, with a new model")
    assert size_of(looked_at, found) == SIZE


def test_editing_and_pasting_return_a_whole_photo(learnt: Any, photos: Path) -> None:
    panel = tab(learnt, "Edit and paint")
    brush(learnt, panel.locator("canvas").first)
    panel.get_by_role("button", name="Go").click()
    assert size_of(learnt, finished(learnt, "Edited")) == SIZE
    panel.get_by_label("Paste a picture").set_input_files(photos / "peaks.jpg")
    panel.get_by_label("Then").select_option("harmonize")
    panel.get_by_role("button", name="Go").click()
    assert size_of(learnt, finished(learnt, "Harmonized")) == SIZE


def test_animations_are_shown_as_gif_and_video(learnt: Any) -> None:
    panel = tab(learnt, "Animate")
    panel.get_by_label("Seconds").fill("1")
    panel.get_by_role("button", name="Animate").click()
    assert size_of(learnt, finished(learnt, "Animated")) == (34, 60)
    panel.get_by_label("Format").select_option("mp4")
    panel.get_by_role("button", name="Animate").click()
    video = finished(learnt, "Animated").locator("video")
    video.wait_for()
    learnt.wait_for_function("(v) => v.readyState > 0", arg=video.element_handle())
    assert video.evaluate("(v) => [v.videoHeight, v.videoWidth]") == [34, 60]


@pytest.mark.slow
def test_a_photo_is_enlarged(looked_at: Any) -> None:
    panel = tab(looked_at, "Enlarge")
    panel.get_by_role("button", name="Enlarge").click()
    found = finished(looked_at, "Enlarged, with a new model")
    assert size_of(looked_at, found) == (142, 250)


def test_a_photo_that_tiles(learnt: Any) -> None:
    tab(learnt, "Tile").get_by_role("button", name="Make it tile").click()
    assert size_of(learnt, finished(learnt, "Tiled")) == SIZE


def test_tabs_and_drawing_by_keyboard(looked_at: Any) -> None:
    tab(looked_at, "Variations")
    for _ in range(3):
        looked_at.keyboard.press("ArrowRight")
    assert looked_at.locator(":focus").inner_text() == "Remove"
    canvas = looked_at.get_by_role("tabpanel").locator("canvas").first
    canvas.focus()
    for key in ("ArrowRight", "Space", "ArrowDown", "Space"):
        looked_at.keyboard.press(key)
    drawn = """(e) => [...e.getContext("2d").getImageData(0, 0, e.width, e.height).data]
        .some((value, at) => at % 4 === 3 && value > 0)"""
    assert canvas.evaluate(drawn)


def test_several_photos_at_once(chromium: Any, address: str, photos: Path) -> None:
    page = chromium.new_page()
    page.set_default_timeout(LONG)
    page.goto(address)
    names = ("gravel.jpg", "peaks.jpg")
    page.set_input_files("#files", [photos / name for name in names])
    for name in names:
        page.get_by_label(f"Select {name}").check()
    page.get_by_role("button", name="Start").click()
    for name in names:
        page.get_by_role("link", name=re.compile(rf"{name}, 1 run")).wait_for()
    page.close()


def test_another_photo_can_be_opened_during_the_first_look(
    chromium: Any, address: str, photos: Path
) -> None:
    page = chromium.new_page()
    page.set_default_timeout(LONG)
    page.goto(address)
    places = []
    for name in ("mountains.jpg", "peaks.jpg"):
        page.get_by_role("link", name="internal-gan").click()
        page.set_input_files("#files", photos / name)
        page.get_by_role("heading", name=name).wait_for()
        places.append(page.url)
    # Each photo gets its own two looks, the one left early as well.
    for place in places:
        page.goto(place)
        page.get_by_role("heading", name="A first look", exact=True).nth(1).wait_for()
        finished(page, "A first look")
        assert page.locator("article.run").count() == 2
    page.close()


def test_a_file_that_is_no_image_gives_a_one_line_error(
    chromium: Any, address: str, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_text("no photo")
    page = chromium.new_page()
    page.goto(address)
    page.set_input_files("#files", tmp_path / "a.jpg")
    message = page.locator("#home-message")
    message.filter(has_text="a.jpg: not an image").wait_for()
    page.close()


@pytest.mark.skipif(not AXE.is_file(), reason="no axe-core: npm install in tests/app")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_there_are_no_serious_accessibility_violations(
    learnt: Any, chromium: Any, address: str, scheme: str, width: int
) -> None:
    """axe-core finds no serious violation on the home page, in any tab and in the viewer."""
    where = learnt.url
    page = chromium.new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.set_default_timeout(LONG)
    page.goto(address)
    page.get_by_text(PHOTO).wait_for()
    assert _violations(page) == []
    page.goto(where)
    page.get_by_role("tab").first.wait_for()
    for name in page.get_by_role("tab").all_inner_texts():
        tab(page, name)
        assert _violations(page) == [], name
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, name
    card(page, "A first look").locator(".pictures button").first.click()
    assert _violations(page) == []
    page.close()


def _violations(page: Any) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then((result) => result.violations)")
    bad = [one for one in found if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in bad]
