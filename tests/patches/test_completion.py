"""Filling a hole with patches from its surroundings."""

from unittest.mock import Mock

import pytest
import torch
from torch import Tensor

from internal_gan.images.smooth_fill import fill_smoothly
from internal_gan.patches import completion
from internal_gan.patches.completion import complete
from internal_gan.patches.exact import nearest_normalised
from tests.tiny import holes, picture, rng


def checks(height: int, width: int, period: int = 8) -> Tensor:
    """A periodic pattern of soft-edged squares."""
    y = torch.arange(height)[:, None] * (2 * torch.pi / period)
    x = torch.arange(width)[None] * (2 * torch.pi / period)
    one = (y.sin() * x.sin()).clamp(-0.5, 0.5) * 1.6
    return torch.stack([one, -one, 0.5 * one])[None]


def error(found: Tensor, image: Tensor, hole: Tensor) -> float:
    return float((found - image)[(hole > 0).expand_as(image)].abs().mean())


def off(image: Tensor, hole: Tensor) -> float:
    """The error as a share of that of a smooth filling."""
    smooth = error(fill_smoothly(image, hole), image, hole)
    return error(complete(image, hole), image, hole) / smooth


def test_a_pattern_continues_inside_the_hole() -> None:
    assert off(checks(64, 96), holes((64, 96), (20, 30, 22, 26))) < 0.2


def test_the_rings_alone_continue_the_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "SEARCHES_PER_SIZE", 0)
    # Too small to halve.
    assert off(checks(34, 44), holes((34, 44), (11, 14, 12, 13))) < 0.4


def test_a_hole_that_cannot_be_halved_keeps_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    is_line = torch.arange(80) % 14 < 3
    image, hole = picture(80, 80), (is_line[:, None] | is_line)[None, None].float()
    search = Mock(wraps=nearest_normalised)
    monkeypatch.setattr(completion, "nearest_normalised", search)
    monkeypatch.setattr(completion, "MAX_PAIRS", 2e5)
    assert complete(image, hole).isfinite().all()
    pairs = [len(wanted) * len(keys) for (wanted, keys, _), _ in search.call_args_list]
    assert 5e4 < max(pairs) <= 2.1e5


def test_every_other_row_and_column_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the largest size; and the last ones, as a hole may reach the corner."""
    image, hole = checks(64, 96), holes((64, 96), (20, 70, 44, 26))
    search = Mock(wraps=nearest_normalised)
    monkeypatch.setattr(completion, "nearest_normalised", search)
    assert off(image, hole) < 0.01
    assert [len(call.args[0]) for call in search.call_args_list][::4] == [286, 322]


def test_pixels_outside_the_hole_stay_and_pixels_inside_do_not_matter() -> None:
    image, hole = picture(40, 56), holes((40, 56), (10, 12, 15, 14))
    nothing = torch.where(hole > 0, torch.full((1,), torch.nan), image)
    filled, again = complete(image, hole), complete(nothing, hole)
    outside = (hole == 0).expand_as(image)
    assert torch.equal(filled[outside], image[outside])
    assert torch.equal(filled, again)
    assert filled.isfinite().all()


def test_no_patch_comes_from_an_excluded_region() -> None:
    right = (torch.arange(90) >= 40).float().expand(1, 1, 60, 90)
    image = torch.where(right > 0, torch.full((1, 3, 60, 90), 0.5), torch.full((1,), -0.5))
    hole = holes((60, 90), (20, 50, 16, 16))
    assert error(complete(image, hole), image, hole) < 0.05
    filled = complete(image, hole, right)[(hole > 0).expand_as(image)]
    torch.testing.assert_close(filled, torch.full_like(filled, -0.5))


def test_lines_steer_the_choice_of_patches() -> None:
    """Dark lines run down the image. The guide asks for one in the hole where none would appear."""
    image = torch.full((1, 3, 48, 64), 0.6)
    lines = torch.zeros(1, 1, 48, 64)
    for column in (8, 20, 56):
        image[..., column] = -0.8
        lines[..., column] = 1
    hole = holes((48, 64), (12, 28, 20, 20))
    plain = complete(image, hole, guide=lines)
    lines[..., 12:32, 38] = 1
    drawn = complete(image, hole, guide=lines)
    assert plain[..., 14:30, 38].mean() > 0.4
    assert drawn[..., 14:30, 38].mean() < -0.2
    assert drawn[..., 14:30, 34].mean() > 0.3


def test_the_random_choice_depends_only_on_the_seed() -> None:
    image, hole = picture(40, 56), holes((40, 56), (10, 14, 16, 20))
    one, two, other = (complete(image, hole, rng=rng(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    assert not torch.equal(one, complete(image, hole))


def test_equally_good_patches_are_taken_from_the_same_height() -> None:
    """Two textures with the same mean, one above the other; the hole lies in the lower one."""
    image = 0.3 * torch.randn(1, 3, 80, 80, generator=rng())
    image[..., :40, :] = 0
    assert complete(image, holes((80, 80), (52, 30, 20, 20)))[..., 54:70, 32:48].std() > 0.5 * 0.3


def test_a_patch_counts_the_more_the_nearer_the_border(monkeypatch: pytest.MonkeyPatch) -> None:
    given = picture(64, 96), holes((64, 96), (16, 24, 32, 40))
    trusting = off(*given)
    monkeypatch.setattr(completion, "DISTRUST_PER_PIXEL", 1.0)
    assert trusting < 0.95 * off(*given)


def test_an_image_without_a_known_patch_is_filled_smoothly() -> None:
    image, hole = picture(9, 40), holes((9, 40), (2, 0, 5, 40))
    assert torch.equal(complete(image, hole), fill_smoothly(image, hole))
    small, dot = picture(4, 4), holes((4, 4), (1, 1, 1, 1))
    assert torch.equal(complete(small, dot), fill_smoothly(small, dot))


def test_coarser_matches_are_kept_if_a_search_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    image, hole = checks(64, 96), holes((64, 96), (20, 30, 22, 26))
    searched = complete(image, hole)
    monkeypatch.setattr(completion, "MAX_PAIRS", 2.5e5)  # enough for a search at half the size
    carried = complete(image, hole)
    assert not torch.equal(carried, searched)
    assert error(carried, image, hole) < 0.5 * error(fill_smoothly(image, hole), image, hole)
