"""The benchmark of films and start scales."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from benchmarks.motion import FPS, circle, motion, tables

from internal_gan.images.files.image import write_image
from tests.tiny import picture


def test_the_figures_of_a_film_that_brightens() -> None:
    photo = torch.zeros(1, 3, 8, 10)
    light = torch.arange(20.0).view(-1, 1, 1, 1).expand(-1, 3, 8, 10).clone() * 2 / 127.5
    light[..., 5:] = 0  # half of it stands still
    found = motion(photo, light, loop=True)
    expected = {"frame": 1, "second": FPS, "move": 0.5, "begin": 0, "flicker": 0, "joint": 19}
    assert found == pytest.approx(expected, abs=1e-4)


def test_the_closed_forms_film_closes_and_shrinks_to_the_photo() -> None:
    photo = picture(24, 32)
    frames = circle(photo, 16)
    steps = (frames - frames.roll(1, 0)).abs().mean(dim=(1, 2, 3))
    assert 0 < steps[0] < 1.5 * steps[1:].max()
    assert (frames.mean(dim=(2, 3)) - photo.mean(dim=(2, 3))).abs().max() < 0.05
    assert torch.allclose(frames[::2], circle(photo, 8), atol=1e-4)


@pytest.mark.slow
def test_films_and_samples_of_a_photo_are_measured(benchmark: Any, tmp_path: Path) -> None:
    write_image(tmp_path / "photo.png", picture(48, 60))
    argv = ("--photos", str(tmp_path / "photo.png"), "--output", str(tmp_path / "out"))
    found = benchmark("motion", *argv, "--overrides", "trainer=debug")
    again = benchmark("motion", *argv, "--overrides", "trainer=debug")
    assert found["photos"] == again["photos"]
    [photo] = found["photos"]
    for how in ("drawn", "finished"):
        loop = photo["films"][f"network, loop, {how}"]
        assert loop["joint"] < 1.5
        assert all(math.isfinite(value) for value in loop.values())
        assert photo["start_scales"][f"0, {how}"]["diversity"] > 0
    assert photo["films"]["network, finished"]["begin"] < 1
    made = tables(found)
    assert made["films"].count("\n") == made["scales"].count("\n") == 4
