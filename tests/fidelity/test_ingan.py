"""InGAN as published has the paper's numbers; docs/results/fidelity.md lists them.

The keys of ``NUMBERS`` are the rows of that page.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from internal_gan.config.build import build
from internal_gan.config.compose import compose
from internal_gan.images.resize import resize
from internal_gan.models.ingan.whole_training import add_noise
from internal_gan.nn.blocks import OwnBatchNorm2d
from tests.fidelity.page import rows
from tests.tiny import INGAN_PAPER, finish_stages, picture, recipe_of, tiny_ingan


@cache
def paper() -> Any:
    """The options, the recipe and the stage with its networks for a photo of 270x300 pixels."""
    options = compose(["experiment=ingan_paper"])
    recipe = build(options.model)
    model = recipe.prepare(picture(270, 300))
    stage = recipe.stage(model, 0, 75_000, None, torch.Generator().manual_seed(0))
    return SimpleNamespace(
        options=options, recipe=recipe, stage=stage, g=stage.generator, d=stage.discriminator
    )


def size(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def kinds(network: nn.Module) -> str:
    """The layers of a block in order, with each convolution's kernel, stride and channels."""
    words = []
    for layer in network.children():
        if isinstance(layer, nn.Conv2d):
            norm = "spectral " if is_parametrized(layer, "weight") else ""
            words.append(f"{norm}conv {layer.kernel_size[0]}/{layer.stride[0]}")
            words.append(f"{layer.out_channels}")
        else:
            name = type(layer).__name__
            words.append(
                {
                    "Pad": "pad",
                    "OwnBatchNorm2d": "batch",
                    "BatchNorm2d": "batch",
                    "LeakyReLU": "leaky",
                    "MaxPool2d": "pool",
                }[name]
            )
    return " ".join(words)


def weights(step: int) -> list[float]:
    paper().d.set_progress(step / 75_000)
    return [round(weight, 4) for weight in paper().d.weights]


def closed_form(step: int) -> list[float]:
    """The weights of the scales at a step, finest first."""
    shares = [1.4 ** (k * (25_000 - step) / 25_000) for k in range(9)]
    return [round(share / sum(shares), 4) for share in shares]


def range_at(step: int) -> tuple[float, float]:
    """The smallest and largest factor by which a side of 256 pixels is resized at a step."""
    stage = paper().stage
    stage.step = step
    sides = [side for _ in range(1500) for side in stage.draw_size()]
    stage.step = 0
    return min(sides) / 256, max(sides) / 256


def largest_noise() -> float:
    """The reciprocal of the noise amplitude in [-1, 1]."""
    rng = torch.Generator().manual_seed(0)
    noise = add_noise(torch.zeros(1, 3, 200, 200), paper().recipe.noise, rng)
    return round(1 / float(noise.abs().max()))


def adversarial_term(value: float) -> float:
    """The adversarial loss of G when D outputs ``value`` everywhere."""
    loss = paper().recipe.adversarial_loss.generator(torch.full((1, 1, 4, 4), value))
    return round(float(paper().recipe.adversarial_weight * loss), 4)


def initial_deviations() -> set[float]:
    """The deviation of each large convolution's initial weights, relative to Xavier's, G and D."""
    found = set()
    for network in (paper().g, paper().d):
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d):
                name = "parametrizations.weight.original"
                given = layer.get_parameter(name if is_parametrized(layer, "weight") else "weight")
                area = layer.kernel_size[0] * layer.kernel_size[1]
                fans = area * (layer.in_channels + layer.out_channels)
                if given.numel() > 5000:
                    found.add(round(float(given.detach().std()) / math.sqrt(2 / fans), 3))
    return found


DOWN = "pad spectral conv 3/1 {} batch leaky pool"
NUMBERS: dict[str, tuple[Callable[[], Any], Any]] = {
    "parameters of G": (lambda: size(paper().g), 4_804_611),
    "parameters of D": (lambda: size(paper().d), 2_016_009),
    "first layer": (lambda: kinds(paper().g.entry), "pad spectral conv 7/1 64 batch leaky"),
    "downscalings": (
        lambda: [kinds(block) for block in paper().g.down],
        [DOWN.format(width) for width in (128, 256, 512)],
    ),
    "residual blocks": (
        lambda: [
            [kinds(block) for block in bottleneck.blocks] for bottleneck in paper().g.bottleneck
        ],
        [
            [
                "spectral conv 1/1 128 batch leaky",
                "pad spectral conv 3/1 128 batch leaky",
                "spectral conv 1/1 512 batch",
            ]
        ]
        * 6,
    ),
    "upscalings": (
        lambda: [block[0].out_channels for block in paper().g.up],
        [256, 128, 64],
    ),
    "last layer": (
        lambda: (
            paper().g.output.kernel_size,
            is_parametrized(paper().g.output, "weight"),
        ),
        ((7, 7), False),
    ),
    "initial weights": (initial_deviations, {0.01}),
    "padding": (lambda: paper().g.padding, "reflect"),
    "slope of LeakyReLU": (lambda: paper().g.entry[-1].negative_slope, 0.2),
    "statistics at test": (
        lambda: {type(m) for m in paper().g.modules() if isinstance(m, nn.BatchNorm2d)},
        {OwnBatchNorm2d},
    ),
    "scales of D at 256 pixels": (
        lambda: (len(paper().d.networks), paper().d.factor, paper().d.min_side),
        (9, 1.4, 13),
    ),
    "layers of D": (
        lambda: (
            [kinds(block) for block in paper().d.networks[0].blocks]
            + [paper().d.networks[0].output.kernel_size, is_parametrized(output_of_d(), "weight")]
        ),
        [
            "spectral conv 3/1 64 batch leaky",
            "spectral conv 3/2 128 batch leaky",
            "spectral conv 3/1 128 batch leaky",
            (1, 1),
            True,
        ],
    ),
    "weights of the scales": (
        lambda: [weights(step) for step in (0, 12_500, 25_000, 50_000, 75_000)],
        [closed_form(step) for step in (0, 12_500, 25_000, 50_000, 75_000)],
    ),
    "coarsest and finest weight": (
        lambda: [round(w, 2) for w in (weights(0)[-1], weights(0)[0], weights(75_000)[0])],
        [0.30, 0.02, 0.49],
    ),
    "scales in a step": (lambda: paper().recipe.same_scales, True),
    "adversarial loss": (
        lambda: (paper().d.sigmoid, [adversarial_term(value) for value in (0, 0.5, 1)]),
        (True, [1, 0.25, 0]),
    ),
    "reconstruction weight": (lambda: paper().recipe.reconstruction_weight, 0.1),
    "way back": (
        lambda: (round(paper().recipe.inverse_start * 75_000), paper().recipe.inverse_weight),
        (10_000, 1),
    ),
    "noise": (
        lambda: (largest_noise(), set(paper().recipe.noise_on)),
        (255, {"real", "fake", "input"}),
    ),
    "crop": (lambda: paper().stage.crop_size, (256, 256)),
    "range of sizes": (
        lambda: [range_at(step) for step in (0, 5_000, 10_000, 75_000)],
        [
            pytest.approx(limits, abs=0.01)
            for limits in ((1, 1), (0.575, 1.625), (0.15, 2.25), (0.15, 2.25))
        ],
    ),
    "learning rate": (
        lambda: [
            (
                paper().stage.optimization.generator_lr,
                paper().stage.optimization.discriminator_lr,
                paper().stage.optimization.betas[0],
            ),
            [
                round(paper().stage.optimization.lr_factor(step, 75_000), 3)
                for step in (0, 20_000, 47_500, 75_000)
            ],
        ],
        [(5e-5, 5e-5, 0.5), [1, 1, 0.5, 0]],
    ),
    "steps": (lambda: paper().recipe.steps, 75_000),
    "multiples of the size": (lambda: paper().g.stride, 8),
    "precision": (lambda: paper().options.precision, "fp32"),
}


def output_of_d() -> nn.Module:
    module: nn.Module = paper().d.networks[0].output
    return module


@pytest.mark.parametrize("name", NUMBERS)
def test_number(name: str) -> None:
    found, published = NUMBERS[name]
    assert found() == published


def test_the_page_has_a_row_for_each_number() -> None:
    assert rows("InGAN") == list(NUMBERS)


def test_real_and_fake_are_judged_by_the_scales_of_the_fake() -> None:
    base = ("model.discriminator.min_side=9", "model.max_size=56", "model.crop=null")
    for same in (True, False):
        recipe = recipe_of(*base, f"model.same_scales={str(same).lower()}", base=INGAN_PAPER)
        stage = recipe.stage(recipe.prepare(picture()), 0, 4, None, torch.Generator())
        count = len(stage.discriminator.networks)
        assert count == 5  # 40, 29, 20, 15 and 10 rows
        small = resize(picture(), (16, 30))  # 16 and 11 rows
        drawn = stage.draw()
        fake = SimpleNamespace(image=drawn.image, transform=drawn.transform, fake=small)
        stage.draws = SimpleNamespace(for_discriminator=lambda f=fake: f)
        judged: list[int] = []
        for number, network in enumerate(stage.discriminator.networks):
            network.register_forward_pre_hook(lambda *_, n=number, seen=judged: seen.append(n))
        stage.discriminator_loss()
        real = 2 if same else count
        assert judged == [*range(real), *range(2)]


def test_inference_is_deterministic_and_uses_the_images_own_batch_statistics() -> None:
    recipe = recipe_of(base=INGAN_PAPER)
    model = tiny_ingan()
    finish_stages(recipe, model, 1)
    assert torch.equal(model.retarget((24, 31)), model.retarget((24, 31)))
    seen: list[Tensor] = []
    norm = model.generators[0].get_submodule("entry.2")
    assert isinstance(norm, OwnBatchNorm2d)
    norm.register_forward_hook(lambda _, inputs, output: seen.append(output))
    for image in (picture(), 0.2 * picture(seed=1)):
        model.retarget((24, 31), image=image)
        mean, std = seen[-1].mean(dim=(0, 2, 3)), seen[-1].std(dim=(0, 2, 3))
        torch.testing.assert_close(mean, norm.bias, atol=1e-4, rtol=0)
        torch.testing.assert_close(std, norm.weight.abs(), atol=0.02, rtol=0.02)


def test_a_result_of_a_single_pixel_can_be_normalised() -> None:
    recipe, model = recipe_of(base=INGAN_PAPER), tiny_ingan()
    finish_stages(recipe, model, 1)
    generator = model.generators[0]
    assert torch.isfinite(generator(model.image, (1, 1))).all()
    x = torch.full((1, 3, 1, 1), 7.0)
    norm = OwnBatchNorm2d(3)
    torch.nn.init.constant_(norm.bias, 0.3)
    torch.testing.assert_close(norm(x), torch.full_like(x, 0.3))


def test_noise_is_added_only_where_the_option_says() -> None:
    recipe = recipe_of("model.noise=0.1", "model.noise_on=[fake]", base=INGAN_PAPER)
    stage = recipe.stage(recipe.prepare(picture()), 0, 4, None, torch.Generator().manual_seed(0))
    drawn, seen = replace(stage.draw(), image=picture(20, 24, seed=1)), []
    stage.draws = SimpleNamespace(for_discriminator=lambda: drawn, for_generator=lambda: drawn)
    stage.discriminator.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    stage.discriminator_loss()
    stage.generator_loss()
    real, noisy, fake = seen
    assert torch.equal(real, drawn.image)
    assert 0.15 < float((noisy - drawn.fake).detach().abs().max()) <= 0.2
    assert torch.equal(fake, drawn.fake)
