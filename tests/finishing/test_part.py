"""Parts of a picture are rebuilt from its own pixels."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from internal_gan.finishing.part import finish_inside
from internal_gan.finishing.seams import Hiding, hide
from internal_gan.patches.origins import own_places, taken
from internal_gan.shapes import Flags, Image
from tests.patches.pictures import noise
from tests.patches.pictures import picture as picture_of


def photo(height: int, width: int) -> Image:
    return picture_of("gravel", (height, width))


def box(size: tuple[int, int], top: int, left: int, height: int, width: int) -> Flags:
    part = np.zeros(size, np.bool_)
    part[top : top + height, left : left + width] = True
    return part


def drawn(picture: NDArray[Any], part: Flags) -> NDArray[Any]:
    """The picture with the part set to the mean colour, as an untrained network would draw it."""
    result = picture.copy()
    result[part] = picture[~part].mean(axis=0).astype(picture.dtype)
    return result


def filled(picture: NDArray[Any], part: Flags, excluded: Any = False, **how: Any) -> Any:
    return finish_inside(drawn(picture, part), part, part | excluded, **how)


@pytest.fixture
def octaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes small pictures use octaves too."""
    monkeypatch.setattr("internal_gan.finishing.part.LAYOUT_SIDE", 80)


@pytest.mark.usefixtures("octaves")
@pytest.mark.parametrize("size", [(60, 80), (101, 173), (190, 93)])
def test_every_pixel_comes_from_an_allowed_place_of_the_picture(size: tuple[int, int]) -> None:
    picture = photo(*size)
    part = box(size, 30, 40, size[0] // 3, size[1] // 3)
    excluded = np.indices(size)[1] < size[1] // 4
    done = filled(picture, part, excluded)
    inside = part[done.window]
    assert inside.sum() == part.sum()
    assert not taken(part | excluded, done.origins)[inside].any()
    assert np.array_equal(done.origins[~inside], own_places(size)[done.window][~inside])
    assert done.exact[~inside].all()
    copied = taken(picture, done.origins)
    assert np.array_equal(done.pixels[done.exact], copied[done.exact])
    assert np.abs(done.pixels.astype(int) - copied)[inside].mean() < 12


def test_colours_are_held_as_far_as_in_the_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    """In pixels of that size, of which two octaves later there are four times as many a side."""
    monkeypatch.setattr("internal_gan.finishing.part.LAYOUT_SIDE", 40)
    picture, part = photo(120, 150), box((120, 150), 30, 40, 40, 50)
    done = filled(picture, part, hold=0.02)
    copied, inside = taken(picture, done.origins), part[done.window]
    nearer, made = (
        copied + hide(copied, done.origins, picture, Hiding(hold, part=inside, unknown=part))
        for hold in (0.02, 0.02 / 4)
    )
    assert np.array_equal(done.pixels[inside], made.round().clip(0, 255)[inside])
    assert np.abs(made - nearer).max() > 1


@pytest.mark.usefixtures("octaves")
@pytest.mark.parametrize("size", [(64, 96), (180, 240)])
def test_a_pattern_is_continued(size: tuple[int, int]) -> None:
    unit = np.random.default_rng(0).integers(60, 200, (12, 12, 3)).astype(np.uint8)
    scale = size[0] // 60
    unit = unit.repeat(scale, 0).repeat(scale, 1)
    tiles = (-(-size[0] // len(unit)), -(-size[1] // len(unit)), 1)
    picture = np.tile(unit, tiles)[: size[0], : size[1]]
    part = box(size, size[0] // 3, size[1] // 3, size[0] // 5, size[1] // 5)
    done = filled(picture, part)
    error = np.abs(done.pixels.astype(int) - picture[done.window])[part[done.window]]
    assert error.mean() < 0.25 * np.abs(drawn(picture, part).astype(int) - picture)[part].mean()


def test_the_drawing_decides_which_patches_are_used() -> None:
    picture = noise((200, 300)) // 6
    picture[:, :150, 0] += 200
    picture[:, 150:, 2] += 200
    part = box((200, 300), 75, 50, 60, 60)
    picture[part] = (10, 10, 210)  # blue amid the red
    done: Any = finish_inside(picture, part, part, shortest=100)
    middle = done.pixels[part[done.window]].reshape(60, 60, 3)[15:45, 15:45]
    assert (middle[..., 2] > 150).mean() > 0.95


@pytest.mark.usefixtures("octaves")
def test_progress_is_reported() -> None:
    picture, part = photo(170, 200), box((170, 200), 50, 50, 50, 50)
    shares: list[float] = []
    filled(picture, part, on_progress=shares.append)
    assert len(shares) > 2
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] < 1


def test_sixteen_bits_stay() -> None:
    eight, part = photo(100, 120), box((100, 120), 30, 30, 30, 30)
    fine = eight.astype(np.uint16) * 257 + 5
    done = filled(fine, part)
    assert done.pixels.dtype == np.uint16
    assert np.array_equal(done.pixels[done.exact], taken(fine, done.origins)[done.exact])
    assert np.array_equal(done.origins, filled(eight, part).origins)


def test_without_allowed_patches_nothing_is_made() -> None:
    picture, part = photo(60, 60), box((60, 60), 20, 20, 10, 10)
    assert finish_inside(picture, part, np.ones((60, 60), np.bool_)) is None
    # No 7 x 7 patch is left.
    assert finish_inside(picture, part, part | (np.indices((60, 60)) % 6 == 0).any(axis=0)) is None


@pytest.mark.parametrize("scale", [1, 2])
def test_a_guide_places_lines(scale: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the layout is decided at half the size."""
    monkeypatch.setattr("internal_gan.finishing.part.LAYOUT_SIDE", 100)
    size = (90, 130)
    picture = np.full((*size, 3), 150, np.uint8) + photo(*size) // 32
    guide = np.zeros(size, np.uint8)
    rows, columns = [10, 45, 80], [4, 126]
    picture[rows], guide[rows] = 40, 200
    picture[:, columns], guide[:, columns] = 40, 200
    part = box(size, 30, 40, 30, 40)
    drawing = picture.copy()
    drawing[part] = 150

    def enlarged(image: Any) -> Any:
        return image.repeat(scale, 0).repeat(scale, 1)

    drawing, guide, part = map(enlarged, (drawing, guide, part))
    lines = []
    for given in (None, guide):
        done: Any = finish_inside(drawing, part, part, guide=given, shortest=60 * scale)
        result = drawing.copy()
        result[done.window] = done.pixels
        lines.append(float((result[45 * scale, 40 * scale : 80 * scale] < 90).mean()))
    assert lines[0] < 0.3
    assert lines[1] > 0.9
