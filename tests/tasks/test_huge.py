"""task=fill on a photo that is too large to be worked on as a whole."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageOps

from internal_gan.images.files import image as files
from internal_gan.tasks import holes
from tests.commands import ROOT, Shell, plain_environment
from tests.tiny import SRGB, write_png

SIZE = HEIGHT, WIDTH = 120, 160
TOP, LEFT, DOWN, ACROSS = 50, 70, 14, 20
HOLE = slice(TOP, TOP + DOWN), slice(LEFT, LEFT + ACROSS)
BY_BOX = f"mask.box=[{TOP},{LEFT},{DOWN},{ACROSS}]"
# Three times the hole's size, and at least 50 pixels.
WINDOW = slice(32, 82), slice(50, 110)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(holes, "MIN_WINDOW", 50)


def lower(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small photos count as huge, but not a window of them."""
    for module in (files, holes):
        monkeypatch.setattr(module, "MAX_PIXELS", 10_000)


def hole() -> Image.Image:
    drawn = Image.new("L", (WIDTH, HEIGHT))
    drawn.paste(255, (LEFT, TOP, LEFT + ACROSS, TOP + DOWN))
    return drawn


def furnish(name: str) -> None:
    """Write masks, and a photo of the mode and format that a name such as ``P.png`` says."""
    hole().convert("1").save("white.png")
    hole().save("white.jpg", quality=60)
    Image.merge("LA", (Image.new("L", (WIDTH, HEIGHT)), hole())).save("brush.png")
    black = Image.new("L", (WIDTH, HEIGHT))
    Image.merge("RGB", (black, black, hole())).save("blue.png")
    Image.merge("RGB", (ImageChops.constant(black, 255), *2 * [ImageOps.invert(hole())])).save(
        "red.png"
    )
    noise = Image.effect_noise((WIDTH, HEIGHT), 9).point(lambda level: level > 128)
    Image.composite(hole(), noise.convert("L"), hole()).save("noise.png")
    Image.merge("LA", (black, ImageOps.invert(hole()))).save("erased.png")
    for mask, size, box in (
        ("corner.png", (WIDTH, HEIGHT), (0, 0, 20, 20)),
        ("none.png", (WIDTH, HEIGHT), (0, 0, 0, 0)),
        ("small.png", (20, 20), (5, 5, 9, 9)),
        ("wide.png", (200, HEIGHT), (5, 5, 9, 9)),
    ):
        drawn = Image.new("L", size)
        drawn.paste(255, box)
        drawn.save(mask)
    ImageOps.invert(Image.open("corner.png")).save("most.png")
    mode, suffix = name.split(".")
    if mode == "deep":
        write_png(name, np.zeros((HEIGHT, WIDTH, 3), np.uint16))
        return
    photo = Image.open(ROOT / "examples" / "photos" / "gravel.jpg").crop((0, 0, WIDTH, HEIGHT))
    photo = photo.quantize(20) if mode == "P" else photo.convert(mode)
    if mode.endswith("A"):
        photo.putalpha(ImageOps.invert(hole()))
    exif = Image.Exif()
    exif[0x010E] = "stones"
    if suffix == "jpg":
        photo, exif[0x0112] = photo.rotate(90, expand=True), 6
    profile = SRGB if mode.startswith("RGB") else None
    photo.save(name, exif=exif, dpi=(300, 200), icc_profile=profile)


def read(path: str) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
    """A file's pixels and properties."""
    with Image.open(path) as image:
        found = {key: image.info.get(key) for key in ("icc_profile", "dpi", "exif", "xmp")}
        return np.asarray(image), {"mode": image.mode, **found}


@pytest.mark.parametrize(
    ("photo", "options"),
    [
        ("RGB.jpg", [BY_BOX, "fill.count=2"]),
        ("L.png", ["mask=white.png", "fill.avoid=corner.png"]),
        ("P.png", ["mask=brush.png"]),
        ("1.png", ["mask=white.jpg"]),
        ("LA.png", []),
        *(("L.png", [f"mask={kind}.png"]) for kind in ("blue", "red", "noise", "erased")),
    ],
)
def test_the_window_of_a_huge_photo_is_filled_as_a_photo_of_its_own(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, photo: str, options: list[str]
) -> None:
    furnish(photo)
    shell.done("fill", photo, *options, "output=usual")
    with monkeypatch.context() as context:
        lower(context)
        shell.done("fill", photo, *options, "output=huge")
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[HOLE] = False
    for number in range(1 + ("fill.count=2" in options)):
        usual, kind = read(f"usual/fill/00{number}.png")
        made, own = read(f"huge/fill/00{number}.png")
        window, _ = read(f"huge/fill/window/00{number}.png")
        assert own == kind
        assert np.array_equal(made[outside], usual[outside])
        assert np.array_equal(made[WINDOW], window)
        crop, inside = (f"huge/fill/window/{name}.png" for name in ("before", "mask"))
        assert np.array_equal(read(inside)[0] > 0, ~outside[WINDOW])
        shell.done("fill", crop, f"mask={inside}", f"seed={number}", f"output={number}")
        assert np.array_equal(window, read(f"{number}/fill/000.png")[0])
    shell.done("verify", "huge/fill/window/000.png", f"verify.photo={crop}")


def test_a_dilated_hole_of_a_huge_photo_is_whole(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish("L.png")
    for name, value in (("MIN_WINDOW", 1), ("WINDOW_TIMES", 2)):
        monkeypatch.setattr(holes, name, value)
    lower(monkeypatch)
    shell.done("fill", "L.png", BY_BOX, "mask.dilate=14", "output=huge")
    inside = read("huge/fill/window/mask.png")[0] > 0
    assert inside.any(axis=1).sum() == DOWN + 2 * 14
    assert inside.any(axis=0).sum() == ACROSS + 2 * 14


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("L.png mask.box=[0,0,60,60]", "L.png: its hole spans 60x60 pixels; in a photo of more"),
        ("L.png mask.box=[0,0,60,161]", "mask.box=[0,0,60,161]: [top,left,height,width] reaches"),
        ("L.png", "mask=FILE is missing"),
        ("L.png mask=small.png", "mask: 20x20 pixels (height x width), while the photo has 120x"),
        ("L.png mask=wide.png", "mask=wide.png: 120x200 pixels (height x width), while the ph"),
        ("L.png mask=none.png", "mask=none.png: the mask is empty, so nothing may change;"),
        (f"L.png {BY_BOX} fill.avoid=most.png", "fill.avoid=most.png: leaves no part of"),
        (f"CMYK.jpg {BY_BOX}", "CMYK.jpg: 160x120 pixels are too large; allowed are up to"),
        (f"deep.png {BY_BOX}", "deep.png: 120x160 pixels are too large; allowed are up to"),
        (f"L.png {BY_BOX} model=edgeconnect", "or more for internal-gan fill without model="),
    ],
)
def test_what_a_huge_photo_does_not_allow_is_said(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, arguments: str, why: str
) -> None:
    furnish(arguments.split()[0])
    lower(monkeypatch)
    assert why in shell.refused("fill", *arguments.split(), "output=out")
    assert not Path("out").exists()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux only")
def test_a_photo_of_190_megapixels_needs_less_than_2_gb() -> None:
    Image.radial_gradient("L").resize((14_600, 13_000)).save("x.png", compress_level=1)
    code = "from internal_gan.cli import main; import sys; main(sys.argv[1:]); "
    # Not getrusage(), which also counts the memory of the process that starts this one.
    code += "print(open('/proc/self/status').read())"
    command = [sys.executable, "-c", code, "fill", "x.png", "mask.box=[9000,5000,90,120]"]
    said = subprocess.check_output(command, env=plain_environment(), text=True)
    (peak,) = re.findall(r"VmHWM:\s*(\d+) kB", said)
    assert int(peak) < 2_000_000
