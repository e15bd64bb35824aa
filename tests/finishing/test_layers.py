"""Layers that accompany a photo keep their own values."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

import internal_gan
from internal_gan.errors import UserError
from internal_gan.finishing.layers import Layer, read_layer, write_layer
from internal_gan.finishing.origin import EXACT, OTHER, Origin
from internal_gan.finishing.seams import Hiding
from internal_gan.images.files.png import png
from internal_gan.patches.origins import own_places

SIZE = (20, 30)
RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (*SIZE, 4)).astype(np.uint8)
DEEP = RNG.integers(0, 65536, (*SIZE, 4)).astype(np.uint16)


def saved(path: Path, values: NDArray[Any], palette: bytes | None = None, **how: Any) -> Path:
    image = Image.fromarray(values)
    if palette:
        image.putpalette(palette)
    image.save(path, **how)
    return path


def cases(folder: Path) -> dict[str, tuple[Path, NDArray[Any]]]:
    """Files of every mode, with the values in them."""
    plain: dict[str, NDArray[Any]] = {
        "black.png": BYTES[..., 0] > 99,
        "gray.png": BYTES[..., 0],
        "gray-alpha.png": BYTES[..., :2],
        "rgb.tif": BYTES[..., :3],
        "rgba.png": BYTES,
        "gray16.png": DEEP[..., 0],
        "gray16.tif": DEEP[..., 0],
    }
    found = {name: (saved(folder / name, values), values) for name, values in plain.items()}
    found["rgb16.tif"] = folder / "rgb16.tif", DEEP[..., :3]
    tifffile.imwrite(folder / "rgb16.tif", DEEP[..., :3], photometric="rgb")
    labels = BYTES[..., 0] % 7
    path = saved(folder / "palette.png", labels, bytes(range(21)), transparency=2)
    found["palette.png"] = path, labels
    for mode in ("LA", "RGB", "RGBA"):
        path = folder / f"{mode}-16.png"
        path.write_bytes(png(DEEP[..., : len(mode)]))
        found[path.name] = path, DEEP[..., : len(mode)]
    return found


def test_a_layer_of_any_mode_keeps_its_numbers(tmp_path: Path) -> None:
    for name, (path, values) in cases(tmp_path).items():
        layer = read_layer(path)
        assert layer.values.dtype == values.dtype, name
        assert (layer.values == values).all(), name
        assert (layer.kind == "labels") == (name in ("black.png", "palette.png")), name
        write_layer(tmp_path / "again.png", layer)
        back = read_layer(tmp_path / "again.png")
        assert (back.values == values).all(), name
        assert (back.mode, back.palette) == (layer.mode, layer.palette), name
        assert back.transparency == layer.transparency, name
        small = layer.shrunk_to((7, 11))
        assert small.values.dtype == values.dtype, name
        assert (small.size, small.values.ndim) == ((7, 11), values.ndim), name


def test_a_file_of_other_numbers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "layer.tif"
    for values, why in (
        (DEEP[..., 0].astype(np.int32) * 1000, r"its numbers are not those of 16 bits"),
        (-DEEP[..., 0].astype(np.int16), r"its numbers are not those of 16 bits"),
    ):
        tifffile.imwrite(path, values)
        with pytest.raises(UserError, match=rf"layer\.tif: {why}"):
            read_layer(path)
    png = saved(tmp_path / "layer.png", BYTES)
    png.write_bytes(png.read_bytes()[:200])
    with pytest.raises(UserError, match=r"layer\.png: .*damaged"):
        read_layer(png)


def test_labels_are_not_interpolated_when_the_photo_is_shrunk() -> None:
    """Those of a palette, or few values."""
    values = (np.arange(1200).reshape(30, 40) % 40 * 5).astype(np.uint8)
    for labels in (Layer("mask", values, "P"), Layer("mask", values // 10, "L")):
        assert labels.kind == "labels"
        assert np.isin(labels.shrunk_to((10, 13)).values, labels.values).all()
    mixed = Layer("mask", values, "L").shrunk_to((10, 13)).values
    assert not np.isin(mixed, values).all()
    assert mixed.max() <= values.max()


def test_an_upright_photo_has_upright_layers(tmp_path: Path) -> None:
    image = Image.fromarray(BYTES[..., :3])
    exif = image.getexif()
    exif[274] = 6
    image.save(tmp_path / "turned.png", exif=exif)
    assert read_layer(tmp_path / "turned.png").size == SIZE[::-1]


def halves(hiding: Hiding | None = None) -> Origin:
    """Of a picture whose right half is from ten rows below, like a fault in rock."""
    places = own_places((20, 40))
    places[:, 20:, 0] += 10
    return Origin(places, np.full((20, 40), EXACT, np.uint8), (30, 40), hiding or Hiding(0.02))


def heights(step: float = 0) -> NDArray[np.uint16]:
    """A slope, 300 higher in each row, with a step in the middle."""
    rows, columns = np.indices((30, 40))
    slope = 300 * rows + 100 * (1 + np.sin(columns)) + np.where(columns < 20, 0, step)
    return np.asarray(slope.round(), np.uint16)


def across(layer: Layer) -> NDArray[np.float64]:
    """The steps across the seam."""
    return np.diff(np.atleast_3d(layer.values).astype(float), axis=1)[:, 19]


@pytest.mark.parametrize("step", [0, 20000])
def test_a_seam_is_hidden_and_a_step_of_the_photo_stays(step: float) -> None:
    layer = Layer("height", heights(step), "I;16")
    plain = layer.along(replace(halves(), hiding=None))
    assert across(plain) == pytest.approx(3000 + step, abs=100)
    assert across(layer.along(halves())) == pytest.approx(step, abs=300)
    assert (replace(layer, mode="P").along(halves()).values == plain.values).all()


def test_less_than_half_a_level_is_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Added to most levels, it gives a half, as floats are rounded."""
    layer, hidden = Layer("height", (heights() // 40).astype(np.uint8), "L"), halves()
    monkeypatch.setattr(Hiding, "added", lambda *_: np.full((20, 40, 1), 0.4999999, np.float32))
    assert (layer.along(hidden).values == layer.along(replace(hidden, hiding=None)).values).all()


def test_many_flat_areas_are_labels_and_a_smooth_ramp_is_not() -> None:
    areas = np.kron(np.arange(300, dtype=np.uint16).reshape(15, 20) * 7, np.ones((30, 30), "u2"))
    assert Layer("cells", areas, "I;16").kind == "labels"
    ramp = np.broadcast_to((np.arange(2000) / 8).astype(np.uint8), (300, 2000))
    assert Layer("height", ramp, "L").kind == "numbers"


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
def test_values_keep_their_type_and_range_and_change_only_in_a_part(kind: str) -> None:
    """Both sides of the seam are at the foot of a cliff, or at its top."""
    cliff = heights(20000).astype(int) // (150 if kind == "uint8" else 1) + 50
    part = np.zeros((20, 40), np.bool_)
    part[:, 15:] = True
    origin = halves(Hiding(0.02, part=part))
    origin.places[:, 20:, 1] -= 20
    for values, end in ((cliff, cliff.min()), (cliff.max() + cliff.min() - cliff, cliff.max())):
        layer = Layer("height", values.astype(kind), "L")
        made, plain = layer.along(origin), layer.along(replace(origin, hiding=None))
        assert made.values.dtype == kind
        assert made.values.min() >= values.min()
        assert made.values.max() <= values.max()
        assert (made.values == end).sum() > (plain.values == end).sum() + 20
        assert (made.values == plain.values)[~part].all()
        assert abs(across(made)).mean() > 1.5 * abs(across(plain)).mean()


def test_what_is_from_no_photo_is_0_and_does_not_spread() -> None:
    layer, origin = Layer("height", heights(), "I;16"), halves()
    origin.kinds[:5, 15:] = OTHER
    made, plain = layer.along(origin), layer.along(replace(origin, hiding=None))
    assert (made.values[:5, 15:] == 0).all()
    assert across(made)[6:] == pytest.approx(0, abs=1000)  # of 3000
    assert (made.values != plain.values)[5:].any()


def test_transparent_colours_and_opacity_are_copies() -> None:
    opacity = np.where(np.indices((30, 40))[1] % 7 < 2, 0, 200)
    values = np.dstack([heights() // 100] * 3 + [opacity]).astype(np.uint8)
    values[opacity == 0] = 0
    made, plain = (
        Layer("decal", values, "RGBA").along(origin).values
        for origin in (halves(), replace(halves(), hiding=None))
    )
    assert (made[..., 3] == plain[..., 3]).all()
    assert (made == plain)[plain[..., 3] == 0].all()
    assert (made != plain).any()


@pytest.mark.parametrize("white", [255, 65535])
def test_changed_normals_have_length_1(white: int) -> None:
    tilt = heights() / 9000 - 0.5
    vectors = np.dstack([tilt, -tilt / 2, np.ones_like(tilt)])
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    values = ((vectors + 1) / 2 * white).round().astype(np.uint8 if white == 255 else np.uint16)
    layer = Layer("normal", values, "RGB")
    assert layer.kind == "normals"
    small, made = layer.shrunk_to((15, 20)), layer.along(halves())
    for found in (small, made):
        length = np.linalg.norm(found.values / white * 2 - 1, axis=2)
        assert length == pytest.approx(1, abs=2 / white)
    plain = layer.along(replace(halves(), hiding=None))
    assert abs(across(made)).max() < 0.2 * abs(across(plain)).max()
    assert replace(layer, values=values[..., ::-1]).kind == "numbers"


@pytest.mark.parametrize("task", ["fill", "extend", "make_tileable"])
def test_a_photo_that_is_a_normal_map_stays_one(task: str) -> None:
    rng = np.random.default_rng(0)
    slopes = gaussian_filter(rng.normal(0, 12, (2, 60, 80)), (0, 3, 3))
    vectors = np.dstack([*slopes, np.ones((60, 80))])
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    photo = (255 * (vectors + 1) / 2).round().astype(np.uint8)
    given: dict[str, Any] = {
        "fill": {"box": (20, 30, 20, 25)},
        "extend": {"margins": (0, 30, 20, 0)},
        "make_tileable": {},
    }[task]
    made = np.asarray(getattr(internal_gan, task)(photo, **given))
    lengths = np.linalg.norm(made / 127.5 - 1, axis=2)
    assert np.abs(lengths - 1).max() < 0.02
    assert made.shape != photo.shape or not np.array_equal(made, photo)
