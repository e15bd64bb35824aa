"""What matters in a photo: where people look first, found by the photo's own evidence alone.

Four sources, each 0 to 1, are added: what differs from all that reaches the border (the minimum
barrier distance), what has other colours than the border, what exists only once, and what has
edges. Things near the centre count somewhat more.

Sources: J. Zhang et al., "Minimum barrier salient object detection at 80 FPS", ICCV 2015 (the
distance by raster scans, section 3, and the colours of the border, section 4.1); S. Goferman et
al., "Context-aware saliency detection", CVPR 2010 (patches that differ from all others).
"""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import gaussian_blur, resize, size_of
from internal_gan.images.transforms import pixel_centres
from internal_gan.patches import kernels
from internal_gan.patches.exact import lattice, overlapping, patches_at, squared_distances
from internal_gan.shapes import Mask, Pixels

MAP_SIDE = 200  # the long side of the map, in pixels
# How much each source counts; the sum is 1.
BARRIER = 0.3  # what differs from all that reaches the border
BORDER = 0.35  # what has other colours than the border
UNIQUE = 0.12  # what exists only once
EDGES = 0.23  # what has edges
CENTRE = 0.4  # the share of importance that fades with the distance from the centre
CENTRE_SIGMA = 0.8  # of that fading, in halves of a side
SMOOTHING = 2.0  # sigma, in pixels of the map
FAINT = 0.1  # importance, before it is scaled, of a photo in which nothing stands out
WHITE = 0.995  # the share of pixels that are darker than white; the others are cut off there

NOTICED = 1.0  # the smallest difference of colours that anyone sees, in units of Lab
SCANS = 3  # of the map, by turns from either corner
BORDER_SHARE = 0.1  # of a side, the strip along each border whose colours are known
COLOUR_NOISE = 8.0  # variance of a strip's colours that counts as noise, in squared units of Lab

UNIQUE_LONGEST = 40  # the long side at which patches are compared, in pixels
UNIQUE_PATCH = 7  # the side of a patch, in pixels
NEIGHBOURS = 3  # a patch is compared with its third nearest elsewhere
# An image is a texture if cells of it hardly differ.
TEXTURE_LONGEST = 96  # the long side at which it is judged, in pixels
CELLS = 3  # along each side
MOST_APART = 0.1  # the variance of the cells' means, relative to all variance, at most
MOST_VARIED = 0.15  # the standard deviation of their contrasts, relative to the mean, at most


def importance(image: Pixels) -> Mask:
    """The importance of each place of an image, at a size of ``MAP_SIDE`` pixels at most."""
    lab = _shrunk(image, MAP_SIDE)
    size = fit_size(size_of(image), MAP_SIDE)
    total = BARRIER * _scaled(_barrier(lab))
    total += BORDER * _scaled(_unlike_border(lab), least=FAINT)
    unique = _scaled(_unique(_shrunk(image, UNIQUE_LONGEST)))
    total += UNIQUE * resize(unique, size).clamp(0, 1)
    total += EDGES * _scaled(_edges(lab))
    distance = pixel_centres(size).square().sum(dim=-1)
    near = torch.exp(-distance / (2 * CENTRE_SIGMA**2))
    centred = total * (1 - CENTRE + CENTRE * near)
    return _scaled(gaussian_blur(centred, SMOOTHING), WHITE, FAINT)


def repeats(image: Pixels) -> bool:
    """Whether an image is a texture, whose parts all look alike: of some cells, neither the mean
    colours nor the contrasts differ."""
    lab = _shrunk(image, TEXTURE_LONGEST)
    whole = float(lab.var(dim=(2, 3), correction=0).sum())
    means = F.adaptive_avg_pool2d(lab, CELLS)
    inside = F.adaptive_avg_pool2d(lab.square(), CELLS) - means.square()
    contrasts = inside.sum(dim=1).clamp_min(0).sqrt()
    apart = float(means.var(dim=(2, 3), correction=0).sum())
    varied = float(contrasts.std(correction=0) / contrasts.mean().clamp_min(NOTICED))
    return apart <= MOST_APART * max(whole, NOTICED) and varied <= MOST_VARIED


def _shrunk(image: Pixels, longest: int) -> Tensor:
    """An image in CIE Lab, (1, 3, h, w), with a long side of about ``longest`` pixels."""
    from kornia.color import rgb_to_lab

    small = resize(image, fit_size(size_of(image), longest))
    lab: Tensor = rgb_to_lab((small.clamp(-1, 1) + 1) / 2)
    return lab


def _scaled(values: Tensor, white: float = 0.99, least: float = NOTICED) -> Tensor:
    """Values from 0 to 1, where 1 is their quantile ``white``, or ``least`` if that is more."""
    values = values - values.min()
    return (values / values.quantile(white).clamp_min(least)).clamp(0, 1)


def _barrier(lab: Tensor) -> Tensor:
    """The smallest range of values on any way to the border, summed over channels."""
    planes = gaussian_blur(lab.transpose(0, 1), 1.0)[:, 0].double().numpy()
    total = sum(kernels.barriers(np.ascontiguousarray(plane), SCANS) for plane in planes)
    return torch.from_numpy(total).float()[None, None]


def _unlike_border(lab: Tensor) -> Tensor:
    """How unlike the colours of the borders are, the most unlike border left out."""
    colours = lab[0].movedim(0, -1)
    down, across = (max(1, round(BORDER_SHARE * side)) for side in colours.shape[:2])
    strips = colours[:down], colours[-down:], colours[:, :across], colours[:, -across:]
    found = []
    for strip in strips:
        flat = strip.reshape(-1, 3)
        apart = colours - flat.mean(dim=0)
        spread = torch.cov(flat.T, correction=0) + COLOUR_NOISE * torch.eye(3)
        distance = (apart @ spread.inverse() * apart).sum(dim=-1).clamp_min(0).sqrt()
        found.append(distance / distance.max().clamp_min(NOTICED))
    every = torch.stack(found)
    return (every.sum(dim=0) - every.amax(dim=0))[None, None]


def _unique(lab: Tensor) -> Tensor:
    """How far each patch is from those elsewhere that are most alike."""
    size = size_of(lab)
    half = UNIQUE_PATCH // 2
    padded = F.pad(lab, (half,) * 4, mode="replicate")
    places = lattice(padded, UNIQUE_PATCH)
    rows = patches_at(padded, places, UNIQUE_PATCH)
    distance = squared_distances(rows, rows)
    distance[overlapping(places, places, size[1], UNIQUE_PATCH)] = math.inf
    found = distance.kthvalue(min(NEIGHBOURS, len(rows)), dim=1).values.clamp_min(0).sqrt()
    return torch.where(found.isfinite(), found, 0.0).view(1, 1, *size)


def _edges(lab: Tensor) -> Tensor:
    padded = F.pad(lab, (1, 1, 1, 1), mode="replicate")
    down = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
    across = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
    return gaussian_blur(
        (down.square() + across.square()).sum(dim=1, keepdim=True).sqrt(), SMOOTHING
    )
