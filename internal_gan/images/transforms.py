"""Parameter-free geometric transformations of images and feature maps.

They work in normalised coordinates, x to the right and y down, from -1 to 1 between the outer edges
of the image (``align_corners=False``), so that they fit every resolution.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.device import hand_over
from internal_gan.images.windows import bands
from internal_gan.shapes import Mask
from internal_gan.units import Size

# A pixel's coverage is the mean over a grid of this many points a side.
POINTS_PER_SIDE = 4
POINTS_AT_ONCE = 250_000  # pixels whose points are in memory
# Source of points beyond a homography's horizon, outside the image at every size.
NOWHERE = 1e4
_CORNERS = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))  # of an image, clockwise: x, y


class Transform(ABC):
    """A map of the plane, applied by looking up where each output pixel comes from."""

    @abstractmethod
    def source(self, points: Tensor) -> Tensor:
        """Where output points come from; both are (..., 2) as (x, y), normalised."""

    @abstractmethod
    def inverse(self) -> "Transform":
        """The exact inverse."""

    def part(self, down: float, across: float) -> "Transform":
        """Part of the way: each point moves by a share, along each axis, of what lies between its
        places in the input and in the output; a ValueError if that is not possible."""
        raise ValueError(f"{type(self).__name__} has no part")

    def __call__(self, x: Tensor, size: Size) -> Tensor:
        """Transform (N, C, H, W) bilinearly, reflected beyond its edges, to (height, width)."""
        # In half precision the points would be off by pixels.
        with torch.autocast(x.device.type, enabled=False):
            grid = self.source(pixel_centres(size, x.device))
            grid = grid.to(torch.promote_types(x.dtype, torch.float32))
            found = F.grid_sample(
                x.to(grid.dtype),
                grid.expand(len(x), -1, -1, -1),
                padding_mode="reflection",
                align_corners=False,
            )
        return found.to(x.dtype)

    def coverage(self, size: Size) -> Mask:
        """The share of each output pixel that comes from inside the input."""
        each = POINTS_PER_SIDE
        covered = list[Tensor]()
        for rows in bands(size, POINTS_AT_ONCE):
            fine = slice(each * rows.start, each * rows.stop)
            points = self.source(pixel_centres((each * size[0], each * size[1]), rows=fine))
            # Rounding must not make the edges of an untransformed image transparent.
            inside = (points.abs() <= 1 + 1e-6).all(dim=-1)
            covered.append(F.avg_pool2d(inside.float().unsqueeze(1), each))
        return torch.cat(covered, dim=-2)


def pixel_centres(size: Size, device: torch.device | None = None, rows: slice = np.s_[:]) -> Tensor:
    """Normalised centres (x, y) of an image's pixels, or of some rows: (1, rows, width, 2)."""
    y, x = ((2 * torch.arange(n, device=device, dtype=torch.float32) + 1) / n - 1 for n in size)
    return torch.stack(torch.meshgrid(x, y[rows], indexing="xy"), dim=-1).unsqueeze(0)


@dataclass(frozen=True)
class Resize(Transform):
    """Changes only the size, by a separate factor along each axis."""

    def source(self, points: Tensor) -> Tensor:
        return points

    def inverse(self) -> "Resize":
        return self

    def __call__(self, x: Tensor, size: Size) -> Tensor:
        if x.shape[-2:] == size:
            return x
        # The same as sampling with a grid, in a fraction of the time.
        return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


@dataclass(frozen=True)
class Homography(Transform):
    """A projective map of the plane: straight lines stay straight.

    ``matrices`` (2, 3, 3) map output to input points (x, y, 1), normalised, and back.
    """

    matrices: Tensor

    @classmethod
    def of(cls, matrix: Sequence[Sequence[float]]) -> "Homography":
        """That of an invertible matrix from input to output points."""
        there = np.array(matrix, np.float64)
        back = np.linalg.inv(there)
        both = np.stack([back, np.linalg.inv(back / np.abs(back).max())])
        # These signs keep the image's centre on this side of the horizon.
        signs = np.array([-1 if one[2, 2] < 0 else 1 for one in (there, back)])
        return cls(torch.from_numpy(both * signs[:, None, None]))

    @classmethod
    def to_corners(cls, corners: Sequence[Sequence[float]]) -> "Homography":
        """The homography that moves the image's corners, from the top left one clockwise, to
        ``corners``, each (x, y), normalised; a ValueError if they are not convex.

        >>> h = Homography.to_corners([(-0.5, -1), (0.5, -1), (1, 1), (-1, 1)])
        >>> h.inverse().source(torch.tensor([[1.0, -1.0]]))
        tensor([[ 0.5000, -1.0000]])
        """
        places = np.array(corners, np.float64)
        side = np.roll(places, -1, 0) - places
        following = np.roll(side, -1, 0)
        turns = side[:, 0] * following[:, 1] - side[:, 1] * following[:, 0]
        if not (turns.min() > 1e-6 or turns.max() < -1e-6):
            raise ValueError(
                "the corners are not a convex quadrilateral in the order top left, top right, "
                "bottom right, bottom left, so the transform is not invertible"
            )
        rows = []
        for (x, y), (u, v) in zip(_CORNERS, corners, strict=True):
            rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
            rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
        found = np.linalg.solve(np.array(rows, np.float64), places.ravel())
        return cls.of(np.append(found, 1.0).reshape(3, 3).tolist())

    def inverse(self) -> "Homography":
        return Homography(self.matrices.flip(0))

    def part(self, down: float, across: float) -> "Homography":
        before = torch.tensor(_CORNERS)
        after = self.inverse().source(before)
        return Homography.to_corners(before.lerp(after, torch.tensor([across, down])).tolist())

    def source(self, points: Tensor) -> Tensor:
        matrix = hand_over(self.matrices[0].to(points.dtype), points.device)
        moved = points @ matrix[:, :2].T + matrix[:, 2]
        depth = moved[..., 2:]
        visible = depth > 1e-6
        return torch.where(visible, moved[..., :2] / depth.where(visible, 1), NOWHERE)


@dataclass(frozen=True)
class Then(Transform):
    """One transform, then another."""

    first: Transform
    second: Transform

    def source(self, points: Tensor) -> Tensor:
        return self.first.source(self.second.source(points))

    def inverse(self) -> "Then":
        return Then(self.second.inverse(), self.first.inverse())


def random_homography(magnitude: float, rng: torch.Generator) -> Transform:
    """Moves each corner inwards at random, by up to ``magnitude`` half-sides along either axis: 0
    is the identity, below 1/2 the corners stay convex. ``rng`` is on the CPU."""
    if magnitude == 0:
        return Resize()
    corners = torch.tensor(_CORNERS) * (1 - magnitude * torch.rand(4, 2, generator=rng))
    return Homography.to_corners(corners.tolist())
