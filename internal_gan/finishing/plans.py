"""What becomes of a photo in another format: plans of few large pieces, and the search for them.

The side that is too long loses its ends (a crop), and what is left of it is squeezed, least where
something important is; or else the other side gets new canvas at the border that continues most
easily. Everything has a price, and the cheapest plan is taken. The prices are those that were
preferred in blind rankings (decision 0036).

Sources of the squeeze: D. Panozzo et al., "Robust image retargeting via axis-aligned deformation",
Eurographics 2012; what is important comes from :mod:`internal_gan.patches.importance`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from internal_gan.errors import UserError
from internal_gan.finishing.continuing import continues
from internal_gan.finishing.sizes import small_copy
from internal_gan.images.photo import Photo
from internal_gan.images.resize import size_of
from internal_gan.patches.importance import importance as importance_in
from internal_gan.patches.importance import repeats
from internal_gan.shapes import Flags, Mask
from internal_gan.units import Size

Values = NDArray[np.floating[Any]]

# Importance is put through a logistic function, so that a place matters or does not: otherwise,
# much that matters little would outweigh a face.
MATTERS = 0.6  # its middle, an importance from 0 to 1
BLUR = 0.04  # its width
# Prices. That of a crop is the share of importance that it loses, and a second term: a thing wants
# air around it.
AIR = 1.0  # of the share lost of the importance once it is spread
AIR_REACH = 0.08  # how far it is spread, as a share of the side
OFF_CENTRE = 3.0  # of the squared distance of what is kept from the photo's middle, in sides
SQUEEZE = 5.0  # of the squared share by which what is kept is squeezed, where all is important
UNIMPORTANT = 0.12  # the share of that price that places without importance have
MOST_SQUEEZED = 0.22  # the largest share by which a place is squeezed
SUBJECT = 0.4  # a column is as important as this share of its pixels, the most important ones
SUBJECT_REACH = 0.03  # the share of the side over which that is spread: squeezing sets in gently
# Of any squeezing, unless what is kept is scaled anyway: else it stays the photo's bit for bit.
SCALED = 0.3
# New canvas that is tried, as shares of the side that grows.
CANVAS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
# Its price has three terms.
NEW = 0.1  # of the share
HARD = 9.0  # of the share times how hard the border is to continue
EMPTY = 1.0  # of the square of the share, since much canvas is empty
EASY = 0.055  # a border that is harder to continue gets no canvas, unless it must

# A place is protected if more than this share of it is.
PROTECTED_SHARE = 0.1

# Plans to choose from differ in where the kept part lies, or in how large it is.
DIFFERENT = 0.08  # by more than this share of the side
NEARLY = 0.4  # their price exceeds the cheapest one's by at most this
MOST_PLANS = 6  # the largest number of them


@dataclass(frozen=True)
class Plan:
    """A photo in another format.

    Attributes:
        axis: the side that is shortened, 0 for rows and 1 for columns.
        start, kept: where what is kept begins along it, and how much that is, as shares of it.
        factors: the width of equal steps of what is kept, relative to before; all are 1 if
            nothing is squeezed.
        before, after: new canvas along the other side, as shares of that.
        price: the smaller, the better.
    """

    axis: int
    start: float
    kept: float
    factors: tuple[float, ...] = field(default=(1.0,), repr=False)
    before: float = 0.0
    after: float = 0.0
    price: float = 0.0

    @property
    def is_squeezed(self) -> bool:
        return min(self.factors) < 1

    def in_words(self) -> str:
        """Such as ``cropped 12 % on the left, 20 % new above``."""
        first, last = ("on the left", "on the right") if self.axis else ("above", "below")
        beside = ("above", "below") if self.axis else ("on the left", "on the right")
        squeezed = 1 - float(np.mean(self.factors))
        shares = (
            (self.start, "cropped {} " + first),
            (1 - self.start - self.kept, "cropped {} " + last),
            (squeezed, "squeezed by {}"),
            (self.before, "{} new " + beside[0]),
            (self.after, "{} new " + beside[1]),
        )
        parts = [
            text.format(f"{100 * share:.0f} %") for share, text in shares if round(100 * share)
        ]
        return ", ".join(parts) or "the whole photo"


def plans(
    photo: Photo,
    ratio: float,
    *,
    scales: bool = False,
    importance: Mask | None = None,
    protect: Mask | None = None,
) -> list[Plan]:
    """The cheapest plans for a photo that differ, the best first.

    Args:
        ratio: of the result, width to height.
        scales: whether what is kept is scaled anyway, so that squeezing costs no exact copy.
        importance: of the photo's size, what matters, by default what is found.
        protect: of the photo's size, 1 where it must be kept as it is.

    Raises:
        UserError: what is protected does not fit.
    """
    found = importance_of(photo)
    if importance is not None:
        found = F.adaptive_avg_pool2d(importance, size_of(found))
    if protect is not None:
        protect = F.adaptive_max_pool2d(protect, size_of(found))
    # A preview, whose photo is this copy, has the same plans.
    small = small_copy(photo)
    return cheapest(found, small.size, ratio, continues(small), scales=scales, protect=protect)


def importance_of(photo: Photo) -> Mask:
    """What matters in a photo, at a small size; what is transparent does not."""
    small = small_copy(photo)
    found = importance_in(small.pixels)
    if small.alpha is not None:
        found *= F.adaptive_avg_pool2d(small.alpha, size_of(found))
    return found


def is_texture(photo: Photo) -> bool:
    """Whether all parts of a photo look alike."""
    return repeats(small_copy(photo).pixels)


def cheapest(
    importance: Mask,
    size: Size,
    ratio: float,
    hard: tuple[float, float, float, float],
    *,
    scales: bool = False,
    protect: Mask | None = None,
) -> list[Plan]:
    """The plans for a photo of ``size`` in pixels, by its importance and what is protected, both at
    a smaller size, and by how hard each border is to continue; see :func:`plans`."""
    height, width = size
    axis = int(width / height > ratio)
    values = 1 / (1 + np.exp((MATTERS - importance[0, 0].double().numpy()) / BLUR))
    needed = torch.zeros_like(importance) if protect is None else protect
    must: Flags = needed[0, 0].numpy() > PROTECTED_SHARE
    if axis == 0:
        values, must = values.T, must.T
    share = ratio * height / width if axis else width / (ratio * height)
    top, right, bottom, left = hard
    beside = (top, bottom) if axis else (left, right)
    search = _Search(
        values, np.logical_or.reduce(must, axis=0), min(1.0, share), min(beside), scales
    )
    found = []
    for price, start, kept, margin, factors in search.best():
        new = (margin, 0.0) if beside[0] <= beside[1] else (0.0, margin)
        found.append(Plan(axis, start, kept, factors, *new, price))
    if not found:
        what = "columns" if axis else "rows"
        raise UserError(
            f"the protected part takes {100 * search.span:.0f} % of the photo's {what}, which this "
            "format has no room for; protect a smaller part, or choose a format nearer to the "
            "photo's"
        )
    return found


class _Search:
    """The search along the columns of a map, whose rows stay; lengths are in its columns.

    ``share`` is that of the columns that the result has, without new canvas.
    """

    def __init__(
        self, values: Values, must: Flags, share: float, hard: float, scales: bool
    ) -> None:
        rows, self.width = values.shape
        if not values.any():
            values = np.ones_like(values)
        self._wanted = share * self.width
        self._hard = hard
        self._scales = scales
        reach = AIR_REACH * self.width
        air = maximum_filter1d(values, 2 * int(reach) + 1, axis=1)
        air = gaussian_filter1d(air, max(0.5, reach / 2), axis=1, mode="nearest")
        self._lost, self._air = (_summed(each.sum(axis=0) / each.sum()) for each in (values, air))
        # The importance of a column is that of its most important pixels, thin as they may be.
        subject = np.sort(values, axis=0)[-max(1, round(SUBJECT * rows)) :].mean(axis=0)
        reach = SUBJECT_REACH * self.width
        subject = maximum_filter1d(subject, max(1, int(reach) | 1))
        subject = gaussian_filter1d(subject, max(0.5, reach), mode="nearest")
        self._weights = UNIMPORTANT + subject / max(subject.max(), 1e-9)
        self._weights[must] = np.inf
        self._inverse = _summed(1 / self._weights) / self.width
        inside = np.flatnonzero(must)
        self._must = (inside[0], inside[-1] + 1) if len(inside) else None

    @property
    def span(self) -> float:
        """The share of the columns that what is protected takes."""
        return 0.0 if self._must is None else (self._must[1] - self._must[0]) / self.width

    def best(self) -> Iterator[tuple[float, float, float, float, tuple[float, ...]]]:
        """Price, start, what is kept and new canvas, as shares, and the factors of a plan."""
        rows = [priced for margin in self._margins() for priced in self._priced(margin)]
        if not rows:
            return
        price, start, kept, margin = np.concatenate(rows).T
        alive = np.isfinite(price)
        most = price.min() + NEARLY
        middle = start + kept / 2
        reach = DIFFERENT * self.width
        for _ in range(MOST_PLANS):
            if not (alive & (price <= most)).any():
                return
            one = int(np.where(alive, price, np.inf).argmin())
            wanted = self._width_with(margin[one])
            factors = self._factors(start[one], kept[one], wanted)
            first = float(start[one] / self.width)
            share = float(kept[one] / self.width)
            yield float(price[one]), first, share, float(margin[one]), factors
            alive &= (abs(middle - middle[one]) > reach) | (abs(kept - kept[one]) > reach)

    def _margins(self) -> list[float]:
        """New canvas to try: shares that are easy to continue and, if it is needed, one that makes
        room for what is protected."""
        room = self.width / self._wanted - 1
        tried = [margin for margin in CANVAS if margin <= room and (not margin or self._is_easy)]
        needed = self.span * self.width / self._wanted - 1
        if needed > max(tried):
            tried.append(min(room, needed + 1e-6))
        return tried

    @property
    def _is_easy(self) -> bool:
        return self._hard <= EASY

    def _width_with(self, margin: float) -> float:
        """The photo's columns that fit beside new canvas; rounded, so that an error of floats drops
        none."""
        return float(min(self.width, round(self._wanted * (1 + margin), 6)))

    def _priced(self, margin: float) -> Iterator[Values]:
        """Price, start, what is kept and new canvas, (n, 4), with some of the columns kept."""
        wanted = self._width_with(margin)
        most = min(self.width, wanted / (1 - 0.9 * MOST_SQUEEZED))
        canvas = margin * (NEW + HARD * self._hard + EMPTY * margin)
        for kept in (wanted, *np.arange(int(wanted) + 1, most)):
            start = np.append(np.arange(0, self.width - kept), self.width - kept)
            end = start + kept
            share = (kept - wanted) / self.width
            price = canvas + OFF_CENTRE * ((start + end) / (2 * self.width) - 0.5) ** 2
            price += _outside(self._lost, start, end) + AIR * _outside(self._air, start, end)
            if share:
                stretch = _at(self._inverse, end) - _at(self._inverse, start)
                seen = kept / self.width
                price += SQUEEZE * share**2 / np.maximum(stretch, 1e-9) / seen
                price += 0 if self._scales else SCALED
            if self._must is not None:
                price[(start > self._must[0]) | (end < self._must[1])] = np.inf
                free = kept - self.span * self.width
                if kept - wanted > 0.9 * MOST_SQUEEZED * free:
                    price[:] = np.inf
            yield np.stack(np.broadcast_arrays(price, start, kept, margin), axis=1)

    def _factors(self, start: float, kept: float, wanted: float) -> tuple[float, ...]:
        """The factors of the columns that are kept; they are squeezed by shares that go with the
        inverse of their weights, by ``MOST_SQUEEZED`` at most."""
        if kept <= wanted:
            return (1.0,)
        weights = self._weights[int(start) : int(start + kept)]
        squeezed = np.zeros(len(weights))
        left = kept - wanted
        free = np.isfinite(weights)
        while left > 1e-9 and free.any():
            share = np.where(free, 1 / weights, 0)
            tried = squeezed + left * share / share.sum()
            squeezed = np.minimum(tried, MOST_SQUEEZED)
            left = (tried - squeezed).sum()
            free = free & (tried < MOST_SQUEEZED)
        return tuple((1 - squeezed).tolist())


def _summed(values: Values) -> Values:
    return np.append(0.0, np.cumsum(values))


def _at(sums: Values, place: Values) -> Values:
    found: Values = np.interp(place, np.arange(len(sums)), sums)
    return found


def _outside(sums: Values, start: Values, end: Values) -> Values:
    """The share of what sums add up to that is not between two places."""
    return 1 - (_at(sums, end) - _at(sums, start))
