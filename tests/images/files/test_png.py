"""PNG files, as Pillow reads them."""

import io
import zlib

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from internal_gan.images.files import png as module
from internal_gan.images.files.png import png

SHAPES = [(1, 1, 3), (7, 1, 4), (1, 9, 2), (50, 33, 1), (40, 60, 3)]


def noisy(height: int, width: int, channels: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).integers(0, 20, (height, width, channels))
    levels = np.add.outer(3 * np.arange(height), 2 * np.arange(width))[..., None] + noise
    return levels.astype(np.uint8)


def filters(content: bytes, row: int) -> set[int]:
    """The filters of a file's rows, of so many bytes each."""
    at, data = 8, b""
    while at < len(content):
        length, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        data += content[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    return set(zlib.decompress(data)[:: row + 1])


@pytest.mark.parametrize("shape", SHAPES)
def test_pillow_reads_it_back(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STRIP", 300)
    array = noisy(*shape)
    image = Image.open(io.BytesIO(png(array)))
    assert image.mode == {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[shape[2]]
    assert np.array_equal(np.asarray(image).reshape(shape), array)


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_rows_are_stored_as_they_become_small(kind: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STRIP", 5000)
    rng, steps = np.random.default_rng(0), np.sin(np.arange(200) / 14)
    walk = rng.integers(-2, 3, (200, 200, 3)).cumsum(axis=1) + 128
    smooth = 128 + 50 * np.add.outer(steps, steps)[..., None] + rng.normal(0, 6, (200, 200, 3))
    array = [walk, walk.swapaxes(0, 1), smooth][kind - 1]
    array = array.astype(np.uint8)
    content = png(array)
    assert filters(content, 3 * array.shape[1]) == {kind}
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), array)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_do_not_change_a_file(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STRIP", 1000)
    array = noisy(90, 70, 3)
    expected = png(array)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    assert png(array) == expected
