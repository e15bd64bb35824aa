"""Layers that accompany a photo keep their own values."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from internal_gan.errors import UserError
from internal_gan.finishing.layers import read_layer, write_layer
from internal_gan.finishing.origin import EXACT, OTHER, Origin
from internal_gan.images.files.encode import Layout, deep_png

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
        "metres.tif": (DEEP[..., 0] / 7.0 - 900).astype(np.float32),
        "whole.tif": DEEP[..., 0].astype(np.int32) * 1000,
    }
    found = {name: (saved(folder / name, values), values) for name, values in plain.items()}
    labels = BYTES[..., 0] % 7
    path = saved(folder / "palette.png", labels, bytes(range(21)), transparency=2)
    found["palette.png"] = path, labels
    for mode in ("LA", "RGB", "RGBA"):
        path = folder / f"{mode}-16.png"
        path.write_bytes(deep_png(DEEP[..., : len(mode)].astype(">u2"), Layout(mode, 16)))
        found[path.name] = path, DEEP[..., : len(mode)]
    return found


NAMES = (
    *("black.png", "gray.png", "gray-alpha.png", "rgb.tif", "rgba.png", "gray16.png"),
    *("gray16.tif", "metres.tif", "whole.tif", "palette.png", "LA-16.png", "RGB-16.png"),
    "RGBA-16.png",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_layer_of_any_mode_keeps_its_numbers(tmp_path: Path, name: str) -> None:
    path, values = cases(tmp_path)[name]
    layer = read_layer(path)
    assert layer.values.dtype == values.dtype
    assert (layer.values == values).all()
    assert layer.labels == (name in ("black.png", "palette.png"))
    assert layer.suffix == (".tif" if name in ("metres.tif", "whole.tif") else ".png")
    again = tmp_path / f"again{layer.suffix}"
    write_layer(again, layer)
    back = read_layer(again)
    assert (back.values == values).all()
    assert (back.mode, back.palette) == (layer.mode, layer.palette)
    assert back.transparency == layer.transparency


def test_layer_values_move_with_their_pixels(tmp_path: Path) -> None:
    layer = read_layer(cases(tmp_path)["metres.tif"][0])
    places = np.array([[[3, 4], [19, 29], [3, 4]]], np.int32)
    origin = Origin(places, np.array([[EXACT, EXACT, OTHER]], np.uint8), SIZE)
    there = layer.along(origin).values
    assert there.tolist() == [[layer.values[3, 4], layer.values[19, 29], 0]]


def test_labels_are_not_interpolated_when_the_photo_is_shrunk(tmp_path: Path) -> None:
    values = np.where(np.arange(40) < 21, 3, 200)[None].repeat(30, 0).astype(np.uint8)
    path = saved(tmp_path / "mask.png", values)
    labels = read_layer(path, labels=True).shrunk_to((10, 13)).values
    mixed = read_layer(path).shrunk_to((10, 13)).values
    assert set(np.unique(labels)) == {3, 200}
    assert not set(np.unique(mixed)) <= {3, 200}
    assert mixed.min() >= 3
    assert mixed.max() <= 200


def test_whole_numbers_stay_whole_when_it_is_shrunk(tmp_path: Path) -> None:
    for path, values in cases(tmp_path).values():
        small = read_layer(path).shrunk_to((7, 11))
        assert small.values.dtype == values.dtype
        assert small.size == (7, 11)
        assert small.values.ndim == values.ndim


def test_an_upright_photo_has_upright_layers(tmp_path: Path) -> None:
    image = Image.fromarray(BYTES[..., :3])
    exif = image.getexif()
    exif[274] = 6
    image.save(tmp_path / "turned.png", exif=exif)
    assert read_layer(tmp_path / "turned.png").size == SIZE[::-1]


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "half.png"
    saved(path, BYTES)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(UserError, match=r"half\.png: .*damaged"):
        read_layer(path)
    with pytest.raises(UserError, match="no such file"):
        read_layer(tmp_path / "nowhere.png")
    (tmp_path / "note.txt").write_text("no image", encoding="utf-8")
    with pytest.raises(UserError, match="not an image"):
        read_layer(tmp_path / "note.txt")
