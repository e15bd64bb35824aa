"""InGAN as published has the paper's numbers, the rows of docs/results/fidelity.md."""

import copy
import math
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from internal_gan.images.resize import resize
from internal_gan.nn.blocks import ConvBlock, DoublingConv2d, OwnBatchNorm2d, Reflect
from tests.fidelity import measure
from tests.tiny import INGAN_PAPER, picture, stage_of, tiny_ingan

STEPS = 75_000


@cache
def paper() -> Any:
    """InGAN for a photo of 270x300 pixels, its stage, G and D."""
    made = measure.published("experiment=ingan_paper", size=(270, 300), steps=STEPS)
    return SimpleNamespace(**vars(made), g=made.stage.generator, d=made.stage.discriminator)


def narrow() -> Any:
    """A stage with small networks, on a photo of 20x28 pixels."""
    return measure.published(*INGAN_PAPER, size=(40, 56), steps=STEPS).stage


def size(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def kinds(network: nn.Module) -> str:
    """The layers of a block in order, with each convolution's kernel, stride and channels."""
    words = []
    short = {Reflect: "pad", OwnBatchNorm2d: "batch", nn.BatchNorm2d: "batch"}
    short |= {nn.LeakyReLU: "leaky", nn.MaxPool2d: "pool"}
    for layer in network.children():
        if isinstance(layer, nn.Conv2d):
            norm = "spectral " if is_parametrized(layer, "weight") else ""
            kernel, stride = layer.kernel_size[0], layer.stride[0]
            words.append(f"{norm}conv {kernel}/{stride} {layer.out_channels}")
        else:
            words.append(short[type(layer)])
    return " ".join(words)


def scale_weights(step: int) -> list[float]:
    stage = copy.copy(paper().stage)
    stage.step = step
    stage.prepare()
    return [round(weight, 4) for weight in paper().d.shares[-1].tolist()]


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


def shapes_at(step: int) -> float:
    """The largest shift of a corner at a step, with ``model.geometry=0.4``."""
    stage = measure.published(*INGAN_PAPER, "model.geometry=0.4", size=(40, 56), steps=STEPS).stage
    stage.step = step
    corners = torch.tensor([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    drawn = (stage.prepare().transform.inverse().source(corners) for _ in range(40))
    return max(float((corners - moved).abs().max()) for moved in drawn)


def noise_in_a_step() -> dict[str, tuple[float, ...]]:
    """The range of the differences of what the networks see from the images, times 255."""
    stage, seen = narrow(), []
    networks = (stage.generator, stage.discriminator)
    hooks = [n.register_forward_pre_hook(lambda _, x: seen.append(x[0])) for n in networks]
    drawn = stage.draw()
    (given,) = seen
    with patch.object(stage, "draw", lambda: drawn):
        stage.discriminator_loss()
        stage.generator_loss()
    for hook in hooks:
        hook.remove()
    _, real, fake, judged, back = seen
    pairs = {
        "real": (real, stage.batch.image),
        "fake": (fake, drawn),
        "input": (given, stage.batch.image),
        "judged for G": (judged, drawn),
        "input of the way back": (back, drawn),
    }
    noises = {name: 255 * (a - b).detach() for name, (a, b) in pairs.items()}
    return {name: tuple(round(float(x), 1) for x in n.aminmax()) for name, n in noises.items()}


def terms_at(step: int) -> dict[str, float]:
    """The weights of the terms of G's loss at a step."""
    stage = narrow()
    stage.step = step
    return measure.weights(stage.generator_loss)


def adversarial_term(value: float) -> float:
    """The adversarial loss of G when D outputs ``value`` everywhere."""
    loss = paper().recipe.adversarial_loss.generator(torch.full((1, 1, 4, 4), value))
    return round(terms_at(0)["generator"] * float(loss), 4)


def map_of(logit: float) -> set[float]:
    """D's output if each of its networks outputs ``logit``."""
    d = paper().d

    def logits(*given: Any) -> Tensor:
        return torch.full_like(given[2], logit)

    hooks = [network.output.register_forward_hook(logits) for network in d.networks]
    found, _ = d(picture(40, 56))
    for hook in hooks:
        hook.remove()
    return {round(value, 5) for value in found.flatten().tolist()}


def initial_deviations() -> set[float]:
    """The deviation of each large convolution's initial weights, relative to Xavier's, G and D."""
    found = set()
    for layer, weight in [*measure.initial(paper().g), *measure.initial(paper().d)]:
        fans = weight[0, 0].numel() * (layer.in_channels + layer.out_channels)
        if weight.numel() > 5000:
            found.add(round(float(weight.std()) / math.sqrt(2 / fans), 3))
    return found


def paddings() -> dict[tuple[int, ...], set[bool]]:
    """By the size of the kernel, whether the maps of G's blocks are mirrored before them."""
    found: dict[tuple[int, ...], set[bool]] = {}
    for block in paper().g.modules():
        if isinstance(block, ConvBlock):
            mirrored = isinstance(block[0], Reflect)
            conv = block[int(mirrored)]
            if isinstance(conv, nn.Conv2d) and not isinstance(conv, DoublingConv2d):
                found.setdefault(conv.kernel_size, set()).add(mirrored)
    return found


def inner_size() -> tuple[tuple[int, int], tuple[int, int]]:
    """The sizes of the map that G shrinks, and of its output, when 21x30 pixels are asked for."""
    generator, seen = narrow().generator, []
    with generator.down[0].register_forward_pre_hook(lambda _, x: seen.append(x[0])):
        made = generator(picture(20, 28), (21, 30))
    return tuple(seen[0].shape[-2:]), tuple(made.shape[-2:])


def judged_scales() -> list[int]:
    """The scales of D, 0 for the finest, that judge a real image of 40 rows and a fake of 16."""
    large = ("model.discriminator.min_side=9", "model.max_size=56", "model.crop=null")
    stage = stage_of(*large, base=INGAN_PAPER)
    assert len(stage.discriminator.networks) == 5  # 40, 29, 20, 15 and 10 rows
    stage.draw = lambda: resize(picture(), (16, 30))  # 16 and 11 rows
    judged: list[int] = []
    for number, network in enumerate(stage.discriminator.networks):
        network.register_forward_pre_hook(lambda *_, n=number: judged.append(n))
    stage.discriminator_loss()
    return judged


@cache
def in_training() -> Any:
    """The optimisers at some steps."""
    stage = measure.published.__wrapped__(*INGAN_PAPER, size=(40, 56), steps=STEPS).stage
    return measure.training(stage, STEPS, (0, 19_999, 47_500, 74_999))


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
        lambda: [[kinds(block) for block in one.blocks] for one in paper().g.bottleneck],
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
        lambda: [kinds(block) for block in paper().g.up],
        [f"spectral conv 3/1 {width} batch leaky" for width in (256, 128, 64)],
    ),
    "last layer": (
        lambda: (paper().g.output.kernel_size, measure.without_spectral_norm(paper().g, paper().d)),
        ((7, 7), [["output"], []]),
    ),
    "initial weights": (initial_deviations, {0.01}),
    "padding": (paddings, {(7, 7): {True}, (3, 3): {True}, (1, 1): {False}}),
    "slope of LeakyReLU": (lambda: measure.slopes(paper().g, paper().d), {0.2}),
    "statistics at test": (
        lambda: {type(m) for m in paper().g.modules() if isinstance(m, nn.BatchNorm2d)},
        {OwnBatchNorm2d},
    ),
    "scales of D at 256 pixels": (
        lambda: (len(paper().d.networks), paper().d.factor, paper().d.min_side),
        (9, 1.4, 13),
    ),
    "layers of D": (
        lambda: [
            *map(kinds, paper().d.networks[0].blocks),
            paper().d.networks[0].output.kernel_size,
            is_parametrized(paper().d.networks[0].output, "weight"),
        ],
        [
            *("spectral conv 3/1 64 batch leaky", "spectral conv 3/2 128 batch leaky"),
            *("spectral conv 3/1 128 batch leaky", (1, 1), True),
        ],
    ),
    "weights of the scales": (
        lambda: [scale_weights(step) for step in (0, 12_500, 25_000, 50_000, 75_000)],
        [closed_form(step) for step in (0, 12_500, 25_000, 50_000, 75_000)],
    ),
    "coarsest and finest weight": (
        lambda: [round(scale_weights(step)[n], 2) for step, n in ((0, -1), (0, 0), (STEPS, 0))],
        [0.30, 0.02, 0.49],
    ),
    "scales in a step": (judged_scales, [0, 1, 0, 1]),
    "adversarial loss": (
        lambda: (
            [map_of(logit) for logit in (-100, 0, 100)],
            [adversarial_term(value) for value in (0, 0.5, 1)],
        ),
        ([{0}, {0.5}, {1}], [1, 0.25, 0]),
    ),
    "reconstruction weight": (lambda: terms_at(0), {"generator": 2, "reconstruction": 0.1}),
    "way back": (lambda: [terms_at(n)["reconstruction"] for n in (9_999, 10_000)], [0.1, 1.1]),
    "noise": (
        noise_in_a_step,
        {
            **dict.fromkeys(("real", "fake", "input"), (-1, 1)),
            **dict.fromkeys(("judged for G", "input of the way back"), (0, 0)),
        },
    ),
    "crop": (lambda: paper().stage.draw_crop().shape, (1, 3, 256, 256)),
    "range of sizes": (
        lambda: [range_at(step) for step in (0, 5_000, 10_000, 75_000)],
        [pytest.approx(x, abs=0.01) for x in ((1, 1), (0.575, 1.625), (0.15, 2.25), (0.15, 2.25))],
    ),
    "range of shapes": (
        lambda: [shapes_at(step) for step in (0, 5_000, 10_000, 75_000)],
        [pytest.approx(shift, abs=0.01) for shift in (0, 0.2, 0.4, 0.4)],
    ),
    "learning rate": (
        lambda: (in_training().rates, {betas[0] for betas in in_training().betas}),
        ([pytest.approx([5e-5 * part] * 2, abs=1e-8) for part in (1, 1, 0.5, 0)], {0.5}),
    ),
    "steps": (lambda: paper().recipe.steps_of(paper().model), [STEPS]),
    "multiples of the size": (inner_size, ((24, 32), (21, 30))),
    "precision": (lambda: measure.precision(paper()), torch.float32),
    "nothing else, in tasks": (
        lambda: measure.in_tasks("ingan", "experiment=ingan_paper"),
        {"finish.detail": "network", "finish.resolution": "model"},
    ),
}


@pytest.mark.parametrize(("found", "published"), NUMBERS.values(), ids=NUMBERS)
def test_number(found: Callable[[], Any], published: Any) -> None:
    assert found() == published


def test_the_page_has_a_row_for_each_number() -> None:
    assert measure.rows("InGAN") == list(NUMBERS)


def test_inference_is_deterministic_and_uses_the_images_own_batch_statistics() -> None:
    model = tiny_ingan(finished=1)
    assert torch.equal(model.retarget((24, 31)), model.retarget((24, 31)))
    seen: list[Tensor] = []
    norm: Any = model.generators[0].get_submodule("entry.2")
    norm.register_forward_hook(lambda _, inputs, output: seen.append(output))
    for image in (picture(), 0.2 * picture(seed=1)):
        model.retarget((24, 31), image=image)
        mean, std = seen[-1].mean(dim=(0, 2, 3)), seen[-1].std(dim=(0, 2, 3))
        torch.testing.assert_close(mean, norm.bias, atol=1e-4, rtol=0)
        torch.testing.assert_close(std, norm.weight.abs(), atol=0.02, rtol=0.02)


def test_a_result_of_a_single_pixel_can_be_normalised() -> None:
    model = tiny_ingan(finished=1)
    assert torch.isfinite(model.generators[0](model.image, (1, 1))).all()
    x = torch.full((1, 3, 1, 1), 7.0)
    norm = OwnBatchNorm2d(3)
    torch.nn.init.constant_(norm.bias, 0.3)
    torch.testing.assert_close(norm(x), torch.full_like(x, 0.3))
