"""Models to measure, built as the command line builds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from internal_gan.config.arguments import prepare
from internal_gan.config.build import build
from internal_gan.config.compose import compose
from internal_gan.config.options import Options
from internal_gan.device import select_device, select_precision
from internal_gan.images.files.image import read_image
from internal_gan.images.resize import resize
from internal_gan.models.base import Model, Recipe
from internal_gan.units import Size


@dataclass(frozen=True)
class Subject:
    """A prepared model, with the options and precision of its training."""

    options: Options
    recipe: Recipe
    model: Model
    precision: torch.dtype

    @property
    def steps(self) -> list[int]:
        """Training steps of every stage, without a time budget."""
        factor, most = self.options.trainer.steps_factor, self.options.trainer.max_steps
        steps = [max(1, round(n * factor)) for n in self.recipe.steps_of(self.model)]
        return steps if most is None else [min(n, most) for n in steps]


def prepared(overrides: Sequence[str], photo: Path, size: Size) -> Subject:
    """The model that a command with ``overrides`` would train on ``photo`` resized to ``size``.

    Raises:
        UserError: an override or the photo is unusable.
    """
    options = compose(prepare(overrides))
    device, _ = select_device(options.device)
    precision, _ = select_precision(options.precision, device)
    recipe: Recipe = build(options.model)
    model = recipe.prepare(resize(read_image(photo).pixels, size).clamp(-1, 1).to(device))
    return Subject(options, recipe, model.to(device), precision)


def untrained(overrides: Sequence[str], photo: Path, size: Size) -> Model:
    """As :func:`prepared`, with all stages as after training, but random weights."""
    subject = prepared(overrides, photo, size)
    device = subject.model.device
    subject.model.restore(subject.model.metadata() | {"finished": subject.model.num_stages})
    return subject.model.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def device_name(device: torch.device) -> str:
    """``cpu``, or the name of the GPU."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
