"""Auxiliary losses between the patches of a generated and a real image.

Each is built once from the real image and then called with generated images of any size that holds
a patch. Calls compare ``levels`` sizes in turn, each half the one before; an image too small for a
level is compared at the last one that it is large enough for. A number out of range, or an image
smaller than a patch, raises a ValueError.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import check_range
from internal_gan.images.pyramid import MAX_LEVELS
from internal_gan.patches.exact import grid, in_order, patches_at, squared_distances
from internal_gan.shapes import Pixels

# Directions sorted together: all of them, for a large image, would take gigabytes.
FILTERS_AT_ONCE = 16
# The most directions: more do not fit into memory.
MAX_AT_ONCE = 2**17
# The most real patches kept of each size.
MAX_KEPT = 24576
# The limit of options that count steps, such as the interval of a loss; more is a typing error.
MAX_STEPS_BETWEEN = 10**6


class PatchLoss(ABC):
    """Distance of a generated image's patches to those of the loss's real image.

    Attributes:
        patch: side of the patches in pixels, and the smallest side of an image.
    """

    patch: int

    @abstractmethod
    def period(self, pixels: int) -> float:
        """The number of calls after which the choice of levels and places repeats, for images of
        this many pixels; infinite if it never does."""

    @abstractmethod
    def __call__(self, fake: Tensor, rng: torch.Generator, step: int) -> Tensor:
        """The distance of ``fake``, (N, C, H, W) in [-1, 1]: a scalar, not yet weighted.

        Args:
            rng: source of random choices, on the device of ``fake``.
            step: number of the call, from 0; it makes levels and patches take turns.
        """


@dataclass(frozen=True)
class PatchTerm:
    """A patch loss as a term of a generator's loss.

    Attributes:
        loss: called as ``loss(real, rng)`` to make the loss of one stage's image.
        weight: number, or ``{coarsest: a, finest: b}``; 0 leaves the term out.
        interval: computed in one of this many steps, with this many times the weight.
    """

    loss: Callable[..., PatchLoss]
    weight: float | Mapping[str, float]
    interval: int

    def __post_init__(self) -> None:
        check_range(1, MAX_STEPS_BETWEEN, interval=self.interval)


class SlicedWasserstein(PatchLoss):
    """Mean absolute difference between sorted random projections of patches (Wasserstein-1).

    The generated image is projected at the places of a lattice that moves with the step. The
    projections are compared with quantiles of the real image's, which are computed once.

    Args:
        rng: source of the directions, on the device of ``real``.
        patch: side of the patches in pixels.
        projections: random directions used in one call.
        bank: directions prepared in advance; each call takes some of them.
        places: about how many patches of the generated image one call uses.

    Source: Elnekave and Weiss, "Generating natural images with direct patch distributions
    matching", ECCV 2022.
    """

    def __init__(
        self,
        real: Pixels,
        rng: torch.Generator,
        *,
        patch: int,
        projections: int,
        bank: int,
        places: int,
        levels: int,
    ) -> None:
        check_range(1, MAX_LEVELS, levels=levels)
        check_range(1, MAX_AT_ONCE, projections=projections, bank=bank)
        check_range(1, patch=patch, places=places)
        self.patch = patch
        self.projections = projections
        self.places = places
        channels = real.shape[1]
        filters = torch.randn(bank, channels * patch**2, device=real.device, generator=rng)
        self.filters = F.normalize(filters, dim=1).view(bank, channels, patch, patch)
        self.quantiles = []
        for image in _levels(real, patch, levels):
            rows = []
            for some in torch.split(self.filters, FILTERS_AT_ONCE):
                values = in_order(F.conv2d(image, some).flatten(2)[0].float())
                rows.append(_at_quantiles(values, min(places, values.shape[1])))
            self.quantiles.append(torch.cat(rows))

    def period(self, pixels: int) -> float:
        return len(self.quantiles) if round(math.sqrt(pixels / self.places)) <= 1 else math.inf

    def __call__(self, fake: Tensor, rng: torch.Generator, step: int) -> Tensor:
        turn, level = divmod(step, len(self.quantiles))
        images = _levels(fake, self.patch, level + 1)
        fake = images[-1]
        quantiles = self.quantiles[len(images) - 1]
        bank = len(self.filters)
        chosen = torch.randperm(bank, device=fake.device, generator=rng)[: self.projections]
        area = fake.shape[0] * fake.shape[2] * fake.shape[3]
        stride = max(1, round(math.sqrt(area / self.places)))
        top, left = turn % stride, turn // stride % stride
        maps = F.conv2d(fake[:, :, top:, left:], self.filters[chosen], stride=stride).float()
        values = in_order(maps.transpose(0, 1).flatten(1))
        return (values - _at_quantiles(quantiles[chosen], values.shape[1])).abs().mean()


class NearestPatch(PatchLoss):
    """Mean squared difference between generated patches and their nearest real patches.

    It pulls generated patches to real ones (coherence). With ``reverse_weight``, real patches also
    pull their nearest generated ones (completeness).

    Args:
        rng: source of the choice of patches, on the device of ``real``.
        patch: side of the patches in pixels.
        queries: generated patches used in one call.
        candidates: real patches searched in one call; calls take them in turn.
        reverse_weight: weight of the completeness term.
        normalise: alpha of the normalised distance. The smaller it is, the more it favours real
            patches that nothing resembles yet; null takes the nearest. See
            :func:`internal_gan.patches.exact.nearest_normalised`.

    Source: Simakov et al., "Summarizing visual data using bidirectional similarity", CVPR 2008;
    Granot et al., "Drop the GAN", CVPR 2022, Section 4.2 (the normalised distance).
    """

    def __init__(
        self,
        real: Pixels,
        rng: torch.Generator,
        *,
        patch: int,
        queries: int,
        candidates: int,
        reverse_weight: float,
        normalise: float | None = None,
        levels: int,
    ) -> None:
        check_range(1, MAX_LEVELS, levels=levels)
        check_range(1, patch=patch, queries=queries, candidates=candidates)
        check_range(0, 1e6, reverse_weight=reverse_weight)
        check_range(1e-6, 1e6, normalise=normalise)
        self.normalise = normalise
        self.patch = patch
        self.queries = queries
        self.candidates = candidates
        self.reverse_weight = reverse_weight
        self.banks = []
        for image in _levels(real, patch, levels):
            patches = _random_patches(image, patch, MAX_KEPT, rng)
            order = torch.randperm(len(patches), device=real.device, generator=rng)
            self.banks.append(patches[order])

    def period(self, pixels: int) -> float:
        return len(self.banks) if len(self.banks[0]) <= self.candidates else math.inf

    def __call__(self, fake: Tensor, rng: torch.Generator, step: int) -> Tensor:
        device = fake.device.type
        mixed = torch.is_autocast_enabled(device)
        dtype = torch.get_autocast_dtype(device) if mixed else torch.float32
        with torch.autocast(device, enabled=False):
            turn, level = divmod(step, len(self.banks))
            images = _levels(fake.float(), self.patch, level + 1)
            fake = images[-1]
            bank = self.banks[len(images) - 1]
            count = min(self.candidates, len(bank))
            real = bank[(turn * count + torch.arange(count, device=bank.device)) % len(bank)]
            patches = _random_patches(fake, self.patch, self.queries, rng)
            with torch.no_grad():
                distance = squared_distances(patches, real, dtype)
                pulling = distance
                if self.normalise is not None:
                    alpha = self.normalise * real.shape[1]
                    pulling = distance / (alpha + distance.amin(dim=0).clamp_min(0))
                nearest = pulling.argmin(dim=1)
            loss = F.mse_loss(patches, real[nearest])
            if self.reverse_weight:
                back = distance.argmin(dim=0)
                loss = loss + self.reverse_weight * F.mse_loss(patches[back], real)
            return loss


def _levels(image: Tensor, patch: int, most: int) -> list[Tensor]:
    """``image`` and its successive halvings, ``most`` in all, while they are two patches wide."""
    side = min(image.shape[-2:])
    if side < patch:
        raise ValueError(f"patch is {patch}; allowed: up to the coarsest image's side of {side}")
    images = [image]
    while len(images) < most and min(images[-1].shape[-2:]) // 2 >= 2 * patch:
        images.append(F.avg_pool2d(images[-1], 2))
    return images


def _at_quantiles(ordered: Tensor, count: int) -> Tensor:
    """Values of the sorted rows (R, n) at ``count`` evenly spaced quantiles: (R, count)."""
    n = ordered.shape[1]
    if n == count:
        return ordered
    ranks = (torch.arange(count, device=ordered.device) + 0.5) * (n / count)
    return ordered[:, ranks.long().clamp_(max=n - 1)]


def _random_patches(image: Tensor, patch: int, count: int, rng: torch.Generator) -> Tensor:
    """At most ``count`` patches at random places of (N, C, H, W), as rows (count, patch^2 C)."""
    total = len(image) * math.prod(grid(image, patch))
    if total <= count:
        places = torch.arange(total, device=image.device)
    else:
        places = torch.randint(total, (count,), device=image.device, generator=rng)
    # Colour last: summing in another order would lead to slightly different weights.
    patches = patches_at(image, places, patch).view(-1, image.shape[1], patch, patch)
    return patches.movedim(1, -1).flatten(1)
