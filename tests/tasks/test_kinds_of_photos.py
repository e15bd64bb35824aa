"""Every task takes a large, a long and a deep transparent photo, with the default finishing."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from internal_gan.runs.folder import RunFolder
from tests.commands import ROOT, Shell
from tests.tiny import write_png

PHOTO = ROOT / "examples" / "photos" / "large" / "mountains.jpg"
SETTINGS = ("trainer=debug", "device=cpu", "precision=fp32")
# Their results have the size of the image they are given, or that of the training.
WITHOUT_RESOLUTION = ("edit", "harmonize", "make_tileable", "fill", "evaluate")
# The mask and the hole, as fractions (left, top, right, bottom) of the photo.
BOX = (0.45, 0.4, 0.55, 0.7)


def write_files(name: str, width: int, height: int) -> None:
    """The bundled photo, mirrored as often as it takes to this size, and ``mask.png``."""
    with Image.open(PHOTO) as photo:
        photo.thumbnail((width, height))
        tile = np.asarray(photo.convert("RGB"))
    below, beside = height - tile.shape[0], width - tile.shape[1]
    pixels = np.pad(tile, ((0, below), (0, beside), (0, 0)), "symmetric")
    if name == "deep.png":  # with a transparent corner
        levels = np.dstack([pixels, np.full((height, width), 255)]) * 257
        levels[:40, :60, 3] = 0
        write_png(name, levels.astype(np.uint16))
    else:
        Image.fromarray(pixels).save(name, quality=90)
    mask, sides = Image.new("L", (width, height)), (width, height, width, height)
    left, top, right, bottom = (round(p * side) for p, side in zip(BOX, sides, strict=True))
    mask.paste(255, (left, top, right, bottom))
    mask.save("mask.png")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "width", "height"),
    [("50-mp.jpg", 8660, 5774), ("panorama.jpg", 3000, 300), ("deep.png", 400, 300)],
)
def test_every_task_takes_it(shell: Shell, name: str, width: int, height: int) -> None:
    write_files(name, width, height)
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
        results = RunFolder(Path(folder)).status()["results"]
        made = [result["file"] for result in results if result["kind"] in ("result", "film")]
        assert made, folder
        for file in made:
            with Image.open(Path(folder, file)) as picture:
                assert max(picture.size) <= max(2 * longest, width, height), (folder, picture.size)
                assert np.asarray(picture.convert("L")).std() > 0, (folder, file)
