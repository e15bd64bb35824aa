"""A photo made tileable: what changes, and what does not."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.evaluation.seams import seams
from internal_gan.images.periodic import Tileable
from internal_gan.models.singan.model import SinGAN
from internal_gan.models.singan.tiling import make_tileable
from tests.tiny import picture, trained


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SinGAN:
    path: Path = tmp_path_factory.mktemp("model")
    return trained(path, "model.steps=40").model


@pytest.fixture(params=[(20, 28), (61, 84)], ids=["own size", "larger"])
def photo(request: pytest.FixtureRequest) -> Tensor:
    return picture(*request.param)


@pytest.mark.parametrize(("tileable", "band"), [(True, 0.25), ("x", 5), ("y", 0.25)])
def test_only_the_band_changes(
    model: SinGAN, photo: Tensor, tileable: Tileable, band: float
) -> None:
    made = make_tileable(model, photo, tileable, band=band)
    height, width = photo.shape[-2:]
    rows, columns = (round(band * n) if band < 1 else int(band) for n in (height, width))
    vertical = slice(rows, height - rows) if tileable in (True, "y") else slice(None)
    horizontal = slice(columns, width - columns) if tileable in (True, "x") else slice(None)
    assert torch.equal(made[..., vertical, horizontal], photo[..., vertical, horizontal])
    assert made.shape == photo.shape
    assert float(made.abs().max()) <= 1.0
    assert (made != photo).float().mean() > 0.1


def test_the_step_over_the_border_becomes_one_like_those_inside(
    model: SinGAN, photo: Tensor
) -> None:
    before = seams(photo, (True, True))
    after = seams(make_tileable(model, photo, start_scale=1), (True, True))
    assert min(before.values()) > 3
    assert max(after.values()) < 1.6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"band": 0.6}, r"band is 0.6; allowed: .* up to 0.5, .* or 1 to 10, in pixels"),
        ({"band": 11}, r"band is 11; allowed"),
        ({"start_scale": 3}, "start_scale is 3; allowed: 0 to 2"),
        ({"tileable": False}, "tileable is False; allowed: True, 'x', 'y'"),
    ],
)
def test_numbers_out_of_range_are_refused(
    model: SinGAN, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        make_tileable(model, model.image, **arguments)
