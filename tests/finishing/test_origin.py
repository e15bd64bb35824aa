"""The file that says where each pixel of a result comes from."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from internal_gan.errors import UserError
from internal_gan.finishing import origin as module
from internal_gan.finishing.origin import BLENDED, EXACT, OTHER, Origin, read_origin, write_origin
from internal_gan.images.files.image import read_image
from internal_gan.images.levels import levels_of
from internal_gan.images.photo import Photo
from tests.tiny import picture

SIZE = (300, 65535)


def some() -> Origin:
    rng = np.random.default_rng(0)
    places = np.stack([rng.integers(0, side, (20, 31)) for side in SIZE], -1).astype(np.int32)
    places[0, 0] = SIZE[0] - 1, SIZE[1] - 1
    return Origin(places, rng.choice(np.array([EXACT, BLENDED, OTHER], np.uint8), (20, 31)), SIZE)


def test_an_origin_is_read_back_as_it_was(tmp_path: Path) -> None:
    origin = some()
    write_origin(tmp_path / "a.origin.png", origin)
    found = read_origin(tmp_path / "a.origin.png")
    assert (found.places == origin.places).all()
    assert (found.kinds == origin.kinds).all()
    assert found.photo_size == SIZE
    # Its channels are row, column and kind in 16 bits.
    photo = read_image(tmp_path / "a.origin.png")
    assert (photo.mode, photo.bit_depth) == ("RGB", 16)
    levels = ((photo.pixels[0].double() + 1) * 32767.5).round().int().numpy()
    assert (levels[:2] == np.moveaxis(origin.places, -1, 0)).all()
    assert (levels[2] == origin.kinds).all()


def test_what_is_no_origin_or_points_outside_the_photo_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    origin = some()
    origin.places[3, 4] = SIZE[0], 0
    write_origin(tmp_path / "b.png", origin)
    for name, why in (("a", "not the origin of a result"), ("b", "damaged"), ("c", "no such file")):
        with pytest.raises(UserError, match=rf"{name}\.png: .*{why}"):
            read_origin(tmp_path / f"{name}.png")


def test_differences_are_each_pixels_in_rows_of_any_number(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, made = Photo(picture(20, 30)), Photo(picture(13, 17, seed=1))
    rng = np.random.default_rng(0)
    places = np.stack([rng.integers(0, side, made.size) for side in photo.size], -1)
    levels = [levels_of(one.pixels, 255).astype(int) for one in (made, photo)]
    there = levels[1][places[..., 0], places[..., 1]]
    part = photo.crop(slice(0, 13), slice(0, 17))
    for at_once in (10, 40, 10**6):
        monkeypatch.setattr(module, "COMPARED_AT_ONCE", at_once)
        white, off = module.differences(made, photo, places.astype(np.int32))
        assert white == 255
        assert np.array_equal(off, np.abs(levels[0] - there).max(axis=2))
        own = levels[1][:13, :17]
        assert np.array_equal(module.differences(made, part)[1], np.abs(levels[0] - own).max(2))
