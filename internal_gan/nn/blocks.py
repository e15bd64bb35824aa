"""Convolution blocks and their initialisation, shared by every generator and discriminator."""

import math
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import is_parametrized

from internal_gan.errors import check_range

Norm = Literal["none", "batch", "instance", "spectral", "spectral_batch", "spectral_instance"]
Init = Literal["normal", "kaiming"]
Padding = Literal["zero", "reflect", "replicate", "circular"]
Upscale = Literal["transposed", "nearest"]

LEAKY_SLOPE = 0.2
# More than any published network has, and no more than a computer can hold.
MOST_CHANNELS, MOST_LAYERS, LARGEST_KERNEL = 2048, 64, 31
POWER_ITERATIONS = 15


class ConvBlock(nn.Sequential):
    """Convolution, then a norm chosen by name, then LeakyReLU.

    Maps (N, in_channels, H, W) to (N, out_channels, H', W') with
    H' = (H + 2 margin - reach) // stride + 1, where the kernel reaches over
    dilation (kernel_size - 1) + 1 pixels, and the margin is 0 without ``padding`` and half of
    that with it; with ``upscale`` H' = 2 H.

    Args:
        norm: ``batch``, ``instance``, ``spectral`` (on the convolution's weight),
            ``spectral_batch`` and ``spectral_instance`` (two of them) or ``none``.
        stride: pixels from one place of the kernel to the next.
        dilation: pixels from one of the kernel's weights to the next.
        upscale: doubles the sides: ``transposed``, by a transposed convolution with a kernel of 4
            pixels and a stride of 2, or ``nearest``, by repeating pixels before a kernel of 3,
            continued by ``padding``; ``kernel_size``, ``stride`` and ``dilation`` do not matter.
        padding: how the input is continued by half the kernel; None: not at all.
        activation: whether the LeakyReLU is there.
        slope: of the LeakyReLU below 0; 0 makes it a ReLU.

    Raises:
        ValueError: ``norm`` is none of these.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: int = 3,
        norm: Norm = "none",
        stride: int = 1,
        dilation: int = 1,
        upscale: Upscale | None = None,
        padding: Padding | None = None,
        activation: bool = True,
        slope: float = LEAKY_SLOPE,
    ) -> None:
        if norm not in get_args(Norm):
            raise ValueError(f"norm is {norm!r}; allowed: {', '.join(get_args(Norm))}")
        conv: nn.Module
        if upscale == "transposed":
            conv = nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1)
        elif upscale == "nearest":
            conv = DoublingConv2d(in_channels, out_channels, padding or "zero")
        else:
            make = nn.Conv2d if dilation == 1 else DilatedConv2d
            conv = make(in_channels, out_channels, kernel_size, stride, dilation=dilation)
        if norm.startswith("spectral"):
            conv = spectral_norm(conv)
        layers = [conv]
        if padding is not None and kernel_size > 1 and not upscale:
            layers.insert(0, Pad(dilation * (kernel_size // 2), padding))
        if norm.endswith("batch"):
            layers.append(nn.BatchNorm2d(out_channels))
        elif norm.endswith("instance"):
            layers.append(nn.InstanceNorm2d(out_channels, affine=True))
        if activation:
            layers.append(nn.LeakyReLU(slope))
        super().__init__(*layers)


class DilatedConv2d(nn.Conv2d):
    """A convolution whose gradient is right in any number of channels.

    In bfloat16 and channels-last layout, on CPUs with bfloat16 instructions, oneDNN's gradient of a
    dilated kernel is NaN, or the process dies, unless the channels come in sixteens (torch 2.13).
    Others are computed in the usual layout.
    """

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight
        if self.in_channels % 16 or self.out_channels % 16:
            x, weight = x.contiguous(), weight.contiguous()
        return F.conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation)


class DoublingConv2d(nn.Conv2d):
    """A 3x3 convolution of the input with every pixel repeated in both directions, made cheap.

    Maps (N, in_channels, H, W) to (N, out_channels, 2 H, 2 W), the repeated input continued by one
    pixel as ``border`` says. The kernel sees two copies of a pixel and one of its neighbour, so
    the weights of the two copies are summed first: that leaves four kernels of 2x2, one for each
    copy that the kernel can be centred on, and 16 multiplications in place of 36.
    """

    def __init__(self, in_channels: int, out_channels: int, border: Padding) -> None:
        super().__init__(in_channels, out_channels, 3)
        # A pixel and its copy mirror each other, so the repeated input's mirror image is a copy.
        self.border: Padding = "replicate" if border == "reflect" else border

    def forward(self, x: Tensor) -> Tensor:
        # Between two pixels lie the last copy of the one and the first of the next.
        kernels = torch.cat([k for rows in _merged(self.weight.mT) for k in _merged(rows.mT)])
        bias = None if self.bias is None else self.bias.repeat(4)
        between = F.conv2d(pad(x, 1, self.border), kernels, bias).permute(0, 2, 3, 1)
        count, height, width, _ = between.shape
        copies = between.view(count, height, width, 2, 2, self.out_channels).transpose(2, 3)
        doubled = copies.flatten(3, 4).flatten(1, 2).permute(0, 3, 1, 2)
        # In one piece again: norms are slow on a window.
        return doubled[..., 1:-1, 1:-1].contiguous(memory_format=torch.channels_last)


def _merged(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Kernels (..., 3), centred on the last copy of a pixel and on the first one: (..., 2) each."""
    before, centre, after = weight.unbind(-1)
    return torch.stack([before + centre, after], -1), torch.stack([before, centre + after], -1)


class Pad(nn.Module):
    """:func:`pad` as a layer."""

    def __init__(self, margin: int, mode: Padding) -> None:
        super().__init__()
        self.margin = margin
        self.mode: Padding = mode

    def forward(self, x: Tensor) -> Tensor:
        return pad(x, self.margin, self.mode)


def initialise(module: nn.Module, init: Init, rng: torch.Generator | None = None) -> None:
    """Draw the weights of every convolution and norm in ``module`` from ``rng``, in place.

    ``normal`` is SinGAN's: convolutions N(0, 0.02), norms N(1, 0.02). ``kaiming`` keeps the
    variance of activations through LeakyReLU(0.2), so that networks without a norm train too.
    Biases become zero.

    Raises:
        ValueError: ``init`` is none of these.
    """
    if init not in ("normal", "kaiming"):
        raise ValueError(f"init is {init!r}; allowed: normal, kaiming")
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            is_spectral = is_parametrized(layer, "weight")
            name = "parametrizations.weight.original" if is_spectral else "weight"
            weight = layer.get_parameter(name)
            if init == "normal":
                nn.init.normal_(weight, 0.0, 0.02, generator=rng)
            else:
                nn.init.kaiming_normal_(weight, a=LEAKY_SLOPE, generator=rng)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
            if is_spectral:
                _restart_power_iteration(layer, rng)
        elif isinstance(layer, nn.BatchNorm2d | nn.InstanceNorm2d) and layer.affine:
            std = 0.02 if init == "normal" else 0.0
            nn.init.normal_(layer.weight, 1.0, std, generator=rng)
            nn.init.zeros_(layer.bias)


@torch.no_grad()
def _restart_power_iteration(layer: nn.Module, rng: torch.Generator | None) -> None:
    """Bring the spectral norm's estimate in line with weights that were drawn after it."""
    for vector in layer.get_submodule("parametrizations.weight.0").buffers():
        vector.copy_(F.normalize(vector.normal_(generator=rng), dim=0))
    for _ in range(POWER_ITERATIONS):
        _ = layer.weight  # each reading in training mode is one iteration


def check_stack(width: int, depth: int, kernel_size: int) -> None:
    """Refuse the shape of a network that could not be built or padded evenly.

    Raises:
        ValueError: names the number and what is allowed.
    """
    check_range(1, MOST_CHANNELS, width=width)
    check_range(1, LARGEST_KERNEL, kernel_size=kernel_size)
    check_range(2, MOST_LAYERS, depth=depth)
    if kernel_size % 2 == 0:
        raise ValueError(f"kernel_size is {kernel_size}; allowed: odd numbers")


def check_hourglass(width: int, depth: int, residual_blocks: int, kernel_size: int) -> None:
    """As :func:`check_stack`, of a network that doubles its channels ``depth`` times."""
    check_range(1, MOST_CHANNELS, width=width)
    most = int(math.log2(MOST_CHANNELS / width))
    check_range(0, most, depth=depth)
    check_range(0, MOST_LAYERS, residual_blocks=residual_blocks)
    check_range(1, LARGEST_KERNEL, kernel_size=kernel_size)
    if kernel_size % 2 == 0:
        raise ValueError(f"kernel_size is {kernel_size}; allowed: odd numbers")


def receptive_field(depth: int, kernel_size: int = 3) -> int:
    """Side in pixels of the square that one output pixel of ``depth`` stacked blocks sees."""
    return depth * (kernel_size - 1) + 1


def pad(x: Tensor, margin: int, mode: Padding) -> Tensor:
    """Extend (N, C, H, W) by ``margin`` pixels on every side.

    ``reflect`` and ``circular`` fall back to ``replicate`` where the image is too small for them.
    """
    if mode == "zero":
        return F.pad(x, (margin,) * 4)
    side = min(x.shape[-2:])
    if (mode == "reflect" and side <= margin) or (mode == "circular" and side < margin):
        mode = "replicate"
    return F.pad(x, (margin,) * 4, mode=mode)
