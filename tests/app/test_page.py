"""The page in a real browser: every tab is used as a person would, with loopback network only."""

import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image

from internal_gan import Patches
from tests.commands import ROOT, start_process

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

NAMES = ("dandelions.jpg", "gravel.jpg", "peaks.jpg", "mountains.jpg")
PHOTO = NAMES[0]
# The size of the picture that the pointer is over an element, in pixels.
RING = """async (element) => {
  const image = new Image();
  image.src = element.style.cursor.match(/url\\("(.*?)"\\)/)[1];
  await image.decode();
  return image.naturalWidth;
}"""
SIZE = (47, 84)
AXE = ROOT / "tests" / "app" / "node_modules" / "axe-core" / "axe.min.js"
# Previews count as quick, however busy the machine is.
QUICK = "performance.now = () => 0"
# Milliseconds: enough to train with trainer=debug on a busy machine.
LONG = 120_000


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with some of the examples' photos at a third of their size."""
    folder = tmp_path_factory.mktemp("photos")
    for name in NAMES:
        with Image.open(ROOT / "examples" / "photos" / name) as photo:
            photo.reduce(3).save(folder / name)
    return folder


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a server started for this module."""
    runs = tmp_path_factory.mktemp("app") / "runs"
    options = ("port=0", "browser=false", f"runs={runs}", "trainer=debug")
    with start_process("app", *options, cwd=ROOT) as server:
        found: Any = re.search(r"http://\S+", server.stdout.readline())
        yield found[0]
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


def new_page(chromium: Any, *, quick: bool = True, **how: Any) -> Any:
    page = chromium.new_page(**how)
    page.set_default_timeout(LONG)
    if quick:
        page.add_init_script(QUICK)
    return page


def give(page: Any, photo: Path) -> None:
    page.set_input_files("#files", photo)
    page.get_by_role("heading", name=photo.name).wait_for()


@pytest.fixture(scope="module")
def looked_at(chromium: Any, address: str, photos: Path) -> Iterator[Any]:
    """A tab with a variation on the stage; at its end, no request left the machine or failed."""
    page = new_page(chromium, viewport={"width": 1200, "height": 900}, accept_downloads=True)
    asked, wrong = list[str](), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.goto(address)
    give(page, photos / PHOTO)
    preview(page)
    made(page, "Variations", main(page))
    page.locator("#about", has_text="Variations").wait_for()
    yield page
    assert not wrong
    assert not [url for url in asked if not url.startswith((address, "data:", "blob:"))]


@pytest.fixture(scope="module")
def learnt(looked_at: Any) -> Any:
    """The tab once a SinGAN is trained on the photo."""
    panel = tab(looked_at, "Variations")
    panel.get_by_text("For many drawings").click()
    panel.get_by_role("button", name="Train and draw").click()
    cards(looked_at, "Variations").filter(has_text="new model").first.wait_for()
    return looked_at


@pytest.fixture
def opened(chromium: Any, address: str) -> Iterator[Callable[..., Any]]:
    """``opened(photo)`` is a new tab with a new photo, ``opened()`` one with the home page."""
    with ExitStack() as pages:

        def new(photo: Path | None = None, where: str = address, **how: Any) -> Any:
            page = pages.enter_context(new_page(chromium, **how))
            page.goto(where)
            if photo is not None:
                give(page, photo)
            return page

        yield new


def tab(page: Any, name: str) -> Any:
    page.get_by_role("tab", name=name, exact=True).click()
    return page.get_by_role("tabpanel")


def cards(page: Any, title: str) -> Any:
    """The results with this title, newest first."""
    heading = page.get_by_role("heading", name=title, exact=True)
    return page.locator("#strip article").filter(has=heading)


def made(page: Any, title: str, start: Any) -> Any:
    """The new result with this title that a button starts, once it has finished."""
    before = cards(page, title).count()
    start.click()
    cards(page, title).nth(before).wait_for()
    found = cards(page, title).first
    sync_api.expect(found).to_have_attribute("data-state", re.compile("finished|failed"))
    assert found.locator(".wrong").count() == 0, found.inner_text()
    return found


def main(page: Any) -> Any:
    """The button that makes the picture of the tool on the stage."""
    return page.locator("#panel button.main")


def asked_by(page: Any, button: Any) -> Any:
    """What a button asks the server for, which does not get it."""
    page.route("**/runs", lambda route: route.fulfill(status=422, body="enough"))
    with page.expect_response("**/runs") as answer:
        button.click()
    sync_api.expect(button).to_be_enabled()  # a preview may already have cleared the message
    page.unroute("**/runs")
    return answer.value.request.post_data_json


def preview(page: Any, before: str = "") -> str:
    """The address of the preview on the stage, once it is another one than ``before``."""
    page.wait_for_function(
        """(before) => {
          const shown = document.querySelector(".preview");
          return shown && shown.src !== before && !document.querySelector(".drawing");
        }""",
        arg=before,
    )
    return str(page.locator(".preview").get_attribute("src"))


def brush(page: Any, board: Any) -> None:
    """Brush a stroke across the middle of the photo."""
    drag(page, board, board.bounding_box()["width"] * 0.2, 0, start=0.4)


def size_of(page: Any, found: Any) -> tuple[int, int]:
    """Height and width of the first picture of a result, shown on the stage."""
    found.locator(".pictures button").first.click()
    url = found.locator(".pictures button").first.get_attribute("data-url")
    page.locator(f"#stage .picture[src='{url}']").wait_for()
    picture = page.locator("#stage .picture")
    width, height = picture.evaluate("(e) => [e.naturalWidth, e.naturalHeight]")
    sync_api.expect(page.locator("#about")).to_contain_text(f"{width} × {height} pixels")
    return height, width


def drag(page: Any, element: Any, x: float, y: float, start: float = 0.5) -> None:
    """Drag from the middle of an element, or from another share of its width."""
    element.hover()
    box = element.bounding_box()
    left, top = box["x"] + box["width"] * start, box["y"] + box["height"] / 2
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left + x, top + y, steps=4)
    page.mouse.up()


def scale(page: Any) -> float:
    """Screen pixels per pixel of the picture on the stage."""
    content = page.locator("#stage .content")
    return float(content.bounding_box()["width"] / content.evaluate("(e) => e.offsetWidth"))


def test_variations_are_drawn_as_chosen(opened: Any, tmp_path: Path) -> None:
    Image.effect_noise((2100, 60), 60).convert("RGB").save(tmp_path / "wide.png")
    page = opened(tmp_path / "wide.png")
    panel, draw = tab(page, "Variations"), main(page)
    assert "2048 × 59" in panel.get_by_label("Size").inner_text()
    usual = asked_by(page, draw)["options"]
    assert (usual["sample.start_scale"], usual["finish.resolution"]) == (None, None)
    panel.get_by_label("Keep from the photo").select_option("the layout")
    panel.get_by_label("Size").select_option("2100 × 60, the photo's own")
    chosen = asked_by(page, draw)["options"]
    assert (chosen["sample.start_scale"], chosen["finish.resolution"]) == (1, "photo")


def test_the_stage_fits_zooms_pans_and_compares(looked_at: Any) -> None:
    page, stage = looked_at, looked_at.locator("#stage")
    size_of(page, cards(page, "Variations").last)
    page.get_by_role("button", name="Fit").click()
    box, content = stage.bounding_box(), page.locator("#stage .content")
    fitted, inside = scale(page), content.bounding_box()
    assert inside["width"] <= box["width"]
    assert inside["height"] <= box["height"]
    cut = page.locator("#stage .picture").evaluate("(e) => e.style.clipPath.split(' ')[3]")
    middle = content.evaluate("(e) => e.offsetWidth / 2")
    assert float(cut.removesuffix("px)")) == pytest.approx(middle, rel=0.01)
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.wheel(0, -300)
    sync_api.expect(page.locator("#zoom")).not_to_have_text(f"{round(fitted * 100)} %")
    assert scale(page) > 1.3 * fitted
    place = content.bounding_box()
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 120, steps=3)
    page.mouse.up()
    moved = content.bounding_box()
    assert (moved["x"] - place["x"], moved["y"] - place["y"]) == pytest.approx((40, 20), abs=1)
    stage.focus()
    page.keyboard.press("1")
    assert scale(page) == pytest.approx(1)
    page.keyboard.press("f")
    assert scale(page) == pytest.approx(fitted)
    page.get_by_label("Compare with the photo").fill("50")
    assert "inset(0" in page.locator("#stage .picture").evaluate("(e) => e.style.clipPath")
    page.keyboard.press("Escape")
    stage.focus()
    page.keyboard.down(" ")
    seen = page.locator("#stage .picture").evaluate("(e) => getComputedStyle(e).visibility")
    assert seen == "hidden"
    page.keyboard.up(" ")


def test_a_result_is_saved_made_again_and_deleted(looked_at: Any, tmp_path: Path) -> None:
    page, card = looked_at, cards(looked_at, "Variations").last
    height, width = size_of(page, card)
    for name, suffix in (("PNG", "png"), ("JPEG", "jpg")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).click()
        assert download.value.suggested_filename == f"{Path(PHOTO).stem} variations.{suffix}"
        download.value.save_as(tmp_path / name)
        with Image.open(tmp_path / name) as picture:
            assert picture.format == name
            assert picture.size == (width, height)
    page.get_by_text("How it was made").click()
    assert "task=sample sample.count=1" in page.locator("#command").inner_text()
    assert "internal_gan.sample(" in page.locator("#python").inner_text()
    page.get_by_text("How it was made").click()
    size_of(page, made(page, "Variations", page.get_by_role("button", name="Again, different")))
    count = cards(page, "Variations").count()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete").click()
    cards(page, "Variations").nth(count - 1).wait_for(state="detached")
    page.locator("#about", has_text=PHOTO).wait_for()


def plans(page: Any) -> Any:
    """The plans to choose from, once all are drawn."""
    page.wait_for_function("() => !document.querySelector('.drawing')")
    return page.locator(".plans button")


def chosen(page: Any, name: str) -> Any:
    """The plans for a format, once it is chosen; their first is on the stage."""
    before = (
        page.locator(".preview").get_attribute("src") if page.locator(".preview").count() else ""
    )
    page.get_by_role("button", name=name, exact=True).click()
    preview(page, before or "")
    return plans(page)


def test_plans_are_side_by_side_with_words_and_one_is_taken(opened: Any, photos: Path) -> None:
    page = opened(photos / "mountains.jpg")
    panel = tab(page, "Format")
    expect = [plan.in_words() for plan in Patches(photos / "mountains.jpg").plans("1:1")]
    found = chosen(page, "1:1")
    assert len(expect) > 3
    assert [text.replace("\xa0", " ").lower() for text in found.all_inner_texts()] == expect[:3]
    assert len({one.get_attribute("src") for one in found.locator("img").all()}) == 3
    first, pressed = preview(page), page.locator(".plans [aria-pressed=true]")
    assert pressed.locator("img").get_attribute("src") == first
    found.nth(2).focus()
    page.keyboard.press("Enter")
    third = preview(page, first)
    assert third == found.nth(2).locator("img").get_attribute("src")
    width, height = page.locator(".preview").evaluate("(e) => [e.offsetWidth, e.offsetHeight]")
    assert width == pytest.approx(height, abs=2)
    room = page.locator("#stage .content").evaluate("(e) => e.offsetHeight")
    assert height == pytest.approx(room, abs=2)  # all of it is on the stage
    seen = page.locator("#stage .picture").evaluate("(e) => getComputedStyle(e).visibility")
    assert seen == "hidden"  # the photo does not stick out beside it
    assert asked_by(page, main(page))["options"] == {"retarget.shape": "1:1", "seed": 2}
    made(page, "Reformatted", main(page))
    sync_api.expect(page.locator("#about")).to_contain_text(expect[2])
    # Another takes the next plan, which then is there as well.
    panel.get_by_role("button", name="Another").click()
    sync_api.expect(plans(page)).to_have_count(4)
    assert pressed.inner_text().replace("\xa0", " ").lower() == expect[3]
    page.get_by_label("Draw at once").uncheck()
    sync_api.expect(page.get_by_role("group", name="Plans")).to_be_hidden()
    assert asked_by(page, main(page))["options"]["seed"] == 0


def test_of_formats_chosen_quickly_the_last_ones_plans_are_shown(opened: Any, photos: Path) -> None:
    page = opened(photos / "mountains.jpg")
    tab(page, "Format")
    found = chosen(page, "9:16")
    found.nth(1).click()
    for name in ("1:1", "4:5", "21:9"):
        page.get_by_role("button", name=name, exact=True).click()
        page.wait_for_timeout(150)
    assert page.locator(".plans").evaluate("(e) => e.inert")  # until the new ones are there
    expect = [plan.in_words() for plan in Patches(photos / "mountains.jpg").plans("21:9")]
    page.wait_for_function("() => !document.querySelector('.plans').inert")
    texts = plans(page).all_inner_texts()
    assert [text.replace("\xa0", " ").lower() for text in texts] == expect[:3]
    asked = asked_by(page, main(page))
    assert asked["options"] == {"retarget.shape": "21:9", "seed": 0}
    pressed = page.get_by_role("group", name="Format").locator("[aria-pressed=true]")
    assert pressed.all_inner_texts() == ["21:9"]


def test_a_free_format_needs_a_side(opened: Any, photos: Path) -> None:
    page = opened(photos / "mountains.jpg")
    panel = tab(page, "Format")
    main(page).click()
    sync_api.expect(page.get_by_role("alert")).to_contain_text("Choose a format first")
    assert panel.get_by_label("Width").is_hidden()
    page.get_by_role("button", name="free", exact=True).click()
    assert page.locator(".preview").count() == 0
    panel.get_by_label("Width").fill("90")
    panel.get_by_label("Width").blur()
    before = preview(page)
    panel.get_by_label("Height").fill("90")
    panel.get_by_label("Height").blur()
    preview(page, before)
    shape = page.locator(".preview").evaluate("(e) => [e.naturalHeight, e.naturalWidth]")
    assert shape == [90, 90]
    assert plans(page).count() > 1
    assert asked_by(page, main(page))["options"]["retarget.shape"] == [90, 90]
    panel.get_by_label("Height").fill("-4")
    panel.get_by_label("Height").blur()
    page.locator("#message", has_text="[-4,90]: needs [height,width]").wait_for()
    assert page.locator(".plans button").count() == page.locator(".preview").count() == 0


def test_what_matters_is_shown_and_painted(opened: Any, photos: Path) -> None:
    page = opened(photos / "mountains.jpg")
    drawn: list[Any] = []
    page.on("response", lambda answer: drawn.append(answer) if "kind=" in answer.url else None)
    panel = tab(page, "Format")
    found = chosen(page, "9:16")
    before, board = found.all_inner_texts(), page.locator("#stage canvas").first
    assert board.is_hidden()
    panel.get_by_label("Show what matters").check()
    board.wait_for()
    page.wait_for_function("() => document.querySelector('.layer img').naturalWidth > 0")
    sync_api.expect(page.locator(".preview")).to_have_count(0)  # the photo is painted on
    panel.get_by_label("Brush").fill("120")
    drag(page, board, 1, board.bounding_box()["height"] * 0.4, start=0.1)
    page.wait_for_function(
        "(before) => document.querySelector('.plans').innerText.trim() !== before",
        arg="\n".join(before),
    )
    plans(page)
    panel.get_by_label("Mark", exact=False).locator("visible=true").select_option(
        "what must stay whole"
    )
    panel.get_by_label("Brush").fill("10")
    brush(page, page.locator("#stage canvas").nth(1))
    asked = asked_by(page, main(page))["options"]
    ids = {answer.url.rpartition("=")[2]: answer.json()["drawing"] for answer in drawn}
    assert asked["retarget.protect"] == ids["mask"]
    assert asked["retarget.importance"] == ids["importance"]
    plans(page)
    panel.get_by_label("Show what matters").uncheck()
    preview(page)
    assert board.is_hidden()
    page.get_by_role("button", name="Fit").focus()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert [one.strip() for one in plans(page).all_inner_texts()] == before
    assert asked_by(page, main(page))["options"].keys() == {"retarget.shape", "seed"}


@pytest.mark.slow
def test_a_photo_is_given_a_format_at_once_or_by_a_model(looked_at: Any) -> None:
    panel = tab(looked_at, "Format")
    chosen(looked_at, "1:1")
    panel.get_by_label("Show what matters").check()
    brush(looked_at, looked_at.locator("#stage canvas").first)
    go = main(looked_at)
    height, width = size_of(looked_at, made(looked_at, "Reformatted", go))
    assert height == width
    panel.get_by_text("Another way").click()
    train = panel.get_by_role("button", name="Train and redraw")
    height, width = size_of(looked_at, made(looked_at, "Reformatted", train))
    assert height == width
    panel.get_by_label("Drawn by").select_option("InGAN, trained")
    assert size_of(looked_at, made(looked_at, "Reformatted", go)) == (height, width)


def test_a_photo_is_extended_to_the_frame(looked_at: Any) -> None:
    panel = tab(looked_at, "Extend")
    panel.get_by_label("Right").fill("0")
    panel.get_by_label("Left").fill("0")
    handle = looked_at.get_by_label("Move the bottom right of the frame")
    drag(looked_at, handle, 20 * scale(looked_at), 10 * scale(looked_at))
    assert panel.locator("output").inner_text() == f"{SIZE[1] + 20} × {SIZE[0] + 10} pixels"
    found = made(looked_at, "Extended", main(looked_at))
    assert size_of(looked_at, found) == (SIZE[0] + 10, SIZE[1] + 20)
    # The photo in front of it lies where it was.
    before = looked_at.locator("#stage .before")
    assert before.evaluate("(e) => [e.style.left, e.style.width]") == ["0px", f"{SIZE[1]}px"]


def test_a_frame_that_leaves_the_stage_is_shown_whole(looked_at: Any) -> None:
    panel, stage = tab(looked_at, "Extend"), looked_at.locator("#stage").bounding_box()
    panel.get_by_label("Right").fill(str(2 * SIZE[1]))
    panel.get_by_label("Right").blur()
    for moved in (0, -stage["width"]):
        if moved:
            drag(looked_at, looked_at.get_by_label("Move the left of the frame"), moved, 0)
        frame = looked_at.locator("#stage .frame").bounding_box()
        assert stage["x"] < frame["x"] < frame["x"] + frame["width"] < stage["x"] + stage["width"]


def test_what_must_not_be_used_is_sent_as_a_mask(opened: Any, photos: Path) -> None:
    page = opened(photos / "mountains.jpg")
    drawn: list[Any] = []
    page.on("response", lambda answer: drawn.append(answer) if "kind=" in answer.url else None)
    panel = tab(page, "Remove")
    panel.get_by_label("Grow by pixels").fill("7")
    for number, what in enumerate(("what should go", "don't use this")):
        panel.get_by_label("Mark").select_option(what)
        brush(page, page.locator("#stage canvas").nth(number))
    fill = asked_by(page, main(page))
    panel.get_by_text("Better in large holes").click()
    train = asked_by(page, panel.get_by_role("button", name="Train and fill"))
    panel = tab(page, "Extend")
    panel.get_by_text("Don't use parts").click()
    panel.get_by_label("Brush over what must not be used").check()
    brush(page, page.locator("#stage canvas"))
    extend = asked_by(page, main(page))
    ids = [answer.json()["drawing"] for answer in drawn]
    assert [answer.url.rpartition("=")[2] for answer in drawn] == ["mask"] * 5
    sent = {"mask.file": ids[0], "mask.dilate": 7, "fill.avoid": ids[1], "seed": 0}
    assert fill["options"] == sent
    assert train["options"].items() >= {"mask.dilate": 7, "fill.avoid": ids[3]}.items()
    assert extend["options"]["extend.avoid"] == ids[4]
    assert [one["model"] for one in (fill, train, extend)] == [None, "edgeconnect", None]


def test_the_brushed_area_is_filled_shown_and_used_again(looked_at: Any) -> None:
    page, panel = looked_at, tab(looked_at, "Remove")
    main(page).click()
    assert page.get_by_role("alert").inner_text() == "First brush over what should go."
    canvas = page.locator("#stage canvas").first
    panel.get_by_label("Brush").fill("40")
    assert canvas.evaluate(RING) == 44
    for mark, width in (("lines", "4"), ("hole", "40")):  # each has its own
        panel.get_by_label("Mark").select_option(mark)
        assert panel.get_by_label("Brush").input_value() == width
        assert panel.locator("label", has_text="Brush").locator(".value").inner_text() == width
    brush(page, canvas)
    assert size_of(page, made(page, "Filled", main(page))) == SIZE
    fitted = scale(page)
    page.get_by_role("button", name="Show what changed").click()
    sync_api.expect(page.locator("#zoom")).not_to_have_text(f"{round(fitted * 100)} %")
    where = page.url
    page.get_by_role("button", name="Use as photo").click()
    page.get_by_role("heading", name=f"{Path(PHOTO).stem} filled.png").wait_for()
    page.goto(where)
    page.get_by_role("heading", name=PHOTO).wait_for()


@pytest.mark.slow
def test_a_model_that_is_trained_to_fill_is_used_from_then_on(opened: Any, photos: Path) -> None:
    page = opened(photos / "peaks.jpg")
    panel = tab(page, "Remove")
    brush(page, page.locator("#stage canvas").first)
    panel.get_by_text("Better in large holes").click()
    made(page, "Filled", panel.get_by_role("button", name="Train and fill"))
    drawn_by = panel.get_by_label("Drawn by").locator("option:checked")
    sync_api.expect(drawn_by).to_have_text("EdgeConnect, trained")


@pytest.mark.parametrize(
    "name", ["turned.webp", pytest.param("turned.jpg", marks=pytest.mark.slow)]
)
def test_strokes_land_where_painted(opened: Any, address: str, tmp_path: Path, name: str) -> None:
    """Browsers ignore the orientation in a WebP file and in XMP; the page shows a copy."""
    exif, xmp = Image.Exif(), b""
    if name.endswith("webp"):
        exif[ExifTags.Base.Orientation] = 6
    else:
        xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/>'
    Image.effect_noise((160, 120), 60).convert("RGB").save(tmp_path / name, exif=exif, xmp=xmp)
    page = opened(tmp_path / name)
    tab(page, "Remove")
    page.locator("#about", has_text="120 × 160 pixels").wait_for()
    shown = page.locator("#stage .picture").evaluate("(e) => [e.naturalWidth, e.naturalHeight]")
    assert shown == [120, 160]
    brush(page, page.locator("#stage canvas").first)
    run = made(page, "Filled", main(page)).get_attribute("data-run")
    mask = page.request.get(f"{address}runs/{run}/fill/mask.png").body()
    with Image.open(io.BytesIO(mask)) as hole:
        assert hole.getbbox() == pytest.approx((0.4 * 120, 80, 0.6 * 120, 80), abs=12)


def test_editing_and_pasting_return_a_whole_photo(looked_at: Any, photos: Path) -> None:
    panel, canvas = tab(looked_at, "Edit and paint"), looked_at.locator("#stage canvas").first
    panel.get_by_role("button", name="Pick from the photo").click()
    box = canvas.bounding_box()
    looked_at.mouse.click(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3)
    with Image.open(photos / PHOTO) as photo:
        x, y = int(0.3 * SIZE[1]), int(0.3 * SIZE[0])
        there = photo.convert("RGB").crop((x, y, x + 1, y + 1)).tobytes()
    picked = bytes.fromhex(panel.get_by_label("Colour").input_value()[1:])
    assert list(picked) == pytest.approx(list(there), abs=25)
    brush(looked_at, canvas)
    go = main(looked_at)
    assert size_of(looked_at, made(looked_at, "Edited", go)) == SIZE
    panel.get_by_label("Paste a picture").set_input_files(photos / "peaks.jpg")
    panel.get_by_label("Then").select_option("harmonize")
    assert size_of(looked_at, made(looked_at, "Harmonized", go)) == SIZE


def test_what_is_brushed_is_moved_and_its_old_place_filled(looked_at: Any) -> None:
    panel, canvas = tab(looked_at, "Edit and paint"), looked_at.locator("#stage canvas").first
    panel.get_by_role("button", name="Clear").click()
    panel.get_by_label("Drag it").uncheck()
    brush(looked_at, canvas)
    extent = """(e) => [...e.getContext("2d").getImageData(0, 0, e.width, e.height).data]
        .filter((value, at) => at % 4 === 3 && value > 128).length"""
    brushed = canvas.evaluate(extent)
    panel.get_by_role("button", name="Move it").click()
    sync_api.expect(panel.get_by_label("Drag it")).to_be_checked()
    drag(looked_at, canvas, 0, -0.4 * canvas.bounding_box()["height"])
    assert canvas.evaluate(extent) == pytest.approx(2 * brushed, rel=0.2)
    panel.get_by_label("Then").select_option("edit")
    assert size_of(looked_at, made(looked_at, "Edited", main(looked_at))) == SIZE


def test_a_drawing_stays_while_a_model_is_trained_that_may_draw(opened: Any, photos: Path) -> None:
    page = opened(photos / "peaks.jpg")
    panel = tab(page, "Edit and paint")
    sync_api.expect(panel.get_by_label("Drawn by")).to_be_hidden()
    brush(page, page.locator("#stage canvas").first)
    panel = tab(page, "Variations")
    panel.get_by_text("For many drawings").click()
    made(page, "Variations", panel.get_by_role("button", name="Train and draw"))
    panel = tab(page, "Edit and paint")
    panel.get_by_label("Drawn by").select_option("SinGAN, trained")
    with page.expect_request("**/runs") as request:
        made(page, "Edited", main(page))
    assert request.value.post_data_json["run"].startswith("peaks-singan/")
    tab(page, "Animate")
    sync_api.expect(panel.get_by_label("Loop")).to_be_hidden()
    panel.get_by_label("Drawn by").select_option("SinGAN, trained")
    sync_api.expect(panel.get_by_label("Loop")).to_be_checked()


def test_a_preview_is_drawn_kept_and_taken_back(opened: Any, photos: Path) -> None:
    page = opened(photos / "peaks.jpg")
    tab(page, "Format")
    pressed = page.get_by_role("group", name="Format").locator("[aria-pressed=true]")
    chosen(page, "1:1")
    first = preview(page)
    page.get_by_role("button", name="Another").click()
    second = preview(page, first)
    chosen(page, "21:9")
    page.keyboard.press("Control+z")
    assert preview(page, first) == second
    assert pressed.all_inner_texts() == ["1:1"]
    taken = page.locator(".plans [aria-pressed=true] img")
    assert taken.get_attribute("src") == second
    page.keyboard.press("Control+z")
    assert preview(page, second) == first
    page.keyboard.press("Escape")
    sync_api.expect(page.locator(".preview")).to_have_count(0)
    page.locator("#stage").focus()
    page.keyboard.press("r")
    assert preview(page) == second  # it is there already
    with page.expect_request("**/preview?*") as previewed:
        chosen(page, "4:5")
    sent: Any = re.search(r'name="options"\s+(\S+)', previewed.value.post_data)
    with page.expect_request("**/runs") as kept:
        made(page, "Reformatted", main(page))
    assert kept.value.post_data_json["options"] == json.loads(sent[1])
    sync_api.expect(page.locator(".preview")).to_have_count(0)


def delay(page: Any, milliseconds: int) -> None:
    """Let previews be asked for later."""

    def late(route: Any) -> None:
        page.wait_for_timeout(milliseconds)
        route.continue_()

    page.route("**/preview?*", late)


@pytest.mark.parametrize("late", [0, pytest.param(300, marks=pytest.mark.slow)])
def test_of_many_quick_changes_the_last_is_shown(late: int, opened: Any, photos: Path) -> None:
    page = opened(photos / "mountains.jpg")
    if late:
        delay(page, late)
    panel, before = tab(page, "Extend"), preview(page)
    page.evaluate(
        """async () => {
          const right = [...document.querySelectorAll("#panel label")]
            .find((one) => one.textContent.startsWith("Right")).querySelector("input");
          for (let change = 0; change < 200; change++) {
            right.value = 10 + change % 23;
            right.dispatchEvent(new Event("change", { bubbles: true }));
            await new Promise((resolve) => setTimeout(resolve, change % 3 ? 5 : 60));
          }
        }"""
    )
    preview(page, before)
    page.wait_for_timeout(300)
    right, left = (int(panel.get_by_label(name).input_value()) for name in ("Right", "Left"))
    assert right == 10 + 199 % 23
    height, width = page.evaluate("async () => (await import('/page/server.js')).state.photo.size")
    shown = page.locator(".preview").evaluate("(e) => [e.naturalHeight, e.naturalWidth]")
    assert shown == [height, left + width + right]
    assert page.locator("#message").inner_text() == ""
    assert page.locator("#strip article").count() == 1  # the photo: nothing was kept


def test_a_preview_of_another_photo_is_not_shown(opened: Any, photos: Path) -> None:
    page = opened(photos / "gravel.jpg")
    page.get_by_role("link", name="internal-gan").click()
    give(page, photos / "peaks.jpg")
    page.get_by_label("Draw at once").uncheck()
    page.wait_for_timeout(2000)
    assert page.locator(".preview").count() == 0
    assert main(page).inner_text() == "Draw"
    assert page.get_by_role("button", name="Another").is_hidden()
    page.get_by_label("Draw at once").check()
    preview(page)


def test_without_an_answer_the_page_says_so(opened: Any, photos: Path) -> None:
    page = opened(photos / "gravel.jpg")
    preview(page)
    page.route("**/preview?*", lambda route: route.abort())
    page.get_by_role("button", name="Another").click()
    page.locator("#message", has_text="The server does not answer").wait_for()
    page.unroute("**/preview?*")
    page.get_by_role("button", name="Another").click()
    preview(page)
    assert page.locator("#message").inner_text() == ""


def test_a_preview_that_nobody_waits_for_is_ended(opened: Any, photos: Path) -> None:
    page = opened(photos / "gravel.jpg")
    preview(page)
    page.route("**/preview?*", lambda one: one.request.method == "DELETE" and one.continue_())
    undo, escape = (partial(page.keyboard.press, key) for key in ("Control+z", "Escape"))
    for leave in (undo, escape, partial(page.evaluate, "dispatchEvent(new Event('pagehide'))")):
        with page.expect_request("**/preview?*"):
            page.get_by_role("button", name="Another").click()
        with page.expect_response(lambda answer: answer.request.method == "DELETE") as ended:
            leave()
        assert ended.value.status == 204


@pytest.mark.slow
def test_after_a_slow_preview_none_is_drawn_unasked(opened: Any, photos: Path) -> None:
    page = opened(quick=False)
    delay(page, 5500)
    page.set_input_files("#files", photos / "gravel.jpg")
    preview(page)
    assert page.get_by_label("Draw at once").is_checked()  # the photo was read
    page.get_by_role("button", name="Another").click()
    sync_api.expect(page.get_by_label("Draw at once")).not_to_be_checked()
    page.locator("#message", has_text="took long").wait_for()
    sync_api.expect(main(page)).to_have_text("Draw")


def test_animations_are_shown_as_gif_and_video(looked_at: Any) -> None:
    panel = tab(looked_at, "Animate")
    panel.get_by_label("Seconds").fill("1")
    animate = panel.get_by_role("button", name="Animate")
    assert size_of(looked_at, made(looked_at, "Animated", animate)) == SIZE
    panel.get_by_label("Format").select_option("mp4")
    made(looked_at, "Animated", animate).locator(".pictures button").click()
    video = looked_at.locator("#stage video")
    video.wait_for()
    assert video.evaluate("(v) => [v.videoHeight, v.videoWidth]") == [48, 84]  # even, for MP4


def test_a_photo_is_enlarged(looked_at: Any) -> None:
    panel = tab(looked_at, "Enlarge")
    assert panel.get_by_role("button", name="Train, then enlarge").is_visible()
    at_once = panel.get_by_role("button", name="Enlarge", exact=True)
    assert size_of(looked_at, made(looked_at, "Enlarged", at_once)) == (2 * SIZE[0], 2 * SIZE[1])


def test_a_tile_is_shown_repeated(looked_at: Any) -> None:
    panel = tab(looked_at, "Tile")
    assert cards(looked_at, "Tiled").count() == 0
    made(looked_at, "Tiled", panel.get_by_role("button", name="Make it tile"))
    looked_at.locator("#about", has_text=f"{SIZE[1]} × {SIZE[0]} pixels, repeated").wait_for()
    content = looked_at.locator("#stage .content")
    assert content.evaluate("(e) => [e.offsetHeight, e.offsetWidth]") == [2 * SIZE[0], 2 * SIZE[1]]


def test_tabs_drawing_and_results_by_keyboard(looked_at: Any) -> None:
    page = looked_at
    tab(page, "Variations")
    page.keyboard.press("ArrowRight")
    assert page.locator(":focus").inner_text() == "Remove"
    canvas = page.locator("#stage canvas").first
    canvas.focus()
    for key in ("ArrowRight", "Space", "ArrowDown", "Space"):
        page.keyboard.press(key)
    drawn = """(e) => [...e.getContext("2d").getImageData(0, 0, e.width, e.height).data]
        .some((value, at) => at % 4 === 3 && value > 0)"""
    assert canvas.evaluate(drawn)
    page.get_by_role("button", name="Fit").focus()
    page.keyboard.press("ArrowRight")
    pressed = page.locator("#strip button[aria-pressed=true]")
    sync_api.expect(pressed).not_to_have_attribute("data-url", "")
    page.keyboard.press("ArrowLeft")
    sync_api.expect(pressed).to_have_attribute("data-url", "")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").get_by_role("button", name="Close").click()


@pytest.mark.slow
def test_several_photos_at_once(opened: Any, photos: Path) -> None:
    page = opened()
    names = ("gravel.jpg", "peaks.jpg")
    page.set_input_files("#files", [photos / name for name in names])
    for name in names:
        page.get_by_label(f"Select {name}").first.check()  # the newest
    page.get_by_role("button", name="Start").click()
    for name in names:
        page.get_by_role("link", name=re.compile(rf"{name}, 1 run")).wait_for()


def test_selected_photos_are_deleted_once_confirmed(opened: Any, tmp_path: Path) -> None:
    Image.linear_gradient("L").resize((56, 40)).save(tmp_path / "secret.png")
    page = opened()
    page.set_input_files("#files", [tmp_path / "secret.png"] * 2)
    boxes = page.get_by_label("Select secret.png")
    sync_api.expect(boxes).to_have_count(2)
    for box in boxes.all():
        box.check()
    page.get_by_label("With the selected photos").select_option("delete them and their results")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Start").click()
    sync_api.expect(boxes).to_have_count(2)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Start").click()
    sync_api.expect(boxes).to_have_count(0)


@pytest.mark.slow
def test_a_very_large_result_must_be_confirmed(learnt: Any, opened: Any) -> None:
    # The refusal is an error in the console.
    page, asked = opened(where=learnt.url), list[str]()
    panel, before = tab(page, "Variations"), cards(learnt, "Variations").count()

    def refuse(dialog: Any) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    panel.get_by_label("Drawn by").select_option("SinGAN, trained")
    panel.get_by_label("Height").fill("300")
    panel.get_by_label("Width").fill("180000")
    with page.expect_event("dialog"):
        main(page).click()
    page.remove_listener("dialog", refuse)
    assert re.search(r"54 megapixels takes about 5\.9 GB of memory\. Go on\?$", asked[0])
    sync_api.expect(cards(page, "Variations")).to_have_count(before)
    # A training is only refused when it begins, so its card asks.
    page.evaluate(
        """async () => (await import("/page/server.js")).start(
            "sample", {"sample.size": [300, 180000]}, {model: "singan"})"""
    )
    failed = cards(page, "Variations").filter(has_text="54 megapixels")
    failed.get_by_role("button", name="Go on").wait_for()
    assert "confirm=large" not in failed.inner_text()
    failed.get_by_role("button", name="Go on").click()
    failed.wait_for(state="detached")
    cards(page, "Variations").first.get_by_role("button", name="Stop").click()
    again = page.locator("#strip article[data-state=stopped]").filter(has_text="Variations")
    again.get_by_role("button", name="Delete").click()
    again.wait_for(state="detached")


def test_the_home_page_explains_itself_and_takes_photos_alone(opened: Any, tmp_path: Path) -> None:
    page = opened()
    assert "Remove, extend, tile and reshape photos" in page.locator("header").inner_text()
    (tmp_path / "a.jpg").write_text("no photo")
    page.set_input_files("#files", tmp_path / "a.jpg")
    page.locator("#home-message", has_text="a.jpg: not an image").wait_for()
    page.get_by_role("button", name="Try it with this photo").click()
    page.get_by_role("heading", name="meadow.jpg").wait_for()
    page.locator("#about", has_text="960 × 540 pixels").wait_for()


@pytest.mark.skipif(not AXE.is_file(), reason="no axe-core: npm install in tests/app")
@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (360, "dark")])
def test_the_page_is_accessible(learnt: Any, opened: Any, width: int, scheme: str) -> None:
    """On the home page, in any tab, and with a result."""
    page = opened(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.get_by_text(PHOTO).wait_for()
    assert _violations(page) == []
    page.goto(learnt.url)
    page.get_by_role("tab").first.wait_for()
    for name in page.get_by_role("tab").all_inner_texts():
        tab(page, name)
        assert _violations(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    size_of(page, cards(page, "Variations").last)
    assert _violations(page) == []


def _violations(page: Any) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then((result) => result.violations)")
    bad = [one for one in found if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in bad]
