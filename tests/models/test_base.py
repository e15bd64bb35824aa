"""Shared by all families: settings by stage, losses and draws."""

import math
from typing import Any

import pytest
import torch

from internal_gan.models.losses import Terms
from internal_gan.models.per_stage import per_stage
from tests import tiny
from tests.tiny import EDGECONNECT, INGAN_FAST, INGAN_PAPER, LEAN, TINY_INGAN

# So that every discriminator of InGAN judges.
SAME_SIZE = "model.scale_range=[1,1]"
OF_INGAN = ("no_cycle", "one_scale", "no_curriculum", "no_inverse")
OF_SINGAN = (
    *("model/patch_loss=[sliced_wasserstein,nearest_patch]", "model.noise_padding=random"),
    *("model.generator.norm=spectral", "model.discriminator.norm=instance", "model.num_scales=2"),
)
VARIANTS = [
    *((*LEAN, change) for change in OF_SINGAN),
    *((f"experiment=ingan_{name}", *TINY_INGAN, SAME_SIZE) for name in OF_INGAN),
    *(
        (*base, f"model/adversarial_loss={loss}")
        for base in (LEAN, (*INGAN_FAST, SAME_SIZE), (*INGAN_PAPER, SAME_SIZE), EDGECONNECT)
        for loss in ("hinge", "wgan_gp")
    ),
]


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_trains_both_networks_of_every_stage(variant: tuple[str, ...]) -> None:
    recipe = tiny.recipe_of(base=variant)
    model = recipe.prepare(tiny.picture())
    stages: list[Any] = tiny.finish_stages(recipe, model, model.num_stages)
    for stage in stages:
        stage.generator.requires_grad_(True)
        for network in (stage.discriminator, stage.generator):
            loss = stage.generator_loss if network is stage.generator else stage.discriminator_loss
            network.zero_grad()
            loss()[0].backward()
            gradients = [weight.grad for weight in network.parameters()]
            assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)
    assert model.preview().isfinite().all()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2000, [2000, 2000, 2000]),
        ([3, 2, 1.5], [3, 2, 1.5]),
        ({"coarsest": 4000, "finest": 250}, [4000, 2000, 1000, 500, 250]),
        ({"coarsest": 0, "finest": 10}, [0, 2.5, 5, 7.5, 10]),
        ({"coarsest": 9, "others": 5}, [9, 5, 5, 5]),
        ({"coarsest": 9, "others": 5, "finest": 2}, [9, 5, 5, 2]),
        ({"coarsest": 7, "finest": 3}, [7]),
        ({"coarsest": 7, "others": 5, "finest": 3}, [7]),
    ],
)
def test_an_option_has_a_number_for_each_stage(value: Any, expected: list[float]) -> None:
    assert per_stage(value, len(expected)) == pytest.approx(expected)


def test_a_model_of_fewer_stages_has_the_last_of_the_named_numbers() -> None:
    value, stages = {"lines": 7, "last": 3, "colours": 5}, ("lines", "colours", "last")
    assert per_stage(value, 3, stages=stages) == [7, 5, 3]
    assert per_stage(value, 2, stages=stages) == [5, 3]
    for wrong in ({"lines": 7, "last": 3}, {**value, "coarsest": 2}):
        with pytest.raises(ValueError, match="or both, or lines, colours, last"):
            per_stage(wrong, 2, stages=stages)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1, 2], "2 numbers.*each of 3"),
        ({"coarsest": 1}, "allowed: coarsest with finest, others or both"),
        ({"coarsest": 1, "finest": 2, "middle": 3}, "allowed: coarsest with finest, others"),
        (-1, "value is -1.0; allowed: 0 to"),
        (math.inf, "value is inf; allowed: 0 to"),
        ([1, math.nan, 2], "value is nan; allowed: 0 to"),
        ({"coarsest": 1, "finest": -2}, r"value\.finest is -2; allowed: 0 to"),
    ],
)
def test_a_wrong_number_of_numbers_is_refused(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        per_stage(value, 3)


def test_a_term_is_due_at_its_interval_unless_its_weight_is_zero() -> None:
    one = torch.ones(())
    totals = []
    for step in range(4):
        terms = Terms(step)
        terms.add("always", one, 3.0)
        terms.every(2, "seldom", lambda: 10 * one, 1.0)
        terms.every(1, "never", lambda: one / 0, 0.0)
        total, scalars = terms.losses
        totals.append(float(total))
        assert ("seldom" in scalars) == (step % 2 == 0)
        assert "never" not in scalars
    assert totals == [13, 3, 13, 3]


def test_only_the_generators_first_update_has_the_discriminators_draw() -> None:
    stage = tiny.stage_of()
    stage.draw = iter(map(float, range(9))).__next__
    stage.add_terms = lambda terms, drawn: terms.add("drawn", torch.tensor(drawn))
    assert stage.generator_loss()[0] == 0
    assert [stage.drawn_for_discriminator() for _ in range(2)] == [1, 2]
    assert [float(stage.generator_loss()[0]) for _ in range(3)] == [2, 3, 4]
