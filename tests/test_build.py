"""Configuration becomes objects of this package, and of nothing else."""

import sys

import pytest
import torch

from internal_gan.build import build
from internal_gan.errors import UserError
from internal_gan.models.base import Optimization

ADAM = "torch.optim.Adam"
OPTIMIZATION = "internal_gan.models.base.Optimization"


def test_a_target_is_called_with_the_other_keys() -> None:
    built = build({"_target_": OPTIMIZATION, "generator_lr": 0.25, "decay": "linear"})
    assert built == Optimization(generator_lr=0.25, decay="linear")


def test_keyword_arguments_win_over_the_configuration() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = build({"_target_": ADAM, "lr": 0.5}, params=[weight], lr=0.25)
    assert isinstance(optimizer, torch.optim.Adam)
    assert optimizer.param_groups[0]["lr"] == 0.25


def test_partial_waits_for_the_other_arguments() -> None:
    make = build({"_target_": ADAM, "_partial_": True, "lr": 0.5})
    assert make([torch.nn.Parameter(torch.zeros(1))]).param_groups[0]["lr"] == 0.5


def test_targets_inside_mappings_and_lists_are_built_too() -> None:
    inner = {"_target_": OPTIMIZATION, "ema": 0.5}
    make = build({"_target_": ADAM, "_partial_": True, "params": [{"a": inner}]})
    assert make.keywords["params"] == [{"a": Optimization(ema=0.5)}]


def test_the_configuration_is_left_as_it_is() -> None:
    config = {"_target_": OPTIMIZATION, "ema": 0.5}
    build(config)
    assert config == {"_target_": OPTIMIZATION, "ema": 0.5}


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "builtins.eval",
        "torch.load",
        "torch.optimizer.Adam",
        "subprocess.run",
        "internal_gan.cli.os.system",
        "internal_gan.nn.blocks.nn.Module",
        "internal_gan.nn.blocks.torch.load",
        "internal_gan.models.singan.resize",
        "torch.optim.adam.torch",
        "torch.optim.sys.exit",
        "internal_gan.models...singan",
        "internal_gan",
        "",
    ],
)
def test_what_is_not_of_this_package_is_refused(target: str) -> None:
    with pytest.raises(UserError, match=r"model\._target_="):
        build({"_target_": target})


def test_nothing_outside_is_imported() -> None:
    assert "antigravity" not in sys.modules
    for target in ("antigravity.geohash", "internal_gan.antigravity.geohash"):
        with pytest.raises(UserError):
            build({"_target_": target})
    assert "antigravity" not in sys.modules


def test_a_misspelt_target_is_told_the_nearest() -> None:
    with pytest.raises(UserError, match=r"did you mean 'internal_gan\.models\.singan\.SinGAN'"):
        build({"_target_": "internal_gan.models.singan.SinGan"})
    with pytest.raises(UserError, match=r"did you mean 'internal_gan\.models\.singan\.SinGAN'"):
        build({"_target_": "internal_gan.models.sinGAN.SinGAN"})


def test_a_missing_target_is_named_by_its_key() -> None:
    with pytest.raises(UserError, match=r"^model\.generator: _target_ is missing"):
        build({"lr": 1}, "model.generator")


def test_a_misspelt_argument_is_told_the_nearest() -> None:
    message = (
        r"^model\.inner\.genrator_lr: Optimization has no such option; did you mean 'generator_lr'"
    )
    with pytest.raises(UserError, match=message):
        build({"_target_": ADAM, "inner": {"_target_": OPTIMIZATION, "genrator_lr": 1}})


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(UserError, match=r"^model\.params: Adam needs this option"):
        build({"_target_": ADAM})


@pytest.mark.parametrize(
    ("argument", "value", "needs"),
    [
        ("generator_lr", "fast", "a number"),
        ("generator_lr", True, "a number"),
        ("betas", 0.5, "a list"),
        ("decay", "stairs", "one of step, linear"),
        ("ema", "x", "a number or null"),
    ],
)
def test_an_argument_of_the_wrong_type_is_told_what_it_needs(
    argument: str, value: object, needs: str
) -> None:
    with pytest.raises(
        UserError, match=rf"^model\.{argument}={value}: Optimization needs {needs}$"
    ):
        build({"_target_": OPTIMIZATION, argument: value})


def test_a_name_where_a_part_belongs_is_told_the_group() -> None:
    config = {"_target_": "internal_gan.models.singan.SinGAN", "adversarial_loss": "hinge"}
    parts = {"generator": print, "discriminator": print, "optimization": Optimization()}
    with pytest.raises(UserError, match="write model/adversarial_loss=hinge"):
        build(config, **parts)


def test_a_value_out_of_range_is_one_line() -> None:
    with pytest.raises(UserError, match=r"^model: Invalid learning rate: -1"):
        build({"_target_": ADAM, "lr": -1.0}, params=[torch.nn.Parameter(torch.zeros(1))])
