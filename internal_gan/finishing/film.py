"""Films: a picture moves as a network's drawings do.

A drawing has some tens of pixels a side. The optical flow from the first one to another moves the
picture itself, at its full resolution, so that things stay whole and sharp; what the flow does not
explain, such as a change of light, is added as a smooth change of colour. Both are smooth in time,
so of a motion that closes, a few drawings are enough.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, repeat

import numpy as np
import torch
from scipy.special import diric
from torch import Tensor

from internal_gan.finishing.origin import BLENDED, Origin
from internal_gan.images import periodic
from internal_gan.images.flow import optical_flow, scaled_flow, warped
from internal_gan.images.periodic import NO_WRAP, Wrap, axes, resize_periodic
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import gaussian_blur, resize, size_of
from internal_gan.patches.origins import own_places, taken
from internal_gan.shapes import Mask, Pixels

DRAWINGS_AT_ONCE = 16  # drawings whose motion is found together
FLOW_SIDE = 128  # long side at which motion is looked for, in pixels
# The largest change of a pixel's colour, of 2 from black to white. A larger one is a new thing, and
# adding it would show no more than its shadow.
LARGEST_CHANGE = 0.15
# Sigma of the blur over changes of colour, and how far flows are joined at borders that meet; both
# in pixels at FLOW_SIDE.
BLUR = 2.0
BEYOND = 0.25  # the share of a side by which drawings are continued at borders that meet
# One round of a motion that closes takes about this long; longer films go round several times.
TURN_SECONDS = 4.0


@dataclass(frozen=True)
class Motion:
    """What moves a picture into a frame.

    Attributes:
        flow: (1, 2, h, w), from where each pixel has come, in rows and columns of this size.
        change: (1, 3, h, w), what is added to its colours, in [-2, 2].
        wrap: which borders of the picture meet, and of these.
    """

    flow: Tensor
    change: Tensor
    wrap: Wrap = NO_WRAP

    def moved(self, picture: Pixels) -> Pixels:
        """A picture of any size, moved and changed."""
        size = size_of(picture)
        found = warped(picture, scaled_flow(self.flow, size, self.wrap), "bicubic", self.wrap)
        return (found + resize_periodic(self.change, size, self.wrap)).clamp(-1, 1)

    def mask(self, mask: Mask) -> Mask:
        """A mask of any size, moved."""
        return warped(mask, scaled_flow(self.flow, size_of(mask), self.wrap), wrap=self.wrap)

    def origin(self, origin: Origin) -> Origin:
        """The origin of a moved picture: that of the pixel nearest to each one's source."""
        height, width = origin.kinds.shape
        flow = scaled_flow(self.flow, (height, width), self.wrap)[0].round().int().numpy()
        there = own_places((height, width)) + np.moveaxis(flow, 0, -1)
        there = np.where(self.wrap, there % [height, width], there)
        there = np.where(there < 0, -1 - there, there)
        last = np.array([height - 1, width - 1], np.int32)
        there = np.where(there > last, 2 * last + 1 - there, there).clip(0, last)
        kinds = np.maximum(taken(origin.kinds, there), BLENDED)
        return replace(origin, places=taken(origin.places, there), kinds=kinds, hiding=None)


def motions(drawings: Iterable[Pixels], wrap: Wrap = NO_WRAP) -> Iterator[Motion]:
    """How each of some drawings of equal size differs from the first."""
    rest: Pixels | None = None
    drawings = iter(drawings)
    while some := list(islice(drawings, DRAWINGS_AT_ONCE)):
        together = torch.cat(some)
        together = resize(together, size := fit_size(size_of(together), FLOW_SIDE))
        beyond = [int(BEYOND * side) * wraps for side, wraps in zip(size, wrap, strict=True)]
        for axis in axes(wrap):
            together = periodic.pad_periodic(together, beyond[axis], axis)
        rest = together[:1] if rest is None else rest
        flow = optical_flow(together, rest)
        change = (together - warped(rest, flow)).clamp(-LARGEST_CHANGE, LARGEST_CHANGE)
        change = gaussian_blur(change, BLUR)
        for axis in axes(wrap):
            flow, change = (x.narrow(axis, beyond[axis], size[axis]) for x in (flow, change))
        flow = periodic.cross_fade(flow, (BLUR, BLUR), wrap)
        yield from map(Motion, torch.split(flow, 1), torch.split(change, 1), repeat(wrap))


def between(keys: Sequence[Motion], turns: int, frames: int) -> Iterator[Motion]:
    """The motions of the frames of a film that goes several times round a circle of ``keys``, the
    first of which is at rest: their trigonometric interpolation in time."""
    flows = torch.cat([key.flow for key in keys])
    changes = torch.cat([key.change for key in keys])
    for frame in range(frames):
        time = turns * len(keys) * frame / frames
        turn = 2 * np.pi * (time - np.arange(len(keys))) / len(keys)  # since each key
        weights = diric(turn, len(keys)) * (1.0 if len(keys) % 2 else np.cos(turn / 2))
        shares = flows.new_tensor(weights)
        flow, change = (torch.tensordot(shares, part, 1)[None] for part in (flows, changes))
        yield Motion(flow, change, keys[0].wrap)


def turns(seconds: float) -> int:
    """How often a film of this length goes round."""
    return max(1, round(seconds / TURN_SECONDS))
