"""A hole in pieces that are filled one after another."""

import resource
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from internal_gan.finishing import ground
from internal_gan.finishing import part_finisher as module
from internal_gan.finishing.filling import draw_filling
from internal_gan.finishing.origin import EXACT
from internal_gan.finishing.part import Filled
from internal_gan.finishing.part_finisher import PartFinisher
from internal_gan.finishing.pieces import LONGEST_PIECE, THIN, pieces
from internal_gan.images.photo import Drawn, Photo
from internal_gan.images.smooth_fill import fill_nearest
from internal_gan.patches.origins import own_places
from internal_gan.shapes import Flags, Levels
from tests.images.test_windows import together
from tests.tiny import holes, noise, rng


def specks(size: tuple[int, int], count: int, side: int) -> torch.Tensor:
    rng = np.random.default_rng(0)
    mask = torch.zeros(1, 1, *size)
    for row, column in zip(*(rng.integers(0, n - side, count) for n in size), strict=True):
        mask[..., row : row + side, column : column + side] = 1.0
    return mask


def test_specks_are_cut_into_pieces_and_a_hole_among_them_stays_whole() -> None:
    size = (900, 1500)
    hole = specks(size, 60, 5)
    hole[..., 600:760, 700:900] = 1.0
    found = list(pieces(hole, 40))
    assert torch.equal(together([part for part, _ in found], size), hole)
    thick = [part for part, is_thin in found if not is_thin]
    assert all(not is_thin for _, is_thin in found[: len(thick)])
    assert [part.mask[..., 600 - part.window[0].start, :].sum() >= 200 for part in thick] == [True]
    thin = [part for part, is_thin in found if is_thin]
    assert len(thin) < 12
    assert all(max(part.mask.shape[-2:]) <= LONGEST_PIECE for part in thin)


@pytest.mark.parametrize(("width", "is_thin"), [(2 * THIN, True), (2 * THIN + 1, False)])
def test_a_scratch_is_thin_up_to_a_width(width: int, is_thin: bool) -> None:
    hole = torch.zeros(1, 1, 1400, 200)
    hole[..., 50 : 50 + width] = 1.0
    assert {thin for _, thin in pieces(hole, 40)} == {is_thin}
    # Nothing is known beyond the photo's border.
    assert not any(thin for _, thin in pieces(hole.roll(-50, -1), 40))


def test_what_is_thin_but_small_is_one_hole_as_ever() -> None:
    hole = holes((900, 900), (10, 10, 4, 4), (500, 600, 4, 4))
    assert [(part.window, is_thin) for part, is_thin in pieces(hole, 1000)] == [
        ((slice(10, 504), slice(10, 604)), False)
    ]


def test_many_specks_are_one_piece_in_a_small_photo_too() -> None:
    """One by one they took 40 s."""
    hole = specks((533, 800), 120, 3)
    assert [is_thin for _, is_thin in pieces(hole, 25)] == [True]


def test_where_much_is_avoided_pixels_come_from_farther_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else what little is left nearby would be repeated like wallpaper."""
    monkeypatch.setattr(ground, "MIN_WINDOW", 40)
    part, avoided = holes((150, 200), (60, 20, 20, 20)), torch.ones(1, 1, 150, 200)
    avoided[..., 100:] = avoided[..., 40:100, 40:50] = 0
    drawing = [Drawn(np.s_[60:80, 20:40], torch.zeros(1, 3, 20, 20))]
    finisher = PartFinisher(Photo(noise(150, 200)), part, excluded=avoided)
    places = finisher.rebuilt(drawing, 1.0)[1][60:80, 20:40]
    assert len(np.unique(places.reshape(-1, 2), axis=0)) > 200


def test_what_was_pasted_changes_less_than_what_was_drawn() -> None:
    """Though it is small."""
    photo, part, off = Photo(noise(150, 200)), holes((150, 200), (60, 80, 16, 16)), []
    pasted = photo.pixels[..., 20:36, 20:36].flip(3)
    for detailed in (True, False):
        finisher = PartFinisher(photo, part, detailed=detailed)
        made = finisher.rebuilt([Drawn(np.s_[60:76, 80:96], pasted)], 0.2)[0]
        off.append(float((made[..., 60:76, 80:96] - pasted).abs().mean()))
    assert off[0] < 0.9 * off[1]


def net(kind: str, size: tuple[int, int]) -> torch.Tensor:
    hole = (torch.rand(1, 1, *size, generator=rng()) < 0.3).float()
    if kind == "pixels and a box":
        hole[..., 60:110, 100:150] = 1.0
    elif kind == "fence":
        rows, columns = torch.meshgrid(*map(torch.arange, size), indexing="ij")
        hole[0, 0] = (torch.minimum((rows + columns) % 14, (rows - columns) % 14) < 3).float()
    elif kind == "most pixels":
        hole = (torch.rand(1, 1, *size, generator=rng()) < 0.9).float()
    return hole


@pytest.mark.parametrize("kind", ["pixels", "pixels and a box", "fence", "most pixels"])
@pytest.mark.parametrize("side", [160, 400])
def test_each_gap_of_a_net_continues_what_lies_beside_it(kind: str, side: int) -> None:
    """All were the photo's mean colour, since no patch of a small copy was known."""
    size = (side * 3 // 4, side)
    waves = torch.linspace(0, 20, side).sin() * torch.linspace(0, 12, size[0]).cos()[:, None]
    photo, hole = Photo(waves.expand(1, 3, *size).mul(0.8)), net(kind, size)
    given = Photo(torch.where(hole > 0, 1.0, photo.pixels))
    drawing, scale = draw_filling(given, hole, None, None)
    made: Any = PartFinisher(given, hole)(drawing, scale)
    inside = hole.expand(-1, 3, -1, -1) > 0
    off = (made.pixels - photo.pixels)[inside].abs().mean()
    assert off < 1.1 * (fill_nearest(given.pixels, hole) - photo.pixels)[inside].abs().mean()


def test_memory_does_not_grow_with_the_number_of_specks() -> None:
    """Each used to take a mask of the photo's size: 1.5 GB for these."""
    size = (700, 1100)
    photo = Photo(torch.rand(1, 3, *size) * 2 - 1)
    hole = specks(size, 500, 2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    drawing, scale = draw_filling(photo, hole, None, None)
    done: Any = PartFinisher(photo, hole)(drawing, scale)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 700_000
    assert torch.equal(done.pixels * (1 - hole), photo.pixels * (1 - hole))
    assert (done.origin.kinds[hole[0, 0].numpy() == 0] == EXACT).all()
    at = done.origin.places[hole[0, 0].numpy() > 0]
    assert not hole[0, 0].numpy()[at[:, 0], at[:, 1]].any()


def test_a_thin_hole_is_drawn_as_what_lies_beside_it() -> None:
    slope = torch.linspace(-0.9, 0.9, 1300).expand(1, 3, 100, 1300)
    hole = specks((100, 1300), 40, 6)
    photo = Photo(torch.where(hole > 0, 1.0, slope))
    drawing, scale = draw_filling(photo, hole, None, None)
    assert (photo.with_drawn(drawing).colours - slope).abs().max() < 0.03
    assert scale == 1


@pytest.mark.parametrize(("count", "searches"), [(4, 4), (5, 1)])
def test_many_parts_made_of_another_photo_are_made_together(
    monkeypatch: pytest.MonkeyPatch, count: int, searches: int
) -> None:
    """Each takes a search of all of that photo."""
    search = Mock(return_value=None)
    monkeypatch.setattr(module, "finish_inside", search)
    photo = Photo(torch.rand(1, 3, 60, 900) * 2 - 1)
    part = holes((60, 900), *((20, 20 + 150 * n, 8, 8) for n in range(count)))
    PartFinisher(photo, part, source=photo)([], 1.0)
    assert search.call_count == searches


def test_a_part_is_rebuilt_beside_the_others_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def blackened(levels: Levels, *_: Flags, **__: Any) -> Filled:
        seen.append(levels)
        height, width = levels.shape[:2]
        window, places = (slice(0, height), slice(0, width)), own_places((height, width))
        return Filled(window, 0 * levels, places, np.zeros((height, width), np.bool_))

    monkeypatch.setattr(module, "finish_inside", blackened)
    photo = Photo(torch.rand(1, 3, 60, 1500) * 2 - 1)
    part = holes((60, 1500), (20, 300, 8, 8), (20, 500, 8, 8))
    white = Drawn((slice(0, 60), slice(0, 1500)), torch.ones(1, 3, 60, 1500))
    made = PartFinisher(photo, part)([white], 1.0)
    left = (500 + 508 - ground.MIN_WINDOW) // 2
    assert (seen[1][20:28, 300 - left : 308 - left] == 255).all()
    assert torch.equal(made.pixels, torch.where(part > 0, -1.0, photo.pixels))


def test_a_thin_piece_begins_at_a_small_size(monkeypatch: pytest.MonkeyPatch) -> None:
    search = Mock(return_value=None)
    monkeypatch.setattr(module, "finish_inside", search)
    PartFinisher(Photo(torch.rand(1, 3, 200, 2000)), specks((200, 2000), 40, 6))([], 1.0)
    assert search.call_count > 1
    for call in search.call_args_list:
        side = min(call.args[0].shape[:2])
        assert call.kwargs["shortest"] == pytest.approx(module.THIN_DECIDES * side)
