"""How soon the page shows a preview, and how near it is to the result.

    python -m benchmarks.previews > previews.json
    python -m benchmarks.previews PHOTO ... > previews.json

Seconds go from letting go of the mouse to a picture on the stage, in Chromium: a preview and, for
comparison, the result that a button makes. The photos are the bundled large one at two sizes. For
the other part, by default the same photo, previews and results are shrunk to 32 x 32 pixels and
compared, beside two previews of different seeds.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from benchmarks._common import print_json, run, say, spread
from benchmarks.commands import LARGE
from internal_gan.api.functions import edit, extend, fill, retarget, sample
from internal_gan.api.previews import Previews

SIZES = {2: (1632, 1224), 24: (5664, 4248)}
TIMES = 3
CHANGES = ("Variations", "Remove", "Format", "Extend", "Edit and paint")
FORMATS = ("1:1", "9:16", "21:9")
COARSE = (32, 32)


def seconds_of(photo: Path) -> dict[str, Any]:
    """Seconds to previews of a photo, and to results, by tool."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as runs, sync_playwright() as playwright:
        command = [sys.executable, "-m", "internal_gan", "app", "port=0", "browser=false"]
        server = subprocess.Popen([*command, f"runs={runs}"], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            address = re.findall(r"http://\S+", server.stdout.readline())[0]
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1300, "height": 900})
            page.set_default_timeout(120_000)
            page.add_init_script("performance.now = () => 0")  # no preview counts as slow
            page.goto(address)
            page.set_input_files("#files", photo)
            page.locator(".preview").wait_for()
            return {tool: _changed(page, tool) for tool in CHANGES}
        finally:
            server.terminate()
            server.communicate()


def _changed(page: Any, tool: str) -> dict[str, Any]:
    page.get_by_role("tab", name=tool, exact=True).click()
    page.wait_for_timeout(3000)  # what the tab itself asks for
    found: dict[str, list[float]] = {"preview": [], "result": []}
    for kind, times in found.items():
        if kind == "result":
            page.get_by_label("Draw at once").uncheck()
        for turn in range(TIMES if kind == "preview" else 1):
            before = page.evaluate("document.querySelector('.preview')?.src || ''")
            if kind == "result":
                page.locator("#panel button.main").click()
            elif tool == "Variations":
                page.get_by_role("button", name="Another").click()
            elif tool == "Format":
                page.wait_for_function("() => !document.querySelector('.drawing')")
                page.get_by_role("button", name=FORMATS[turn], exact=True).click()
            elif tool == "Extend":
                _drag(page, page.get_by_label("Move the right of the frame"), 0.5, 40)
            else:
                _drag(page, page.locator("#stage canvas").first, 0.3 + 0.15 * turn, 40)
            started = time.perf_counter()
            if kind == "preview":
                shown = "(old) => (document.querySelector('.preview')?.src ?? old) !== old"
                # Asking in every frame would take a fifth of the time.
                page.wait_for_function(shown, arg=before, polling=30)
            else:
                page.locator("#about .small").wait_for()
            times.append(time.perf_counter() - started)
    page.get_by_label("Draw at once").check()
    return {kind: spread(times) for kind, times in found.items()}


def _drag(page: Any, element: Any, share: float, by: float) -> None:
    box = element.bounding_box()
    x, y = box["x"] + box["width"] * share, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by, y, steps=4)
    page.mouse.up()


def nearness(path: Path) -> dict[str, dict[str, float]]:
    """For each task, the mean difference, in levels of 255, of a preview and the result, and of
    two previews with different seeds."""
    photo = Image.open(path).convert("RGB")
    hole, copied = Image.new("L", photo.size), photo.copy()
    (width, height), left, top = photo.size, round(0.4 * photo.width), round(0.4 * photo.height)
    ImageDraw.Draw(hole).rectangle((left, top, round(0.55 * width), round(0.65 * height)), fill=255)
    copied.paste(photo.crop((0, height // 2, width, height)).resize(photo.size), mask=hole)
    cases: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        "sample": (lambda photo, **how: sample(photo, **how)[0], {}),
        "retarget": (retarget, {"shape": "21:9"}),
        "fill": (fill, {"mask": hole}),
        "extend": (extend, {"shape": "21:9"}),
        "edit": (edit, {"image": copied, "mask": hole}),
    }
    previews, found = Previews(photo), {}
    for task, (function, options) in cases.items():
        seen, other = (previews(task, **options, seed=seed) for seed in (1, 2))
        if task == "retarget":
            options = {"size": options["shape"]}
        made = function(photo, **options, seed=1)
        found[task] = {"result": _apart(seen, made), "seed": _apart(seen, other)}
    return found


def _apart(*pictures: Image.Image) -> float:
    one, two = (np.asarray(x.resize(COARSE, Image.Resampling.BOX), float) for x in pictures)
    return float(np.abs(one - two).mean())


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.previews", description=__doc__)
    parser.add_argument("photos", nargs="*", type=Path, default=[LARGE])
    photos = parser.parse_args(argv).photos
    found: dict[str, Any] = {"seconds": {}, "near": {}}
    with tempfile.TemporaryDirectory() as folder:
        for megapixels, size in SIZES.items():
            file = Path(folder, f"{megapixels}.jpg")
            Image.open(LARGE).resize(size, Image.Resampling.LANCZOS).save(file, quality=92)
            found["seconds"][megapixels] = seconds_of(file)
            say(f"{megapixels} megapixels: {found['seconds'][megapixels]}")
    for photo in photos:
        found["near"][photo.stem] = nearness(photo)
        say(f"{photo.stem}: {found['near'][photo.stem]}")
    print_json("previews", found)


if __name__ == "__main__":
    run(main)
