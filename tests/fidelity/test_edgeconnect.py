"""EdgeConnect as published has the paper's numbers; docs/results/fidelity.md lists them.

The keys of ``NUMBERS`` are the rows of that page. VGG-19 has its real shape but random weights.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrize import is_parametrized

from internal_gan.config.build import build
from internal_gan.config.compose import compose
from internal_gan.models.edgeconnect.batches import Batch
from internal_gan.models.edgeconnect.losses import CompletionLoss, edge_loss
from internal_gan.nn.perceptual import (
    VGG19_CONTENT,
    VGG19_CONVOLUTIONS,
    VGG19_STYLE,
    FeatureNetwork,
    VGG19Features,
    style_distance,
)
from internal_gan.training.trainee import Trainee
from tests.fidelity.page import rows
from tests.tiny import picture

PAPER = "experiment=edgeconnect_paper"


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@cache
def paper() -> Any:
    """The options, the recipe and the first two stages for a photo of 256x300 pixels."""
    options = compose([PAPER, "model/features=none"])
    recipe = build(options.model)
    model = recipe.prepare(picture(256, 300))
    edges, completion = (recipe.stage(model, n, 100, None, rng()) for n in (0, 1))
    return SimpleNamespace(
        options=options, recipe=recipe, model=model, edges=edges, completion=completion
    )


def convolutions(network: nn.Module) -> list[str]:
    """Kernel, stride (``up``: transposed convolution), dilation and channels, layer by layer."""
    found = []
    for layer in network.modules():
        if isinstance(layer, nn.ConvTranspose2d):
            found.append(f"{layer.kernel_size[0]} up {layer.stride[0]} {layer.out_channels}")
        elif isinstance(layer, nn.Conv2d):
            dilated = f" dilated {layer.dilation[0]}" if layer.dilation[0] > 1 else ""
            found.append(f"{layer.kernel_size[0]}/{layer.stride[0]}{dilated} {layer.out_channels}")
    return found


def spectral(network: nn.Module) -> set[bool]:
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    return {is_parametrized(m, "weight") for m in network.modules() if isinstance(m, kinds)}


def generators() -> list[Any]:
    return [paper().edges.generator, paper().completion.generator]


def discriminators() -> list[Any]:
    return [paper().edges.discriminator, paper().completion.discriminator]


def rates() -> list[tuple[float, float, float]]:
    """G's learning rate at the first and last step of every stage, and D's rate relative to it."""
    found = []
    for index in range(4):
        settings = paper().recipe.optimization_at(paper().model, index)
        first, last = (
            float(f"{settings.generator_lr * settings.lr_factor(step, 100):.1e}")
            for step in (0, 99)
        )
        found.append((first, last, round(settings.discriminator_lr / settings.generator_lr, 6)))
    return found


class Colours(FeatureNetwork):
    """The image itself, as content and as style."""

    def forward(self, image: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        return [image], [image]


def batch() -> Batch:
    hole = torch.zeros(1, 1, 80, 96)
    hole[..., 20:60, 30:70] = 1
    image = picture(80, 96)
    return Batch(image, torch.zeros_like(hole), torch.zeros_like(hole), hole)


def terms(filled: Tensor, features: FeatureNetwork | None = None) -> dict[str, Tensor]:
    """The terms of the completion loss for a batch."""
    recipe, one = paper().recipe, batch()
    loss = CompletionLoss(
        recipe.weights,
        recipe.adversarial_loss,
        features,
        {},
        1,
        4,
        style_inside=recipe.style_inside,
        match_logits=recipe.match_logits,
    )
    discriminator = paper().completion.discriminator
    return loss(discriminator, one, filled, one.edges, 0, rng())[1]


def l1_of_a_step() -> float:
    """Weighted L1 loss of an error of 0.1 (in [0, 1]) everywhere, times the hole's share / 0.1."""
    one = batch()
    l1 = terms(one.image + 0.2)["l1"] * paper().recipe.weights.l1
    return round(float(l1 * one.hole.mean() / 0.1), 3)


def maps_matched() -> int:
    """The number of D1's maps compared: shifting a map by 1 adds 1 to the loss."""

    class Shifted(nn.Module):
        def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
            logits, features = discriminators()[0](image)
            shift = image.mean()
            return logits * 0 + shift, [f * 0 + shift for f in features]

    weights, loss = paper().recipe.weights, paper().recipe.adversarial_loss
    real, fake = torch.zeros(1, 2, 80, 80), torch.ones(1, 2, 80, 80)
    logits = paper().recipe.match_logits
    found = edge_loss(weights, loss, Shifted(), real, fake, real[:, :1], match_logits=logits)
    return round(float(found[1]["matching"]))


HOURGLASS = ["7/1 64", "4/2 128", "4/2 256"] + ["3/1 dilated 2 256", "3/1 256"] * 8
HOURGLASS += ["4 up 2 128", "4 up 2 64"]
NUMBERS: dict[str, tuple[Callable[[], Any], Any]] = {
    "layers of both G": (
        lambda: [convolutions(network) for network in generators()],
        [[*HOURGLASS, "7/1 1"], [*HOURGLASS, "7/1 3"]],
    ),
    "padding of the downscalings": (
        lambda: [
            (block[0].padding, type(block[0]).__name__)
            for block in paper().completion.generator.down
        ],
        [((1, 1), "Conv2d")] * 2,
    ),
    "instance norms": (
        lambda: {
            m.affine
            for network in generators()
            for m in network.modules()
            if isinstance(m, nn.InstanceNorm2d)
        },
        {False},
    ),
    "spectral norm": (
        lambda: [
            spectral(generators()[0].down),
            spectral(generators()[1]),
            *(spectral(d) for d in discriminators()),
        ],
        [{True}, {False}, {True}, {True}],
    ),
    "input of G1, G2, D1 and D2": (
        lambda: [
            *(g.entry[1].in_channels for g in generators()),
            *(d.blocks[0][0].in_channels for d in discriminators()),
        ],
        [3, 4, 2, 4],
    ),
    "layers of D": (
        lambda: convolutions(discriminators()[1]),
        ["4/2 64", "4/2 128", "4/2 256", "4/1 512", "4/1 1"],
    ),
    "patch of D": (lambda: discriminators()[1].receptive_field, 70),
    "map of D at 256 pixels": (
        lambda: tuple(discriminators()[1](torch.zeros(1, 4, 256, 256))[0].shape[-2:]),
        (30, 30),
    ),
    "maps of feature matching": (maps_matched, 5),
    "initial weights": (
        lambda: round(float(generators()[1].output.weight.detach().std()), 2),
        0.02,
    ),
    "weights of G1": (
        lambda: (paper().recipe.weights.edge_adversarial, paper().recipe.weights.edge_matching),
        (1, 10),
    ),
    "L1 of G2": (l1_of_a_step, 1),
    "other weights of G2": (
        lambda: [
            getattr(paper().recipe.weights, name)
            for name in ("adversarial", "content", "style", "matching")
        ],
        [0.1, 0.1, 250, 0],
    ),
    "layers of VGG-19": (
        lambda: (VGG19_CONTENT, VGG19_STYLE),
        ((1, 6, 11, 20, 29), (8, 17, 26, 31)),
    ),
    "input of VGG-19": (
        lambda: compose([PAPER]).model["features"]["normalise"],
        False,
    ),
    "style": (lambda: paper().recipe.style_inside, True),
    "hole": (lambda: paper().recipe.base, "white"),
    "edges": (
        lambda: [compose([PAPER]).model["edges"][name] for name in ("_target_", "sigma")],
        ["internal_gan.images.edges.Canny", 2],
    ),
    "learning rates": (
        rates,
        [(1e-4, 1e-5, 0.1), (1e-4, 1e-5, 0.1), (1e-5, 1e-5, 0.1), (1e-6, 1e-6, 0.1)],
    ),
    "Adam": (lambda: list(paper().edges.optimization.betas), [0, 0.9]),
    "batch": (lambda: (paper().recipe.batch, paper().recipe.crop), (8, 256)),
    "shares of the holes": (lambda: list(paper().recipe.holes.ratio), [0.1, 0.6]),
    "stages": (
        lambda: paper().model.stage_names,
        ("edges", "completion on true edges", "completion on predicted edges", "joint"),
    ),
    "nothing else": (
        lambda: [
            bool(paper().recipe.patch_loss),
            paper().model.noise,
            paper().model.settle,
            paper().recipe.sizes_learnt,
            paper().recipe.judge_composite,
            paper().edges.optimization.ema,
            paper().edges.optimization.clip,
        ],
        [False, 0, False, 1, False, None, None],
    ),
    "precision": (lambda: paper().options.precision, "fp32"),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_number(name: str) -> None:
    found, published = NUMBERS[name]
    assert found() == published


def test_the_page_has_a_row_for_each_number() -> None:
    assert rows("EdgeConnect") == list(NUMBERS)


def test_style_is_compared_inside_the_hole_and_content_everywhere() -> None:
    one = batch()
    outside = torch.where(one.hole > 0, one.image, -one.image)
    inside = torch.where(one.hole > 0, -one.image + 0.3, one.image)
    far, near = (terms(filled, Colours()) for filled in (outside, inside))
    assert far["style"] == 0
    assert far["content"] > 0
    black = [torch.where(one.hole > 0, x, -1) for x in (inside, one.image)]
    torch.testing.assert_close(near["style"], style_distance(black[:1], black[1:]))


def vgg19(path: Path) -> Path:
    """A file with random weights of VGG-19's shape, in torchvision's layout."""
    state, channels, place = {}, 3, 0
    for width, count in zip((64, 128, 256, 512, 512), VGG19_CONVOLUTIONS, strict=True):
        for _ in range(count):
            # Keeps the activations' variance.
            deviation = (2 / (9 * channels)) ** 0.5
            weight = torch.randn(width, channels, 3, 3, generator=rng(place)) * deviation
            state[f"features.{place}.weight"] = weight
            state[f"features.{place}.bias"] = torch.zeros(width)
            channels, place = width, place + 2
        place += 1
    torch.save(state, path)
    return path


def test_vgg19_gets_images_without_normalisation(tmp_path: Path) -> None:
    path = vgg19(tmp_path / "vgg.pth")
    features = compose([PAPER, f"model.features.weights='{path}'"]).model["features"]
    network = build(features, "model.features")()
    assert isinstance(network, VGG19Features)
    assert sum(p.numel() for p in network.parameters()) == 20_024_384
    first = network.features[0]
    image = picture(32, 40)
    content, style = network(image)
    torch.testing.assert_close(content[0], F.relu(first((image + 1) / 2)))
    assert [m.shape[1] for m in content] == [64, 128, 256, 512, 512]
    assert [m.shape[1] for m in style] == [128, 256, 512, 512]


def test_a_stand_in_for_vgg19_trains_every_stage(tmp_path: Path) -> None:
    """Each loss is finite, and a step moves the networks that the stage trains."""
    path = vgg19(tmp_path / "vgg.pth")
    small = (
        "model.max_size=88",
        "model.crop=72",
        "model.batch=1",
        *(f"model.{g}.{x}" for g in ("edge_generator", "generator") for x in ("width=4",)),
        *(f"model.{g}.residual_blocks=1" for g in ("edge_generator", "generator")),
        "model.discriminator.widths=[4,4,4,4]",
    )
    recipe = build(compose([PAPER, f"model.features.weights='{path}'", *small]).model)
    model = recipe.prepare(picture(88, 80))
    previous = None
    for index in range(4):
        stage = recipe.stage(model, index, 1, previous, rng(index))
        before = [p.detach().clone() for p in stage.generator.parameters()]
        scalars = Trainee(stage, 1, torch.float32).step(0)
        assert all(torch.isfinite(value) for value in scalars.values())
        assert ({"content", "style", "l1"} <= scalars.keys()) == (index > 0)
        moved = [
            not torch.equal(a, b) for a, b in zip(before, stage.generator.parameters(), strict=True)
        ]
        assert any(moved)
        stage.finish()
        previous = stage
    assert model.finished == 4
