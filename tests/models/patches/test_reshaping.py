"""A photo's patches at another size or in another shape."""

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from internal_gan.images.photo import Photo
from internal_gan.images.protect import protect
from internal_gan.images.resize import resize
from internal_gan.images.transforms import Homography, Transform
from internal_gan.models.patches import layout, reshaping
from internal_gan.models.patches.model import Patches
from internal_gan.models.patches.reshaping import WAYS, Frame, Route, _drawn, reshaped
from internal_gan.units import Size
from tests.tiny import holes, picture, rng

TILTED = [[-0.4, -1.0], [0.9, -1.0], [1.0, 0.8], [-1.0, 1.0]]


def disk(height: int = 36, width: int = 48) -> Tensor:
    """A bright disk of 14 pixels in the middle, on a ground that darkens downwards."""
    rows, columns = torch.arange(height)[:, None], torch.arange(width)
    ground = (-0.2 - rows / height).expand(height, width)
    inside = (rows - height / 2).square() + (columns - width / 2).square() < 49
    return torch.where(inside, 0.9, ground).expand(1, 3, -1, -1).contiguous()


def runs(flags: Tensor) -> int:
    """How many separate runs of flags there are in a row."""
    return int((flags.float().diff(prepend=torch.zeros(1)) > 0).sum())


@pytest.mark.parametrize("size", [(36, 50), (36, 38), (44, 48), (32, 48)])
def test_a_single_thing_stays_single_and_whole(size: Size) -> None:
    made = reshaped(disk(), Route(disk(), Frame(size)), rng())
    assert made.shape == (1, 3, *size)
    bright = made[0].mean(dim=0) > 0.3
    assert runs(bright.any(dim=0)) == runs(bright.any(dim=1)) == 1
    assert int(bright.sum()) == pytest.approx(149, rel=0.25)


def test_what_is_alike_above_and_below_keeps_its_place() -> None:
    """Of two dark bands, the one at the top is a little redder."""
    dark = torch.arange(60).sub(29.5).abs()[:, None] > 10
    red = torch.where(torch.arange(60) < 30, 0.1, -0.1)[:, None]
    ground = torch.where(dark, -0.3, 0.6)
    photo = torch.stack([ground + red, ground, ground - red])[None].expand(-1, -1, -1, 40)
    made = reshaped(photo, Route(photo, Frame((80, 60))), rng())
    is_red = (made[0, 0] > made[0, 2]).float()
    assert is_red[:20].mean() > 0.95
    assert is_red[-20:].mean() < 0.05


@pytest.mark.parametrize(
    ("own", "size"),
    [((3, 40), (5, 60)), ((30, 30), (30, 90)), ((24, 32), (3, 4)), ((1, 12), (2, 5))],
)
def test_any_photo_at_any_size(own: Size, size: Size) -> None:
    made = reshaped(picture(*own), Route(picture(*own), Frame(size)), rng())
    assert made.shape == (1, 3, *size)
    assert made.isfinite().all()
    assert made.abs().max() <= 1


def test_a_layout_begins_with_the_image() -> None:
    """Another image than the photo says what goes where, unless a jump hides it."""
    bands = torch.where(torch.arange(60) // 15 % 2 == 0, -0.7, 0.7)
    photo = (0.2 * picture(36, 60) + bands).clamp(-1, 1)
    coarse = layout.shrunk(photo)

    def first_band(image: Tensor) -> float:
        drawn = _drawn(photo, coarse, Route(image, Frame((36, 64))), WAYS[0], rng())
        return float(drawn[..., 1:5].mean())

    assert first_band(photo) < -0.4
    assert first_band(photo.roll(15, 3)) > 0.4


def test_what_is_kept_stays_and_its_surroundings_adapt() -> None:
    photo, mask = picture(40, 60), holes((40, 60), (14, 20, 12, 14))
    model, kept = Patches.of(Photo(photo)), protect(mask, (40, 90))
    where = (kept.weight > 0.5).float()
    made = [
        model.repaint(photo, (40, 90), kept.transform, keep, 0)
        for keep in (kept.weight, torch.zeros_like(where))
    ]
    inside, given = where[0, 0] > 0, kept.transform(photo, (40, 90)).clamp(-1, 1)
    assert torch.equal(made[0][..., inside], given[..., inside])
    assert not torch.equal(made[1][..., inside], given[..., inside])

    def jump(image: Tensor) -> float:
        """The mean step from what is kept to the pixel beside it."""
        put = torch.where(inside, given, image)[0]
        return float(put.diff(dim=2).abs()[:, inside[:, 1:] != inside[:, :-1]].mean())

    assert jump(made[0]) < 0.8 * jump(made[1])


@pytest.mark.parametrize("size", [(40, 120), (64, 64)])
def test_what_is_kept_is_there_once(size: Size) -> None:
    model, kept = Patches.of(Photo(disk(40, 60))), holes((40, 60), (12, 22, 16, 16))
    for seed in range(3):
        made = model.retarget(size, protect=kept, seed=seed)[0]
        assert int((made.mean(dim=0) > 0.3).sum()) == pytest.approx(149, rel=0.1)
        assert made.std(dim=0).max() < 0.01  # no noise of colours


@pytest.mark.parametrize("size", [(40, 120), (90, 60)])
def test_what_is_kept_keeps_its_size_on_the_way(size: Size) -> None:
    kept = protect(holes((40, 60), (14, 20, 12, 14)), size)
    end = Frame(size, kept.transform, (kept.mask > 0.5).float())
    frames = Route(picture(40, 60), end).frames(1.2)
    assert len(frames) > 3
    for frame in frames:
        assert frame.kept is not None
        assert frame.kept.shape[-2:] == frame.size
        columns = frame.kept[0, 0].any(dim=0)
        assert runs(columns) == 1
        assert int(columns.sum()) == pytest.approx(14, abs=1)
        assert int(frame.kept[0, 0].any(dim=1).sum()) == pytest.approx(12, abs=1)


def test_without_noise_the_way_leads_to_the_moved_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step moves what the step before has drawn."""
    monkeypatch.setattr(reshaping, "denoised", lambda *_, start, **__: start)
    image, end = resize(picture(6, 9), (40, 60)), Homography.to_corners(TILTED)
    coarse = layout.shrunk(image)
    drawn = _drawn(image, coarse, Route(image, Frame((40, 60), end)), WAYS[1], rng())
    inside = end.coverage((16, 24)).expand(1, 3, -1, -1) == 1
    assert (drawn[:1] - end(coarse, (16, 24)))[inside].abs().mean() < 0.1
    assert (drawn[:1] - coarse)[inside].abs().mean() > 0.2


def test_the_nearest_of_all_ways_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = list[int]()

    def last(_: Tensor, layouts: Tensor, known: None) -> Tensor:
        shown.append(len(layouts))
        return torch.full_like(layouts[-1:], 0.9)

    monkeypatch.setattr(reshaping, "nearest", last)
    monkeypatch.setattr(
        reshaping, "matched", lambda x, _, steps: x * steps / reshaping.MATCHING_STEPS
    )
    made = reshaped(disk(), Route(disk(), Frame((36, 60))), rng())
    assert shown == [len(WAYS) * reshaping.TRIES_PER_WAY]
    assert float(made.mean()) > 0.5


@pytest.mark.parametrize("transform", [None, Homography.to_corners(TILTED)])
@pytest.mark.parametrize("size", [(40, 240), (20, 90), (40, 60), (13, 60)])
def test_steps_are_small_and_lead_to_the_end(transform: Transform | None, size: Size) -> None:
    end = Frame(size, transform)
    frames = Route(picture(40, 60), end).frames(1.1)
    assert frames[-1] == end
    sizes = [(40, 60), *(frame.size for frame in frames)]
    for before, after in pairwise(sizes):
        for old, new in zip(before, after, strict=True):
            assert abs(math.log(new / old)) <= math.log(1.1) + 0.6 / min(old, new)


def test_what_is_turned_over_comes_at_once() -> None:
    over = Homography.to_corners([[1, -1], [-1, -1], [-1, 1], [1, 1]])
    route = Route(picture(), Frame((40, 56), over))
    assert len(route.frames(1.05)) == 1
    assert reshaped(picture(), route, rng()).isfinite().all()


def test_a_long_way_has_longer_steps() -> None:
    assert len(Route(picture(30, 30), Frame((30, 3000))).frames(1.05)) == reshaping.MAX_STEPS
