"""Every task takes every kind of photo, with the default finishing at the photo's resolution."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageDraw

from internal_gan.runs.folder import RunFolder
from tests.commands import ROOT, Shell

PHOTO = ROOT / "examples" / "photos" / "large" / "mountains.jpg"
SETTINGS = ("trainer=debug", "device=cpu", "precision=fp32")
# Their results have the size of the image they are given, or that of the training.
WITHOUT_RESOLUTION = ("edit", "harmonize", "make_tileable", "fill", "evaluate")
# The mask and the hole, as fractions (left, top, right, bottom) of the photo.
BOX = (0.45, 0.4, 0.55, 0.7)


def mosaic(width: int, height: int) -> Image.Image:
    """A photo of any size: the bundled one, mirrored as often as it takes."""
    with Image.open(PHOTO) as photo:
        photo.thumbnail((width, height))
        tile = np.asarray(photo.convert("RGB"))
    below, beside = height - tile.shape[0], width - tile.shape[1]
    return Image.fromarray(np.pad(tile, ((0, below), (0, beside), (0, 0)), "symmetric"))


def sixteen_bits(path: Path) -> None:
    tifffile.imwrite(path, np.asarray(mosaic(400, 300)).astype(np.uint16) * 257)


def transparent(path: Path) -> None:
    image = mosaic(400, 300).convert("RGBA")
    alpha = Image.new("L", image.size, 255)
    ImageDraw.Draw(alpha).rectangle((0, 0, 60, 40), fill=0)
    image.putalpha(alpha)
    image.save(path)


KINDS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "50-megapixels": ("x.jpg", lambda path: mosaic(8660, 5774).save(path, quality=90)),
    "panorama": ("x.jpg", lambda path: mosaic(3000, 300).save(path, quality=90)),
    "16-bits": ("x.tif", sixteen_bits),
    "gray": ("x.png", lambda path: mosaic(400, 300).convert("L").save(path)),
    "palette": ("x.png", lambda path: mosaic(400, 300).quantize(64).save(path)),
    "transparent": ("x.png", transparent),
}


def write_files(folder: Path, kind: str) -> tuple[str, tuple[int, int]]:
    """The photo of a kind, an edited copy, and a mask; the name and size of the photo."""
    name, write = KINDS[kind]
    write(folder / name)
    with Image.open(folder / name) as photo:
        size = photo.size
    mask = Image.new("L", size, 0)
    left, top, right, bottom = (
        round(fraction * side) for fraction, side in zip(BOX, size * 2, strict=True)
    )
    ImageDraw.Draw(mask).rectangle((left, top, right, bottom), fill=255)
    mask.save(folder / "mask.png")
    return name, size


def results_of(run: Path) -> list[Path]:
    """The pictures that a run made, without those for comparison."""
    results = RunFolder(run).status()["results"]
    return [run / result["file"] for result in results if result["kind"] in ("result", "film")]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_task_takes_it(shell: Shell, kind: str, tmp_path: Path) -> None:
    name, (width, height) = write_files(tmp_path, kind)
    # Larger results would take minutes each.
    longest = min(1500, max(width, height))
    resolution = f"finish.resolution={longest}"
    masked = f"image={name} mask=mask.png"
    trainings = {
        "singan": f"image={name} sample.count=1 {resolution}",
        "ingan": f"model=ingan image={name} retarget.shape=[100%,70%] {resolution}",
        "edgeconnect": f"model=edgeconnect {masked}",
    }
    tasks = {
        "at-once sample": f"image={name} sample.count=1",
        "at-once retarget": f"image={name} retarget.shape=1:1",
        "at-once fill": masked,
        "at-once edit": f"image={name} edit.image={name} mask=mask.png",
        "at-once animate": f"image={name} animate.seconds=0.1",
        "sample": "checkpoint=singan sample.count=1 sample.tileable=true",
        "animate": "checkpoint=singan animate.seconds=0.1",
        "edit": f"checkpoint=singan edit.image={name} mask=mask.png",
        "harmonize": f"checkpoint=singan edit.image={name} mask=mask.png",
        "paint": f"checkpoint=singan paint.image={name}",
        "make_tileable": f"image={name}",
        "evaluate": "checkpoint=singan sample.count=1",
        "retarget": "checkpoint=ingan retarget.shape=1:1",
        "fill": "checkpoint=edgeconnect",
    }
    for folder, options in trainings.items():
        shell.done(*options.split(), *SETTINGS, f"output={folder}")
    for done, options in tasks.items():
        task = done.split()[-1]
        settings = [] if task == "make_tileable" else ["device=cpu"]
        settings += [] if task in WITHOUT_RESOLUTION else [resolution]
        answer = shell(f"task={task}", *options.split(), *settings, f"output=of-{done}")
        assert answer.code == 0, (task, answer.err)
    for folder in [*trainings, *(f"of-{task}" for task in tasks if task != "evaluate")]:
        made = results_of(Path(folder))
        assert made, folder
        for file in made:
            with Image.open(file) as picture:
                assert max(picture.size) <= max(2 * longest, width, height), (folder, picture.size)
                assert np.asarray(picture.convert("L")).std() > 0, (folder, file)
