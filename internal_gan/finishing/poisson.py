"""Solves the screened Poisson equation, (hold - Laplace) E = wanted, in a part of a picture.

By conjugate gradients, preconditioned with a multigrid cycle. Pictures are float32 (H, W, C), and a
part is a flag for each pixel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from internal_gan.finishing.sizes import quarters
from internal_gan.patches import kernels
from internal_gan.patches.fast import Flags, Wrap, over_rows

Values = NDArray[np.float32]

COARSEST = 32  # a multigrid cycle stops halving at this shorter side, in pixels
SMOOTHED = 1  # smoothing steps of the cycle before each halving
STEPS = 60  # of conjugate gradients, at most
ACCURACY = 3e-3  # the relative error at which they end


def solved(wanted: Values, part: Flags, hold: float, wrap: Wrap = (False, False)) -> Values:
    """E, which is 0 outside the part. There is no step across borders that do not wrap."""
    levels = [(part, np.float32(hold))]
    while min(levels[-1][0].shape) > COARSEST:
        fine, held = levels[-1]
        levels.append((np.logical_and.reduce(quarters(fine)), 4 * held))
    left = np.where(part[..., None], wanted, np.float32(0))
    found, enough = np.zeros_like(left), ACCURACY**2 * np.vdot(left, left)
    along, before = found, np.float32(1)
    for _ in range(STEPS):
        if np.vdot(left, left) <= enough:
            break
        near = _nearly_solved(left, levels, wrap)
        length = np.vdot(left, near)
        along = near + (length / before) * along
        # (hold - Laplace) of it in the part, and 0 outside.
        pushed = _stepped(along, along, part, np.float32(hold), wrap, keep=0, add=0, push=-1)
        step = length / np.vdot(along, pushed)
        found += step * along
        left -= step * pushed
        before = length
    return found


def _nearly_solved(
    wanted: Values, levels: Sequence[tuple[Flags, np.float32]], wrap: Wrap
) -> Values:
    """One multigrid cycle; each level is a part and its hold, at half the size of the last one."""
    (part, hold), *coarser = levels
    weight = 0.8 / (4 + float(hold))
    found = np.float32(weight) * wanted
    for _ in range(SMOOTHED if coarser else COARSEST):
        found = _stepped(found, wanted, part, hold, wrap, keep=1, add=weight, push=weight)
    if coarser:
        left = _stepped(found, wanted, part, hold, wrap, keep=0, add=1, push=1)
        a, b, c, d = quarters(left)
        coarse = _nearly_solved(a + b + c + d, coarser, wrap)
        enlarged = coarse.repeat(2, 0).repeat(2, 1)[: part.shape[0], : part.shape[1]]
        np.add(found, enlarged, out=found, where=part[..., None])
        for _ in range(SMOOTHED + 1):
            found = _stepped(found, wanted, part, hold, wrap, keep=1, add=weight, push=weight)
    return found


def _stepped(
    values: Values,
    wanted: Values,
    part: Flags,
    hold: np.float32,
    wrap: Wrap,
    *,
    keep: float,
    add: float,
    push: float,
) -> Values:
    factors = np.array([hold, keep, add, push], np.float32)
    result = np.empty_like(values)
    over_rows(kernels.step, len(values), values, wanted, part, factors, wrap, result)
    return result
