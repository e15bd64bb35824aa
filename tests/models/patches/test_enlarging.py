"""A photo enlarged with detail out of its own patches."""

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.colours import to_uint8
from internal_gan.images.files.image import read_image
from internal_gan.images.resize import resize, size_of
from internal_gan.judging.fidelity import psnr
from internal_gan.models.patches import enlarging as module
from internal_gan.models.patches.enlarging import enlarged
from internal_gan.patches.expectation import TILE, _decay
from internal_gan.training.threads import restored
from internal_gan.units import Size
from tests.commands import ROOT
from tests.tiny import picture


def shapes(side: int) -> Tensor:
    """Sharp disks and bars, (1, 3, side, side)."""
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    disks = ((x % 32 - 16).square() + (y % 32 - 16).square()).float().sqrt() < 9
    bars = (x + 2 * y) % 40 < 10
    return torch.stack([disks, bars, disks ^ bars]).float()[None] * 1.6 - 0.8


@pytest.mark.parametrize("size", [(20, 28), (1, 1), (1, 9), (3, 2), (8, 8)])
@pytest.mark.parametrize("factor", [1.3, 2.0, 2.5, 7.0])
def test_it_has_the_size_and_shrinks_to_the_photo(factor: float, size: Size) -> None:
    photo = picture(*size)
    made = enlarged(photo, factor)
    assert size_of(made) == tuple(round(side * factor) for side in size)
    assert made.abs().max() <= 1
    # Ten times as near as without the last steps, which correct what all the others have left.
    if size == (20, 28):
        assert (resize(made, size) - photo).abs().mean() < 5e-4


def test_flat_photos_stay_flat_and_gray_ones_gray() -> None:
    flat = torch.full((1, 3, 12, 15), 0.3)
    assert torch.allclose(enlarged(flat, 2.5), torch.tensor(0.3), atol=1e-5)
    made = enlarged(picture(16, 20)[:, :1].expand(-1, 3, -1, -1), 2)
    assert torch.allclose(made[:, :1].expand_as(made), made, atol=1e-5)


@pytest.mark.parametrize("factor", [2, 4])
def test_edges_are_sharper_than_interpolated(factor: int) -> None:
    original = shapes(256)
    photo = resize(original, (256 // factor, 256 // factor)).clamp(-1, 1)
    plain = resize(photo, (256, 256)).clamp(-1, 1)
    assert psnr(original, enlarged(photo, factor)) > psnr(original, plain) + 1


@pytest.mark.parametrize(
    ("large", "small"), [((5, 7), (4, 6)), ((20, 290), (13, 180)), ((35, 9), (18, 5))]
)
def test_the_detail_is_the_mean_of_examples_by_their_likelihood(large: Size, small: Size) -> None:
    plain, photo, blurred = (picture(*size, seed=n) for n, size in enumerate((large, small, small)))
    rows, columns = (-(-side // TILE) for side in large)
    border = (2, 2 + columns * TILE - large[1], 2, 2 + rows * TILE - large[0])
    wide = F.pad(plain, border, mode="replicate")
    images = [F.pad(x, (2, 2, 2, 2), mode="replicate") for x in (blurred, photo - blurred)]
    bell = torch.exp(-torch.arange(-2, 3).square() / (2 * (module.WINDOW_SIGMA * 5) ** 2))
    window = (bell[:, None] * bell).flatten()
    total, share = torch.zeros_like(wide), torch.zeros_like(wide)
    for row, column in product(range(rows), range(columns)):
        rows_here, columns_here = (slice(TILE * at, TILE * at + TILE + 4) for at in (row, column))
        here = (..., rows_here, columns_here)
        near: list[Any] = [...]
        for at, a, b in zip((row, column), large, small, strict=True):
            count = min(-(-TILE * b // a) + 2 * module.MARGIN, b)
            first = min(max(TILE * at * b // a - module.MARGIN, 0), b - count)
            near.append(slice(first, first + count + 4))
        given, examples, details = (
            F.unfold(x, 5)[0].T
            for x in (wide[here], images[0][tuple(near)], images[1][tuple(near)])
        )
        weights = -torch.cdist(given, examples).square() / (2 * module.NOISE_LEVEL**2)
        means = (weights.softmax(dim=1) @ details).view(TILE**2, 3, 25) * window
        total[here] += F.fold(means.flatten(1).T[None], 2 * (TILE + 4,), 5)
        share[here] += F.fold(window.repeat(TILE**2, 3).T[None], 2 * (TILE + 4,), 5)
    expected = (total / share)[..., 2 : 2 + large[0], 2 : 2 + large[1]]
    assert torch.allclose(module._detail(plain, photo, blurred), expected, atol=1e-4)


def test_a_patch_of_the_photo_gets_its_own_detail() -> None:
    """Not the mean of many examples, which is blurred."""
    photo = shapes(48)
    blurred = resize(resize(photo, (24, 24)), (48, 48))
    detail = photo - blurred
    made = module._detail(blurred, photo, blurred)
    assert (made - detail).abs().mean() < 0.05 * detail.abs().mean()


def test_unlikely_patches_have_no_weight_and_equal_ones_the_same() -> None:
    distances = np.array([0, 1e-3, 1, 5, 20, 30, 1e6], np.float32)
    decay: Any = _decay  # numba's, whose type does not tell of the plain function
    made = np.array([decay.py_func(x) for x in distances])
    assert np.allclose(made[:-1], np.exp(-distances[:-1]), rtol=1e-5)
    assert 1e-30 < made[-1] < 1e-25


def test_noise_is_not_enlarged() -> None:
    original = shapes(128)
    noise = 0.08 * torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    photo = resize(original, (64, 64)).clamp(-1, 1) + noise
    plain = resize(photo, (128, 128)).clamp(-1, 1)
    assert psnr(original, enlarged(photo, 2)) > psnr(original, plain) + 0.3


def test_compression_is_not_enlarged(tmp_path: Path) -> None:
    """Nor worse than interpolated, as without the file's tables."""
    original = read_image(ROOT / "examples/photos/peaks.jpg").pixels[..., :176, :176]
    small = to_uint8(resize(original, (88, 88)))[0].permute(1, 2, 0).numpy()
    Image.fromarray(small).save(tmp_path / "photo.jpg", quality=40)
    photo = read_image(tmp_path / "photo.jpg")
    plain = resize(photo.pixels, (176, 176)).clamp(-1, 1)
    made, without = enlarged(photo.pixels, 2, tables=photo.tables), enlarged(photo.pixels, 2)
    assert psnr(original, made) > psnr(original, plain)
    assert psnr(original, made) > psnr(original, without)


@pytest.mark.parametrize("turn", [lambda x: x.rot90(1, (-2, -1)), lambda x: x.flip(-1)])
def test_a_turned_photo_gives_a_turned_picture(turn: Callable[[Tensor], Tensor]) -> None:
    photo = picture(40, 56)
    assert torch.allclose(enlarged(turn(photo), 2), turn(enlarged(photo, 2)), atol=1e-3)


def test_a_large_photo_is_learnt_from_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    gray = picture(90, 200)[:, :1]
    assert len(module.windows_of(gray)) == 1
    monkeypatch.setattr(module, "LEARNT", 9000)
    monkeypatch.setattr(module, "WINDOW_SIDE", 32)
    windows = module.windows_of(gray)
    assert 4000 < sum(window.numel() for window in windows) <= 9000
    assert torch.equal(windows[0], gray[..., :32, :32])
    assert torch.equal(windows[-1], gray[..., -32:, -32:])
    narrow = module.windows_of(gray[..., :20, :].tile(1, 1, 1, 3))
    assert {tuple(window.shape[-2:]) for window in narrow} == {(20, 32)}
    assert 4000 < sum(window.numel() for window in narrow) <= 9000


def test_tiles_leave_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = shapes(48) + 0.1 * picture(48, 48)
    tiled = enlarged(photo, 2)
    monkeypatch.setattr(module, "MARGIN", 1000)
    # At borders of tiles, neighbours differ by no more than elsewhere.
    changes = (tiled - enlarged(photo, 2)).diff(dim=3).abs().mean(dim=(0, 1, 2))
    assert changes[TILE - 1 :: TILE].mean() < 1.5 * changes.mean()


def test_threads_do_not_change_a_picture() -> None:
    photo = picture(70, 20)
    expected = enlarged(photo, 2)
    with restored():
        torch.set_num_threads(torch.get_num_threads() + 2)
        assert torch.equal(enlarged(photo, 2), expected)


@pytest.mark.parametrize("factor", [0.5, 1, float("inf"), float("nan")])
def test_other_factors_are_refused(factor: float) -> None:
    with pytest.raises(ValueError, match="must be above 1"):
        enlarged(picture(8, 8), factor)
