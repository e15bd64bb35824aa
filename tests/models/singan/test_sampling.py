"""Sampling from a pyramid of generators: in tiles, with wrapped borders, and tileable."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from internal_gan.images.periodic import Tileable, Wrap
from internal_gan.models.singan.model import SinGAN, sample_seed
from internal_gan.patches.statistics import layout_distances
from internal_gan.units import Size
from tests.tiny import rng, sample, trained, untrained

SIZES = [(16, 24), (32, 48), (64, 96)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SinGAN:
    path = tmp_path_factory.mktemp("model")
    model = trained(path, "model.widths.coarsest=32", "model.widths.limit=32").model
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


class TestTiles:
    @pytest.mark.parametrize("wrap", [(False, False), (True, False), (True, True)])
    def test_are_seamless(self, model: SinGAN, monkeypatch: pytest.MonkeyPatch, wrap: Wrap) -> None:
        def drawn() -> Tensor:
            return model.synthesise(SIZES, model.noise_from(rng()), wrap=wrap)

        whole = drawn()
        monkeypatch.setattr(model, "tile_pixels", 20 * 20)
        torch.testing.assert_close(drawn(), whole, rtol=0, atol=1e-5)

    def test_bound_the_maps(self, model: SinGAN, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(model, "tile_pixels", 400)
        seen = []
        for generator in model.generators:
            generator.blocks.register_forward_pre_hook(lambda _, x: seen.append(x[0].shape[-2:]))  # type: ignore[union-attr]
        sample(model, 1, (61, 85))
        assert len(seen) > 3
        assert max(height * width for height, width in seen) <= 30 * 30

    @pytest.mark.parametrize("norm", ["instance", "spectral_instance"])
    def test_are_not_used_with_a_norm_over_the_whole_map(self, norm: str) -> None:
        model = untrained(f"model.generator.norm={norm}")
        whole = sample(model, 1, (61, 85))
        model.tile_pixels = 400
        assert torch.equal(sample(model, 1, (61, 85)), whole)


@pytest.mark.parametrize("wrap", [(True, True), (False, True), (True, False)])
def test_rolled_noise_gives_the_rolled_image_if_it_wraps(model: SinGAN, wrap: Wrap) -> None:
    """With integer size ratios, coarse pixels span a whole number of finer ones."""
    roll = (3 * wrap[0], 5 * wrap[1])
    noises = [torch.randn(1, 3, h, w, generator=rng(i)) for i, (h, w) in enumerate(SIZES)]

    def drawn(by: tuple[int, int]) -> Tensor:
        def noise(scale: int, size: tuple[int, int]) -> Tensor:
            rolled = noises[scale].roll((by[0] << scale, by[1] << scale), (-2, -1))
            return torch.nn.functional.pad(rolled, (5,) * 4) * model.noise_std[scale]

        return model.synthesise(SIZES, noise, wrap=wrap)

    expected = drawn((0, 0)).roll((roll[0] << 2, roll[1] << 2), (-2, -1))
    torch.testing.assert_close(drawn(roll), expected, rtol=0, atol=2e-4)


@pytest.mark.parametrize(("tileable", "axes"), [(True, (-2, -1)), ("x", (-1,)), ("y", (-2,))])
def test_a_tileable_sample_tiles(model: SinGAN, tileable: Tileable, axes: tuple[int, ...]) -> None:
    images = sample(model, 40, (30, 41), tileable=tileable)
    for axis in (-2, -1):
        steps = (images - images.roll(1, axis)).abs().mean(dim=[0, 1, {-2: 3, -1: 2}[axis]])
        over, inside = steps[0], steps[1:]
        if axis in axes:
            assert over <= inside.mean() + 3 * inside.std()
        else:
            assert over > inside.mean() + 3 * inside.std()


def test_finer_scales_get_a_share_of_noise(model: SinGAN, monkeypatch: pytest.MonkeyPatch) -> None:
    """The layout is random with a share of 0, and details are the reconstruction's."""

    def drawn(share: float, draw: Callable[[], Tensor]) -> Tensor:
        monkeypatch.setattr(model, "detail_noise", share)
        return draw()

    def quiet(scale: int, size: Size) -> Tensor:
        rng = torch.Generator().manual_seed(sample_seed(3, 0))
        return model.random_noise(0, size, 1, rng) if scale == 0 else model.fixed_noise(scale, size)

    def sampled(start_scale: int = 0) -> Tensor:
        return next(model.samples(seed=3, start_scale=start_scale))

    torch.testing.assert_close(drawn(0, sampled), model.synthesise(model.sizes, quiet).clamp(-1, 1))
    assert torch.equal(drawn(0, lambda: sampled(1)), drawn(1, lambda: sampled(1)))

    def injected(seed: int = 0) -> Tensor:
        return model.inject(model.image, 1, seed=seed)

    assert torch.equal(drawn(0, lambda: injected(0)), drawn(0, lambda: injected(1)))
    assert not torch.equal(drawn(1, lambda: injected(0)), drawn(1, lambda: injected(1)))


def test_the_nearest_of_the_layouts_is_refined(model: SinGAN) -> None:
    """Their distances, computed one by one with the same noise."""
    rng = torch.Generator().manual_seed(sample_seed(1, 0))
    layouts = model.synthesise(model.sizes, model.noise_from(rng, 5, model.detail_noise))
    distances = [
        sum(layout_distances(model.image, one[None].clamp(-1, 1), [7]).values()) for one in layouts
    ]
    best = layouts[distances.index(min(distances))].clamp(-1, 1)
    assert min(distances) < distances[0]
    torch.testing.assert_close(next(model.samples(candidates=5, seed=1))[0], best)
