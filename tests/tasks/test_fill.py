"""task=fill: a hole filled with a photo's patches, without training."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

import internal_gan
from internal_gan.finishing import seams
from internal_gan.finishing.filling import draw_filling
from internal_gan.finishing.origin import EXACT, read_origin
from internal_gan.images.files.image import read_image, read_mark
from internal_gan.images.files.marks import xmp
from internal_gan.images.fill import fill_smoothly
from internal_gan.images.photo import Photo
from tests.commands import Shell

PHOTOS = Path(__file__).parents[2] / "examples" / "photos"
pytestmark = pytest.mark.usefixtures("gravel")


def fill(shell: Shell, *options: str) -> Path:
    answer = shell("task=fill", "image=photo.png", "output=out", *options)
    assert answer.code == 0, answer.err
    return Path("out/fill")


def holed(top: int = 20, left: int = 30) -> Path:
    mask = Image.new("L", (84, 60))
    mask.paste(255, (left, top, left + 16, top + 12))
    mask.save("hole.png")
    return Path("hole.png")


def test_a_hole_is_filled_with_the_photos_own_pixels(shell: Shell) -> None:
    hole = np.asarray(Image.open(holed())) > 0
    folder = fill(shell, "mask=hole.png", "fill.count=2")
    photo = np.asarray(Image.open("photo.png"))
    made = [np.asarray(Image.open(folder / name)) for name in ("000.png", "001.png")]
    own = {tuple(pixel) for pixel in photo[~hole]}
    for drawn in made:
        assert np.array_equal(drawn[~hole], photo[~hole])
        assert (drawn[hole] != photo[hole]).any(axis=1).mean() > 0.5
        assert np.mean([tuple(pixel) in own for pixel in drawn[hole]]) > 0.1
    assert (made[0] != made[1]).any()
    assert read_mark(folder / "000.png") == xmp("compositeCapture", "fill", None)
    origin = read_origin(folder / "000.origin.png")
    places = origin.places[hole & (origin.kinds == EXACT)]
    assert not hole[places[:, 0], places[:, 1]].any()
    assert {path.name for path in folder.iterdir()} >= {"before.png", "mask.png"}


def test_python_fills_a_hole_with_the_same_pixels(shell: Shell) -> None:
    folder = fill(shell, f"mask={holed()}")
    for mask in ("hole.png", Image.open("hole.png")):
        made = internal_gan.fill("photo.png", mask)
        assert np.array_equal(np.asarray(made), np.asarray(Image.open(folder / "000.png")))


def test_colours_of_a_smooth_photo_change_across_the_whole_hole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows, columns = np.mgrid[0:1:96j, 0:1:144j]
    sky = (60 + 120 * columns + 20 * rows)[..., None]
    photo = (sky + np.random.default_rng(1).normal(0, 2, (96, 144, 3))).astype(np.uint8)

    def off() -> float:
        made = np.asarray(internal_gan.fill(photo, box=(30, 50, 36, 44)))
        return float(np.abs((made - sky)[30:66, 50:94].mean(axis=(0, 2))).mean())

    reaching = off()
    monkeypatch.setattr("internal_gan.finishing.filling.HOLD", seams.HOLD)
    assert reaching < 0.7 * off()


def test_a_thin_hole_and_one_far_away_are_filled_with_patches() -> None:
    photo = read_image(PHOTOS / "gravel.jpg").pixels[..., :90, :].contiguous()
    hole = torch.zeros(1, 1, 90, 250)
    hole[..., 20:23, 4:200] = 1
    hole[..., 80:86, 240:246] = 1
    made = [
        draw_filling(Photo(photo), hole, None, torch.Generator().manual_seed(seed))[0]
        for seed in (1, 2)
    ]
    smooth = fill_smoothly(photo, hole)
    for rows in (slice(0, 60), slice(60, 90)):
        part = torch.zeros_like(hole)
        part[..., rows, :] = hole[..., rows, :]
        where = part.expand(-1, 3, -1, -1) > 0
        assert (made[0][where] - smooth[where]).abs().mean() > 0.05
    assert not torch.equal(made[0], made[1])
    assert torch.equal(made[0] * (1 - hole), photo * (1 - hole))


def test_a_box_is_a_hole_and_masks_say_where_patches_come_from(shell: Shell) -> None:
    allowed = Image.new("L", (84, 60))
    allowed.paste(255, (0, 0, 40, 60))
    allowed.save("left.png")
    folder = fill(shell, "mask.box=[20,50,12,16]", "mask.source=left.png")
    avoid = ImageOps.invert(allowed)
    box = 20, 50, 12, 16
    for made in (
        internal_gan.fill("photo.png", box=box, source=allowed),
        internal_gan.fill("photo.png", box=box, avoid=avoid),
    ):
        assert np.array_equal(np.asarray(made), np.asarray(Image.open(folder / "000.png")))
    places = read_origin(folder / "000.origin.png").places
    assert places[20:32, 50:66, 1].max() < 40
