"""Masks: which part of an image may change, grown and softened."""

import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageColor
from scipy.ndimage import gaussian_filter, grey_dilation, maximum_filter, minimum_filter

from internal_gan.errors import UserError
from internal_gan.images.colours import luminance, to_uint8
from internal_gan.images.files.memory import to_mask
from internal_gan.images.masks import dilate, read_mask, soften
from tests.images.conftest import Save
from tests.tiny import holes, picture, rng

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


@pytest.mark.parametrize(
    "white", [(255, 0, 0), (0, 0, 255), (128, 0, 0), 1, 30, "16 bits"], ids=str
)
def test_two_values_are_black_and_white(saved: Save, white: Any) -> None:
    """So are a faint gray, a label, and 8 bits that are stored as 16."""
    inside = disk(1)
    levels = (inside[..., None] if isinstance(white, tuple) else inside) * np.array(
        255 if white == "16 bits" else white
    )
    image = levels.astype(np.uint16 if white == "16 bits" else np.uint8)
    mask = read_mask(saved(Image.fromarray(image)), SIZE)
    assert torch.equal(mask[0, 0], torch.from_numpy(disk(1)).float())


@pytest.mark.parametrize(
    ("background", "colour"),
    [("white", "red"), ("red", "white"), ("yellow", "blue"), ("blue", "yellow"), ("cyan", "pink")],
)
def test_of_two_colours_the_one_around_is_black(
    saved: Save, caplog: pytest.LogCaptureFixture, background: str, colour: str
) -> None:
    photo = saved(painted(disk(1), background, colour))
    assert torch.equal(read_mask(photo, SIZE)[0, 0], torch.from_numpy(disk(1)).float())
    name = "#" + bytes(ImageColor.getrgb(colour)).hex()
    assert caplog.messages == [f"mask={photo.path}: its {name} part is the mask"]


def painted(inside: np.ndarray[Any, Any], background: str, colour: str) -> Image.Image:
    """A mask in two colours."""
    one, other = (np.array(ImageColor.getrgb(name)) for name in (background, colour))
    return Image.fromarray(np.where(inside[..., None], other, one).astype(np.uint8))


@pytest.mark.parametrize("quality", [75, 95])
@pytest.mark.parametrize(
    ("background", "colour"), [("black", "red"), ("black", "blue"), ("white", "red")]
)
@pytest.mark.parametrize("is_saved_again", [False, True])
def test_a_lossy_file_blurs_no_colour(
    saved: Save, background: str, colour: str, quality: int, is_saved_again: bool
) -> None:
    """Whose colours have half of the pixels."""
    large = np.kron(disk(1), np.ones((5, 5)))
    image, file = painted(large, background, colour), io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    photo = saved(Image.open(file)) if is_saved_again else saved(image, "jpg", quality=quality)
    mask = read_mask(photo, (150, 200))[0, 0].numpy()
    beside = (maximum_filter(large, 3) == 0) | (minimum_filter(large, 3) == 1)
    assert np.allclose(mask[beside], large[beside], atol=0.1)
    assert ((mask > 0) != (large > 0)).mean() < 0.001


def test_a_photo_of_two_colours_is_none(saved: Save) -> None:
    """So is a mask with a third colour."""
    rows = np.linspace(0, 1, 30)[:, None, None] * np.ones((1, 40, 1))
    for levels in (
        rows * [200, 120, 40] + (1 - rows) * [20, 60, 200],
        np.where(rows < 0.8, np.where(rows < 0.4, [255, 0, 0], [255, 255, 0]), [0, 0, 255]),
    ):
        photo = saved(Image.fromarray(levels.round().astype(np.uint8)))
        gray = (luminance(photo.pixels) + 1) / 2
        mask = read_mask(photo, SIZE)
        scale = (mask.max() - mask.min()) / (gray.max() - gray.min())
        assert torch.allclose(mask - mask.min(), (gray - gray.min()) * scale, atol=1e-3)


def test_several_colours_on_black_are_all_white(saved: Save) -> None:
    colours = np.where(np.arange(40)[:, None] < 17, [255, 0, 0], [0, 0, 255]) * disk(1)[..., None]
    mask = read_mask(saved(Image.fromarray(colours.astype(np.uint8))), SIZE)
    assert torch.equal(mask[0, 0], torch.from_numpy(disk(1)).float())


def test_a_soft_mask_stays_as_it_is(saved: Save) -> None:
    soft = gaussian_filter(disk(), 3).astype(np.uint8)
    mask = read_mask(saved(Image.fromarray(soft)), SIZE)
    assert torch.allclose(mask[0, 0] * 255, torch.from_numpy(soft).float(), atol=1e-4)


@pytest.mark.parametrize("kind", ["one step", "png", "webp"])
def test_noise_of_compression_is_ignored_in_any_format(saved: Save, kind: str) -> None:
    large = np.kron(disk(), np.ones((5, 5))).astype(np.uint8)
    if kind == "webp":
        photo = saved(Image.fromarray(large), "webp", quality=60)
    elif kind == "png":
        photo = saved(saved_again(Image.fromarray(large)))
    else:
        noise = np.random.default_rng(0).integers(0, 2, large.shape)
        photo = saved(Image.fromarray(np.maximum(large, noise.astype(np.uint8))))
    assert (photo.pixels[0, 0] > -1)[torch.from_numpy(large == 0)].any()
    mask = read_mask(photo, (150, 200))[0, 0]
    assert torch.equal(mask > 0.5, torch.from_numpy(large > 0))
    assert (mask[torch.from_numpy(large == 0)] > 0).float().mean() < 0.001


def saved_again(image: Image.Image) -> Image.Image:
    """An image that was a JPEG file."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=75)
    return Image.open(file).convert("L")


@pytest.mark.parametrize("under", ["photo", "hidden", "black", "white"])
def test_an_erased_part_is_the_mask(
    saved: Save, caplog: pytest.LogCaptureFixture, under: str
) -> None:
    """In a copy of the photo, whatever is under it, and in a layer of one colour."""
    colours = to_uint8(picture(*SIZE))[0].permute(1, 2, 0).numpy()
    if under in ("black", "white"):
        colours = np.full_like(colours, 255 * (under == "white"))
    elif under == "hidden":
        colours = colours * (disk(1) == 0)[..., None].astype(np.uint8)
    photo = saved(Image.fromarray(np.dstack([colours, 255 - disk().astype(np.uint8)])))
    assert torch.equal(read_mask(photo, SIZE)[0, 0], torch.from_numpy(disk(1)).float())
    assert caplog.messages == [f"mask={photo.path}: its transparent part is the mask"]


def test_a_faint_mask_is_said(saved: Save, caplog: pytest.LogCaptureFixture) -> None:
    ramp = np.broadcast_to(np.arange(40, dtype=np.uint8), SIZE)
    assert read_mask(saved(Image.fromarray(ramp.copy())), SIZE).max() == pytest.approx(39 / 255)
    assert caplog.messages[0].endswith(
        "the mask is faint, at most 15 % of white; what is to count in full is white"
    )


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
