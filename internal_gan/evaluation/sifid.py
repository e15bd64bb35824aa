"""SIFID: the distance between a sample's deep features and those of a single image.

Only figures from the same layer and weights file are comparable.
"""

import torch
from torch import Tensor

from internal_gan.evaluation.inception import InceptionStem
from internal_gan.images.files.image import to_uint8
from internal_gan.shapes import Pixels

Gaussian = tuple[Tensor, Tensor]


def sifid(real: Pixels, sample: Pixels, stem: InceptionStem, channels: int = 64) -> float:
    """Single image Fréchet inception distance, 0 for identical images.

    The squared Fréchet distance between Gaussians fitted to the features at all positions of the
    two images, which are rounded to 8 bits and not resized. ``channels`` is the layer, a key of
    :data:`internal_gan.evaluation.inception.LAYERS`. An image that is too small is a UserError.

    Source: Shaham, Dekel, Michaeli, "SinGAN", ICCV 2019, Section 3.
    """
    rounded = (to_uint8(image).float() / 127.5 - 1 for image in (real, sample))
    return frechet_distance(*(gaussian(stem.features(image, channels)) for image in rounded))


def gaussian(features: Tensor) -> Gaussian:
    """Mean (C,) and covariance (C, C) over all positions of (1, C, h, w), in float64."""
    places = features[0].flatten(1).double()
    return places.mean(dim=1), places.cov()


def frechet_distance(one: Gaussian, other: Gaussian) -> float:
    """Squared 2-Wasserstein distance between two Gaussians.

    Source: Dowson, Landau, "The Fréchet distance between multivariate normal distributions",
    Journal of Multivariate Analysis, 1982.
    """
    (mean, covariance), (other_mean, other_covariance) = one, other
    # The product of the covariances has the same eigenvalues as the symmetric matrix below.
    values, vectors = torch.linalg.eigh(covariance)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    crossed = torch.linalg.eigvalsh(root @ other_covariance @ root).clamp(min=0).sqrt().sum()
    apart = (mean - other_mean).square().sum()
    # For equal Gaussians, rounding may give slightly less than 0.
    return max(0.0, float(apart + covariance.trace() + other_covariance.trace() - 2 * crossed))
