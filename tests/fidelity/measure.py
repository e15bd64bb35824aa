"""A paper's form of a family: what its networks and losses do, and the page of its numbers."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from internal_gan.config.build import build
from internal_gan.config.catalogue import SPECS, families_for
from internal_gan.config.compose import compose
from internal_gan.config.options import PATHS, taken_by
from internal_gan.device import select_precision
from internal_gan.models.base import Stage
from internal_gan.models.losses import Losses, Terms
from internal_gan.training.stage_trainer import StageTrainer
from internal_gan.units import Size
from tests.tiny import picture, rng, tiny_options

# What a task is asked for, by the last part of the option's name.
ASKED = {"count", "size", "shape", "scale", "seed", "format", "fps", "seconds", "loop"}
ASKED |= {"factor", "tileable", "corners", "compare", "box"}
CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "results" / "fidelity.md"


@cache
def published(*overrides: str, size: Size, stages: int = 1, steps: int = 2000) -> Any:
    """The options, recipe, model and first stages for a photo, none of them trained."""
    options = tiny_options(base=overrides)
    recipe = build(options.model)
    model = recipe.prepare(picture(*size))
    made: list[Stage] = []
    for index in range(stages):
        if made:
            made[-1].finish()
        made.append(recipe.stage(model, index, steps, made[-1] if made else None, rng(index)))
        made[-1].batch = made[-1].prepare()
    return SimpleNamespace(
        options=options, recipe=recipe, model=model, stages=made, stage=made[-1] if made else None
    )


# Tasks with no counterpart in the papers.
_OTHER = ("evaluate",)


def in_tasks(family: str, *overrides: str) -> dict[str, Any]:
    """The options, all but ``ASKED``, that decide how a family's models do their paper's tasks."""
    tasks = [task for task in SPECS if family in families_for(task) and task not in _OTHER]
    names = set().union(*map(taken_by, tasks)) - {*PATHS}
    options = compose(overrides)
    return {one: attrgetter(one)(options) for one in names if one.rpartition(".")[2] not in ASKED}


def precision(built: Any) -> torch.dtype:
    """The dtype of a training on CUDA."""
    return select_precision(built.options.precision, torch.device("cuda"))[0]


def weights(loss: Callable[[], Losses]) -> dict[str, float]:
    """The weight of every term of a loss, whose total must be their weighted sum."""
    found: dict[str, float] = {}
    add = Terms.add

    def watch(self: Terms, name: str, value: Tensor, weight: float = 1.0) -> None:
        found[name] = round(weight, 6)
        add(self, name, value, weight)

    with patch.object(Terms, "add", watch):
        total, scalars = loss()
    expected = sum(found[name] * value for name, value in scalars.items())
    torch.testing.assert_close(total.detach(), expected)
    return found


def training(stage: Stage, steps: int, at: Sequence[int]) -> Any:
    """What the optimisers of G and D do in some of the steps of a training, and if it averages."""
    trainer = StageTrainer(stage, torch.float32)
    rates = []
    for trainer.step in at:
        trainer.take_step()
        rates.append([float(f"{o.param_groups[0]['lr']:.2g}") for o in trainer.optimizers])
    made = [float(next(iter(o.state.values()))["step"]) for o in trainer.optimizers]
    return SimpleNamespace(
        updates=[count / len(at) for count in made],
        rates=rates,
        betas=[o.param_groups[0]["betas"] for o in trainer.optimizers],
        averaged=trainer.ema is not None,
    )


def without_spectral_norm(*networks: nn.Module) -> list[list[str]]:
    """The names of each network's convolutions that have no spectral norm."""
    return [
        [
            name
            for name, layer in network.named_modules()
            if isinstance(layer, CONVOLUTIONS) and not is_parametrized(layer, "weight")
        ]
        for network in networks
    ]


def initial(network: nn.Module) -> list[tuple[Any, Tensor]]:
    """The convolutions of a network with the weights that were drawn for them."""
    spectral = "parametrizations.weight.original"
    return [
        (m, m.get_parameter(spectral if is_parametrized(m, "weight") else "weight").detach())
        for m in network.modules()
        if isinstance(m, CONVOLUTIONS)
    ]


def slopes(*networks: nn.Module) -> set[float]:
    return {m.negative_slope for n in networks for m in n.modules() if isinstance(m, nn.LeakyReLU)}


def field_of_view(network: Callable[[Tensor], Tensor], channels: int, side: int) -> int:
    """Columns of an image that decide the value in the middle of a network's output map."""
    image = torch.randn(1, channels, side, side, generator=rng()).requires_grad_()
    out = network(image)
    (gradient,) = torch.autograd.grad(out[..., out.shape[-2] // 2, out.shape[-1] // 2].sum(), image)
    return int(gradient.abs().amax(dim=(0, 1, 2)).count_nonzero())


def rows(family: str) -> list[str]:
    """The names of the numbers in the first table of a family, in order."""
    section = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (found,) = (part for part in section if part.startswith(f"{family}\n"))
    table = found[found.index("| number |") :].partition("\n\n")[0]
    return [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()[2:]]
