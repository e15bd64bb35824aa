"""EdgeConnect, trained on the photo itself: fills a hole with lines first, then with colour
(Nazeri, Ng, Joseph, Qureshi, Ebrahimi, ICCVW 2019)."""

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.errors import check_range
from internal_gan.images.colours import in_floats, luminance
from internal_gan.images.edges import Canny
from internal_gan.images.lines import continue_lines
from internal_gan.images.photo import Drawn, Photo
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.images.smooth_fill import fill_nearest, fill_smoothly, settle
from internal_gan.images.windows import Window, around, extent, parts
from internal_gan.models.abilities import Filling, Fills
from internal_gan.models.base import freeze
from internal_gan.nn.generators import DilatedResidualGenerator
from internal_gan.patches.completion import FILL_PATCH, complete, has_patches
from internal_gan.shapes import Mask, Masks, Pictures, Pixels
from internal_gan.units import Size

_log = logging.getLogger(__name__)

Base = Literal["patches", "white"]
# The edge network is surer than it is right: evidence is its log odds times this.
CONFIDENCE = 0.35
# When a drawing is finished, the network's lines count this much, relative to one given by hand.
OWN_LINES = 0.6
# How strong a line, 0 to 1, guides finishing where the network's evidence is even.
UNSURE = 0.25
CONTEXT = 64  # pixels of the model around a hole that it sees
# Without edges there is no first one.
STAGES = ("edges", "completion", "refinement", "joint")


class EdgeConnect(Fills):
    """One network draws the edges inside a hole, another (the completion) colours them.

    Args:
        edge_generator, generator: called with ``in_channels``, ``out_channels``, ``rng`` to make
            the edge network and the completion network.
        edges: the edge detector; empty for a completion without edges.
        base: what the completion begins from. It adds detail to ``patches`` of the known part
            (:func:`internal_gan.patches.completion.complete`) that the edge network's lines choose;
            that network also sees how the lines that end at the hole may continue
            (:func:`internal_gan.images.lines.continue_lines`). With ``white``, as in the
            paper, it fills a white hole, and the edge network sees the known lines alone.
        noise: largest standard deviation of the noise inside the hole that makes variants differ.
        settle: whether :func:`settle` shifts the filling's colours to match those around it.

    Attributes:
        edge_network, completion_network: None until they are trained; ``new_edge_network`` and
            ``new_completion_network`` make untrained ones, called with ``rng``.
        scale: the model's resolution as a fraction of the photo's, in (0, 1].
        largest: longest side of a window in :meth:`fill`, in pixels of the model.
        practice_hole: (1, 1, h, w), filled in a training's previews of a photo without a hole.
    """

    family: ClassVar[str] = "edgeconnect"
    largest: int = 512
    finished: int = 0  # several stages train the same network

    def __init__(
        self,
        *,
        edge_generator: Callable[..., DilatedResidualGenerator],
        generator: Callable[..., DilatedResidualGenerator],
        edges: Canny | Mapping[str, Any],
        base: Base,
        noise: float,
        settle: bool,
    ) -> None:
        super().__init__()
        if isinstance(edges, Mapping) and edges:
            raise ValueError("edges has values but no _target_; allowed: with a _target_, or empty")
        check_range(0, 100, noise=noise)
        # What they see: the gray image, its edges and the hole; the image, its edges and, unless
        # white, the hole.
        self.new_edge_network = partial(edge_generator, in_channels=3, out_channels=1)
        channels = 4 if base == "white" else 5
        self.new_completion_network = partial(generator, in_channels=channels, out_channels=3)
        self.detector = edges if isinstance(edges, Canny) else None
        self.base = base
        self.noise = noise
        self.settle = settle
        self.scale = 1.0
        self.edge_network: DilatedResidualGenerator | None = None
        self.completion_network: DilatedResidualGenerator | None = None
        self.practice_hole: Mask | None = None

    @property
    def stage_names(self) -> Sequence[str]:
        return STAGES if self.detector else STAGES[1:]

    def allocate(self, sizes: Sequence[Sequence[int]], device: torch.device | None = None) -> None:
        super().allocate(sizes, device)
        self.register_buffer("hole", torch.zeros_like(self.image[:, :1]))

    @property
    def unknown(self) -> Mask:
        return self.get_buffer("hole")

    def metadata(self) -> dict[str, Any]:
        return {**super().metadata(), "scale": self.scale}

    def restore(self, metadata: Mapping[str, Any]) -> None:
        super().restore({**metadata, "finished": 0})
        self.finished = int(metadata["finished"])
        self.scale = float(metadata["scale"])
        check_range(1e-6, 1, scale=self.scale)
        has_edges = self.detector is not None
        if has_edges and self.finished:
            self.edge_network = self.new_edge_network()
        if self.finished > has_edges:
            self.completion_network = self.new_completion_network()
        freeze(self)

    @torch.no_grad()
    def inpaint(
        self,
        image: Pixels,
        hole: Mask,
        *,
        edges: Mask | None = None,
        excluded: Mask | None = None,
        seed: int | None = None,
    ) -> tuple[Pixels, Mask]:
        """:meth:`fill` in one piece at the image's size, with its own lines around the hole; it
        alone is ``excluded`` by default."""
        hole = (hole.to(self.device) > 0.5).float()
        known = fill_smoothly(image.to(self.device), hole)
        found = self.find_edges(known, hole)
        lines = found
        choosing = None
        if edges is not None:
            lines = choosing = torch.where(hole > 0, edges.to(found), found)
        elif self.edge_network is not None:
            guide = self.guide(found, known, hole)
            drawn = self.draw_edges(self.edge_network, known, hole, guide)
            lines = torch.where(hole > 0, drawn, found)
            # Within a patch of the hole, colours show where a line ends; a line that is a pixel off
            # would count as missing.
            near = F.max_pool2d(hole, 2 * FILL_PATCH - 1, stride=1, padding=FILL_PATCH - 1)
            outside = torch.where(near > hole, 0.5, found)
            choosing = torch.where(hole > 0, evidence(drawn, hole), outside)
        filled = known
        if self.completion_network is not None:
            rng = None if seed is None else torch.Generator().manual_seed(seed)
            start = self.start(known, hole, lines=choosing, excluded=excluded, rng=rng)
            noise = None if rng is None else self.draw_noise(hole, rng)
            painted = self.paint(self.completion_network, start, hole, lines, noise)
            filled = torch.where(hole > 0, painted, known)
            if self.settle:
                filled = settle(filled, hole)
        filled = torch.where(hole.cpu() > 0, filled.clamp(-1, 1).cpu(), image.cpu())
        return filled, lines.cpu()

    def fill(
        self, photo: Photo, hole: Mask, edges: Mask | None, excluded: Mask, seed: int | None
    ) -> Filling:
        """A photo larger than a window is filled hole by hole, each in a window with the known
        pixels around it; later windows see earlier fillings. Larger holes are filled at a lower
        resolution. Outside the windows, lines are 0.
        """
        image = photo.copied()
        left = hole.clone()
        drawn = torch.zeros_like(hole)
        seen = list(windows(hole, self.scale, self.largest))
        for window in seen:
            here = (..., *window)
            size = extent(window)
            small = scaled(size, min(self.scale, self.largest / max(size)))
            part, inside, closed = _shrunk(image[here], small, left[here], excluded[here])
            lines = None if edges is None else F.adaptive_max_pool2d(edges[here], small)
            made, lines = self.inpaint(part, inside, edges=lines, excluded=closed, seed=seed)
            if small != size:
                made = resize(made, size).clamp(-1, 1)
                lines = F.interpolate(lines, size=size)
            image[here] = torch.where(left[here] > 0, made, image[here])
            drawn[here] = torch.maximum(drawn[here], lines)
            left[here] = 0.0
        found = [Drawn(window, image[(..., *window)]) for window in seen]
        guiding = self._guiding(photo, hole, drawn, excluded, given=edges is not None)
        return Filling(found, drawn, self.scale, guiding)

    def _guiding(
        self, photo: Photo, hole: Mask, lines: Mask, excluded: Mask, *, given: bool
    ) -> Callable[[Window], Mask] | None:
        """The lines of a filling and those found around it; a line given by hand is certain."""
        if self.detector is None or (self.base == "white" and not given):
            return None
        inside = lines if given else guiding_lines(evidence(lines, hole))
        weight = 1.0 if given else OWN_LINES

        def guiding(window: Window) -> Mask:
            here = (..., *window)
            size = extent(window)
            part = in_floats(photo.colours[here])
            part, closed = _shrunk(part, scaled(size, self.scale), excluded[here])
            found = self.find_edges(part.to(self.device), closed.to(self.device)).cpu()
            return weight * torch.where(hole[here] > 0, inside[here], F.interpolate(found, size))

        return guiding

    def start(
        self,
        image: Pixels,
        hole: Mask,
        *,
        lines: Mask | None = None,
        excluded: Mask | None = None,
        rng: torch.Generator | None = None,
    ) -> Pixels:
        """The image that the completion sees, its hole filled by ``base``; ``lines``, known
        everywhere, choose the patches, and ``rng`` draws a variant."""
        if self.base == "white":
            return torch.where(hole > 0, torch.ones_like(image), image)
        excluded = hole if excluded is None else torch.maximum(hole, excluded.to(hole))
        if not has_patches(excluded):
            _log.warning("no patch can be taken near the hole; starting from a smooth filling")
        return complete(image, hole, excluded, guide=lines, rng=rng)

    def find_edges(self, image: Pictures, hole: Masks) -> Masks:
        """The edges of the known part of an image."""
        if self.detector is None:
            return torch.zeros_like(hole)
        # A smooth filling weakens the lines that end at the hole.
        fill = fill_smoothly if self.base == "white" else fill_nearest
        return self.detector(fill(image, hole)) * (1 - hole)

    def guide(self, edges: Masks, image: Pictures, hole: Masks) -> Masks:
        """What an edge network sees of the edges: those outside the hole and, unless it is white,
        how they may continue through it. Values inside the hole do not count."""
        known = edges * (1 - hole)
        if self.base == "white":
            return known
        return torch.where(hole > 0, continue_lines(known, image, hole), known)

    def draw_edges(self, network: nn.Module, image: Pictures, hole: Masks, guide: Masks) -> Masks:
        """An edge network's output on the whole image (Nazeri et al. 2019, Section 3.1), from the
        image with a white hole and :meth:`guide`."""
        gray = luminance(image)
        gray = torch.where(hole > 0, torch.ones_like(gray), gray)
        return torch.sigmoid(self.run(network, torch.cat([gray, guide, hole], dim=1)).float())

    def paint(
        self, network: nn.Module, start: Pictures, hole: Masks, edges: Masks, noise: Tensor | None
    ) -> Pictures:
        """A completion network's output on the whole image, roughly in [-1, 1] (Nazeri et al. 2019,
        Section 3.2), from :meth:`start`, known and drawn edges and :meth:`draw_noise`."""
        seen = start if noise is None else start + hole * noise
        if self.base == "white":
            return torch.tanh(self.run(network, torch.cat([seen, edges], dim=1)).float())
        seen = torch.cat([seen, edges, hole], dim=1)
        return start + torch.tanh(self.run(network, seen).float())

    def draw_noise(self, hole: Masks, rng: torch.Generator, strength: float | Tensor = 1) -> Tensor:
        """Normal noise of the hole's shape, of standard deviation ``noise`` times ``strength``."""
        noise = torch.randn(hole.shape, device=rng.device, generator=rng).to(hole.device)
        return self.noise * strength * noise

    def preview(self) -> Tensor:
        """The photo with its hole filled or, if it has none, the practice hole."""
        hole = self.unknown
        if self.practice_hole is not None and not hole.any():
            hole = self.practice_hole
        return self.inpaint(self.image, hole)[0]


def evidence(lines: Mask, hole: Mask) -> Mask:
    """The evidence of drawn lines for a line, 0 to 1: above 0.5 where it is likelier than the
    hole's average.

    Known patches have lines as often as the photo does, so by Bayes' rule that average is divided
    out of the odds (docs/decisions/0021-what-judges-a-filling.md). CONFIDENCE weighs what is left.
    """
    lines = lines.clamp(1e-3, 1 - 1e-3)
    average = (lines * hole).sum() / hole.sum().clamp_min(1)
    return torch.sigmoid(CONFIDENCE * (lines.logit() - average.logit()))


def guiding_lines(found: Mask) -> Mask:
    """How strongly patches should have a line at each pixel: UNSURE without :func:`evidence`.

    Finishing begins at small sizes, where lines are averaged. There, 0.5 asks for patches that are
    half lines, such as bright stalks in dark grass.
    """
    return torch.sigmoid(found.logit() + math.log(UNSURE / (1 - UNSURE)))


def windows(hole: Mask, scale: float, largest: int) -> Iterator[Window]:
    """A window for each hole with the known pixels around it, as rows and columns of the image; a
    single one if the image fits into it, none without a hole. ``largest`` is its longest side in
    pixels of the model, unless the hole is larger; ``scale`` is that of the model."""
    size = size_of(hole)
    if not hole.any():
        return
    if max(size) * scale <= largest:
        yield slice(0, size[0]), slice(0, size[1])
        return
    margin = math.ceil(CONTEXT / scale)
    limit = math.floor(largest / scale)
    for part in parts(hole, max(margin // 2, 1)):
        height, width = (
            max(min(n + 2 * max(margin, n // 2), limit), n + margin) for n in extent(part.window)
        )
        yield around(part.window, (height, width), size)


def _shrunk(image: Pixels, size: Size, hole: Mask, *masks: Mask) -> list[Tensor]:
    """An image with a hole, the hole, and other masks, at a size no larger than theirs."""
    if size != size_of(image):
        # Filled first, so that shrinking does not spread the pixels under the hole.
        image = resize(fill_smoothly(image, hole), size).clamp(-1, 1)
    return [image, *(F.adaptive_max_pool2d(mask, size) for mask in (hole, *masks))]
