"""Whether a classifier can tell a sample's texture from the photo's."""

import math
from collections.abc import Iterator
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, uniform_filter
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import roc_auc_score
from torch import Tensor

from internal_gan.errors import UserError

Plane = NDArray[np.float32]

WINDOWS = (16, 32)  # sides, in pixels
STRIDE = 3  # of the windows, in pixels; larger in large images
MAX_WINDOWS = 10_000
# Blocks along each side; every other one is for training.
BLOCKS = 4
TREES, MIN_LEAF = 200, 5
# Blurs of the gray values before gradients are taken, in pixels.
BLURS = (0.0, 0.7, 1.4, 2.8)


def least_side(window: int) -> int:
    """The shortest side in pixels at which every block has a window."""
    return window + BLOCKS * STRIDE


def classified(real: Tensor, sample: Tensor) -> dict[str, float]:
    """``c2st``, of windows of 16 pixels, and ``c2st_32``, as far as the sizes allow.

    Args:
        real, sample: (1, 3, H, W) in [-1, 1]; the two sizes may differ.
    """
    shortest = min(*real.shape[-2:], *sample.shape[-2:])
    fitting = [window for window in WINDOWS if shortest >= least_side(window)]
    names = ["c2st" if window == WINDOWS[0] else f"c2st_{window}" for window in fitting]
    return {name: c2st(real, sample, window) for name, window in zip(names, fitting, strict=True)}


def c2st(
    real: Tensor, sample: Tensor, window: int = WINDOWS[0], *, inside: Tensor | None = None
) -> float:
    """The classifier two-sample test of textures.

    A forest of extremely randomised trees learns to tell windows of the photo from windows of the
    sample by local statistics. It is trained on every other one of 16 blocks of both images and
    tested on the rest, then the other way round. Windows have a stride of 3 pixels, or more in
    large images.

    Args:
        real, sample: (1, 3, H, W) in [-1, 1], with sides of at least ``least_side(window)``; the
            two sizes may differ.
        window: side of the windows, in pixels.
        inside: (1, 1, H, W), 1 where windows are centred, such as in a hole; the images then have
            one size, and blocks half as long, so that both halves have windows.

    Returns:
        The area under the ROC curve, averaged over both ways: .5 if the forest cannot tell, 1 if
        it always can. Copied pieces can bring it below .5, since the forest is trained on windows
        of the photo that it then meets in the sample. Windows at the border of two blocks overlap,
        which brings small images above .5: two images of noise give .75 at 96x128 pixels and .59
        at 188x250 with windows of 16 pixels.

    Raises:
        UserError: an image or ``inside`` is too small.

    Source: Lopez-Paz & Oquab, "Revisiting classifier two-sample tests", ICLR 2017; Geurts, Ernst &
    Wehenkel, "Extremely randomized trees", 2006.
    """
    statistics, halves = zip(
        *(_windows(image, window, inside) for image in (real, sample)), strict=True
    )
    features, half = np.concatenate(statistics), np.concatenate(halves)
    made = np.repeat([0, 1], [len(rows) for rows in statistics])
    if len(np.unique(half)) < 2:
        raise UserError(f"c2st: too few windows of {window} pixels are centred in the hole")
    areas = []
    for asked in (0, 1):
        forest = ExtraTreesClassifier(TREES, min_samples_leaf=MIN_LEAF, random_state=0)
        forest.fit(features[half != asked], made[half != asked])
        chances = forest.predict_proba(features[half == asked])[:, 1]
        areas.append(float(roc_auc_score(made[half == asked], chances)))
    return fmean(areas)


def _windows(
    image: Tensor, window: int, inside: Tensor | None
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """The statistics of an image's windows, (n, d), and the half that each is in, 0 or 1."""
    height, width = image.shape[-2:]
    if min(height, width) < least_side(window):
        raise UserError(
            f"c2st: {height}x{width} pixels; windows of {window} need {least_side(window)} a side"
        )
    stride = max(STRIDE, math.ceil(math.sqrt(height * width / MAX_WINDOWS)))
    middles = slice(window // 2, -(window // 2), stride)
    colours: NDArray[np.float32] = ((image[0].float() + 1) / 2).cpu().numpy()
    columns = [uniform_filter(plane, window)[middles, middles] for plane in _planes(colours)]
    rows, cols = columns[0].shape
    blocks = BLOCKS if inside is None else 2 * BLOCKS
    half = np.add.outer(np.arange(rows) * blocks // rows, np.arange(cols) * blocks // cols) % 2
    found = np.stack(columns, axis=-1)
    if inside is None:
        return found.reshape(rows * cols, -1), half.ravel()
    kept = inside[0, 0].cpu().numpy()[middles, middles] > 0
    return found[kept], half[kept]


def _planes(colours: NDArray[np.float32]) -> Iterator[Plane]:
    """The maps (H, W) that windows average: of gradients, fine detail and colours.

    Args:
        colours: (3, H, W) in [0, 1].
    """
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
