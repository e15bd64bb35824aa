"""EdgeConnect, trained internally: a hole is filled lines first, colour next (Nazeri, Ng, Joseph,
Qureshi, Ebrahimi, ICCVW 2019)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import UserError, check_range, unknown
from internal_gan.images.edges import EdgeDetector
from internal_gan.images.fill import fill_smoothly, settle
from internal_gan.models.base import freeze
from internal_gan.models.edgeconnect.painter import Base, Painter
from internal_gan.models.photos import SeveralPhotosModel
from internal_gan.nn.generators.dilated_residual import DilatedResidualGenerator
from internal_gan.units import Size

STAGES = ("edges", "completion on true edges", "completion on predicted edges", "joint")


@dataclass(frozen=True)
class Inpainting:
    """A filled hole.

    Attributes:
        image: (1, 3, H, W) in [-1, 1]; outside the hole the given pixels, bit for bit.
        edges: (1, 1, H, W) in [0, 1], 1 on an edge: outside the hole those of the image, inside
            those that guided the filling.
    """

    image: Tensor
    edges: Tensor


class EdgeConnect(SeveralPhotosModel):
    """Edges inside a hole are drawn by one network and coloured by another.

    Args:
        edge_generator, generator: called with ``in_channels``, ``out_channels`` and ``rng``, make
            the network that draws edges and the one that colours them.
        edges: the detector of edges; empty: there are none, and the completion does without.
        base: what the hole is filled with first: ``patches`` of the known part
            (:func:`internal_gan.patches.completion.complete`), or ``smooth``. The completion
            is told where and paints its detail onto that. ``white``: as in the paper, the hole is
            white.
        noise: largest standard deviation of noise on the completion's input inside the hole,
            by which variants differ.
        settle: shift the filling's colours, so that they go over into those around it
            (:func:`internal_gan.images.fill.settle`).

    Attributes:
        edge_network, completion_network: None until they are trained.
        scale: the size at which the first photo is learnt over the size that it had.
        practice_hole: (1, 1, h, w), which a preview fills in a photo that has no hole of its own;
            known in training alone.

    Raises:
        ValueError: a number out of range, or another base.
    """

    family: ClassVar[str] = "edgeconnect"
    task: ClassVar[str] = "inpaint"

    def __init__(
        self,
        *,
        edge_generator: Callable[..., DilatedResidualGenerator],
        generator: Callable[..., DilatedResidualGenerator],
        edges: EdgeDetector | Mapping[str, Any],
        base: Base,
        noise: float,
        settle: bool,
    ) -> None:
        super().__init__()
        if isinstance(edges, Mapping) and edges:
            raise ValueError("edges has values and no _target_; allowed: none of both")
        if base not in get_args(Base):
            raise unknown("base", base, get_args(Base))
        check_range(0, 100, noise=noise)
        self.make_edge_generator = edge_generator
        self.make_generator = generator
        self.painter = Painter(edges if isinstance(edges, EdgeDetector) else None, base, noise)
        self.settle = settle
        self.sizes: list[Size] = []
        self.scale = 1.0
        self.finished = 0
        self.edge_network: DilatedResidualGenerator | None = None
        self.completion_network: DilatedResidualGenerator | None = None
        self.practice_hole: Tensor | None = None

    @property
    def stage_names(self) -> Sequence[str]:
        return STAGES if self.painter.detector else ("completion",)

    @property
    def unknown(self) -> list[Tensor]:
        return [getattr(self, _hole(n)) for n in range(len(self.images))]

    def allocate(self, size: Size, device: torch.device | None = None) -> None:
        """Set the working size, (height, width), with room for the first photo."""
        self.sizes = [(int(size[0]), int(size[1]))] * len(self.stage_names)
        self.register_buffer("image", torch.zeros(1, 3, *self.sizes[0], device=device))

    def keep_holes(self, holes: Sequence[Tensor]) -> None:
        """Set what is unknown of every photo: each (1, 1, H, W) of any size, 1 there and else 0."""
        for number, (image, hole) in enumerate(zip(self.images, holes, strict=True)):
            shrunk = F.adaptive_max_pool2d(hole, (image.shape[-2], image.shape[-1]))
            self.register_buffer(_hole(number), (shrunk > 0).to(image))

    def metadata(self) -> dict[str, Any]:
        return {
            "sizes": self.sizes,
            "finished": self.finished,
            "other_sizes": self.other_sizes,
            "scale": self.scale,
        }

    def restore(self, metadata: Mapping[str, Any]) -> None:
        self.allocate(metadata["sizes"][0])
        self.allocate_others(metadata["other_sizes"])
        self.keep_holes([torch.zeros_like(image[:, :1]) for image in self.images])
        self.finished = int(metadata["finished"])
        self.scale = float(metadata["scale"])
        check_range(1e-6, 1, scale=self.scale)
        has_edges = self.painter.detector is not None
        if has_edges and self.finished:
            self.edge_network = self.new_edge_generator()
        if self.finished > has_edges:
            self.completion_network = self.new_generator()
        freeze(self)

    def new_edge_generator(self, rng: torch.Generator | None = None) -> DilatedResidualGenerator:
        """A network as it is before its training, which sees gray, edges and the hole."""
        return self.make_edge_generator(in_channels=3, out_channels=1, rng=rng)

    def new_generator(self, rng: torch.Generator | None = None) -> DilatedResidualGenerator:
        """A network as it is before its training, which sees colour and edges and, where it paints
        onto a base, the hole."""
        channels = 4 if self.painter.base == "white" else 5
        return self.make_generator(in_channels=channels, out_channels=3, rng=rng)

    @torch.no_grad()
    def inpaint(
        self,
        image: Tensor,
        hole: Tensor,
        *,
        edges: Tensor | None = None,
        barred: Tensor | None = None,
        seed: int | None = None,
    ) -> Inpainting:
        """Fill a hole in an image of any size.

        Args:
            image: (1, 3, H, W) in [-1, 1]; its values inside the hole are ignored.
            hole: (1, 1, H, W), 1 inside and 0 elsewhere.
            edges: (1, 1, H, W) in [0, 1], 1 on an edge: those that guide the filling, in place of
                the model's own.
            barred: (1, 1, H, W), 1 where patches may not be taken from, besides the hole.
            seed: draws a variant; None: the one without chance.

        Returns:
            The filled image and its edges, on the CPU.

        Raises:
            UserError: the model is not trained, or the sizes differ.
        """
        if not self.finished:
            raise UserError("this model is not trained yet; train it, or resume its run")
        for name, given in (("the hole", hole), ("the edges", edges), ("what is barred", barred)):
            if given is not None and given.shape[-2:] != image.shape[-2:]:
                raise UserError(
                    f"{name} and the image differ in size: {_sides(given)} and {_sides(image)}"
                )
        hole = (hole.to(self.device) > 0.5).float()
        known = fill_smoothly(image.to(self.device), hole)
        given = None if edges is None else edges.to(self.device)
        rng = None
        if seed is not None and self.completion_network is not None:
            rng = torch.Generator().manual_seed(seed)
        filled, lines = self.painter.paint(
            self.edge_network,
            self.completion_network,
            known,
            hole,
            edges=given,
            barred=barred,
            rng=rng,
        )
        if self.settle and self.completion_network is not None:
            filled = settle(filled, hole)
        inside = hole.cpu() > 0
        filled = filled.clamp(-1, 1).cpu()
        return Inpainting(torch.where(inside, filled, image.cpu()), lines.cpu())

    def preview(self) -> Tensor:
        """The photo with its hole filled or, if all of it is known, with the practice hole."""
        hole = self.unknown[0]
        if self.practice_hole is not None and not hole.any():
            hole = self.practice_hole
        return self.inpaint(self.image, hole).image


def _hole(number: int) -> str:
    return f"hole_{number}"


def _sides(x: Tensor) -> str:
    return f"{x.shape[-2]}x{x.shape[-1]}"
