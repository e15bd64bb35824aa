"""How well a filling continues the lines that its hole cuts."""

from __future__ import annotations

import math
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, distance_transform_edt, label
from torch import Tensor

from internal_gan.images.edges import Canny

# A line without a counterpart within this many pixels is missing: its gap is this, its angle 90.
FARTHEST = 8.0
# A line's direction is taken from its pixels within this distance of the hole's border.
SEEN = 6.0
# Pixels of two lines match if they are at most this far apart.
SAME = 2.0
_EIGHT = np.ones((3, 3), bool)


def continuity(detector: Canny, photo: Tensor, filled: Tensor, hole: Tensor) -> dict[str, float]:
    """Compare the lines of a filling with those it should continue.

    Args:
        photo, filled: (1, 3, H, W) in [-1, 1], the original and the filled image.
        hole: (1, 1, H, W), 1 inside and 0 elsewhere.

    Returns:
        ``gap``, the mean distance in pixels, at most FARTHEST, from where a line of the photo
        crosses the hole's border to the filling's nearest line; ``angle``, the change of direction
        there in degrees, 90 if the line is missing; ``lines``, the F1 score of the filling's lines
        against the photo's, within SAME pixels. NaN if the photo has no line there.
    """
    true, made = (detector(x)[0, 0].numpy() > 0.5 for x in (photo, filled))
    inside = hole[0, 0].numpy() > 0
    return {**_ends(true, made & inside, inside), "lines": _f1(true & inside, made & inside)}


def _ends(
    true: NDArray[np.bool_], made: NDArray[np.bool_], inside: NDArray[np.bool_]
) -> dict[str, float]:
    rim = inside & binary_dilation(~inside & true, _EIGHT) & true
    crossings, count = label(rim, _EIGHT)
    gaps, angles = [], []
    for number in range(1, count + 1):
        end = np.argwhere(crossings == number).mean(axis=0)
        places = np.argwhere(made)
        away = np.hypot(*(places - end).T) if len(places) else np.full(1, math.inf)
        gaps.append(min(float(away.min()), FARTHEST))
        near = places[away <= SEEN] if len(places) else places
        outer = np.argwhere(true & ~inside)
        outer = outer[np.hypot(*(outer - end).T) <= SEEN]
        missing = gaps[-1] >= FARTHEST or min(len(near), len(outer)) < 3
        angles.append(90.0 if missing else _angle(near, outer))
    nan = [math.nan]
    return {"gap": fmean(gaps or nan), "angle": fmean(angles or nan)}


def _angle(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """The angle between the main axes of two sets of pixels, 0 to 90 degrees."""
    first, second = (np.linalg.svd(x - x.mean(axis=0))[2][0] for x in (one, other))
    return math.degrees(math.acos(min(1.0, abs(float(first @ second)))))


def _f1(true: NDArray[np.bool_], made: NDArray[np.bool_]) -> float:
    if not true.any():
        return math.nan
    if not made.any():
        return 0.0
    found = float((distance_transform_edt(~made)[true] <= SAME).mean())
    right = float((distance_transform_edt(~true)[made] <= SAME).mean())
    return 2 * found * right / max(found + right, 1e-9)
