"""Linear filters that a photo teaches, one for each kind of gradient; an image is filtered with the
one that belongs to each pixel.

A photo, shrunk and enlarged again, and the photo itself are pairs of what is given and what is
wanted. A filter is the ridge regression of what is wanted from the pixels around each place,
towards the regression of all kinds. As a photo may be turned and mirrored, so are its pairs.

Sources: Romano, Isidoro and Milanfar, "RAISR: rapid and accurate image super resolution", IEEE
Transactions on Computational Imaging 2017 (kinds by the angle, strength and coherence of
gradients); Timofte, De Smet and Van Gool, "A+: adjusted anchored neighborhood regression for fast
super-resolution", ACCV 2014 (ridge regressions, prepared in advance).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from internal_gan.patches.fast import over_rows
from internal_gan.patches.filtering import NEAR, REACH, SPAN, apply, gather, structure
from internal_gan.shapes import Mask

Taps = NDArray[np.float32]
Limits = Sequence[float]

ANGLES = 8  # classes of the angle; an even number, so that turning a photo turns angles into angles
CLASSES = 3  # of the strength and of the coherence of gradients, each with as many pixels
AROUND = 1.5  # standard deviation of the window in which gradients are averaged, in pixels
# The ridge that holds the filter of a kind to the common one, relative to the mean energy of a
# kind.
HELD = 0.03
# The ridge that holds the common filter to 0, relative to its energy.
SMALLEST = 1e-5


class Pair(NamedTuple):
    """An image and what it is to become, (1, 1, H, W) each, in gray."""

    given: Tensor
    wanted: Tensor


@dataclass(frozen=True)
class Filters:
    """Filters by kind.

    Attributes:
        taps: (kinds, SPAN, SPAN), which add up to 0: what is added to a pixel.
        strengths, coherences: the limits between classes, (CLASSES - 1,).
    """

    taps: Taps
    strengths: Limits
    coherences: Limits

    @classmethod
    def learnt(cls, pairs: Sequence[Pair]) -> "Filters":
        """The filters that turn what is given into what is wanted, learnt from the pairs and from
        the same ones turned and mirrored."""
        seen = [_gradients(pair.given) for pair in pairs]
        limits = []
        for which in (1, 2):
            values = np.sort(np.concatenate([gradients[which].ravel() for gradients in seen]))
            limits.append([float(values[k * len(values) // CLASSES]) for k in range(1, CLASSES)])
        kinds = ANGLES * CLASSES**2
        products = np.zeros((kinds, SPAN**2 + 1, SPAN**2 + 1))
        for pair, gradients in zip(pairs, seen, strict=True):
            change = (pair.wanted - pair.given)[0, 0].numpy()
            gather(_bordered(pair.given)[0], change, _kinds(gradients, *limits), products)
        return cls(_solved(_turned(products)), *limits)

    def __call__(self, image: Tensor, gray: Tensor) -> Tensor:
        """An image (1, C, H, W), filtered; the gradients of ``gray`` (1, 1, H, W) choose."""
        kinds = _kinds(_gradients(gray), self.strengths, self.coherences)
        made = image[0].numpy().copy()
        over_rows(apply, made.shape[1], _bordered(image), kinds, self.taps, made)
        return torch.from_numpy(made)[None]


def _gradients(gray: Mask) -> NDArray[np.float32]:
    """The angle of the gradients around each pixel, in ANGLES whole steps of a half turn, their
    strength and their coherence, 0 to 1: (3, H, W)."""
    made = np.empty((3, *gray.shape[-2:]), np.float32)
    window = np.exp(-np.square(np.arange(-NEAR, NEAR + 1) / AROUND) / 2)
    window = (window / window.sum()).astype(np.float32)
    over_rows(structure, made.shape[1], _bordered(gray, NEAR + 1)[0], window, ANGLES, made)
    return made


def _kinds(
    gradients: NDArray[np.float32], strengths: Limits, coherences: Limits
) -> NDArray[np.uint8]:
    angle, strength, coherence = gradients
    kinds: NDArray[np.uint8] = angle.astype(np.uint8)
    for values, limits in ((strength, strengths), (coherence, coherences)):
        kinds *= CLASSES
        for limit in limits:
            kinds += values > limit
    return kinds


def _bordered(image: Tensor, border: int = REACH) -> NDArray[np.float32]:
    """(C, H + 2 border, W + 2 border), the border repeated."""
    return F.pad(image, (border,) * 4, mode="replicate")[0].numpy()


def _turned(products: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sums of products of pairs and of all that they are turned and mirrored into."""
    places = np.arange(SPAN**2).reshape(SPAN, SPAN)
    total = np.zeros_like(products)
    of_angle = products.reshape(ANGLES, CLASSES**2, *products.shape[1:])
    into = total.reshape(of_angle.shape)
    angles = np.arange(ANGLES)
    for quarters in range(4):
        for sign in (1, -1):
            turned = np.rot90(places, quarters)[:, ::sign].ravel()
            order = np.append(turned, SPAN**2)
            to = sign * (angles + quarters * ANGLES // 2) % ANGLES
            into[to] += of_angle[:, :, order][..., order]
    return total


def _solved(products: NDArray[np.float64]) -> Taps:
    """The taps of each kind from its sums of products."""
    given, wanted = products[:, :-1, :-1], products[:, :-1, -1]
    energy = given.trace(axis1=1, axis2=2).mean() / SPAN**2
    unit = np.eye(SPAN**2)
    all_given = given.sum(axis=0)
    least = SMALLEST * max(all_given.trace() / SPAN**2, 1e-9)
    common = np.linalg.solve(all_given + least * unit, wanted.sum(axis=0))
    held = given + (HELD * energy + least) * unit
    taps = common + np.linalg.solve(held, (wanted - given @ common)[..., None])[..., 0]
    taps -= taps.mean(axis=1, keepdims=True)  # a flat image stays as it is
    return taps.astype(np.float32).reshape(-1, SPAN, SPAN)
