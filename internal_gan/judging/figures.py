"""All figures that compare samples with the training image."""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from statistics import fmean, stdev
from typing import Any

import torch
from scipy.special import stdtrit
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.finishing.origin import OTHER, Origin
from internal_gan.finishing.seams import largest_piece, seam_figure
from internal_gan.judging.fidelity import l1, psnr, ssim
from internal_gan.judging.sifid import LAYERS, InceptionStem, sifid
from internal_gan.patches import statistics
from internal_gan.shapes import Mask, Pixels

PATCH = statistics.PATCH  # the side of a patch, in pixels
_SWD = "sliced Wasserstein distance of its patches to the photo's, at {}"
_LAYOUT = "the layout: with both images shrunk until the photo's long side has 60 pixels, patches"
# The value of a perfect sample, and what the figure means.
FIGURES = {
    "swd1": ("0", _SWD.format("full size")),
    "swd2": ("0", _SWD.format("half size")),
    "swd4": ("0", _SWD.format("quarter size")),
    "coherence": ("0", "distance of its patches to the photo's nearest ones"),
    "completeness": ("0", "distance of the photo's patches to its nearest ones"),
    "layout_coherence": ("0", f"coherence of {_LAYOUT}"),
    "layout_completeness": ("0", f"completeness of {_LAYOUT}"),
    "repetition": ("1", "distance of its patches to each other, relative to the photo's"),
    "sharpness": ("1", "mean gradient, relative to the photo's"),
    "copy": ("not near 0", "distance to the photo, pixel by pixel"),
    "sifid_64": ("0", f"SIFID, {LAYERS[64]}"),
    "sifid_192": ("0", f"SIFID, {LAYERS[192]}"),
    "largest_piece": ("small", "share of it covered by its largest piece of the photo"),
    "seams": ("1", "mean step where two pieces meet, relative to the photo's there"),
    "psnr": ("high", "peak signal-to-noise ratio of the luma, dB"),
    "ssim": ("1", "structural similarity of the luma"),
    "l1": ("0", "mean absolute error, as a fraction of the range"),
    "psnr_inside": ("high", "PSNR inside the mask, dB"),
    "ssim_inside": ("1", "structural similarity inside the mask"),
    "l1_inside": ("0", "mean absolute error inside the mask"),
}
# Those that a single line shows.
HEADLINE_FIGURES = (
    *("swd1", "coherence", "completeness", "diversity", "largest_piece", "seams", "sifid_64"),
    *("psnr_inside", "patches_inside"),
)


def meaning(name: str) -> dict[str, str]:
    """``best`` and ``meaning`` of a figure; those of the layout end in their patches' side."""
    known, _, patch = (name, "", "") if name in FIGURES else name.rpartition("_")
    best, words = FIGURES[known]
    return {"best": best, "meaning": f"{words}, {patch} pixels a side" if patch else words}


def judge(real: Pixels, sample: Pixels, stem: InceptionStem | None = None) -> dict[str, float]:
    """Figures of a sample, of any size, that should consist of the photo's patches.

    They are those of :data:`FIGURES` that the sizes allow: ``copy`` needs equal sizes, ``swd4``,
    ``coherence`` and ``completeness`` room for a patch at quarter size, ``repetition`` for two side
    by side, ``layout_coherence_21`` and the like room for their patch in the shrunk images. With a
    ``stem``, SIFID is one of them.
    """
    figures = statistics.patch_panel(real, sample)
    room = min(max(image.shape[-2:]) // statistics.SHRINKS[-1] for image in (real, sample))
    if "coherence" in figures and room >= 2 * PATCH:
        figures["repetition"] = statistics.repetition(real, sample)
    figures |= statistics.layout_distances(real, sample)
    if stem is not None:
        figures |= {f"sifid_{size}": sifid(real, sample, stem, size) for size in LAYERS}
    return figures


def judge_pieces(sample: Pixels, origin: Origin, photo: Pixels) -> dict[str, float]:
    """``largest_piece`` and ``seams`` of a picture made of a photo of ``origin.photo_size``;
    nothing if some pixels come from no photo."""
    if (origin.kinds == OTHER).any():
        return {}
    drawn, given = (image[0].movedim(0, -1).cpu().numpy() for image in (sample, photo))
    return {
        "largest_piece": largest_piece(origin.places),
        "seams": seam_figure(drawn, origin.places, given),
    }


def compare(real: Pixels, image: Pixels, mask: Mask | None = None) -> dict[str, float]:
    """Figures of an image that should equal the photo: a reconstruction, or a filled hole.

    They are ``psnr``, ``ssim`` (from 11 pixels a side) and ``l1``; with a mask, also ``*_inside``.
    """
    figures: dict[str, float] = {}
    for suffix, weights in [("", None)] + ([("_inside", mask)] if mask is not None else []):
        figures[f"psnr{suffix}"] = psnr(real, image, mask=weights)
        with suppress(UserError):
            figures[f"ssim{suffix}"] = ssim(real, image, mask=weights)
        figures[f"l1{suffix}"] = l1(real, image, mask=weights)
    return figures


def panel(real: Tensor, samples: Sequence[Tensor]) -> dict[str, float]:
    """:func:`internal_gan.patches.statistics.patch_panel` of several samples, or the means over
    samples of several sizes."""
    if len({sample.shape for sample in samples}) == 1:
        return statistics.patch_panel(real, torch.cat([*samples]))
    return means([statistics.patch_panel(real, sample) for sample in samples])


def means(each: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of every figure that all of them have."""
    common = [name for name in each[0] if all(name in figures for figures in each)]
    return {name: fmean(figures[name] for figures in each) for name in common}


class Diversity:
    """How much pictures differ, which are added one by one."""

    def __init__(self, real: Pixels) -> None:
        self._real = real
        # How many there were, their mean, and their squared distances from it.
        self._count = 0
        self._mean = _gray(real) * 0
        self._squares = _gray(real) * 0

    def add(self, image: Pixels) -> None:
        """Add a picture; one that has not the photo's size does not count."""
        if image.shape == self._real.shape:
            step = _gray(image) - self._mean
            self._count += 1
            self._mean = self._mean + step / self._count
            self._squares = self._squares + step * (_gray(image) - self._mean)

    @property
    def value(self) -> float | None:
        """:func:`internal_gan.patches.statistics.diversity`; None for fewer than two pictures."""
        if self._count < 2:
            return None
        spread = (self._squares / (self._count - 1)).sqrt().mean()
        return float(spread / _gray(self._real).std())


def _gray(image: Pixels) -> Tensor:
    return image.double().mean(dim=1)


def summarise(samples: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """For each figure ``mean``, ``std``, ``interval`` (95 %, of the mean) and ``count`` of the
    samples' finite values; ``std`` and ``interval`` are None for a single value."""
    found: dict[str, list[float]] = {}
    for figures in samples:
        for name, value in figures.items():
            if math.isfinite(value):
                found.setdefault(name, []).append(value)
    summaries = {}
    for name, values in found.items():
        mean, reach = interval_of(values)
        several = len(values) > 1
        summaries[name] = {
            "mean": mean,
            "std": stdev(values) if several else None,
            "interval": (mean - reach, mean + reach) if several else None,
            "count": len(values),
        }
    return summaries


def interval_of(values: Sequence[float]) -> tuple[float, float]:
    """The mean, and how far its 95 % interval by Student's t reaches: infinitely for one value.

    >>> mean, reach = interval_of([1.0, 3.0, 5.0])
    >>> mean, round(reach, 3)
    (3.0, 4.968)
    """
    if len(values) < 2:
        return (fmean(values) if values else math.nan), math.inf
    reach = float(stdtrit(len(values) - 1, 0.975)) * stdev(values) / math.sqrt(len(values))
    return fmean(values), reach
