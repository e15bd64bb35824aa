"""The second witness of layouts, with a stand-in for its network."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from benchmarks import _tokens
from benchmarks._tokens import token_distance
from tests.tiny import picture


class StandIn:
    """Its tokens are the mean colours of 16 x 16 parts of the picture, after one for the whole."""

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(name="image")]

    def run(self, outputs: list[str], given: dict[str, Any]) -> tuple[Any]:
        assert outputs == [_tokens.TOKENS]
        image = torch.from_numpy(given["image"])
        assert image.shape == (1, 3, 224, 224)
        parts = F.adaptive_avg_pool2d(image, 16).flatten(2).movedim(1, 2)
        return (torch.cat([9 * torch.ones(1, 1, 3), parts], dim=1).numpy(),)


@pytest.fixture(autouse=True)
def _network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tokens, "network", StandIn)


def test_a_picture_is_like_itself_and_like_a_part_of_itself() -> None:
    photo = picture(64, 64)
    assert token_distance(photo, photo) == pytest.approx(0, abs=1e-5)
    wide = torch.cat([photo, photo], dim=3)
    assert token_distance(photo, wide) < token_distance(photo, picture(64, 128, seed=1))


def test_what_is_missing_counts_as_well_as_what_is_foreign() -> None:
    colours = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]])
    red, green, blue = (colour.view(1, 3, 1, 1).expand(1, 3, 32, 16) for colour in colours)
    whole, part = torch.cat([red, green, blue], dim=3), torch.cat([red, green, green], dim=3)
    lacks, adds = token_distance(whole, part), token_distance(part, whole)
    assert min(lacks, adds) > 0.05
