"""Take the screenshots in docs/applications/app.md.

    python docs/make_screenshots.py

Needs the extras app and dev, and chromium. Draws from a bundled photo, about a minute on two cores.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PHOTO = ROOT / "examples" / "photos" / "large" / "mountains.jpg"
IMAGES = ROOT / "docs" / "images"
LONG = 600_000  # milliseconds


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "internal_gan", "app", "port=0", "browser=false"]
        server = subprocess.Popen(
            [*command, f"runs={folder}/runs"], stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            address = re.search(r"http://\S+", server.stdout.readline())
            assert address is not None
            take(address[0])
        finally:
            server.terminate()
            server.communicate()


def take(address: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.set_default_timeout(LONG)
        expect.set_options(timeout=LONG)
        page.goto(address)
        page.set_input_files("#files", PHOTO)
        page.locator(".preview").wait_for()
        for number in (1, 2):
            page.get_by_role("button", name="Keep").click()
            wait(page, "Variations", number)
            page.get_by_role("button", name="Another").click()
            page.locator(".preview").wait_for()
        page.locator("#strip .pictures button").nth(1).click()
        shot(page, "app-variations")
        remove(page)
        browser.close()


def remove(page: Page) -> None:
    """Brush over the fir, fill it, and draw the slider over the result."""
    page.get_by_role("tab", name="Remove").click()
    page.get_by_label("Brush").first.fill("48")
    box = page.locator("#stage canvas").first.bounding_box()
    assert box is not None
    x, y = box["x"] + 0.745 * box["width"], box["y"] + 0.43 * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, box["y"] + 0.66 * box["height"], steps=10)
    page.mouse.up()
    page.get_by_role("button", name="Keep").click()
    wait(page, "Filled", 1)
    stage = page.locator("#stage").bounding_box()
    assert stage is not None
    page.get_by_label("Compare").fill(str(100 * (x - stage["x"]) / stage["width"]))
    shot(page, "app-remove")


def wait(page: Page, title: str, count: int) -> None:
    """Wait for that many finished results of this title."""
    heading = page.get_by_role("heading", name=title, exact=True)
    cards = page.locator("#strip article[data-state=finished]").filter(has=heading)
    expect(cards).to_have_count(count)


def shot(page: Page, name: str) -> None:
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(1500)  # until the images are shown
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    with Image.open(path) as picture:
        picture.convert("RGB").save(path.with_suffix(".jpg"), quality=85, optimize=True)
    path.unlink()


if __name__ == "__main__":
    main()
