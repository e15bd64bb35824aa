"""A photo enlarged with detail out of its own patches."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.resize import resize, size_of
from internal_gan.judging.fidelity import psnr
from internal_gan.models.patches import enlarging as module
from internal_gan.models.patches.enlarging import enlarged
from internal_gan.patches.exact import patches_at
from tests.tiny import picture, rng


def shapes(side: int) -> Tensor:
    """Sharp disks and bars, (1, 3, side, side)."""
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    disks = ((x % 32 - 16).square() + (y % 32 - 16).square()).float().sqrt() < 9
    bars = (x + 2 * y) % 40 < 10
    return torch.stack([disks, bars, disks ^ bars]).float()[None] * 1.6 - 0.8


@pytest.mark.parametrize(
    ("factor", "size"), [(1.3, (26, 36)), (2.0, (40, 56)), (2.5, (50, 70)), (7.0, (140, 196))]
)
def test_it_has_the_size_and_shrinks_to_the_photo(factor: float, size: tuple[int, int]) -> None:
    photo = picture(20, 28)
    made = enlarged(photo, factor, rng())
    assert size_of(made) == size
    assert made.abs().max() <= 1
    # Ten times as near as without the last steps, which correct what all the others have left.
    assert (resize(made, size_of(photo)) - photo).abs().mean() < 5e-4


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 2), (8, 8)])
@pytest.mark.parametrize("factor", [1.1, 2.0, 4.0])
def test_photos_can_be_tiny(size: tuple[int, int], factor: float) -> None:
    made = enlarged(picture(*size), factor, rng())
    assert size_of(made) == tuple(max(1, round(side * factor)) for side in size)
    assert made.isfinite().all()


def test_flat_photos_stay_flat_and_gray_ones_gray() -> None:
    flat = torch.full((1, 3, 12, 15), 0.3)
    assert torch.allclose(enlarged(flat, 2.5, rng()), torch.tensor(0.3), atol=1e-5)
    made = enlarged(picture(16, 20)[:, :1].expand(-1, 3, -1, -1), 2, rng())
    assert torch.allclose(made[:, :1].expand_as(made), made, atol=1e-5)


def test_the_noise_decides() -> None:
    photo = picture(20, 28)
    first, again, other = (enlarged(photo, 2, rng(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("factor", [2, 4])
def test_edges_are_sharper_than_interpolated(factor: int) -> None:
    original = shapes(256)
    photo = resize(original, (256 // factor, 256 // factor)).clamp(-1, 1)
    plain = resize(photo, (256, 256)).clamp(-1, 1)
    assert psnr(original, enlarged(photo, factor, rng())) > psnr(original, plain) + 1


def test_the_detail_is_the_mean_of_examples_by_their_likelihood(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("RADIUS", 1), ("MARGIN", 100), ("TILE", 3), ("WINDOW", 1e3)):
        monkeypatch.setattr(module, name, value)
    plain, photo, blurred = (
        picture(*size, seed=n) for n, size in enumerate([(5, 7)] + 2 * [(4, 6)])
    )
    noisy = plain + module.LEVEL * torch.randn(plain.shape, generator=rng())
    given, examples, details = (
        patches_at(F.pad(x, (1, 1, 1, 1), mode="replicate"), torch.arange(x[0, 0].numel()), 3)
        for x in (noisy, blurred, photo - blurred)
    )
    weights = (-torch.cdist(given, examples).square() / (2 * module.LEVEL**2)).softmax(dim=1)
    means = (weights @ details).T[None]
    total, share = (F.fold(each, (7, 9), 3) for each in (means, torch.ones_like(means)))
    expected = (total / share)[..., 1:-1, 1:-1]
    assert torch.allclose(module._detail(plain, photo, blurred, rng()), expected, atol=1e-3)


def test_tiles_leave_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = shapes(48) + 0.1 * picture(48, 48)
    tiled = enlarged(photo, 2, rng())
    monkeypatch.setattr(module, "TILE", 1000)
    whole = enlarged(photo, 2, rng())
    # At borders of tiles, neighbours differ by no more than elsewhere.
    changes = (tiled - whole).diff(dim=3).abs().mean(dim=(0, 1, 2))
    borders = torch.cat([changes[31 + 32 * i - 1 : 31 + 32 * i + 2] for i in range(2)])
    assert borders.mean() < 2 * changes.mean() + 1e-3


@pytest.mark.parametrize("factor", [0.5, 1, float("inf"), float("nan")])
def test_other_factors_are_refused(factor: float) -> None:
    with pytest.raises(ValueError, match="must be above 1"):
        enlarged(picture(8, 8), factor, rng())
