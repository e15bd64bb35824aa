"""task=make_tileable through the command line."""

import json
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from internal_gan.finishing.filling import make_tileable
from internal_gan.images.files.image import read_image, write_image
from internal_gan.tasks import make_tileable as module
from tests.commands import Shell, pixels
from tests.tiny import picture


@pytest.fixture(autouse=True)
def photo(shell: Shell) -> None:
    write_image("given.png", picture(64, 90))


def test_borders_meet_and_the_rest_is_the_photo(shell: Shell) -> None:
    shell.done("task=make_tileable", "image=given.png", "output=out")
    before, after = (read_image(path).pixels for path in ("given.png", "out/make_tileable/000.png"))
    inside = (..., slice(10, 54), slice(14, 76))
    assert torch.equal(before[inside], after[inside])
    assert not torch.equal(before, after)
    facts = json.loads(Path("out/status.json").read_text())
    for axis, step in facts["seams"].items():
        assert step < facts["seams_before"][axis]


def test_the_band_has_the_photos_own_pixels(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BAND", 8 / 90)
    answer = shell.done("make_tileable", "given.png", "output=out", "make_tileable.axes=x")
    before, made = map(pixels, ("given.png", "out/make_tileable/000.png"))
    assert np.array_equal(made[:, 8:-8], before[:, 8:-8])
    kept = before[:, 8:-8].reshape(-1, 3).astype(int)
    band = np.concatenate([made[:, :8], made[:, -8:]]).reshape(-1, 3)
    assert np.mean([np.abs(kept - pixel).max(axis=1).min() for pixel in band]) < 15
    for name, image in (("before", before), ("after", made)):
        copies = pixels(f"out/make_tileable/tiled-1x2-{name}.png")
        assert np.array_equal(copies, np.tile(image, (1, 2, 1)))
    assert "Step across the border before" in Path("out/index.html").read_text()
    assert "left and right" in answer.out


def test_what_repeats_already_stays_as_it_is(shell: Shell) -> None:
    noise = torch.rand(1, 3, 16, 18, generator=torch.Generator().manual_seed(0)).repeat(1, 1, 4, 5)
    write_image("tile.png", noise)
    answer = shell.done("task=make_tileable", "image=tile.png", "output=out")
    assert "Repeats already, and stays as it is: top and bottom, left and right" in answer.out
    assert read_image("out/make_tileable/000.png").pixels.equal(read_image("tile.png").pixels)
    write_image("slope.png", noise / 10 + torch.linspace(-0.9, 0.8, 64)[:, None])
    answer = shell("task=make_tileable", "image=slope.png", "output=two")
    assert "stays as it is: left and right\n" in answer.out


def test_a_tile_that_is_not_good_is_called_so(shell: Shell) -> None:
    slope = torch.linspace(-0.9, 0.9, 90) + torch.linspace(-0.05, 0.05, 64)[:, None]
    write_image("slope.png", slope.expand(1, 3, 64, 90))
    answer = shell.done("make_tileable", "slope.png", "make_tileable.axes=x", "output=out")
    assert "This tile is not good" in answer.out
    assert json.loads(Path("out/status.json").read_text())["strangeness"] > 1.25


@pytest.mark.parametrize("longest", [45, 90])
def test_the_best_of_several_is_made_of_the_whole_photo(
    longest: int, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a large photo are tried in a small copy."""
    made, strange = Mock(wraps=make_tileable), Mock(side_effect=[3.0, 2.0, 1.5, 4.0, 7.0])
    monkeypatch.setattr("internal_gan.finishing.filling.make_tileable", made)
    monkeypatch.setattr(module, "LONGEST_TRIED", longest)
    monkeypatch.setattr("internal_gan.judging.tiling.strangeness", strange)
    monkeypatch.setattr("internal_gan.judging.tiling.repeats", lambda *images: (False, False))
    shell.done("task=make_tileable", "image=given.png", "output=out")
    given = [call.args for call in made.call_args_list]
    sizes = [photo.size for photo, *_ in given]
    bands = [reach[0] / photo.size[0] for photo, reach, *_ in given]
    assert bands[:4] == pytest.approx([0.15, 0.3, 0.15, 0.3], rel=0.1)
    assert read_image("out/make_tileable/000.png").size == (64, 90)
    found = json.loads(Path("out/status.json").read_text())["strangeness"]
    if longest == 90:
        assert (sizes, found) == ([(64, 90)] * 4, 1.5)
    else:
        assert (sizes, found) == ([(32, 45)] * 4 + [(64, 90)], 7.0)
        assert bands[4] == pytest.approx(0.15, rel=0.1)
