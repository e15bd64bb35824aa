"""SinGAN as published has the paper's numbers; docs/results/fidelity.md lists them.

The keys of ``NUMBERS`` are the rows of that page.
"""

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from internal_gan.config.build import build
from internal_gan.config.compose import compose
from internal_gan.images.pyramid import pyramid_sizes
from internal_gan.images.resize import resize
from internal_gan.models.singan.injection import EDIT_DILATE, FEATHER, HARMONIZE_DILATE
from internal_gan.models.singan.super_resolution import super_resolution_sizes
from internal_gan.models.singan.walk import Walk
from internal_gan.nn.losses import WGANGP
from tests.fidelity.page import rows
from tests.tiny import finish_stages, picture, prepared, recipe_of, untrained

PAPER = "experiment=singan_paper"


@cache
def paper() -> Any:
    """The options, the recipe, the model and its first stage for a photo of 188x250 pixels."""
    options = compose([PAPER])
    recipe = build(options.model)
    model = recipe.prepare(picture(188, 250))
    stage = recipe.stage(model, 0, 2000, None, torch.Generator().manual_seed(0))
    return SimpleNamespace(options=options, recipe=recipe, model=model, stage=stage)


def kinds(network: nn.Module) -> str:
    """The layers of a network, in order."""
    short = {"Conv2d": "conv", "BatchNorm2d": "batch", "LeakyReLU": "leaky"}
    return " ".join(short[type(m).__name__] for m in network.modules() if not list(m.children()))


def released(height: int, width: int) -> list[tuple[int, int]]:
    return prepared(base=[PAPER], pixels=picture(height, width)).sizes


def ratio() -> float:
    """The mean size ratio of neighbouring scales."""
    sizes = [height for height, _ in paper().model.sizes]
    return round(float((sizes[0] / sizes[-1]) ** (1 / (len(sizes) - 1))), 3)


def std(weight: torch.Tensor) -> float:
    return round(float(weight.detach().std()), 2)


BLOCKS = "conv batch leaky " * 4 + "conv"
NUMBERS: dict[str, tuple[Callable[[], Any], Any]] = {
    "scales of 188x250": (lambda: (len(released(188, 250)), ratio()), (10, 0.799)),
    "scales of 243x1024": (lambda: len(released(243, 1024)), 5),
    "coarsest short side": (lambda: min(released(188, 250)[0]), 25),
    "finest long side": (lambda: max(released(376, 500)[-1]), 250),
    "layers of G": (lambda: kinds(paper().stage.generator), BLOCKS),
    "layers of D": (lambda: kinds(paper().stage.discriminator), BLOCKS),
    "parameters of G and D at 32 channels": (
        lambda: [
            sum(p.numel() for p in network.parameters())
            for network in (paper().stage.generator, paper().stage.discriminator)
        ],
        [29_763, 29_185],
    ),
    "channels": (
        lambda: [paper().recipe.widths.at(scale) for scale in range(14)],
        [32] * 4 + [64] * 4 + [128] * 6,
    ),
    "slope of LeakyReLU": (lambda: paper().stage.generator.blocks[0][-1].negative_slope, 0.2),
    "receptive field": (lambda: paper().stage.discriminator.receptive_field, 11),
    "padding": (
        lambda: (
            paper().stage.generator.padding,
            paper().stage.generator.margin,
            paper().model.noise_padding,
        ),
        ("zero", 5, "zero"),
    ),
    "initial weights": (lambda: std(paper().stage.generator.output.weight), 0.02),
    "between scales": (lambda: paper().model.handover, "levels"),
    "noise": (
        lambda: (float(paper().model.noise_std[0]), paper().recipe.noise_strength),
        (1.0, 0.1),
    ),
    "gradient penalty": (
        lambda: (
            type(paper().recipe.adversarial_loss),
            paper().recipe.adversarial_loss.penalty_weight,
            paper().recipe.adversarial_loss.penalty_norm,
        ),
        (WGANGP, 0.1, "pixel"),
    ),
    "reconstruction weight": (lambda: paper().stage.reconstruction_weight, 10),
    "steps of a scale": (lambda: set(paper().recipe.steps_of(paper().model)), {2000}),
    "updates in a step": (
        lambda: (paper().stage.discriminator_steps, paper().stage.generator_steps),
        (3, 3),
    ),
    "learning rate": (
        lambda: [
            (
                paper().stage.optimization.generator_lr,
                paper().stage.optimization.discriminator_lr,
                *paper().stage.optimization.betas,
            ),
            [paper().stage.optimization.lr_factor(step, 2000) for step in (0, 1599, 1600, 1999)],
        ],
        [(5e-4, 5e-4, 0.5, 0.999), [1, 1, 0.1, 0.1]],
    ),
    "nothing else": (
        lambda: [
            bool(paper().recipe.patch_loss),
            paper().recipe.penalty_interval,
            paper().recipe.penalty_crop,
            paper().recipe.reconstruction_interval,
            paper().recipe.discriminator_crop,
            paper().stage.optimization.ema,
            paper().stage.optimization.clip,
            paper().stage.generator.gradient_floor,
        ],
        [False, 1, None, 1, None, None, None, 0],
    ),
    "precision": (lambda: paper().options.precision, "fp32"),
    "mask of an edit": (lambda: (EDIT_DILATE, HARMONIZE_DILATE, FEATHER), (20, 7, 5)),
    "walk of a film": (lambda: (round(Walk().a, 3), round(Walk().b, 3)), (1.71, -0.81)),
    "training for super-resolution": (
        lambda: [
            enlarging().model[name]
            for name in (
                "scale_factor",
                "min_size",
                "reconstruction_weight",
                "steps",
                "learning_rates",
            )
        ],
        [0.7937, 18, 100, 2000, 1],
    ),
    "passes of super-resolution": (
        lambda: (
            enlarging().super_resolution.factor,
            enlarging().super_resolution.passes,
            enlarging().super_resolution.back_projection,
        ),
        (4, 6, 0),
    ),
    "training for films": (
        lambda: [
            compose(["experiment=singan_paper_animation"]).model[name]
            for name in ("min_size", "noise_padding", "steps", "reconstruction_weight")
        ],
        [20, "random", 2000, 10],
    ),
}


def enlarging() -> Any:
    return compose(
        [
            "task=super_resolution",
            "recipe=super_resolution",  # what the command line adds for this task
            "experiment=singan_paper_super_resolution",
        ]
    )


@pytest.mark.parametrize("name", NUMBERS)
def test_number(name: str) -> None:
    found, published = NUMBERS[name]
    assert found() == published


def test_the_page_has_a_row_for_each_number() -> None:
    assert rows("SinGAN") == list(NUMBERS)


def test_each_pass_enlarges_by_the_ratio_of_the_scales() -> None:
    wanted = enlarging().super_resolution
    model = untrained()
    sizes = super_resolution_sizes(model, wanted.factor, (1000, 800), wanted.passes)
    assert [height for height, _ in sizes] == [round(1000 * 2 ** (k / 3)) for k in range(1, 7)]


def test_super_resolution_changes_only_its_own_numbers() -> None:
    plain, own = compose([PAPER]).model, enlarging().model
    changed = {name for name in plain if plain[name] != own[name]}
    assert changed == {"scale_factor", "min_size", "reconstruction_weight"}


def test_the_released_code_has_one_more_scale_unless_the_photo_shrinks_by_part_of_a_step() -> None:
    for size in ((188, 250), (120, 200), (250, 250)):
        assert len(pyramid_sizes(size, count="released")) == len(pyramid_sizes(size)) + 1
    shrunk = [
        len(pyramid_sizes((h, w), count="released")) - len(pyramid_sizes((h, w)))
        for h in range(300, 900, 37)
        for w in range(300, 900, 41)
    ]
    assert set(shrunk) == {0, 1}
    assert pyramid_sizes((20, 30), count="released") == [(20, 30)]
    # No two scales have the same size.
    for size in ((26, 30), (27, 27), (30, 200)):
        sizes = pyramid_sizes(size, count="released")
        assert len(set(sizes)) == len(sizes)


@pytest.mark.parametrize("handover", ["as_drawn", "clipped", "levels"])
def test_the_handover_between_scales_follows_the_option(handover: str) -> None:
    model = untrained(f"model.handover={handover}")
    drawn = 1.7 * picture(14, 20)
    wanted = drawn if handover == "as_drawn" else drawn.clamp(-1, 1)
    if handover == "levels":
        wanted = ((wanted + 1) * 127.5).round() / 127.5 - 1
    wanted = resize(wanted, (17, 23))
    if handover != "as_drawn":
        wanted = wanted.clamp(-1, 1)
    found = model.hand_over(drawn, (17, 23))
    torch.testing.assert_close(found, wanted)
    assert (found.abs().max() > 1) == (handover == "as_drawn")


@pytest.mark.parametrize("handover", ["clipped", "levels"])
def test_training_and_sampling_hand_over_the_same_image(handover: str) -> None:
    overrides = (f"model.handover={handover}",)
    recipe, model = recipe_of(*overrides), prepared(*overrides)
    finish_stages(recipe, model, 2)
    # An output far beyond the range, which the next scale must not see.
    torch.nn.init.constant_(model.generators[1].get_parameter("output.bias"), 1.5)
    stage = recipe.stage(model, 2, 4, None, torch.Generator().manual_seed(0))
    seen: list[torch.Tensor] = []
    stage.generator.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[1]))
    stage.discriminator_loss()
    assert float(seen[0].abs().max()) <= 1
    assert float(stage.reconstruction_base.abs().max()) <= 1
    stage.finish()
    seen.clear()
    model.reconstruct()
    torch.testing.assert_close(seen[-1], stage.reconstruction_base)
