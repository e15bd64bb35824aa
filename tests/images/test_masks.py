"""Masks: which part of an image may change, grown and softened."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import grey_dilation

from internal_gan.errors import UserError
from internal_gan.images.files.memory import to_mask
from internal_gan.images.masks import dilate, read_mask, soften, touched
from tests.images.conftest import Save
from tests.tiny import holes, rng

SIZE = (30, 40)


def disk(top: float = 255) -> np.ndarray[Any, Any]:
    """A white disk of radius 8 on black, (30, 40)."""
    rows, columns = np.ogrid[:30, :40]
    return np.where((rows - 12) ** 2 + (columns - 17) ** 2 <= 64, top, 0.0)


@pytest.mark.parametrize("mode", ["L", "1", "RGB", "RGBA", "P", "LA", "I;16"])
def test_every_mode_of_a_mask_reads_alike(saved: Save, mode: str) -> None:
    image = Image.fromarray(disk().astype(np.uint8)).convert(mode)
    if mode == "I;16":
        image = Image.fromarray(disk(65535).astype(np.uint16))
    mask = read_mask(saved(image), SIZE)
    assert mask.shape == (1, 1, *SIZE)
    assert torch.equal(mask[0, 0], torch.from_numpy(disk(1)).float())


@pytest.mark.parametrize("kind", ["1", "bool", "uint8", "float", "tensor", "flat", "bools"])
def test_a_mask_in_memory_is_read_alike(kind: str) -> None:
    inside, levels = disk() > 0, disk().astype(np.uint8)
    bools = torch.from_numpy(inside)
    given: dict[str, Any] = {
        "1": Image.fromarray(levels).convert("1"),
        "bool": inside,
        "uint8": levels,
        "float": inside.astype(np.float32),
        "tensor": bools[None, None].float(),
        "flat": bools.float(),
        "bools": bools,
    }
    photo = to_mask(given[kind])
    for _ in range(2):  # reading changes nothing
        assert torch.equal(read_mask(photo, SIZE)[0, 0], torch.from_numpy(disk(1)).float())


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros(SIZE, bool), "^mask: the mask is empty"),
        (np.full(SIZE, 255.0), r"^mask: its values go from 255 to 255; .* x / 255"),
        (np.full(SIZE, np.nan), "^mask: some of its values are NaN"),
        (np.zeros(SIZE, np.int64), "^mask: numbers of type int64"),
        ([[True]], "^mask: of type list"),
    ],
    ids=lambda value: None,
)
def test_a_mask_in_memory_is_refused_by_name(mask: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_mask(to_mask(mask), SIZE)


@pytest.mark.parametrize("colour", [0, 130, 255])
def test_opaque_strokes_on_a_transparent_layer_are_the_mask(saved: Save, colour: int) -> None:
    layers = np.dstack([np.full((30, 40, 3), colour), disk(200)]).astype(np.uint8)
    mask = read_mask(saved(Image.fromarray(layers)), SIZE)
    assert torch.allclose(mask[0, 0], torch.from_numpy(disk(200 / 255)).float())


@pytest.mark.parametrize("quality", [75, 95])
def test_the_gray_rim_of_a_jpeg_is_cleaned(saved: Save, quality: int) -> None:
    large = np.kron(disk(), np.ones((5, 5))).astype(np.uint8)
    photo = saved(Image.fromarray(large), "jpg", quality=quality)
    assert (photo.pixels[0, 0] > -1)[torch.from_numpy(large == 0)].any()
    assert torch.equal(read_mask(photo, (150, 200))[0, 0], torch.from_numpy(large / 255).float())


@pytest.mark.parametrize("radius", [0, 1, 2.5, 7, 40])
def test_dilation_is_the_maximum_over_a_disk(radius: float) -> None:
    mask = torch.rand(1, 1, 19, 23, generator=rng()) ** 8
    before = mask.clone()
    rows, columns = np.ogrid[-40:41, -40:41]
    near = rows**2 + columns**2 <= radius**2
    expected = grey_dilation(mask[0, 0].numpy(), footprint=near, mode="constant")
    assert np.array_equal(dilate(mask, radius)[0, 0], expected)
    assert torch.equal(mask, before)


def test_softening_is_a_gaussian_with_bounded_reach_and_unit_sum() -> None:
    mask = holes((61, 81), (30, 40, 1, 1))
    soft = soften(mask, 4)
    rows, columns = torch.meshgrid(torch.arange(61) - 30, torch.arange(81) - 40, indexing="ij")
    gaussian = torch.exp(-(rows**2 + columns**2) / (2 * 4**2)) / (2 * torch.pi * 4**2)
    inside = (rows.abs() <= 12) & (columns.abs() <= 12)
    assert torch.equal(soft[0, 0] > 0, inside)
    assert torch.allclose(soft[0, 0][inside], gaussian[inside], rtol=0.02)
    assert float(soft.sum()) == pytest.approx(1, abs=1e-5)
    for tiny in (0, 5e-146, 0.049, 0.051):
        assert torch.equal(soften(mask, tiny), mask), "not even the neighbours have a weight"


def test_colours_count_by_their_luminance(saved: Save) -> None:
    """Green is light, red is in between, and blue is nearly black."""
    colours = np.zeros((4, 6, 3), np.uint8)
    for channel in range(3):
        colours[:, 2 * channel : 2 * channel + 2, channel] = 255
    mask = read_mask(saved(Image.fromarray(colours)), (4, 6))[0, 0, 0]
    assert mask.tolist() == pytest.approx([0.299, 0.299, 0.587, 0.587, 0.114, 0.114], abs=1e-5)


@pytest.mark.parametrize("lightest", [1, 3, 255])
def test_black_that_is_nearly_black_is_noise(lightest: int) -> None:
    """But all of a mask may be as dark."""
    black = [0, 1, 4] if lightest == 255 else [0, 0, 0]
    mask = torch.tensor([*black, lightest]) / 255
    assert touched(mask.view(1, 1, 1, 4)).flatten().tolist() == [0, 0, 0, 1]
