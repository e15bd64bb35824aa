"""Frames around pictures, and pictures that have none."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from internal_gan.images.files.image import read_image
from internal_gan.images.files.memory import to_photo
from internal_gan.images.frames import frame_of, lines_of
from internal_gan.images.photo import Margins
from tests.commands import ROOT

PHOTOS = sorted((ROOT / "examples" / "photos").rglob("*.jpg"))


def bundled(name: str = "mountains") -> Image.Image:
    with Image.open(ROOT / "examples" / "photos" / f"{name}.jpg") as photo:
        return photo.convert("RGB")


def drawn(colour: str, kind: str, *boxes: tuple[int, ...]) -> Image.Image:
    image = Image.new("RGB", (500, 400), colour)
    for box in boxes:
        getattr(ImageDraw.Draw(image), kind)(box, fill=(180, 60, 40))
    return image


def page() -> Image.Image:
    words = np.random.default_rng(0).random((34, 40)).repeat(22, 0).repeat(14, 1) < 0.8
    words[np.arange(len(words)) % 22 > 11] = False
    return Image.fromarray(np.where(np.pad(words, 20), 30, 243).astype(np.uint8))


def night() -> Image.Image:
    rng, pixels = np.random.default_rng(0), np.zeros((400, 600, 3), np.uint8)
    pixels[rng.integers(0, 300, 200), rng.integers(0, 600, 200)] = 255
    pixels[300:, 100:500] = rng.integers(20, 200, (100, 400, 3))
    return Image.fromarray(pixels)


def vignette() -> Image.Image:
    rows, columns = np.mgrid[-1:1:400j, -1:1:600j]
    return Image.fromarray((255 * np.clip(1.2 - rows**2 - columns**2, 0, 1)).astype(np.uint8))


FRAMELESS: dict[str, Callable[[], Image.Image]] = {
    "a thing on white": lambda: drawn("white", "ellipse", (60, 120, 440, 380)),
    "a thing on black": lambda: drawn("black", "ellipse", (60, 30, 440, 370)),
    "two on white": lambda: drawn("white", "rectangle", (60, 60, 200, 340), (300, 90, 440, 340)),
    "a page of a book": page,
    "a night sky": night,
    "a vignette": vignette,
    "a line": lambda: ImageOps.expand(bundled(), 1, "white"),
    "one side": lambda: ImageOps.expand(bundled(), (20, 0, 0, 0), "white"),
    "two colours": lambda: ImageOps.expand(
        ImageOps.expand(bundled("gravel"), (0, 20, 0, 0), "white"), (0, 0, 0, 20), "black"
    ),
    "a blurred border": lambda: ImageOps.expand(bundled(), 20, "white").filter(
        ImageFilter.GaussianBlur(12)
    ),
    "wide margins": lambda: ImageOps.expand(bundled("gravel"), 140, "white"),
}


@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.stem)
def test_a_photo_has_no_frame(path: Path) -> None:
    assert frame_of(read_image(path)) is None


@pytest.mark.parametrize("name", FRAMELESS)
def test_what_looks_like_a_frame_is_none(name: str) -> None:
    assert frame_of(to_photo(FRAMELESS[name](), "photo")) is None


def test_what_is_transparent_is_no_frame() -> None:
    framed = ImageOps.expand(bundled(), 10, "white").convert("RGBA")
    framed.putpixel((0, 0), (0, 0, 0, 0))
    assert frame_of(to_photo(framed, "photo")) is None


@pytest.mark.parametrize(
    "sides", [(2, 2), (9, 9), (8, 20), (0, 25), (25, 0), (6, 7, 60, 8), (7, 60, 8, 6)]
)
@pytest.mark.parametrize("colour", ["white", "#140f0c", "#d22828"])
def test_a_frame_is_found_to_the_pixel(sides: tuple[int, ...], colour: str) -> None:
    framed = ImageOps.expand(bundled("gravel"), sides, colour)
    left, top, right, bottom = (2 * sides)[:4]
    assert frame_of(to_photo(framed, "photo")) == Margins(top, right, bottom, left)


def test_specks_of_dust_on_a_print_do_not_hide_its_frame() -> None:
    photo = np.asarray(bundled())
    framed = np.full((photo.shape[0] + 40, photo.shape[1] + 40, 3), 255, np.uint8)
    framed[np.random.default_rng(0).random(framed.shape[:2]) < 0.005] = 90
    framed[20:-20, 20:-20] = photo
    assert frame_of(to_photo(framed, "photo")) == Margins(20, 20, 20, 20)


def test_a_compressed_frame_is_cut_with_its_rim() -> None:
    data = io.BytesIO()
    ImageOps.expand(bundled(), 13, "white").save(data, "JPEG", quality=80)
    found: Any = frame_of(to_photo(Image.open(data), "photo"))
    assert all(13 <= side <= 16 for side in found)


def test_a_photo_without_its_frame_knows_its_whole_size() -> None:
    photo = to_photo(ImageOps.expand(bundled(), (7, 5), "white"), "photo")
    frame = frame_of(photo)
    assert frame == Margins(5, 7, 5, 7)
    inside = photo.without(frame)
    assert torch.equal(inside.pixels, to_photo(bundled(), "photo").pixels)
    assert inside.uncut == photo.size
    few = replace(inside, colours=(inside.pixels > 0) * 2.0 - 1)
    assert few.has_few_colours
    for one in (inside, few):
        half = one.shrunk_to((inside.size[0] // 2, inside.size[1] // 2))
        assert abs(half.uncut[0] - photo.size[0] / 2) <= 2
        assert half.frame is not None


def test_a_thin_line_along_a_border_is_found() -> None:
    pixels = np.asarray(bundled()).copy()
    pixels[:2], pixels[:, -1] = 0, 0
    assert lines_of(to_photo(pixels)) == (2, 1, 0, 0)


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("kind", ["half as bright", "white beside a white sky"])
def test_a_line_that_does_not_show_everywhere_is_found(kind: str, width: int) -> None:
    """The last column of a cut disc, or a rule on paper, tinted all that was new beside it."""
    pixels = np.random.default_rng(0).integers(0, 90, (80, 100, 3))
    pixels[:32] = 250
    pixels[:, -width:] = 250 if "white" in kind else pixels[:, -width:] // 2
    assert lines_of(to_photo(pixels.astype(np.uint8))) == (0, width, 0, 0)


@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.stem)
def test_no_photo_has_a_line(path: Path) -> None:
    assert not any(lines_of(read_image(path)))
