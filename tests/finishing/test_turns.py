import numpy as np
import pytest
import torch
from scipy.ndimage import binary_dilation

import internal_gan
from internal_gan.finishing.finisher import Finished
from internal_gan.finishing.layers import Layer
from internal_gan.finishing.origin import EXACT, Origin
from internal_gan.finishing.seams import Hiding
from internal_gan.finishing.turns import Turn, turn_of
from internal_gan.images.photo import Photo
from internal_gan.judging.tiling import seams, wraps
from internal_gan.patches.origins import own_places
from tests.tiny import holes, picture


def wave(height: int, width: int) -> np.ndarray:
    """A ground with hills and grain, whose left and right sides meet; the sky does not."""
    rng, x = np.random.default_rng(0), np.arange(width) * 2 * np.pi / width
    hills = height * (0.5 + 0.1 * np.sin(3 * x) + 0.05 * np.cos(5 * x))
    rows = np.arange(height)[:, None]
    ground = np.array([90, 120, 60]) + 30 * np.sin(2 * x)[:, None]
    photo = np.where((rows > hills)[..., None], ground, np.array([150, 190, 240]) - rows[..., None])
    return (photo + rng.normal(0, 6, (height, width, 1))).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("box", "wrap", "moved"),
    [
        ((4, 0, 3, 5), (False, True), True),
        ((4, 15, 3, 5), (True, True), True),
        ((0, 8, 3, 5), (True, False), True),
        ((0, 8, 3, 5), (False, True), False),
        ((4, 8, 3, 5), (True, True), False),
    ],
)
def test_a_hole_is_moved_off_the_borders_that_meet(
    box: tuple[int, int, int, int], wrap: tuple[bool, bool], moved: bool
) -> None:
    hole = holes((12, 20), box)
    turn = turn_of(hole, wrap)
    assert (turn is not None) == moved
    if turn is not None:
        now = turn(hole)
        assert now.sum() == hole.sum()
        for axis, wraps_there in zip((-2, -1), wrap, strict=True):
            edge = now.narrow(axis, 0, 1).sum() + now.narrow(axis, -1 % now.shape[axis], 1).sum()
            assert not (wraps_there and edge)


def test_a_hole_along_a_whole_side_is_moved_where_there_is_least_of_it() -> None:
    hole = holes((12, 20), (5, 0, 2, 20), (2, 0, 3, 4), (2, 18, 3, 2))
    turn = turn_of(hole, (False, True))
    assert turn is not None
    assert turn(hole)[0, 0, :, 0].sum() == 2


def test_a_result_is_moved_back_with_its_origin() -> None:
    photo, turn = picture(12, 20), Turn(3, -5, (True, True))
    origin = Origin(own_places((12, 20)), np.full((12, 20), EXACT, np.uint8), (12, 20))
    alpha = torch.rand(1, 1, 12, 20)
    like = Photo(turn(photo), turn(alpha))
    done = turn.back(Finished(like.colours, origin=origin, alpha=like.alpha, like=like))
    assert torch.equal(done.colours, photo)
    assert done.alpha is not None
    assert torch.equal(done.alpha, alpha)
    assert done.origin is not None
    rows, columns = np.moveaxis(done.origin.places, -1, 0)
    assert torch.equal(
        photo[0][:, rows, columns], photo.roll((0, 0), (-2, -1))[0][:, rows, columns]
    )
    assert sorted(map(tuple, done.origin.places.reshape(-1, 2).tolist())) == sorted(
        map(tuple, own_places((12, 20)).reshape(-1, 2).tolist())
    )
    assert done.like is not None
    assert torch.equal(done.like.colours, photo)


def test_layers_have_no_seam_where_the_ends_of_a_panorama_were_filled() -> None:
    """Where a part was copied from elsewhere, depth joins across the ends as it did inside."""
    rows, columns = np.indices((16, 40))
    depth = (100 + 40 * np.sin(columns * np.pi / 20) + 3 * rows).astype(np.uint8)
    turn, part = Turn(0, 20, (False, True)), np.zeros((16, 40), np.bool_)
    part[4:12, 14:26] = True
    places = own_places((16, 40))
    places[part] += np.array([3, 12], np.int32)
    kinds = np.full((16, 40), EXACT, np.uint8)
    inside = Origin(places, kinds, (16, 40), Hiding(0.01, part=part))
    back = turn.back(Finished(torch.zeros(1, 3, 16, 40), origin=inside)).origin
    assert back is not None
    expected = Layer("depth", np.roll(depth, 20, 1), "L").along(inside).values
    made = np.roll(Layer("depth", depth, "L").along(back).values, 20, 1)
    assert np.abs(made.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("task", ["fill", "edit"])
def test_a_panorama_stays_one_where_its_ends_are_changed(
    task: str, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = wave(100, 200)
    mask = np.zeros((100, 200), np.uint8)
    mask[35:70, :14] = mask[35:70, -10:] = 255
    changed = photo.copy()
    changed[mask > 0] = [200, 30, 30]
    if task == "fill":
        made = np.asarray(internal_gan.fill(changed, mask))
    else:
        pasted = photo.copy()
        pasted[40:65, :9] = photo[40:65, 90:99]
        pasted[40:65, -8:] = photo[40:65, 82:90]
        made = np.asarray(internal_gan.edit(photo, pasted, mask))
    # An edit is feathered.
    kept = ~binary_dilation(mask > 0, iterations=1 if task == "fill" else 20)
    assert np.array_equal(made[kept], photo[kept])
    pixels = torch.from_numpy(made.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    assert seams(pixels, (False, True))["left and right"] < 1.3


def test_what_lies_at_one_border_alone_does_not_hide_that_they_meet() -> None:
    photo = wave(100, 200)
    mask = np.zeros((100, 200), np.uint8)
    mask[40:70, :12] = 255
    photo[mask > 0] = [220, 20, 20]
    hole = torch.from_numpy((mask > 0).astype(np.float32))[None, None]
    levels = Photo(torch.from_numpy(photo.copy()).permute(2, 0, 1)[None])
    assert wraps(levels) == (False, False)
    assert wraps(levels, hole) == (False, True)


def test_panoramas_wrap_in_width_alone() -> None:
    def of(levels: np.ndarray) -> Photo:
        return Photo(torch.from_numpy(levels.copy()).permute(2, 0, 1)[None])

    assert wraps(of(wave(100, 200))) == (False, True)
    rng = np.random.default_rng(0)
    grains = rng.integers(0, 256, (60, 120, 3)).astype(np.uint8)
    assert wraps(of(grains)) == (False, True)
    assert wraps(of(grains[:, :90])) == (True, True)
    assert wraps(of(wave(100, 200)[:, :125])) == (False, False)
