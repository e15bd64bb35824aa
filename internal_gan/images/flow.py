"""Optical flow between small pictures: from where in one picture each pixel of another has come."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.periodic import NO_WRAP, Wrap, axes, pad_periodic, resize_periodic
from internal_gan.images.resize import resize, size_of
from internal_gan.images.transforms import pixel_centres
from internal_gan.shapes import Pictures, Pixels

# As the paper's lambda, theta and tau, for gray levels in [0, 1].
ATTACHMENT = 8.0  # the weight of the difference of colours
TIGHTNESS = 0.3  # how far a flow may be from one that fits the colours; the larger, the farther
DUAL_STEP = 0.25  # the step of the dual of the flow's changes
COARSEST = 10  # the short side at which the search begins, in pixels, at least
WARPS = 5  # at each size
ROUNDS = 20  # steps of the solver for each warp


def optical_flow(moved: Pictures, still: Pixels) -> Tensor:
    """The smooth motion, (N, 2, h, w) as rows and columns in pixels, that makes of one picture each
    of several others, of some tens of pixels a side: ``warped(still, flow)`` is about ``moved``.

    Source: TV-L1 by duality, coarse to fine (Zach, Pock and Bischof, "A duality based approach for
    realtime TV-L1 optical flow", DAGM 2007).
    """
    grays = [(picture.mean(dim=1, keepdim=True) + 1) / 2 for picture in (moved, still)]
    sizes = [size_of(moved)]
    while min(sizes[-1]) >= 2 * COARSEST:
        sizes.append((round(sizes[-1][0] / 2), round(sizes[-1][1] / 2)))
    flow = moved.new_zeros(len(moved), 2, *sizes[-1])
    for size in reversed(sizes):
        there, here = (resize(gray, size) for gray in grays)
        flow = _refined(scaled_flow(flow, size), there, here)
    return flow


def warped(image: Tensor, flow: Tensor, mode: str = "bilinear", wrap: Wrap = NO_WRAP) -> Tensor:
    """An image (1, C, H, W), each pixel taken from the place that a flow (N, 2, H, W) gives; beyond
    borders that do not wrap, the image is reflected. (N, C, H, W)."""
    beyond = math.ceil(flow.abs().max()) + 2 if any(wrap) else 0
    size = size_of(flow)
    for axis in axes(wrap):
        image, flow = (pad_periodic(one, beyond, axis) for one in (image, flow))
    sides = flow.new_tensor(size_of(flow)).flip(0)
    grid = pixel_centres(size_of(flow), flow.device) + 2 * flow.flip(1).movedim(1, -1) / sides
    image = image.expand(len(flow), -1, -1, -1)
    made = F.grid_sample(image, grid, mode, padding_mode="reflection", align_corners=False)
    for axis in axes(wrap):
        made = made.narrow(axis, beyond, size[axis])
    return made


def scaled_flow(flow: Tensor, size: tuple[int, int], wrap: Wrap = NO_WRAP) -> Tensor:
    """The same motion in pictures of another (height, width)."""
    ratios = [new / old for new, old in zip(size, size_of(flow), strict=True)]
    return resize_periodic(flow, size, wrap) * flow.new_tensor(ratios).view(1, 2, 1, 1)


def _refined(flow: Tensor, moved: Tensor, still: Tensor) -> Tensor:
    """A flow at one size, from a first guess; (N, 1, h, w) and (1, 1, h, w) gray levels."""
    wide = F.pad(still, (1, 1, 1, 1), mode="replicate")
    down = wide[..., 2:, 1:-1] - wide[..., :-2, 1:-1]
    across = wide[..., 1:-1, 2:] - wide[..., 1:-1, :-2]
    known = torch.cat([still, torch.cat([down, across], 1) / 2], 1)
    most = ATTACHMENT * TIGHTNESS
    # The dual of the flow's changes.
    down, across = torch.zeros_like(flow), torch.zeros_like(flow)
    for _ in range(WARPS):
        seen = warped(known, flow)
        slope = seen[:, 1:]
        steepness = slope.square().sum(dim=1, keepdim=True).clamp_min(1e-9)
        # The difference is about linear in the flow.
        constant = seen[:, :1] - (slope * flow).sum(dim=1, keepdim=True) - moved
        for _ in range(ROUNDS):
            off = constant + (slope * flow).sum(dim=1, keepdim=True)
            fitting = flow - (off / steepness).clamp(-most, most) * slope
            # Their divergence: minus the adjoint of _changes.
            rows, columns = F.pad(down, (0, 0, 1, 0)), F.pad(across, (1, 0))
            flow = fitting + TIGHTNESS * (rows.diff(dim=-2) + columns.diff(dim=-1))
            rows, columns = _changes(flow)
            share = DUAL_STEP / TIGHTNESS
            length = 1 + share * torch.sqrt(rows.square() + columns.square())
            down, across = (down + share * rows) / length, (across + share * columns) / length
    return flow


def _changes(flow: Tensor) -> tuple[Tensor, Tensor]:
    """Differences to the next row and column; 0 at the end."""
    return F.pad(flow.diff(dim=-2), (0, 0, 0, 1)), F.pad(flow.diff(dim=-1), (0, 1))
