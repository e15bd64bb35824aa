"""How EdgeConnect's two networks fill a hole, in training and afterwards."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from internal_gan.images.colours import luminance
from internal_gan.images.edges import EdgeDetector
from internal_gan.images.fill import fill_smoothly
from internal_gan.patches.completion import complete, has_patches

_log = logging.getLogger(__name__)

NoiseSource = Callable[[Tensor], Tensor]
Base = Literal["patches", "smooth", "white"]


@dataclass(frozen=True)
class Painter:
    """Fills holes with whatever networks it is given.

    Attributes:
        detector: of edges; None: there are none.
        base: what the hole is filled with first; see
            :class:`internal_gan.models.edgeconnect.model.EdgeConnect`.
        noise: standard deviation of the noise inside the hole, at most.
    """

    detector: EdgeDetector | None
    base: Base
    noise: float
    _last: dict[str, tuple[Sequence[Tensor | None], Tensor]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def paint(
        self,
        edge_network: nn.Module | None,
        completion: nn.Module | None,
        image: Tensor,
        hole: Tensor,
        *,
        edges: Tensor | None = None,
        barred: Tensor | None = None,
        rng: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Fill a hole, lines first, colour next.

        Args:
            edge_network: draws the edges; None: those of the image are all.
            completion: colours them; None: the image stays as it is.
            image: (1, 3, H, W) in [-1, 1], known outside the hole.
            hole: (1, 1, H, W), 1 inside and 0 elsewhere.
            edges: those inside the hole, (1, 1, H, W); None: the edge generator draws them.
            barred: (1, 1, H, W), 1 where patches may not be taken from, besides the hole.
            rng: draws a variant; None: the one without chance.

        Returns:
            The image (1, 3, H, W) with the hole filled, about in [-1, 1], and its edges
            (1, 1, H, W) in [0, 1].
        """
        found = self.find_edges(image, hole)
        given = None if edges is None else torch.where(hole > 0, edges.to(found), found)
        start = self.start(image, hole, lines=given, barred=barred, rng=rng)
        lines = found if given is None else given
        if given is None and edge_network is not None:
            drawn = self.draw_edges(edge_network, start, hole, found)
            lines = torch.where(hole > 0, drawn, found)
        if completion is None:
            return image, lines
        noise = None if rng is None else self.noise_source(rng)
        completed = self.complete(completion, start, hole, lines, noise)
        return torch.where(hole > 0, completed, image), lines

    def start(
        self,
        image: Tensor,
        hole: Tensor,
        *,
        lines: Tensor | None = None,
        barred: Tensor | None = None,
        rng: torch.Generator | None = None,
    ) -> Tensor:
        """What the networks see in place of an image, (1, 3, H, W) in [-1, 1].

        Args:
            image, hole, barred, rng: see :meth:`paint`.
            lines: edges by which patches are chosen, (1, 1, H, W), known everywhere.
        """
        if self.base == "white":
            return torch.where(hole > 0, torch.ones_like(image), image)
        if self.base == "smooth":
            return fill_smoothly(image, hole)
        barred = hole if barred is None else torch.maximum(hole, barred.to(hole))
        if not has_patches(barred):
            _log.warning("no patch may be taken near the hole: it begins with a smooth filling")
        if rng is not None:
            return complete(image, hole, barred, lines=lines, rng=rng)
        # This does not depend on the networks, and a training fills the same hole after each stage.
        asked = (image, hole, barred, lines)
        # One entry, which threads that fill different holes replace as a whole.
        last = self._last.get("start")
        if last is None or not all(map(_same, last[0], asked)):
            last = self._last["start"] = asked, complete(image, hole, barred, lines=lines)
        return last[1]

    def find_edges(self, image: Tensor, hole: Tensor) -> Tensor:
        """The edges of the known part of an image (N, 3, H, W): (N, 1, H, W), 1 on an edge."""
        if self.detector is None:
            return torch.zeros_like(hole)
        return self.detector(fill_smoothly(image, hole)) * (1 - hole)

    def draw_edges(
        self, network: nn.Module, start: Tensor, hole: Tensor, known_edges: Tensor
    ) -> Tensor:
        """The edges that the edge generator draws everywhere, (N, 1, H, W) in [0, 1].

        Args:
            start: see :meth:`start`.
            known_edges: those outside the hole, (N, 1, H, W).

        Source: Nazeri et al. 2019, Section 3.1.
        """
        known = known_edges * (1 - hole)
        return torch.sigmoid(network(torch.cat([luminance(start), known, hole], dim=1)).float())

    def complete(
        self,
        network: nn.Module,
        start: Tensor,
        hole: Tensor,
        edges: Tensor,
        noise: NoiseSource | None = None,
    ) -> Tensor:
        """The image that the completion paints everywhere, (N, 3, H, W) about in [-1, 1].

        Args:
            start: see :meth:`start`.
            edges: known and drawn ones together, (N, 1, H, W) in [0, 1].
            noise: draws the noise of a hole; None: there is none.

        Source: Nazeri et al. 2019, Section 3.2.
        """
        seen = start
        if noise is not None:
            seen = start + hole * noise(hole)
        if self.base == "white":
            return torch.tanh(network(torch.cat([seen, edges], dim=1)).float())
        return start + torch.tanh(network(torch.cat([seen, edges, hole], dim=1)).float())

    def noise_source(self, rng: torch.Generator, strength: float | Tensor = 1.0) -> NoiseSource:
        """A function that gives a hole normal noise of its shape, with a standard deviation of
        ``noise`` times ``strength``."""

        def draw(hole: Tensor) -> Tensor:
            noise = torch.randn(hole.shape, device=rng.device, generator=rng).to(hole.device)
            return self.noise * strength * noise

        return draw


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.shape == other.shape and one.device == other.device and torch.equal(one, other)
