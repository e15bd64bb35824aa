"""How close generated images are to their training image, judged by their patches.

Images may differ in size unless stated. Patches are squares of ``PATCH`` pixels a side; distances
are relative to the whole range, so 1 is from black to white. Large images are judged by a random
choice of their patches, the same in every run. A UserError is raised if a patch does not fit into
an image, or into its quarter where three sizes are compared.
"""

import math
from collections.abc import Sequence
from statistics import fmean

import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.patches import exact
from internal_gan.patches.exact import grid, nearest_errors, overlapping, patches_at, to_nearest
from internal_gan.shapes import Pictures, Pixels

PATCH = 7  # the side of a patch, in pixels
SHRINKS = (1, 2, 4)  # factors by which images are shrunk
PROJECTIONS = 256  # random directions
QUANTILES = 512  # compared on each direction
# The most patches, chosen at random.
MAX_PROJECTED = 20_000  # projected on the directions
MAX_QUERIES = 4_000  # whose nearest ones are searched for
MAX_REFERENCES = 20_000  # among which those are searched for
LAYOUT_SIDE = 60  # the photo's long side where layouts are compared, in pixels
LAYOUT_PATCHES = (11, 15, 21)  # sides of the patches compared there, in pixels
# Patches whose overlaps with all others are held in memory at a time.
QUERIES_AT_ONCE = 500
# Half an 8-bit step; smaller distances are due to chance.
MIN_DISTANCE = 0.5 / 255


def sliced_wasserstein(real: Pixels, sample: Pixels, shrink: int = 1) -> float:
    """Sliced Wasserstein-1 distance between the patches of two images.

    It is small if the sample has every kind of patch as often as the real image: 512 quantiles are
    compared on each of 256 random directions. Both images are first shrunk by a factor.

    Source: Rabin et al., "Wasserstein barycenter and its application to texture mixing", 2011;
    for patches: Karras et al., "Progressive growing of GANs", ICLR 2018, Section 5.
    """
    images = [shrunk(image, shrink) for image in (real, sample)]
    count = min(MAX_PROJECTED, *(math.prod(grid(image, PATCH)) for image in images))
    rng = _seeded(0)
    return wasserstein_of_rows(*(_patches(image, count, rng) for image in images))


def wasserstein_of_rows(real: Tensor, sample: Tensor) -> float:
    """:func:`sliced_wasserstein` of two sets of patches in [-1, 1], (n, d) and (m, d)."""
    directions = torch.randn(real.shape[1], PROJECTIONS, generator=_seeded(2))
    directions = (directions / directions.norm(dim=0)).to(real.device)
    levels = torch.linspace(0.5 / QUANTILES, 1 - 0.5 / QUANTILES, QUANTILES)
    real_quantiles, sample_quantiles = (
        exact.in_order(directions.T @ patches.T)[:, (levels * len(patches)).long().to(real.device)]
        for patches in (real, sample)
    )
    return float((real_quantiles - sample_quantiles).abs().mean()) / 2


def coherence(real: Pixels, sample: Pixels) -> float:
    """How far the sample's patches are from the nearest of the real image: 0 (all are there) to 1.

    It is small if nothing in the sample looks foreign. It is the root mean squared error of a patch
    to the nearest of up to 20,000 real ones, averaged over up to 4000 patches of the sample, and
    over full, half and quarter size.

    Source: Simakov et al., "Summarizing visual data using bidirectional similarity", CVPR 2008.
    """
    return fmean(_mean_nearest(shrunk(sample, n), shrunk(real, n)) for n in SHRINKS)


def completeness(real: Pixels, sample: Pixels) -> float:
    """How far the real image's patches are from the nearest of the sample, as in :func:`coherence`:
    small if nothing of the real image is missing."""
    return coherence(sample, real)


def layout_distances(
    real: Pixels, sample: Pixels, patches: Sequence[int] = LAYOUT_PATCHES
) -> dict[str, float]:
    """How far the things in the sample are from those in the real image, and the other way round.

    Things should have the same size in both. Both are shrunk so that the real one's long side is 60
    pixels, where large patches show whole things and what surrounds them. The distance is the root
    mean squared error of a patch to the nearest one of the other image, averaged over all patches.

    Returns:
        For each of the ``patches``' sides that fits into both shrunk images,
        ``layout_coherence_15``, from the sample to the real image, and
        ``layout_completeness_15``, from the real image to the sample; 0 to 1.
    """
    share = min(1.0, LAYOUT_SIDE / max(size_of(real)))
    small_real, small = (
        resize(image, scaled(size_of(image), share)).clamp(-1, 1) for image in (real, sample)
    )
    least = min(*size_of(small_real), *size_of(small))
    ways = {"coherence": (small, small_real), "completeness": (small_real, small)}
    return {
        f"layout_{way}_{patch}": float(nearest_errors(*pair, patch).mean())
        for patch in patches
        if patch <= least
        for way, pair in ways.items()
    }


def repetition(real: Pixels, sample: Pixels) -> float:
    """How much the sample repeats itself: 0 for copies side by side, about 1 if as much as the real
    image does.

    Coherence and completeness cannot see this: plain tiling and mirroring score best on both. For
    either image, we take the root mean squared error of a patch to the nearest patch of the same
    image that does not overlap it, unchanged or mirrored along either axis. It is averaged over up
    to 4000 patches, and over full, half and quarter size. The figure is the sample's value divided
    by the real image's. Two patches must fit side by side into a quarter of an image.
    """
    ours, own = (
        fmean(_mean_to_others(shrunk(image, n)) for n in SHRINKS) for image in (sample, real)
    )
    return ours / max(own, MIN_DISTANCE)


def shrunk(image: Tensor, factor: int) -> Tensor:
    """Shrink an image (N, C, H, W) in [-1, 1] by a whole factor, without the rows and columns that
    do not fill a last pixel; a UserError if no pixel is left."""
    height, width = image.shape[-2] // factor, image.shape[-1] // factor
    if min(height, width) < 1:
        raise UserError(
            f"{image.shape[-2]}x{image.shape[-1]} pixels cannot be judged at 1/{factor} of the "
            "size; allowed: a larger image"
        )
    return resize(image[..., : height * factor, : width * factor], (height, width)).clamp(-1, 1)


def sharpness(real: Pixels, sample: Pixels) -> float:
    """Mean absolute gradient of the sample's gray values over the real image's; less than 1 is
    blurred, more is noisy."""
    return _mean_gradient(sample) / _mean_gradient(real)


def copy(real: Pixels, sample: Pixels) -> float:
    """Root mean squared error between images of one size; 0 is a copy, 1 the maximum."""
    return float(((sample - real) / 2).square().mean().sqrt())


def diversity(real: Pixels, samples: Pictures) -> float:
    """How much samples, two at least, differ from each other at the same place.

    The standard deviation of a pixel's gray value over the samples, averaged over the pixels, in
    units of the real image's: 0 if samples are equal, about 1 if values do not depend on the place.

    Source: Shaham, Dekel, Michaeli, "SinGAN", ICCV 2019, Section 3 (there about 0.5).
    """
    return float(samples.mean(dim=1).std(dim=0).mean() / real.mean(dim=1).std())


def patch_panel(real: Pixels, samples: Pictures) -> dict[str, float]:
    """The main figures of some samples, each the mean over the samples.

    They are ``swd1``, ``swd2``, ``swd4`` (:func:`sliced_wasserstein` at full, half and quarter
    size), without those at which a patch does not fit into both; ``coherence`` and
    ``completeness``, if it always does; ``sharpness``; if the sizes are equal, also ``copy`` and,
    for two samples or more, ``diversity``.
    """
    each = samples.chunk(len(samples))
    least = min(*size_of(real), *size_of(samples))
    at = tuple(factor for factor in SHRINKS if least // factor >= PATCH)
    figures = {f"swd{n}": fmean(sliced_wasserstein(real, s, shrink=n) for s in each) for n in at}
    of_patches = (coherence, completeness) if at == SHRINKS else ()
    for figure in (*of_patches, sharpness):
        figures[figure.__name__] = fmean(figure(real, s) for s in each)
    if real.shape[1:] == samples.shape[1:]:
        figures["copy"] = fmean(copy(real, s) for s in each)
        if len(samples) > 1:
            figures["diversity"] = diversity(real, samples)
    return figures


def _mean_nearest(queries: Tensor, references: Tensor) -> float:
    wanted = _patches(queries, MAX_QUERIES, _seeded(1))
    return _mean_error(to_nearest(wanted, _patches(references, MAX_REFERENCES, _seeded(3))))


def _mean_to_others(image: Tensor) -> float:
    height, width = image.shape[-2:]
    if max(height, width) < 2 * PATCH:
        raise UserError(
            f"two patches of {PATCH} pixels do not fit side by side into {height}x{width} pixels; "
            "allowed: a larger image"
        )
    wanted = _chosen(image, MAX_QUERIES, _seeded(1))
    others = _chosen(image, MAX_REFERENCES, _seeded(3))
    known = patches_at(image, others, PATCH)
    columns = grid(image, PATCH)[1]
    cut = known.view(-1, 3, PATCH, PATCH)
    forms = [known, cut.flip(2).flatten(1), cut.flip(3).flatten(1)]
    distances = []
    for places in torch.split(wanted, QUERIES_AT_ONCE):
        overlaps = overlapping(places, others, columns, PATCH)
        rows = patches_at(image, places, PATCH)
        found = [to_nearest(rows, form, overlaps) for form in forms]
        distances.append(torch.stack(found).amin(dim=0)[~overlaps.all(dim=1)])
    return _mean_error(torch.cat(distances))


def _mean_error(distances: Tensor) -> float:
    """The mean root mean squared error, 0 to 1, from patches' Euclidean distances."""
    return float(distances.mean()) / (2 * math.sqrt(3 * PATCH**2))


def _patches(image: Tensor, at_most: int, rng: torch.Generator) -> Tensor:
    return patches_at(image, _chosen(image, at_most, rng), PATCH)


def _chosen(image: Tensor, at_most: int, rng: torch.Generator) -> Tensor:
    """All places of patches, or a random choice if there are more than ``at_most``."""
    count = math.prod(grid(image, PATCH))
    if count > at_most:
        return torch.randperm(count, generator=rng)[:at_most].to(image.device)
    return torch.arange(count, device=image.device)


def _mean_gradient(image: Tensor) -> float:
    gray = image.mean(dim=1)
    return float(gray.diff(dim=2).abs().mean() + gray.diff(dim=1).abs().mean())


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
