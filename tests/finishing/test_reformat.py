from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from internal_gan.finishing.origin import BLENDED, EXACT
from internal_gan.finishing.plans import Plan
from internal_gan.finishing.reformat import layout, reformat
from internal_gan.images.colours import to_uint8
from internal_gan.images.frames import SMEARED
from internal_gan.images.photo import Margins, Photo
from internal_gan.images.resize import resample_columns, resize
from internal_gan.judging.verify import Verification
from tests.tiny import picture

CROP = Plan(1, 0.2, 0.5)
SQUEEZE = Plan(1, 0.1, 0.8, tuple(8 * [1.0] + 24 * [0.8] + 8 * [1.0]))
EXTEND = Plan(1, 0.1, 0.6, before=0.25)


def photo(height: int = 60, width: int = 90) -> Photo:
    return Photo(to_uint8(picture(height, width)))


@pytest.mark.parametrize(
    ("plan", "shape", "whole", "columns", "length", "margins", "size"),
    [
        (CROP, 0.75, (60, 90), (18, 63), 45, (0, 0, 0, 0), (60, 45)),
        # In pixels, the photo is shrunk to the result's scale, but never enlarged.
        (CROP, (30, 23), (30, 45), (9, 32), 23, (0, 0, 0, 0), (30, 23)),
        (CROP, (120, 90), (60, 90), (18, 63), 45, (0, 0, 0, 0), (60, 45)),
        (SQUEEZE, 63.36 / 60, (60, 90), (9, 81), 63, (0, 0, 0, 0), (60, 63)),
        (EXTEND, 0.72, (60, 90), (9, 63), 54, (15, 0, 0, 0), (75, 54)),
        (EXTEND, (150, 108), (60, 90), (9, 63), 54, (15, 0, 0, 0), (75, 54)),
        (EXTEND, (50, 36), (40, 60), (6, 42), 36, (10, 0, 0, 0), (50, 36)),
    ],
    ids=str,
)
def test_a_plan_in_pixels(
    plan: Plan,
    shape: Any,
    whole: Any,
    columns: Any,
    length: int,
    margins: Any,
    size: Any,
) -> None:
    found = layout(plan, (60, 90), shape)
    assert (found.photo, found.length, found.size) == (whole, length, size)
    assert found.margins == Margins(*margins)
    assert found.window == (slice(0, found.photo[0]), slice(*columns))


def test_a_plan_of_rows_is_that_of_columns_turned() -> None:
    cases: list[tuple[Plan, Any]] = [(CROP, 0.75), (SQUEEZE, (30, 32)), (EXTEND, (50, 36))]
    for plan, shape in cases:
        turned = shape[::-1] if isinstance(shape, tuple) else 1 / shape
        wide, tall = layout(plan, (60, 90), shape), layout(replace(plan, axis=0), (90, 60), turned)
        assert tall.window == wide.window[::-1]
        assert tall.size == wide.size[::-1]
        assert tall.margins == Margins(0, wide.margins.bottom, 0, wide.margins.top)


@pytest.mark.parametrize("size", [(100, 75), (61, 45), (60, 45), (59, 44), (7, 5), (1, 1), (1, 40)])
@pytest.mark.parametrize("plan", [CROP, SQUEEZE, EXTEND, replace(EXTEND, axis=0)])
def test_a_result_in_pixels_has_exactly_these(plan: Plan, size: tuple[int, int]) -> None:
    assert tuple(reformat(photo(), plan, size).colours.shape[-2:]) == size


def test_a_crop_is_the_photos_bit_for_bit() -> None:
    given = photo()
    made = reformat(given, CROP, 0.75)
    assert torch.equal(made.colours, given.colours[..., 18:63])
    assert made.origin is not None
    assert not made.origin.kinds.any()  # all are exact copies
    assert made.origin.places[7, 9].tolist() == [7, 27]
    assert made.origin.photo_size == (60, 90)
    # So it is of the photo shrunk.
    small = reformat(given, CROP, (30, 23))
    shrunk = given.shrunk_to((30, 45))
    assert torch.equal(small.colours, shrunk.colours[..., 9:32])
    assert small.origin is not None
    assert small.origin.photo_size == (30, 45)


def test_new_canvas_leaves_the_rest_as_it_is() -> None:
    given = photo()
    made = reformat(given, EXTEND, 0.72)
    assert torch.equal(made.colours[..., 15:, :], given.colours[..., 9:63])
    origin = made.origin
    assert origin is not None
    assert (origin.kinds[15:] == EXACT).all()
    assert origin.shares[0] >= 60 / 75
    # All is from the photo, which says where exactly.
    rows, columns = np.moveaxis(origin.places, -1, 0)
    own = given.colours[0].permute(1, 2, 0).numpy()
    ours = made.colours[0].permute(1, 2, 0).numpy()
    exact = origin.kinds == EXACT
    assert np.array_equal(ours[exact], own[rows[exact], columns[exact]])
    off = np.zeros(origin.kinds.shape, bool)
    assert Verification(origin, given, off, (0, 0)).holds


def test_another_seed_draws_other_canvas() -> None:
    first, second, again = (
        reformat(photo(), EXTEND, 0.72, rng=torch.Generator().manual_seed(n)) for n in (1, 2, 1)
    )
    assert torch.equal(first.colours, again.colours)
    assert not torch.equal(first.colours, second.colours)


def test_what_is_squeezed_is_interpolated_and_the_rest_is_the_photos() -> None:
    given = photo()
    made = reformat(given, SQUEEZE, 63.36 / 60)
    assert made.origin is not None
    kinds = made.origin.kinds[0]
    assert (made.origin.kinds == kinds).all()
    # Of 40 steps of 1.8 columns, 8 at each end keep theirs: 14 columns of 72.
    assert (kinds[:13] == EXACT).all()
    assert (kinds[-13:] == EXACT).all()
    assert (kinds[20:44] == BLENDED).mean() > 0.9
    places = made.origin.places[0, :, 1]
    assert np.array_equal(places[:13], 9 + np.arange(13))
    assert np.array_equal(places[-13:], 81 - 13 + np.arange(13))
    own, ours = given.colours, made.colours
    for part in slice(0, 13), slice(-13, None):
        assert torch.equal(ours[..., part], own[..., places[part]])
    steps = np.diff(places)
    assert (steps >= 1).all()
    assert steps.max() <= 2


def test_squeezing_evenly_is_resizing() -> None:
    wave = torch.sin(torch.linspace(0, 9, 200)).expand(1, 3, 20, -1).contiguous()
    made = reformat(Photo(wave), Plan(1, 0.0, 1.0, (0.9,)), 9.0)
    assert made.colours.shape[-1] == 180
    assert (made.pixels - resize(wave, (20, 180)))[..., 3:-3].abs().max() < 0.01


def test_columns_at_whole_numbers_are_the_images_own() -> None:
    image = torch.rand(2, 3, 5, 9)
    assert torch.equal(
        resample_columns(image, torch.tensor([8.0, 0.0, 3.0])), image[..., [8, 0, 3]]
    )
    # Keys' kernel reproduces polynomials of the second degree.
    x = torch.arange(9.0)
    at = torch.tensor([1.25, 4.5, 6.9])
    found = resample_columns((x**2 - 3 * x).expand(1, 1, 2, -1), at)[0, 0, 0]
    assert torch.allclose(found, at**2 - 3 * at, atol=1e-4)


@pytest.mark.parametrize("plan", [CROP, SQUEEZE, EXTEND])
def test_opacity_and_depth_go_along(plan: Plan) -> None:
    alpha = torch.rand(1, 1, 60, 90)
    given = Photo(picture(60, 90), alpha, mode="RGBA", bit_depth=16)
    made = reformat(given, plan, 0.72)
    assert made.like is not None
    assert made.like.bit_depth == 16
    assert made.alpha is not None
    if plan is CROP:
        assert torch.equal(made.alpha, alpha[..., 18:61])
    else:
        assert made.alpha.shape[-2:] == made.colours.shape[-2:]
        assert made.alpha.std() > 0.2


@pytest.mark.parametrize("shape", [0.8, (30, 24), (90, 70)])
@pytest.mark.parametrize("plan", [CROP, SQUEEZE, EXTEND])
def test_a_photo_of_few_colours_gets_no_other(plan: Plan, shape: Any) -> None:
    levels = torch.randint(0, 3, (1, 1, 10, 15)).repeat_interleave(6, 2).repeat_interleave(6, 3)
    given = Photo((100 * levels).expand(1, 3, -1, -1).to(torch.uint8).contiguous())
    assert given.has_few_colours
    made = to_uint8(reformat(given, plan, shape).pixels)
    assert set(made.flatten().tolist()) <= {0, 100, 200}


def test_a_line_along_the_border_is_left_out_where_the_canvas_goes_on() -> None:
    colours = picture(60, 90).clamp(-0.8, 0.8)
    colours[..., 0, :] = -1
    given = Photo(to_uint8(colours))
    made = reformat(given, EXTEND, 0.72)
    assert made.pixels.mean(dim=(1, 3))[0].min() > -0.7
    assert tuple(made.colours.shape[-2:]) == (75, 54)
    below = 15 + 1 + SMEARED  # new canvas in place of the line and what it has smeared
    assert torch.equal(made.colours[..., below:, :], given.colours[..., below - 15 :, 9:63])
    # Elsewhere it stays.
    assert torch.equal(reformat(given, CROP, 0.75).colours, given.colours[..., 18:63])
