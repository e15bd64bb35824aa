"""Compiles the loops on their first use, which takes some seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from internal_gan.finishing.poisson import COARSEST, solved
from internal_gan.finishing.seams import HOLD
from internal_gan.patches import kernels
from internal_gan.patches.fast import PATCH, Index, search
from internal_gan.patches.origins import vote

# Time to compile the other loops, as a multiple of the first one's.
OTHERS = 4.0


def compile_loops(say: Callable[[str], None]) -> None:
    """Compile the loops and say so in one line, or read them from numba's cache."""
    if kernels.is_compiled():
        return
    tiny = np.zeros((PATCH, PATCH, 3), np.uint8)
    index, start = Index(tiny), np.zeros((1, 1, 2), np.int32)
    started = time.perf_counter()
    search(tiny, index, start=start, seeds=False, sweeps=0)
    spent = time.perf_counter() - started
    if not kernels.was_kept():
        lost = "each time, as numba has no cache folder; NUMBA_CACHE_DIR sets one"
        again = "only the first time" if kernels.KEPT else lost
        say(f"Compiling the search for patches: about {OTHERS * spent:.0f} s, {again}")
        # Read from the cache, these are loaded when they are needed.
        side = 2 * COARSEST
        solved(np.zeros((side, side, 3), np.float32), np.ones((side, side), np.bool_), HOLD)
    vote(search(tiny, index).places, (PATCH, PATCH))
