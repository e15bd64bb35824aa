"""Filters by kind are what their pairs teach."""

import numpy as np
import torch
from scipy.ndimage import correlate

from internal_gan.images.resize import resize
from internal_gan.patches.filters import Filters, Pair
from internal_gan.training.threads import restored
from tests.tiny import picture


def test_a_linear_filter_is_learnt() -> None:
    """It is the same for all kinds, and looks the same in all turns."""
    given = torch.randn(1, 1, 60, 70, generator=torch.Generator().manual_seed(0))
    kernel = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]) * -0.2
    change = correlate(given[0, 0].numpy(), kernel, mode="nearest")
    wanted = given + torch.from_numpy(change)
    learnt = Filters.learnt([Pair(given, wanted)])
    assert torch.allclose(learnt(given, given), wanted, atol=0.02)
    middle = learnt.taps[:, 1:4, 1:4]
    assert np.abs(middle - kernel).max() < 0.01


def test_kinds_have_filters_of_their_own() -> None:
    """Vertical edges get darker, horizontal ones brighter."""
    random, stripes = np.random.default_rng(0), np.zeros((64, 64), np.float32)
    stripes += random.normal(0, 0.3, 64).astype(np.float32).repeat(2)[:64]
    down, across = (torch.from_numpy(x.copy())[None, None] for x in (stripes, stripes.T))
    step = 0.2 * (down.roll(1, -1) + down.roll(-1, -1) - 2 * down)
    other = 0.2 * (across.roll(1, -2) + across.roll(-1, -2) - 2 * across)
    # Turned by a quarter, one is the other with the opposite sign: no filter does both.
    learnt = Filters.learnt([Pair(down, down + step), Pair(across, across + other)])
    for given, change in ((down, step), (across, other)):
        made = (learnt(given, given) - given)[..., 4:-4, 4:-4]
        assert torch.allclose(made, change[..., 4:-4, 4:-4], atol=0.02)


def test_edges_of_many_kinds_get_sharp() -> None:
    """Less so if their filters were held to the common one."""
    y, x = np.mgrid[:64, :64]
    disks = (x % 32 - 16) ** 2 + (y % 32 - 16) ** 2 < 81
    wanted = torch.from_numpy(disks ^ ((x + 2 * y) % 40 < 10)).float()[None, None]
    given = resize(resize(wanted, (32, 32)), (64, 64))
    learnt = Filters.learnt([Pair(given, wanted)])
    before, after = ((made - wanted).square().mean() for made in (given, learnt(given, given)))
    print(after / before)
    assert after < 0.7 * before


def test_each_channel_is_filtered_by_the_kinds_of_gray() -> None:
    photo = picture(30, 40)
    gray = photo.mean(dim=1, keepdim=True)
    learnt = Filters.learnt([Pair(gray, gray * 1.2)])
    made = learnt(photo, gray)
    for channel in range(3):
        alone = learnt(photo[:, channel : channel + 1], gray)
        assert torch.allclose(made[:, channel], alone[:, 0], atol=1e-6)
    above = learnt(photo[..., :20, :], gray[..., :20, :])
    assert torch.allclose(above[..., :10, :], made[..., :10, :], atol=1e-6)


def test_flat_images_stay_as_they_are() -> None:
    noise = picture(20, 20)[:, :1]
    learnt = Filters.learnt([Pair(noise, noise + 0.5)])
    assert np.abs(learnt.taps.sum(axis=(1, 2))).max() < 1e-5
    flat = torch.full((1, 1, 9, 7), 0.4)
    assert torch.allclose(learnt(flat, flat), flat, atol=1e-6)
    unlearnt = Filters.learnt([Pair(flat, flat)])
    assert torch.allclose(unlearnt(noise, noise), noise, atol=1e-6)


def test_threads_do_not_change_a_result() -> None:
    photo = picture(150, 20)
    gray = photo[:, :1]
    learnt = Filters.learnt([Pair(gray, gray * 1.1)])
    expected = learnt(photo, gray)
    with restored():
        torch.set_num_threads(torch.get_num_threads() + 2)
        assert torch.equal(learnt(photo, gray), expected)
