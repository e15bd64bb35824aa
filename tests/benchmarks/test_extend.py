"""The benchmark of extending on a tiny photo, and its figures."""

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import extend
from benchmarks.extend import METHODS, OURS, mirrored, new_piece, repeated, step
from internal_gan.finishing.origin import Origin, origin_path, write_origin
from internal_gan.images.files.image import write_image
from internal_gan.images.photo import Margins
from tests.benchmarks.conftest import Given, Run
from tests.tiny import holes, picture

MARGINS = Margins(0, 16, 12, 0)


@pytest.mark.slow
def test_every_method_extends_every_photo(benchmark: Run, given: Given, tmp_path: Path) -> None:
    write_image(tmp_path / "b.png", picture(40, 60))
    options = [*given(128, 128), "--large", str(tmp_path / "b.png"), "--size", "128"]
    found = benchmark("extend", *options)
    assert {OURS, "mirrored", "Telea", "Navier-Stokes"} <= set(found["cut"][0]["figures"])
    assert f"| {OURS} |" in extend.tables(found)["cut"]
    assert "| b |" in extend.tables(found)["large"]
    assert (tmp_path / "output/sheets/a.png").is_file()


def test_mirrored_edges_have_no_step_and_a_foreign_margin_has_one() -> None:
    torch.manual_seed(0)
    photo = torch.rand(1, 3, 48, 64)
    part = 1 - holes((48, 64), (0, 0, 36, 48))
    made = mirrored(photo, part, MARGINS)
    assert torch.equal(made[..., :36, 48:], photo[..., :36, 32:48].flip(-1))
    assert torch.equal(made[..., 36:, :48], photo[..., 24:36, :48].flip(-2))
    assert step(made, MARGINS) == 0.0
    # Noise has the same steps everywhere; a margin twice as bright has larger ones.
    assert step(photo, MARGINS) == pytest.approx(1, abs=0.15)
    assert step(photo + part, MARGINS) > 2


def test_a_copy_is_repeated_and_noise_is_not() -> None:
    torch.manual_seed(1)
    photo = torch.rand(1, 3, 64, 128) * 2 - 1
    part = holes((64, 128), (0, 64, 64, 64))
    assert repeated(photo, part) == 0.0
    twice = torch.cat([photo[..., :64]] * 2, dim=3)
    assert repeated(twice, part) > 0.85
    assert repeated(0.1 * twice, part) == 0.0


@pytest.mark.parametrize("method", METHODS)
def test_a_method_ignores_what_is_outside_the_photo(method: str) -> None:
    part = 1 - holes((48, 64), (0, 0, 36, 48))
    made = [
        METHODS[method](torch.where(part > 0, torch.tensor(value), picture(48, 64)), part, MARGINS)
        for value in (-1.0, 1.0)
    ]
    assert torch.equal(*made)
    kept = (..., slice(36), slice(48))
    assert torch.allclose(made[0][kept], picture(48, 64)[kept], atol=1 / 127)


def test_the_largest_piece_is_a_share_of_the_new_part(tmp_path: Path) -> None:
    # Of 20 new columns, 15 come from one place in one piece, and the others from another.
    part = holes((10, 40), (0, 20, 10, 20))
    places = np.moveaxis(np.indices((10, 40), np.int32), 0, -1)
    places[:, 20:35, 1] -= 20
    places[:, 35:, 1] -= 30
    picture = tmp_path / "000.png"
    write_origin(origin_path(picture), Origin(places, np.zeros((10, 40), np.uint8), (10, 20)))
    assert new_piece(picture, part) == pytest.approx(15 / 20)
