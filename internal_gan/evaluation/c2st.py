"""Whether a classifier can tell the texture of a sample from that of the photo."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.util import find_spec
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from internal_gan.errors import UserError

Plane = NDArray[np.float32]

INSTALL = "pip install 'internal-gan[c2st]'"
# Side of a window, and from one to the next, in pixels; more windows than these lie farther apart.
WINDOW, STRIDE, MOST_WINDOWS = 16, 3, 10_000
# Blocks along either side, of which every other one is learnt from.
BLOCKS = 4
# Sides in pixels below which blocks would have no window.
LEAST_SIDE = WINDOW + BLOCKS * STRIDE
TREES, LEAST_LEAF = 200, 5
# How far gray values are blurred before their gradients, in pixels.
BLURS = (0.0, 0.7, 1.4, 2.8)


def check_scikit_learn(option: str) -> None:
    """Raise a UserError that names ``option`` if scikit-learn is not installed."""
    if find_spec("sklearn") is None:
        raise UserError(f"{option} needs scikit-learn: {INSTALL}")


def c2st(real: Tensor, sample: Tensor) -> float:
    """The classifier two-sample test of textures.

    A forest of extremely randomised trees learns to tell windows of the photo from windows of the
    sample by local statistics, in every other one of 16 blocks of both, and is asked in the others;
    then the other way round. Windows have 16 pixels and lie 3 apart, farther in large images.

    Args:
        real, sample: (1, 3, H, W) in [-1, 1], with sides of at least ``LEAST_SIDE``; the two sizes
            may differ.

    Returns:
        The area under the ROC curve, the mean of both ways: .5 if the forest cannot tell, 1 if it
        always can. Copied pieces may take it below .5, since the forest learns windows as those of
        the photo that it then meets in the sample. Windows at the border of two blocks overlap,
        which takes small images above it: of two of noise .75 at 96x128 pixels, .59 at 188x250.

    Raises:
        UserError: scikit-learn is not installed, or an image is too small.

    Source: Lopez-Paz & Oquab, "Revisiting classifier two-sample tests", ICLR 2017; Geurts, Ernst &
    Wehenkel, "Extremely randomized trees", 2006.
    """
    check_scikit_learn("c2st")
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.metrics import roc_auc_score

    statistics, halves = zip(*(_windows(image) for image in (real, sample)), strict=True)
    features, half = np.concatenate(statistics), np.concatenate(halves)
    made = np.repeat([0, 1], [len(rows) for rows in statistics])
    areas = []
    for asked in (0, 1):
        forest = ExtraTreesClassifier(TREES, min_samples_leaf=LEAST_LEAF, random_state=0)
        forest.fit(features[half != asked], made[half != asked])
        chances = forest.predict_proba(features[half == asked])[:, 1]
        areas.append(float(roc_auc_score(made[half == asked], chances)))
    return fmean(areas)


def _windows(image: Tensor) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """The statistics of an image's windows, (n, d), and which half each is in, 0 or 1."""
    from scipy.ndimage import uniform_filter

    height, width = image.shape[-2:]
    if min(height, width) < LEAST_SIDE:
        raise UserError(f"c2st: {height}x{width} pixels; needed are {LEAST_SIDE} a side")
    stride = max(STRIDE, math.ceil(math.sqrt(height * width / MOST_WINDOWS)))
    middles = slice(WINDOW // 2, -(WINDOW // 2), stride)
    colours: NDArray[np.float32] = ((image[0].float() + 1) / 2).cpu().numpy()
    columns = [uniform_filter(plane, WINDOW)[middles, middles] for plane in _planes(colours)]
    rows, cols = columns[0].shape
    half = np.add.outer(np.arange(rows) * BLOCKS // rows, np.arange(cols) * BLOCKS // cols) % 2
    return np.stack(columns, axis=-1).reshape(rows * cols, -1), half.ravel()


def _planes(colours: NDArray[np.float32]) -> Iterator[Plane]:
    """What is averaged over windows, each (H, W): of gradients, fine detail and colours.

    Args:
        colours: (3, H, W) in [0, 1].
    """
    from scipy.ndimage import gaussian_filter

    gray = colours.mean(axis=0)
    for blur in BLURS:
        blurred = gaussian_filter(gray, blur) if blur else gray
        y, x = np.gradient(blurred)
        (yy, _), (xy, xx) = np.gradient(y), np.gradient(x)
        for response in (x, y, x + y, x - y, xx, yy, xy, xx + yy):
            yield np.abs(response)
            yield response * response
        yield x * y
        yield xx * yy - xy * xy
    detail = np.stack([colour - gaussian_filter(colour, 1) for colour in colours])
    for plane in detail:
        yield np.abs(plane)
        yield plane * plane
    for first, second in ((0, 1), (1, 2), (0, 2)):
        yield detail[first] * detail[second]
    yield from colours
