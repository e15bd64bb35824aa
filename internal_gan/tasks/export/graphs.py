"""What task=export makes of a model: its graph, the graph's inputs, and their expected output."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from internal_gan.config.task_options import ExportOptions
from internal_gan.errors import UserError
from internal_gan.models.base import Model
from internal_gan.models.ingan.graph import RepaintGraph, WholeGraph
from internal_gan.models.ingan.pyramid import InGANPyramid
from internal_gan.models.ingan.whole import InGAN
from internal_gan.models.limits import check_result
from internal_gan.models.singan.graph import SamplerGraph
from internal_gan.models.singan.model import SinGAN
from internal_gan.units import Size

AUTO = torch.export.Dim.AUTO


class Export(ABC):
    """A model's network as a graph.

    Attributes:
        name: of the file.
        graph: takes tensors and gives a picture (1, 3, H, W) in [-1, 1].
        names: of its inputs.
        image: (1, 3, h, w) in [-1, 1], the image that the graph takes; None if it takes none.
        sizes: of the pictures that are compared; the first is also the size of the example.
        rounds: whether pictures are rounded to 256 levels between scales.
    """

    model: Model
    name: str
    graph: nn.Module
    names: Sequence[str]
    image: Tensor | None
    sizes: Sequence[Size]
    rounds = False

    @abstractmethod
    def inputs(self, size: Size) -> tuple[Tensor, ...]:
        """Inputs for a picture of ``size``."""

    @abstractmethod
    def ours(self, inputs: tuple[Tensor, ...], size: Size) -> Tensor:
        """The model's own output for these inputs."""

    def dynamic(self, inputs: tuple[Tensor, ...]) -> Any:
        """Which sides of the inputs may change."""
        return _free(inputs)


def _free(inputs: tuple[Tensor, ...]) -> tuple[Any, ...]:
    """Pictures and noise of any size."""
    return tuple({2: AUTO, 3: AUTO} if value.ndim == 4 else None for value in inputs)


class SamplerExport(Export):
    """SinGAN's sampler, from one of its scales on."""

    model: SinGAN
    name = "sampler"

    def __init__(self, model: SinGAN, start_scale: int) -> None:
        model.ladder.check_scale(start_scale)
        self.model, self.start = model, start_scale
        self.graph = SamplerGraph(model, start_scale)
        self.rounds = model.handover == "levels"
        self.scales = range(start_scale, model.finished)
        noises = [f"noise_{scale}" for scale in self.scales]
        self.names = ["image", *noises] if start_scale else noises
        self.image = model.real(start_scale - 1) if start_scale else None
        height, width = model.sizes[model.finished - 1]
        self.sizes = [(height, width), (height + 13, width + 27), (height, max(1, width // 2))]

    @property
    def beyond(self) -> list[int]:
        """How much larger than each scale its noise is, in pixels; empty if it is not."""
        margins = self.model.margins[: self.model.finished]
        return [2 * n for n in margins] if self.model.noise_padding == "random" else []

    def inputs(self, size: Size) -> tuple[Tensor, ...]:
        rng = torch.Generator().manual_seed(0)
        sizes = self.model.ladder.sizes_for(size, self.model.finished - 1)
        beyond = self.beyond or [0] * self.model.finished
        noises = tuple(
            torch.randn(
                1, 3 if scale else 1, *(s + beyond[scale] for s in sizes[scale]), generator=rng
            )
            for scale in self.scales
        )
        return noises if self.image is None else (self.image, *noises)

    def dynamic(self, inputs: tuple[Tensor, ...]) -> Any:
        # The graph takes them all as one parameter, with a star.
        return (_free(inputs),)

    @torch.no_grad()
    def ours(self, inputs: tuple[Tensor, ...], size: Size) -> Tensor:
        noises = dict(zip(self.scales, inputs[-len(self.scales) :], strict=True))

        def noise(scale: int, _: Size) -> Tensor:
            margin = 0 if self.beyond else self.model.margins[scale]
            padded = nn.functional.pad(noises[scale], (margin,) * 4)
            return (padded * self.model.noise_std[scale]).expand(-1, 3, -1, -1)

        sizes = self.model.ladder.sizes_for(size, self.model.finished - 1)
        drawn = self.model.synthesise(sizes, noise, first=self.start, image=self.image)
        return drawn.clamp(-1, 1)


class RepaintExport(Export):
    """The fast form of InGAN, for any image and any size."""

    model: InGANPyramid
    name = "repaint"
    names = ("image", "size")

    def __init__(self, model: InGANPyramid) -> None:
        self.model = model
        self.graph = RepaintGraph(model)
        self.image = model.image
        height, width = model.sizes[-1]
        self.sizes = [(height, 2 * width), (height, width), (max(1, height // 2), width + 5)]

    def inputs(self, size: Size) -> tuple[Tensor, ...]:
        return self.model.image, torch.tensor(size)

    @torch.no_grad()
    def ours(self, inputs: tuple[Tensor, ...], size: Size) -> Tensor:
        return self.model.repaint(inputs[0], size, None)


class WholeExport(Export):
    """The paper's form of InGAN, at one size."""

    model: InGAN
    name = "repaint"
    names = ("image",)

    def __init__(self, model: InGAN, size: Size) -> None:
        self.model = model
        self.graph = WholeGraph(model, size)
        self.image = model.image
        self.sizes = [size]

    def inputs(self, size: Size) -> tuple[Tensor, ...]:
        return (self.model.image,)

    def dynamic(self, inputs: tuple[Tensor, ...]) -> Any:
        return None

    @torch.no_grad()
    def ours(self, inputs: tuple[Tensor, ...], size: Size) -> Tensor:
        drawn: Tensor = self.model.generators[0](inputs[0], size)
        return drawn.clamp(-1, 1)


def export_of(model: Model, wanted: ExportOptions) -> Export:
    """The graph of a model.

    Raises:
        UserError: an option does not fit the model, or its training is not finished.
    """
    if wanted.start_scale and not isinstance(model, SinGAN):
        raise UserError(
            f"export.start_scale={wanted.start_scale}: a model of {model.family} generates nothing "
            "from noise; allowed: 0"
        )
    if isinstance(model, SinGAN):
        found: Export = SamplerExport(model, wanted.start_scale)
    elif isinstance(model, InGANPyramid | InGAN) and model.finished < model.num_stages:
        raise UserError("the training of this model is not finished; resume its run")
    elif isinstance(model, InGAN):
        height, width = wanted.size or model.sizes[-1]
        check_result((height, width), "export.size")
        return WholeExport(model, (height, width))
    else:
        assert isinstance(model, InGANPyramid)
        found = RepaintExport(model)
    if wanted.size is not None:
        height, width = wanted.size
        raise UserError(
            f"export.size=[{height},{width}]: this model's file generates any size; allowed: null"
        )
    return found
