"""SIFID: the distance between a sample's deep features and those of a single image.

The features are those of Inception's first layers, with weights from a file of the user's. Only
figures from the same layer and weights file are comparable.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from internal_gan.errors import UserError
from internal_gan.images.colours import to_uint8
from internal_gan.shapes import Pixels
from internal_gan.weights import read_weights

Gaussian = tuple[Tensor, Tensor]
# Layers, by their number of channels.
LAYERS = {
    64: "64 channels, before the first pooling (SinGAN's released code)",
    192: "192 channels, before the second pooling (SinGAN's paper)",
}
# What batch norms add to the variance, as published.
EPSILON = 1e-3
# The smallest image that has features of each layer, in pixels a side.
MIN_SIDE = 19


class InceptionStem(nn.Module):
    """Inception v3 up to its second pooling, for inference.

    Images are not resized, and stay in [-1, 1], which both published sets of weights expect.
    ``weights`` are the ``file`` and ``sha256`` of the tensors.

    Source: Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR 2016.
    """

    def __init__(self, tensors: Mapping[str, Tensor], weights: Mapping[str, str]) -> None:
        super().__init__()
        self.weights = weights
        layers = OrderedDict[str, nn.Module](
            Conv2d_1a_3x3=_layer(3, 32, 3, stride=2),
            Conv2d_2a_3x3=_layer(32, 32, 3),
            Conv2d_2b_3x3=_layer(32, 64, 3, padding=1),
            maxpool1=nn.MaxPool2d(3, 2),
            Conv2d_3b_1x1=_layer(64, 80, 1),
            Conv2d_4a_3x3=_layer(80, 192, 3),
        )
        self.layers = nn.Sequential(layers)
        names = self.layers.state_dict()
        known = {name: tensor.float() for name, tensor in tensors.items() if name in names}
        self.layers.load_state_dict(known, assign=True)
        self.eval()

    @torch.no_grad()
    def features(self, image: Pixels, channels: int) -> Tensor:
        """The layer that has this many ``channels``, (1, channels, h, w).

        An image that is too small for it is a UserError.
        """
        if min(image.shape[-2:]) < MIN_SIDE:
            raise UserError(
                f"SIFID of {image.shape[-2]}x{image.shape[-1]} pixels: too small for its features; "
                f"needs {MIN_SIDE} pixels a side"
            )
        for layer in self.layers:
            image = layer(image)
            if image.shape[1] == channels:
                break
        return image


def _layer(inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0) -> nn.Module:
    """A convolution, its batch norm and a ReLU, without values."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False, device="meta")
    norm = nn.BatchNorm2d(outputs, eps=EPSILON, device="meta")
    return nn.Sequential(OrderedDict(conv=conv, bn=norm, relu=nn.ReLU(inplace=True)))


def read_inception(path: str | Path, option: str = "weights") -> InceptionStem:
    """Read weights in torch-fidelity's layout or torchvision's, which use the same names.

    The file, which messages call ``option``, is a state dict (``.pth``, from which no code is run)
    or safetensors. If it is missing or not a complete set of weights, this is a UserError.
    """
    path = Path(path)
    tensors = read_weights(path, option)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        return InceptionStem(tensors, {"file": path.name, "sha256": digest})
    except RuntimeError as error:
        raise UserError(f"{path}: not the weights of Inception v3: {error}") from error


def sifid(real: Pixels, sample: Pixels, stem: InceptionStem, channels: int = 64) -> float:
    """Single image Fréchet inception distance, 0 for identical images.

    The squared Fréchet distance between Gaussians fitted to the features at all positions of the
    two images, which are rounded to 8 bits and not resized. ``channels`` is the layer, a key of
    :data:`LAYERS`. An image that is too small is a UserError.

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
