"""Results composed of the photo's own pixels."""

from statistics import fmean
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from internal_gan.config.compose import compose
from internal_gan.finishing.finisher import MIN_DRAWING, AsDrawn
from internal_gan.images.colours import to_uint8
from internal_gan.images.files.image import read_image
from internal_gan.images.photo import Photo
from internal_gan.images.resize import resize, size_of
from internal_gan.patches.statistics import sliced_wasserstein
from internal_gan.runs.source import Source
from internal_gan.tasks.bind import how_of
from internal_gan.units import Size
from tests.commands import Shell, pixels
from tests.tiny import picture

PATCHES = "finish.detail=patches"


def test_matching_gives_samples_the_photos_patch_frequencies(
    shell: Shell, learnt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, steps in (("matched", 100), ("drawn", 0)):
        monkeypatch.setattr("internal_gan.tasks.sample.MATCHING", steps)
        options = (PATCHES, "sample.count=3", f"output={name}")
        shell.done("task=sample", f"checkpoint={learnt}", *options)
    photo = read_image(f"{learnt}/photo.png").pixels
    drawings, distances = [], dict[str, float]()
    for name in ("matched", "drawn"):
        samples = [f"{name}/sample/00{number}.png" for number in range(3)]
        drawings.append([pixels(path.replace("sample/", "sample/drawn/")) for path in samples])
        distances[name] = fmean(
            sliced_wasserstein(photo, resize(read_image(path).pixels, size_of(photo)))
            for path in samples
        )
    assert np.array_equal(drawings[0], drawings[1]), "matching must not change the network's output"
    assert distances["matched"] < 0.9 * distances["drawn"]


@pytest.mark.parametrize("better", ["as drawn", "matched"])
def test_matching_is_undone_if_it_copies_more_of_the_photo(
    shell: Shell, learnt: str, monkeypatch: pytest.MonkeyPatch, better: str
) -> None:
    def less(drawing: Tensor, photo: Tensor) -> Tensor:
        return torch.cat([drawing[..., :14], photo[..., 14:]], dim=3)

    def one(drawing: Tensor, photo: Tensor, *how: Any) -> Tensor:
        return less(drawing, photo)

    def two(drawing: Tensor, photo: Tensor, steps: int, *how: Any) -> Tensor:
        return less(drawing, photo) if (better == "matched") == bool(steps) else photo

    results = []
    for matched in (one, two):
        monkeypatch.setattr("internal_gan.finishing.finisher.matched", matched)
        folder = f"output={matched.__name__}"
        shell.done("task=sample", f"checkpoint={learnt}", PATCHES, "sample.count=1", folder)
        results.append(pixels(f"{matched.__name__}/sample/000.png"))
    assert np.array_equal(results[0], results[1])
    assert not np.array_equal(results[0], pixels(f"{learnt}/photo.png"))


@pytest.mark.parametrize(
    ("resolution", "asked", "size"),
    [
        *(("auto", None, (40, 56)), (36, None, (26, 36)), (99, None, (40, 56))),
        *(("auto", (1, 1), (1, 1)), ("photo", (7, 300), (7, 300)), ("model", (33, 91), (33, 91))),
    ],
)
def test_sizes_are_exact(shell: Shell, learnt: str, resolution: Any, asked: Any, size: Any) -> None:
    wanted = () if asked is None else (f"sample.size=[{asked[0]},{asked[1]}]",)
    finish = (PATCHES, f"finish.resolution={resolution}", "sample.count=1", "output=out")
    shell.done("task=sample", f"checkpoint={learnt}", *finish, *wanted)
    assert read_image("out/sample/000.png").size == size
    if asked is None:
        assert read_image("out/sample/drawn/000.png").size == (20, 28)


def finisher(photo: Tensor, learnt: Tensor, size: Size | None, resolution: str) -> AsDrawn:
    """The finishing step for a photo and what a model has learnt of it."""
    options = compose(["image=x.png", PATCHES, f"finish.resolution={resolution}"])
    return how_of(Source(options, files={"image": Photo(photo)})).finisher(learnt, size)


def test_every_8_bit_level_survives() -> None:
    ramp = torch.arange(256).view(1, 1, 1, 256).expand(1, 3, 20, 256) / 127.5 - 1
    assert torch.equal(to_uint8(finisher(ramp, ramp, None, "auto")(ramp).pixels), to_uint8(ramp))


@pytest.mark.parametrize(
    ("size", "resolution", "drawing"),
    [
        ((90, 120), "auto", (30, 40)),
        ((180, 240), "auto", (60, 80)),
        ((90, 240), "auto", (30, 80)),
        ((45, 60), "auto", (30, 40)),  # the photo shrinks with the result
        ((45, 60), "photo", (15, 20)),
        ((30, 40), "model", (30, 40)),
        ((3, 2000), "photo", (MIN_DRAWING, 667)),
    ],
)
def test_the_drawing_size_follows_what_is_shown(size: Size, resolution: str, drawing: Size) -> None:
    """Of 90 x 120 pixels, learnt at 30 x 40."""
    made = finisher(picture(90, 120), picture(30, 40), size, resolution)
    assert made.size == size
    assert made.drawing_size == drawing
