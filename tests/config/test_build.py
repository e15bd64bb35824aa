"""Configuration builds objects of this package and nothing else."""

import copy
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import reduce
from math import inf, nan
from typing import Any

import pytest

from internal_gan.config.build import build
from internal_gan.errors import UserError
from internal_gan.models.base import Model
from tests.tiny import EDGECONNECT, INGAN_FAST, INGAN_PAPER, LEAN, ZSSR, picture, tiny_options
from tests.toy import optimization

OPTIMIZATION = {"_target_": "internal_gan.models.base.Optimization", **asdict(optimization())}
LOSS = "internal_gan.nn.losses.AdversarialLoss"
WGAN = {"_target_": "internal_gan.nn.losses.WGANGP"}


def test_a_target_is_called_with_the_other_keys() -> None:
    config = OPTIMIZATION | {"generator_lr": 0.25, "decay": "linear"}
    before, built = config.copy(), build(config)
    assert built == optimization(generator_lr=0.25, decay="linear")
    assert config == before


def test_targets_inside_mappings_and_lists_are_built_too() -> None:
    inner, target = OPTIMIZATION | {"ema": 0.5}, "internal_gan.models.edgeconnect.model.EdgeConnect"
    make = build({"_target_": target, "_partial_": True, "edges": {"a": [inner]}})
    assert make.keywords["edges"] == {"a": [optimization(ema=0.5)]}


@pytest.mark.parametrize(
    "target",
    [
        *("os.system", "torch.optim.Adam", "internal_gan.cli.os.system"),
        *("internal_gan.nn.blocks.nn.Module", "internal_gan.models.singan.model.resize_periodic"),
        *("internal_gan.models...singan", "internal_gan.models.singan.model.SinGan"),
        *("internal_gan.models.sinGAN.model.SinGAN", "internal_gan", ""),
    ],
)
def test_targets_outside_this_package_are_refused(target: str) -> None:
    with pytest.raises(UserError, match=r"model\._target_="):
        build({"_target_": target})


def test_nothing_outside_is_imported() -> None:
    assert "antigravity" not in sys.modules
    for target in ("antigravity.geohash", "internal_gan.antigravity.geohash"):
        with pytest.raises(UserError):
            build({"_target_": target})
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"lr": 1}, "model: _target_ is missing"),
        (WGAN, "model.penalty_weight: WGANGP needs this option"),
        (WGAN | {"penalty_weight": -1}, "model: penalty_weight is -1; allowed"),
        ({"_target_": 3}, "model: _target_ is missing"),
        ({"_target_": LOSS}, "model: AdversarialLoss does not define of_fake, of_real"),
        (WGAN | {"_partial_": 1}, "model._partial_=1: needs true or false"),
    ],
)
def test_what_is_missing_or_wrong_is_named(config: dict[str, Any], said: str) -> None:
    for key in ("model", "model.generator"):
        with pytest.raises(UserError, match=f"^{re.escape(said.replace('model', key, 1))}"):
            build(config, key)


ODD_VALUES: tuple[Any, ...] = (
    *([], {}, None, inf, nan, -1, 0, 10**9, 10**30, 1e9, "abc", "", True, [1, 2, 3], [[1]], [None]),
    *({"a": 1}, {"coarsest": None, "finest": 1}, {"coarsest": -1, "others": inf}, 2.5, -0.5),
)
# Tiny models, since some odd values are legal and get built.
FAMILIES = [LEAN, INGAN_FAST, INGAN_PAPER, EDGECONNECT, ZSSR]
# The error may name the second option of a pair that must agree.
GO_WITH = {"min_side": "crop", "edges": "steps", "widths": "strides"}


def _names(values: dict[str, Any], prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in values.items():
        yield (*prefix, name)
        if isinstance(value, dict):
            yield from _names(value, (*prefix, name))


@pytest.mark.parametrize("base", FAMILIES, ids=lambda base: base[0])
def test_an_odd_value_of_any_option_is_legal_or_refused_by_name(base: Sequence[str]) -> None:
    """In one line, before training starts; for a sample of all pairs of option and odd value."""
    options = tiny_options(base=base).model
    cases = [(name, value) for name in _names(options) for value in ODD_VALUES]
    unnamed = []
    for name, value in random.Random(0).sample(cases, 200):
        config = copy.deepcopy(options)
        reduce(dict.__getitem__, name[:-1], config)[name[-1]] = value
        try:
            assert isinstance(build(config).prepare(picture()), Model)
        except ValueError as error:
            allowed = {name[-1], GO_WITH.get(name[-1], name[-1])}
            if not any(word in str(error) for word in allowed) or "\n" in str(error):
                unnamed.append((".".join(name), value, str(error)))
    assert unnamed == []
