"""Films composed of a photo's own pixels."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from internal_gan.finishing import drawing as finishing
from internal_gan.finishing.film import CHANGE, CHANGE_BESIDE, Frames, film
from internal_gan.finishing.finisher import Finisher
from internal_gan.finishing.sizes import resized
from internal_gan.images.files.memory import to_photo
from internal_gan.images.levels import pixels_of
from internal_gan.patches.fast import Image
from tests.patches.pictures import picture

SIZE = (150, 200)


@pytest.fixture(autouse=True)
def octaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes small pictures use octaves too."""
    monkeypatch.setattr(finishing, "LAYOUT_SIDE", 96)


@pytest.fixture(scope="module")
def photo() -> Image:
    return picture("mountains", SIZE)


@pytest.fixture(scope="module")
def drawing(photo: Image) -> Image:
    return resized(photo, (45, 60))


def with_forest(drawing: Image, share: float = 1.0) -> Image:
    """The drawing with part of its lower half copied to the upper right."""
    other = drawing.astype(np.float32)
    other[4:24, 32:56] += share * (other[24:44, 32:56] - other[4:24, 32:56])
    return other.round().astype(np.uint8)


def frames(
    drawings: Sequence[Image], photo: Image, fade: int = 1, loop: int | None = None
) -> NDArray[np.int16]:
    """(frames, height, width, 3)."""
    return np.stack(list(film(drawings, photo, SIZE, fade=fade, loop=loop))).astype(np.int16)


def test_an_unchanged_drawing_gives_the_same_frame(photo: Image, drawing: Image) -> None:
    first, *others = frames([drawing] * 3, photo, fade=2)
    assert all(np.array_equal(first, other) for other in others)
    # The photo itself was drawn, so the frame is the photo.
    assert (first == photo).all(axis=2).mean() > 0.9


def test_a_pixel_changes_only_where_its_drawing_does(photo: Image, drawing: Image) -> None:
    maker = Frames(photo, SIZE)
    first = maker.next(drawing).astype(np.int16)
    second = maker.next(with_forest(drawing)).astype(np.int16)
    changed = maker.changed
    assert changed is not None
    assert 0.1 < changed.mean() < 0.4
    assert np.array_equal(first[~changed], second[~changed])
    # The copied part has appeared.
    part = (slice(30, 70), slice(120, 175))
    wanted = resized(with_forest(drawing), SIZE)[part].mean(axis=(0, 1))
    off = [np.abs(frame[part].mean(axis=(0, 1)) - wanted).mean() for frame in (first, second)]
    assert off[1] < 0.3 * off[0]


@pytest.mark.parametrize("size", [(9, 90), (31, 203), (260, 193)])
def test_a_film_sets_out_from_the_photo(size: tuple[int, int]) -> None:
    photo, drawing = picture("mountains", size), picture("peaks", (9, 12))
    first, other = film([drawing, drawing[::-1].copy()], photo, size, still=drawing)
    assert np.array_equal(first, photo)
    assert not np.array_equal(other, photo)


def test_what_the_network_lost_of_the_photo_stays(photo: Image) -> None:
    """A wire, in a place that changes."""
    wired = photo.copy()
    wired[:, 136:144] = 255
    learnt, still = resized(wired, (60, 80)), resized(photo, (45, 60))
    finisher = Finisher(pixels_of(learnt), lambda longest: to_photo(wired))
    drawings = map(pixels_of, (still, still, with_forest(still)))
    first, second = finisher.film(drawings, 1, still=True)
    assert torch.equal(first, pixels_of(wired))
    changed = second[0, :, 30:70, 120:175]
    assert (changed - first[0, :, 30:70, 120:175]).abs().mean() > 0.2
    assert changed[..., 16:24].mean() > 0.5


def test_small_noise_in_the_drawing_changes_nothing(photo: Image, drawing: Image) -> None:
    rng = np.random.default_rng(0)
    shaken = drawing.astype(np.int16) + rng.integers(
        -CHANGE_BESIDE, CHANGE_BESIDE + 1, drawing.shape
    )
    first, second = frames([drawing, shaken.clip(0, 255).astype(np.uint8)], photo)
    assert np.array_equal(first, second)


def test_slow_changes_add_up(photo: Image, drawing: Image) -> None:
    """Each step alone is too small to count as a change."""
    steps = [with_forest(drawing, share) for share in np.linspace(0, 1, 25)]
    large = max(np.abs(a.astype(np.int16) - b).max() for a, b in itertools.pairwise(steps))
    assert large <= CHANGE
    made = frames(steps, photo)
    assert np.abs(made[-1] - made[0])[30:70, 120:175].mean() > 20


def test_a_change_without_a_match_is_tried_again(
    photo: Image, drawing: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = Frames(photo, SIZE)
    first = maker.next(drawing)
    with monkeypatch.context() as nothing:
        nothing.setattr(Frames, "_go_on", lambda *_: None)
        assert np.array_equal(first, maker.next(with_forest(drawing)))
    assert not np.array_equal(first, maker.next(with_forest(drawing)))


def test_new_pixels_fade_in(photo: Image, drawing: Image) -> None:
    new = with_forest(drawing)
    before, after = frames([drawing, new], photo)
    made = frames([drawing, *[new] * 6], photo, fade=4)
    for number, frame in enumerate(made):
        share = min(number / 4, 1)
        assert np.abs(frame - (before + share * (after - before))).max() <= 0.51
    assert np.array_equal(made[-1], after)


def test_a_pixel_does_not_change_again_while_fading_in(photo: Image, drawing: Image) -> None:
    """Otherwise it would blend many frames."""
    new = with_forest(drawing)
    once = frames([drawing, *[new] * 6], photo, fade=3)
    again = frames([drawing, new, drawing, drawing, drawing, drawing, drawing], photo, fade=3)
    assert np.array_equal(once[:4], again[:4])
    assert not np.array_equal(once[4], again[4])


def test_a_loop_closes(photo: Image, drawing: Image) -> None:
    drawings = [*[drawing] * 3, *[with_forest(drawing)] * 9]
    steps = {}
    for loop in (None, 12):
        made = frames(drawings, photo, fade=4, loop=loop)
        steps[loop] = np.abs(made - np.roll(made, 1, axis=0)).mean(axis=(1, 2, 3))
    assert steps[None][0] > 3 * steps[None][1:].max()
    assert steps[12][0] == pytest.approx(steps[12][1:].max(), rel=0.1)
    assert np.array_equal(steps[None][1:9], steps[12][1:9])


@pytest.mark.parametrize("size", [(5, 40), (31, 203), (260, 193)])
@pytest.mark.parametrize("photo_size", [(3, 90), (8, 8), (193, 260)])
def test_sizes(photo_size: tuple[int, int], size: tuple[int, int]) -> None:
    photo = picture("gravel", photo_size)
    drawings = [picture(name, (9, 12)) for name in ("gravel", "peaks")]
    assert [frame.shape for frame in film(drawings, photo, size)] == [(*size, 3)] * 2
