"""SinGAN as published has the paper's numbers, the rows of docs/results/fidelity.md."""

from collections.abc import Callable, Iterator
from functools import cache
from operator import attrgetter
from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.api.model import option_of
from internal_gan.config.compose import compose, options_of
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import pyramid_sizes
from internal_gan.images.resize import resize
from internal_gan.models import redrawing
from internal_gan.models.singan.animation import BETA, Walk
from internal_gan.runs.source import IN_MEMORY, Source
from internal_gan.tasks.bind import begin
from tests import tiny
from tests.fidelity import measure
from tests.tiny import PAPER as TINY_PAPER
from tests.tiny import finish_stages, model_of, picture, recipe_of, rng, sample, untrained

PAPER = "experiment=singan_paper"
ENLARGING = ("task=super_resolution", "experiment=singan_paper_super_resolution")
NARROW = ("model.widths.coarsest=4", "model.widths.limit=4")
FILMS = "experiment=singan_paper_animation"


def paper() -> Any:
    """SinGAN for a photo of 188x250 pixels and its first stage."""
    return measure.published(PAPER, size=(188, 250))


def second() -> Any:
    """SinGAN for a photo of 60x80 pixels and its second stage."""
    return measure.published(PAPER, size=(60, 80), stages=2)


def networks() -> tuple[nn.Module, nn.Module]:
    return paper().stage.generator, paper().stage.discriminator


def kinds(network: nn.Module) -> str:
    """The layers of a network, in order."""
    short = {"Conv2d": "conv", "BatchNorm2d": "batch", "LeakyReLU": "leaky"}
    return " ".join(short[type(m).__name__] for m in network.modules() if not list(m.children()))


def released(height: int, width: int) -> list[tuple[int, int]]:
    return list(model_of(base=[PAPER], pixels=picture(height, width)).sizes)


def ratio(sizes: list[tuple[int, int]]) -> float:
    """The mean size ratio of neighbouring scales."""
    return round(float((sizes[0][0] / sizes[-1][0]) ** (1 / (len(sizes) - 1))), 3)


@cache
def in_training() -> Any:
    """The optimisers in four steps of a scale's training."""
    stage = measure.published.__wrapped__(PAPER, *NARROW, size=(30, 40)).stage
    return measure.training(stage, 2000, (0, 1599, 1600, 1999))


def drawn_weights() -> list[float]:
    """Deviation of the initial weights of every convolution, mean and deviation of the norms'."""
    modules = [m for network in networks() for m in network.modules()]
    norms = torch.cat([m.weight.detach() for m in modules if isinstance(m, nn.BatchNorm2d)])
    drawn = [float(w.std()) for network in networks() for _, w in measure.initial(network)]
    return [*drawn, float(norms.mean()), float(norms.std())]


def margins() -> tuple[int, bool, bool, set[int]]:
    """A scale's margin, whether image and noise are zero there, and what convolutions take off."""
    model, stage = second().model, second().stage
    noise = model.random_noise(1, stage.size, 1, rng())
    seen: list[Tensor] = []
    losses = set()

    def watch(_: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        seen.append(inputs[0])
        losses.add(inputs[0].shape[-1] - output.shape[-1])

    for network in (stage.generator, stage.discriminator):
        convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
        hooks = [m.register_forward_hook(watch) for m in convolutions]
        given = (noise,) if network is stage.generator else ()
        network(*given, torch.ones(1, 3, *stage.size))
        for hook in hooks:
            hook.remove()
    margin = (seen[0].shape[-1] - stage.size[1]) // 2
    inner = F.pad(torch.ones(1, 3, *stage.size), (margin,) * 4) > 0
    return margin, not seen[0][~inner].any(), bool(seen[0][inner].all()), losses


def handed_over() -> tuple[float, int]:
    """Largest value that the next scale gets, and how many levels there are between -1 and 1."""
    given = paper().model.hand_over(torch.linspace(-2, 2, 40_000).view(1, 1, 200, 200), (200, 200))
    return float(given.max()), len(given.unique())


def noises() -> list[float]:
    """Of two scales: the noise's deviation, the second's per error, and its different channels."""
    model, stage = second().model, second().stage
    rmse = F.mse_loss(stage.reconstruction_base, stage.real).sqrt()
    drawn = [model.random_noise(n, (200, 200), 1, rng())[..., 5:-5, 5:-5] for n in (0, 1)]
    relative = [float(drawn[0].std()), float(drawn[1].std() / rmse)]
    channels = [len({float(x) for x in noise[0, :, 0, 0]}) for noise in drawn]
    return [*(round(x, 2) for x in relative), *channels]


def penalty_of(slope: float) -> float:
    """The weighted penalty of a D whose gradient is ``slope`` in each channel of each pixel."""

    class Linear(nn.Module):
        def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
            return slope * image.sum(dim=1, keepdim=True), []

    images = torch.zeros(1, 3, 20, 30), torch.ones(1, 3, 20, 30)
    found = paper().recipe.adversarial_loss.penalty(Linear(), *images, rng())
    return round(float(found.detach()), 4)


def critic(real: float, fake: float) -> float:
    loss = paper().recipe.adversarial_loss.discriminator(torch.tensor(real), torch.tensor(fake))
    return float(loss)


def everything_else() -> list[Any]:
    """The losses' terms, whether D sees the whole photo, G's saturated gradient, what else acts."""
    stage = measure.published.__wrapped__(PAPER, *NARROW, size=(60, 80), stages=2).stage
    terms, seen = set(), []
    with stage.discriminator.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0])):
        for _ in range(3):
            terms.add((*stage.discriminator_loss()[1], *stage.generator_loss()[1]))
    # In a step D judges the photo, the fake, a mixture of both for the penalty, and the fake again.
    photo = all(torch.equal(image, stage.real) for image in seen[::4])
    photo &= {image.shape for image in seen} == {stage.real.shape}
    bias = stage.generator.output.bias
    nn.init.constant_(bias, 100)
    (gradient,) = torch.autograd.grad(stage.generator(stage.reconstruction_noise).sum(), bias)
    done = measure.training(stage, 2000, [0])
    return [terms, photo, float(gradient.abs().max()), done.averaged, stage.optimization.clip]


def grown_mask(dilate: float, feather: float) -> tuple[int, int]:
    """How far a mask of half an image grows, and the deviation of its blurred border, in pixels."""
    model = paper().model
    mask = torch.zeros(1, 1, *model.sizes[-1])
    mask[..., :100] = 1
    step = -redrawing.soft_mask(model, mask, dilate, feather)[0, 0, 90].double().diff()
    places = torch.arange(len(step)) + 1.0
    mean = float((step * places).sum())
    return round(mean - 100), round(float((step * (places - mean).square()).sum().sqrt()))


def trained_to_enlarge() -> list[Any]:
    """The number of scales, coarsest side, steps, rate and weight of the reconstruction."""
    made = measure.published(*ENLARGING, size=(180, 250))
    return [
        len(made.model.sizes),
        min(made.model.sizes[0]),
        set(made.recipe.steps_of(made.model)),
        made.stage.optimization.generator_lr,
        measure.weights(made.stage.generator_loss)["reconstruction"],
    ]


def passes() -> tuple[float, int, bool]:
    """The factor, how often the finest scale is applied, and whether the last time decides."""
    wanted: Any = compose(ENLARGING)
    ratio = f"model.enlarging_ratio={wanted.model['enlarging_ratio']}"
    model, drawn = untrained(ratio), list[Tensor]()
    refine = model.refine

    def watch(*given: Any) -> Tensor:
        drawn.append(refine(*given))
        return drawn[-1].clone()

    with patch.object(model, "refine", watch):
        found = model.super_resolve(wanted.super_resolution.factor, picture(10, 12))
    return found.shape[-1] / 12, len(drawn), torch.equal(found, drawn[-1].clamp(-1, 1))


def trained_for_films() -> list[Any]:
    """Coarsest side, steps, weight of the reconstruction, deviation of the noise's border."""
    made = measure.published(FILMS, size=(90, 120))
    border = made.model.random_noise(0, (40, 900), 1, rng())[0, 0, :5]
    return [
        min(made.model.sizes[0]),
        set(made.recipe.steps_of(made.model)),
        measure.weights(made.stage.generator_loss)["reconstruction"],
        round(float(border.std()), 1),
    ]


def walk() -> tuple[float, float]:
    """The coefficients of a film's walk at ten frames per second."""
    found = Walk(compose([PAPER]).animate.alpha, BETA, 10)
    return round(found.a, 3), round(found.b, 3)


def done(task: str, **pictures: Tensor) -> Iterator[Any]:
    """What a task draws with a small model of the paper's form and its own defaults."""
    options, model = tiny.tiny_options(base=TINY_PAPER), untrained(base=TINY_PAPER)
    files = {option_of(task, name): Photo(pixels) for name, pixels in pictures.items()}
    wanted = options_of({"task": task, **dict.fromkeys(files, IN_MEMORY)})
    trained = Source(options, files={"image": Photo(model.image)})
    yield from begin(task, Source(wanted, None, trained, files), model)


def drawn_once() -> list[bool]:
    """Whether samples are the first that are drawn, or the best of two."""
    found = torch.cat([item.image.pixels for item in done("sample")])
    model = untrained(base=TINY_PAPER)
    return [torch.equal(found, sample(model, len(found), candidates=n)) for n in (1, 2)]


def injected_as_pasted() -> bool:
    """Whether the pyramid gets a photo with an object just as it is given."""
    given, model, seen = picture(seed=1), untrained(base=TINY_PAPER), list[Tensor]()
    mask = torch.zeros(1, 3, 40, 56)
    mask[..., 10:20, 20:30] = 1

    def watch(_: Any, image: Tensor, *args: Any, **how: Any) -> Tensor:
        seen.append(image)
        return image

    with patch.object(type(model), "inject", watch):
        next(done("harmonize", image=given, mask=mask))
    return torch.equal(seen[0], resize(given, model.sizes[-1]).clamp(-1, 1))


def painted_without_retraining() -> bool:
    """Whether a painting is drawn as it is given, by the networks as they were trained."""
    given, model = picture(seed=1), untrained(base=TINY_PAPER)
    (found,) = (item.image.pixels for item in done("paint", image=given) if item.kind == "result")
    start = redrawing.start_scale_for(model, redrawing.PAINT)
    return torch.equal(found, model.inject(resize(given, model.sizes[-1]).clamp(-1, 1), start))


BLOCKS = "conv batch leaky " * 4 + "conv"
NUMBERS: dict[str, tuple[Callable[[], Any], Any]] = {
    "scales of 188x250": (lambda: (len(s := paper().model.sizes), ratio(s)), (10, 0.799)),
    "scales of 243x1024": (lambda: len(released(243, 1024)), 5),
    "coarsest short side": (lambda: min(paper().model.sizes[0]), 25),
    "finest long side": (lambda: max(released(376, 500)[-1]), 250),
    "layers of G": (lambda: kinds(paper().stage.generator), BLOCKS),
    "layers of D": (lambda: kinds(paper().stage.discriminator), BLOCKS),
    "parameters of G and D at 32 channels": (
        lambda: [sum(p.numel() for p in network.parameters()) for network in networks()],
        [29_763, 29_185],
    ),
    "channels": (
        lambda: (
            [paper().model.new_generator(n).output.in_channels for n in range(10)]
            + [paper().recipe.widths.at(13)]
        ),
        [32] * 4 + [64] * 4 + [128] * 3,
    ),
    "slope of LeakyReLU": (lambda: measure.slopes(*networks()), {0.2}),
    "receptive field": (
        lambda: (
            measure.field_of_view(lambda x: paper().stage.discriminator.eval()(x)[0], 3, 41),
            measure.field_of_view(paper().stage.generator.eval().detail, 3, 41),
        ),
        (11, 11),
    ),
    "padding": (margins, (5, True, True, {2})),
    "initial weights": (drawn_weights, pytest.approx([0.02] * 10 + [1, 0.02], rel=0.15)),
    "between scales": (handed_over, (1, 256)),
    "noise": (noises, [1, 0.1, 1, 3]),
    "gradient penalty": (
        lambda: (critic(2, 5), [penalty_of(slope / 3**0.5) for slope in (0, 1, 3)]),
        (3, [0.1, 0, 0.4]),
    ),
    "reconstruction weight": (
        lambda: measure.weights(paper().stage.generator_loss),
        {"generator": 1, "reconstruction": 10},
    ),
    "steps of a scale": (
        lambda: (
            set(paper().recipe.steps_of(paper().model)),
            attrgetter("steps_factor", "max_steps", "time")(paper().options.trainer),
        ),
        ({2000}, (1, None, None)),
    ),
    "updates in a step": (lambda: in_training().updates, [3, 3]),
    "learning rate": (
        lambda: (in_training().rates, in_training().betas),
        ([[5e-4] * 2] * 2 + [[5e-5] * 2] * 2, [(0.5, 0.999)] * 2),
    ),
    "nothing else": (
        everything_else,
        [{("discriminator", "penalty", "generator", "reconstruction")}, True, 0, False, None],
    ),
    "precision": (lambda: measure.precision(paper()), torch.float32),
    "mask of an edit": (
        lambda: (
            [grown_mask(d, 0)[0] for d in (redrawing.EDIT_DILATE, redrawing.HARMONIZE_DILATE)]
            + [grown_mask(0, redrawing.FEATHER)[1]]
        ),
        [20, 7, 5],
    ),
    "walk of a film": (walk, (1.71, -0.81)),
    "training for super-resolution": (
        trained_to_enlarge,
        [12, 18, {2000}, 5e-4, 100],  # the fewest with a ratio of 2^(-1/3) or more, and one more
    ),
    "passes of super-resolution": (passes, (4, 6, True)),
    "training for films": (trained_for_films, [20, {2000}, 10, 1]),
    "samples": (drawn_once, [True, False]),
    "object to harmonize": (injected_as_pasted, True),
    "retraining for paintings": (painted_without_retraining, True),
    "nothing else, in tasks": (
        lambda: measure.in_tasks("singan", PAPER),
        {
            "finish.detail": "network",
            "finish.resolution": "model",
            "sample.start_scale": 0,
            "sample.candidates": 1,
            "paint.start_scale": "auto",
            "edit.start_scale": "auto",
            "harmonize.match": False,
            "mask.dilate": None,
            "animate.start_scale": 0,
            "animate.alpha": 0.1,
            "super_resolution.detail": None,
        },
    ),
}


@pytest.mark.parametrize(("found", "published"), NUMBERS.values(), ids=NUMBERS)
def test_number(found: Callable[[], Any], published: Any) -> None:
    assert found() == published


def test_the_page_has_a_row_for_each_number() -> None:
    assert measure.rows("SinGAN") == list(NUMBERS)


def test_the_released_code_has_one_more_scale_unless_the_photo_shrinks_by_part_of_a_step() -> None:
    def more(height: int, width: int) -> int:
        released = pyramid_sizes((height, width), count="released")
        return len(released) - len(pyramid_sizes((height, width)))

    assert {more(*size) for size in ((188, 250), (120, 200), (250, 250))} == {1}
    assert {more(h, w) for h in range(300, 900, 37) for w in range(300, 900, 41)} == {0, 1}
    assert pyramid_sizes((20, 30), count="released") == [(20, 30)]
    # No two scales have the same size.
    for size in ((26, 30), (27, 27), (30, 200)):
        sizes = pyramid_sizes(size, count="released")
        assert len(set(sizes)) == len(sizes)


@pytest.mark.parametrize("handover", ["as_drawn", "levels"])
def test_the_handover_between_scales_follows_the_option(handover: str) -> None:
    model = untrained(f"model.handover={handover}")
    drawn = 1.7 * picture(14, 20)
    wanted = resize(drawn, (17, 23))
    if handover == "levels":
        rounded = ((drawn.clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1
        wanted = resize(rounded, (17, 23)).clamp(-1, 1)
    found = model.hand_over(drawn, (17, 23))
    torch.testing.assert_close(found, wanted)
    assert (found.abs().max() > 1) == (handover == "as_drawn")


def test_training_and_sampling_hand_over_the_same_image() -> None:
    recipe, model = recipe_of("model.handover=levels"), model_of("model.handover=levels")
    finish_stages(recipe, model, 2)
    # An output far beyond the range, which the next scale must not see.
    torch.nn.init.constant_(model.generators[1].get_parameter("output.bias"), 1.5)
    stage = recipe.stage(model, 2, 4, None, rng())
    seen: list[torch.Tensor] = []
    stage.generator.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[1]))
    stage.discriminator_loss()
    assert float(seen[0].abs().max()) <= 1
    assert float(stage.reconstruction_base.abs().max()) <= 1
    stage.finish()
    with patch.object(model, "refine", wraps=model.refine) as refine:
        model.reconstruct()
    torch.testing.assert_close(refine.call_args.args[2], stage.reconstruction_base)
