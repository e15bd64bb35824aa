"""Smooth fillings keep the known pixels and continue them without waves or jumps."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from internal_gan.images import smooth_fill
from internal_gan.images.smooth_fill import fill_as_plate, fill_nearest, fill_smoothly, settle
from tests.tiny import holes, picture


def hole(height: int = 40, width: int = 56) -> Tensor:
    return holes((height, width), (10, 12, 15, 28))


@pytest.mark.parametrize("filling", [fill_smoothly, fill_nearest])
def test_only_known_pixels_matter_and_stay(filling: Callable[[Tensor, Tensor], Tensor]) -> None:
    image, unknown = picture(), hole()
    filled = filling(image, unknown)
    outside = (unknown == 0).expand_as(image)
    assert torch.equal(filled[outside], image[outside])
    emptied = torch.where(unknown > 0, torch.nan, image)
    assert torch.equal(filling(emptied, unknown), filled)
    for size in ((1, 1), (1, 7), (3, 2), (17, 33)):
        assert not filling(emptied[..., : size[0], : size[1]], torch.ones(1, 1, *size)).any()


def test_an_edge_at_the_rim_stays_sharp() -> None:
    image, unknown = torch.full((2, 3, 40, 56), -0.5), hole().repeat(2, 1, 1, 1)
    image[1, :, :, 30:] = 0.5
    assert torch.equal(fill_nearest(image, unknown)[0], image[0])
    assert torch.equal(fill_nearest(image, unknown)[1, :, 10:12], image[1, :, 10:12])


def test_a_ramp_is_continued_nearly() -> None:
    ramp = torch.linspace(-1, 1, 56).expand(1, 3, 40, 56)
    assert (fill_smoothly(ramp, hole()) - ramp).abs().max() < 0.15


@pytest.mark.parametrize(("steps", "most"), [(smooth_fill.PLATE_STEPS, 0.05), (600, 0.002)])
def test_a_plate_is_biharmonic(steps: int, most: float, monkeypatch: pytest.MonkeyPatch) -> None:
    restoration = pytest.importorskip("skimage.restoration")
    monkeypatch.setattr(smooth_fill, "PLATE_STEPS", steps)
    image, unknown = picture(), hole()
    found = fill_as_plate(image, unknown)
    emptied = torch.where(unknown > 0, -1.0, image)[0].double().numpy()
    exact = restoration.inpaint_biharmonic(emptied, unknown[0, 0].numpy() > 0, channel_axis=0)
    assert float((found.clamp(-1, 1) - torch.from_numpy(exact.clip(-1, 1))).abs().max()) < most
    assert torch.equal(found[..., :10, :], image[..., :10, :])


@pytest.mark.parametrize("size", [(40, 56), (90, 150)])
def test_a_plate_continues_slopes(size: tuple[int, int]) -> None:
    ramp = torch.linspace(-1, 1, size[1]).expand(1, 3, *size)
    assert float((fill_as_plate(ramp, hole(*size)) - ramp).abs().max()) < 0.02


def framed(side: int = 64, rim: int = 8) -> Tensor:
    return holes((side, side), (rim, rim, side - 2 * rim, side - 2 * rim))


def test_settling_corrects_the_brightness_of_a_filling() -> None:
    unknown = framed()
    image = ((torch.arange(64)[:, None] + torch.arange(64)) % 2 * 0.4 - 0.2).expand(1, 3, 64, 64)
    found = settle(torch.where(unknown > 0, image - 0.1, image), unknown)
    inside = (..., slice(9, 55), slice(9, 55))
    assert float((found - image)[inside].abs().mean()) < 0.05
    assert float(found[inside].diff(dim=-1).abs().mean()) == pytest.approx(0.4, rel=0.05)
    assert torch.equal(found[..., :8, :], image[..., :8, :])


def test_an_object_cut_by_the_rim_does_not_bleed_into_the_hole() -> None:
    unknown = framed()
    image = torch.full((1, 3, 64, 64), 0.5)
    image[..., 4:8, 28:36] = -0.9
    found = settle(image, unknown)
    assert float(found[..., 8, 32].mean()) < 0.1
    assert float((found[..., 20:, :] - image[..., 20:, :]).abs().max()) < 0.05


def test_depth_counts_steps_from_the_border() -> None:
    unknown = framed(9, 2)
    steps = torch.tensor([0, 0, 1, 2, 3, 2, 1, 0, 0])
    assert torch.equal(smooth_fill.depth(unknown)[0, 0, 4], steps.float())
    assert torch.equal(smooth_fill.depth(torch.ones(1, 1, 3, 3)), torch.ones(1, 1, 3, 3))
