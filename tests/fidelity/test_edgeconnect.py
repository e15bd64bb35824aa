"""EdgeConnect as published, with a random VGG-19, has the numbers of docs/results/fidelity.md."""

import copy
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from internal_gan.config.build import build
from internal_gan.config.compose import compose
from internal_gan.images.edges import Canny
from internal_gan.images.random_holes import KINDS
from internal_gan.models.edgeconnect.training import Batch, draw_hole
from internal_gan.models.losses import Losses
from internal_gan.nn import perceptual
from internal_gan.nn.perceptual import FeatureNetwork, VGGFeatures
from tests.fidelity import measure
from tests.fidelity.measure import CONVOLUTIONS
from tests.nn.test_perceptual import named_maps
from tests.nn.test_perceptual import stand_in as vgg19
from tests.tiny import holes, picture, rng

PAPER = "experiment=edgeconnect_paper"
VGG19_WIDTHS = (64, 128, 256, 512, 512)


@cache
def paper() -> Any:
    """EdgeConnect for a photo of 256x256 pixels, and its first two stages, without VGG-19."""
    made = measure.published(PAPER, "model/features=none", size=(256, 256), stages=2, steps=100)
    edges, completion = made.stages
    return SimpleNamespace(
        **vars(made),
        edges=edges,
        completion=completion,
        generators=[edges.generator, completion.generator],
        discriminators=[edges.discriminator, completion.discriminator],
    )


SMALL = (
    "model.max_size=88",
    "model.crop=72",
    "model.batch=1",
    *(f"model.{g}.width=4" for g in ("edge_generator", "generator")),
    *(f"model.{g}.residual_blocks=1" for g in ("edge_generator", "generator")),
    "model.discriminator.widths=[4,4,4,4]",
)


@cache
def trained() -> list[Any]:
    """What each stage does at the first and the last of a hundred steps, with small networks."""
    made = measure.published(PAPER, "model/features=none", *SMALL, size=(88, 80), stages=0)
    recipe, model, found, previous = made.recipe, made.model, [], None
    recipe.features = features
    for index in range(4):
        stage = previous = recipe.stage(model, index, 100, previous, rng(index))
        stage.batch = stage.prepare()
        drawn = stage.draw()
        terms = measure.weights(stage.generator_loss)
        before = [p.detach().clone() for p in stage.generator.parameters()]
        done = measure.training(stage, 100, (0, 99))
        after = list(stage.generator.parameters())
        found.append(
            SimpleNamespace(
                **vars(done),
                terms=terms,
                sizes=len(stage.pyramid),
                clip=stage.optimization.clip,
                outputs=sorted({p.shape[0] for p in after if p.dim() == 1} & {1, 3}),
                moved=all(not torch.equal(a, b) for a, b in zip(before, after, strict=True)),
                judged=stage.discriminator.blocks[0][0].in_channels,
                drawn=drawn,
            )
        )
        stage.finish()
    return found


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


def all_convolutions(network: nn.Module) -> list[str]:
    return [name for name, layer in network.named_modules() if isinstance(layer, CONVOLUTIONS)]


def stages() -> list[tuple[list[int], bool, int, bool | None]]:
    """Of each stage: channels drawn, whether all weights move, D's channels, if edges are true."""
    found = []
    for done in trained():
        guided = None
        if isinstance(done.drawn[0], Batch):
            batch, _, edges = done.drawn
            guided = torch.equal(edges, batch.edges)
        found.append((done.outputs, done.moved, done.judged, guided))
    return found


def rates() -> list[tuple[float, float, float]]:
    """G's learning rate at the first and last step of every stage, and D's rate relative to it."""
    return [
        (done.rates[0][0], done.rates[1][0], round(done.rates[0][1] / done.rates[0][0], 6))
        for done in trained()
    ]


class Colours(FeatureNetwork):
    """The image itself, as content and as style."""

    def forward(self, image: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        return [image], [image]


def everything_else() -> list[Any]:
    """The photo's sizes, what D sees, G2's noise, and what else changes weights and the result."""
    batch, filled, _ = trained()[1].drawn
    known = (batch.hole == 0).expand_as(filled)
    return [
        *({done.sizes for done in trained()}, bool((filled != batch.image)[known].all())),
        *(paper().model.noise, {done.averaged for done in trained()}),
        *({done.clip for done in trained()}, paper().model.settle),
    ]


def hole_shares() -> tuple[float, float]:
    """The smallest and largest share of many random holes."""
    draw, ratio = rng(), paper().recipe.hole_ratio
    shares = [float(draw_hole(kind, (48, 48), ratio, draw).mean()) for kind in [*KINDS] * 50]
    return min(shares), max(shares)


def finds_edges(detector: Canny) -> bool:
    image = picture(64, 80)
    found = paper().model.find_edges(image, torch.zeros(1, 1, 64, 80))
    return bool(found.any()) and torch.equal(found, detector(image))


def hole_seen() -> list[float]:
    """The colours that G1 and G2 see in a hole."""
    hole = batch().hole
    start = paper().model.start(picture(80, 96), hole)
    colours: list[float] = start[hole.expand_as(start) > 0].unique().tolist()
    return colours


def drawn_weights() -> set[float]:
    """The deviation of the initial weights of every large convolution, both G and D."""
    return {
        round(float(weight.std()), 3)
        for network in (*paper().generators, *paper().discriminators)
        for _, weight in measure.initial(network)
        if weight.numel() > 8000
    }


@cache
def features() -> Any:
    """The feature network of the paper's form, with few random filters."""
    narrow = [4] * 5
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vgg.pth"
        torch.save(vgg19(narrow), path)
        options = compose([PAPER, f"model.features.weights='{path}'"]).model["features"]
        options["widths"] = narrow
        return build(options, "model.features")()


def layers_compared() -> list[list[str]]:
    """The layers of VGG-19 whose maps are compared, as content and as style."""
    image = picture(64, 64)
    maps = named_maps(vgg19([4] * 5), image)
    return [
        [name for one in kind for name in maps if torch.equal(maps[name], one)]
        for kind in features()(image)
    ]


def seen_by_vgg19() -> tuple[float, float]:
    """What VGG-19 gets for black and for white."""
    seen: list[Tensor] = []
    with features().features[0].register_forward_pre_hook(lambda _, x: seen.append(x[0])):
        for level in (-1, 1):
            features()(torch.full((1, 3, 32, 32), float(level)))
    black, white = (set(image.flatten().tolist()) for image in seen)
    return black.pop() if len(black) == 1 else -1, white.pop() if len(white) == 1 else -1


def batch() -> Batch:
    hole = holes((80, 96), (20, 30, 40, 40))
    image, none = picture(80, 96), torch.zeros_like(hole)
    return Batch(image, none, none, hole, image, none)


def loss_of(stage: Any, *drawn: Any, **changes: Any) -> Losses:
    """A stage's loss of what it is given in place of its own draw, with other attributes."""
    changed = copy.copy(stage)
    vars(changed).update(changes, draw=lambda: drawn)
    return cast(Losses, changed.generator_loss())


def terms(filled: Tensor, features: FeatureNetwork | None = None) -> dict[str, Tensor]:
    """The terms of the completion loss for a batch."""
    one = batch()
    return loss_of(paper().completion, one, filled, one.edges, features=features)[1]


def l1_of_a_step() -> float:
    """Weighted L1 loss of an error of 0.1 (in [0, 1]) everywhere, times the hole's share / 0.1."""
    one = batch()
    l1 = terms(one.image + 0.2)["l1"] * paper().recipe.l1_weight
    return round(float(l1 * one.hole.mean() / 0.1), 3)


def maps_matched() -> int:
    """The number of D1's maps compared: shifting a map by 1 adds 1 to the loss."""

    class Shifted(nn.Module):
        def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
            logits, features = paper().discriminators[0](image)
            shift = image.mean()
            return logits * 0 + shift, [f * 0 + shift for f in features]

    real, fake = torch.zeros(1, 2, 80, 80), torch.ones(1, 2, 80, 80)
    found = loss_of(paper().edges, real, fake, real[:, :1], discriminator=Shifted())
    return round(float(found[1]["matching"]))


def style_and_content() -> tuple[bool, bool]:
    """Whether style is compared with black around the hole, and content everywhere."""
    one = batch()
    filled = 0.3 - one.image
    found = terms(filled, Colours())
    black = [torch.where(one.hole > 0, x, -1) for x in (filled, one.image)]
    return (
        torch.allclose(found["style"], perceptual.style_distance(black[:1], black[1:])),
        torch.allclose(found["content"], perceptual.content_distance([filled], [one.image])),
    )


HOURGLASS = ["7/1 64", "4/2 128", "4/2 256"] + ["3/1 dilated 2 256", "3/1 256"] * 8
HOURGLASS += ["4 up 2 128", "4 up 2 64"]
NUMBERS: dict[str, tuple[Callable[[], Any], Any]] = {
    "layers of both G": (
        lambda: [convolutions(network) for network in paper().generators],
        [[*HOURGLASS, "7/1 1"], [*HOURGLASS, "7/1 3"]],
    ),
    "padding of the downscalings": (
        lambda: [
            (block[0].padding, block[0].padding_mode)
            for network in paper().generators
            for block in network.down
        ],
        [((1, 1), "zeros")] * 4,
    ),
    "instance norms": (
        lambda: {
            m.affine
            for network in paper().generators
            for m in network.modules()
            if isinstance(m, nn.InstanceNorm2d)
        },
        {False},
    ),
    "spectral norm": (
        lambda: [
            names == everything
            for names, everything in zip(
                measure.without_spectral_norm(*paper().generators, *paper().discriminators),
                [["output"], all_convolutions(paper().generators[1]), [], []],
                strict=True,
            )
        ],
        [True] * 4,
    ),
    "input of G1, G2, D1 and D2": (
        lambda: [
            *(g.entry[1].in_channels for g in paper().generators),
            *(d.blocks[0][0].in_channels for d in paper().discriminators),
        ],
        [3, 4, 2, 4],
    ),
    "layers of D": (
        lambda: convolutions(paper().discriminators[1]),
        ["4/2 64", "4/2 128", "4/2 256", "4/1 512", "4/1 1"],
    ),
    "patch of D": (
        lambda: measure.field_of_view(lambda x: paper().discriminators[1].eval()(x)[0], 4, 160),
        70,
    ),
    "map of D at 256 pixels": (
        lambda: tuple(paper().discriminators[1](torch.zeros(1, 4, 256, 256))[0].shape[-2:]),
        (30, 30),
    ),
    "maps of feature matching": (maps_matched, 5),
    "initial weights": (drawn_weights, {0.02}),
    "weights of G1": (lambda: trained()[0].terms, {"generator": 1, "matching": 10}),
    "L1 of G2": (l1_of_a_step, 1),
    "other weights of G2": (
        lambda: [done.terms for done in trained()[1:]],
        [{"generator": 0.1, "l1": 0.5, "content": 0.1, "style": 250}] * 3,
    ),
    "layers of VGG-19": (
        layers_compared,
        [
            ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"],
            ["relu2_2", "relu3_4", "relu4_4", "relu5_2"],
        ],
    ),
    "input of VGG-19": (seen_by_vgg19, (0, 1)),
    "style": (style_and_content, (True, True)),
    "hole": (hole_seen, [1]),
    "edges": (lambda: [finds_edges(Canny(sigma, 0.1, 0.2)) for sigma in (2, 1.5)], [True, False]),
    "learning rates": (rates, [*[(1e-4, 1e-5, 0.1)] * 2, (1e-5, 1e-5, 0.1), (1e-6, 1e-6, 0.1)]),
    "Adam": (lambda: {betas for done in trained() for betas in done.betas}, {(0, 0.9)}),
    "batch": (lambda: paper().edges.prepare().image.shape, (8, 3, 256, 256)),
    "shares of the holes": (hole_shares, pytest.approx((0.1, 0.6), abs=0.02)),
    "stages": (
        stages,
        [
            *(([1], True, 2, None), ([3], True, 4, True), ([3], True, 4, False)),
            ([1, 3], True, 4, False),
        ],
    ),
    "nothing else": (everything_else, [{1}, True, 0, {False}, {None}, False]),
    "precision": (lambda: measure.precision(paper()), torch.float32),
    "nothing else, in tasks": (
        lambda: measure.in_tasks("edgeconnect", PAPER),
        {"finish.detail": "network", "mask.dilate": None},
    ),
}


@pytest.mark.parametrize(("found", "published"), NUMBERS.values(), ids=NUMBERS)
def test_number(found: Callable[[], Any], published: Any) -> None:
    assert found() == published


def test_the_page_has_a_row_for_each_number() -> None:
    assert measure.rows("EdgeConnect") == list(NUMBERS)


def test_vgg19_has_its_weights(tmp_path: Path) -> None:
    torch.save(vgg19(VGG19_WIDTHS), tmp_path / "vgg.pth")
    network = VGGFeatures(str(tmp_path / "vgg.pth"), widths=VGG19_WIDTHS)
    assert sum(p.numel() for p in network.parameters()) == 20_024_384
    content, style = network(picture(32, 40))
    assert [m.shape[1] for m in content] == [*VGG19_WIDTHS]
    assert [m.shape[1] for m in style] == [128, 256, 512, 512]
