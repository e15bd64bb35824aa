"""Convolution blocks and their initialisation, shared by every generator and discriminator."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import is_parametrized

from internal_gan.errors import check_range

Norm = Literal["none", "batch", "instance", "spectral", "spectral_batch", "spectral_instance"]
Init = Literal["normal", "kaiming", "xavier"]

LEAKY_SLOPE = 0.2  # of a leaky ReLU below 0
# Limits of options: above what published networks have, and within what a computer can hold.
MAX_CHANNELS = 2048
MAX_LAYERS = 64
LARGEST_KERNEL = 31  # the side, in pixels
POWER_ITERATIONS = 15  # with which the estimate of a spectral norm begins


class ConvBlock(nn.Sequential):
    """Convolution, norm and LeakyReLU.

    Maps (N, in_channels, H, W) to (N, out_channels, H', W'). ``stride`` divides the sides, and
    without ``padded`` each loses the kernel's extent less 1.

    Args:
        norm: ``spectral`` normalises the convolution's weight; ``spectral_batch`` and
            ``spectral_instance`` add a batch norm, or an instance norm without weights.
        upscale: doubles the sides: ``transposed`` by a transposed 4x4 convolution of stride 2,
            ``nearest`` by nearest-neighbour upsampling before a 3x3 convolution.
        downscale: halves the sides: ``wide`` by a zero-padded 4x4 convolution of stride 2, ``pool``
            by 2x2 max pooling after everything else.
        padded: whether the input is reflected beyond its border.
        activation: whether a LeakyReLU of ``slope`` follows.
        own_statistics: whether a batch norm uses no running averages, even after training.
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
        upscale: Literal["transposed", "nearest"] | None = None,
        downscale: Literal["wide", "pool"] | None = None,
        padded: bool = False,
        activation: bool = True,
        slope: float = LEAKY_SLOPE,
        own_statistics: bool = False,
    ) -> None:
        conv: nn.Module
        if upscale == "transposed":
            conv = nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1)
        elif upscale == "nearest":
            conv = DoublingConv2d(in_channels, out_channels, 3)
        elif downscale == "wide":
            conv = nn.Conv2d(in_channels, out_channels, 4, 2, 1)
        else:
            make = nn.Conv2d if dilation == 1 else DilatedConv2d
            conv = make(in_channels, out_channels, kernel_size, stride, dilation=dilation)
        if norm.startswith("spectral"):
            conv = spectral_norm(conv)
        layers = [conv]
        if padded and kernel_size > 1 and not upscale and downscale != "wide":
            layers.insert(0, Reflect(dilation * (kernel_size // 2)))
        if norm.endswith("batch"):
            make_norm = OwnBatchNorm2d if own_statistics else nn.BatchNorm2d
            layers.append(make_norm(out_channels))
        elif norm.endswith("instance"):
            layers.append(nn.InstanceNorm2d(out_channels))
        if activation:
            layers.append(nn.LeakyReLU(slope))
        if downscale == "pool":
            # Keeps an odd last row or column.
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
        super().__init__(*layers)


class OwnBatchNorm2d(nn.BatchNorm2d):
    """A batch norm without running averages."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, track_running_stats=False)

    def forward(self, x: Tensor) -> Tensor:
        if x.numel() > x.shape[1]:
            return super().forward(x)
        # A channel's only value is its mean, so the normalised value is 0.
        return 0 * x + self.bias.view(-1, 1, 1)


class DilatedConv2d(nn.Conv2d):
    """A dilated convolution whose gradient is correct for any number of channels.

    With channels-last bfloat16 on CPUs with bfloat16 instructions, oneDNN's gradient of a dilated
    kernel is NaN or crashes (torch 2.13), but not in the contiguous layout, or for multiples of 16.
    """

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight
        if self.in_channels % 16 or self.out_channels % 16:
            x, weight = x.contiguous(), weight.contiguous()
        return F.conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation)


class DoublingConv2d(nn.Conv2d):
    """A 3x3 convolution after twofold nearest-neighbour upsampling, at less than half the cost.

    Maps (N, in_channels, H, W) to (N, out_channels, 2 H, 2 W); the enlarged input is reflected by
    one pixel. Along each axis the kernel sees two copies of one pixel and one of its neighbour, so
    the weights of the copies can be summed first. That leaves a 2x2 kernel for each of the four
    copies at the centre: 16 multiplications instead of 36.
    """

    def forward(self, x: Tensor) -> Tensor:
        # Each 2x2 neighbourhood gives four results: along each axis one for the last copy of a
        # pixel and one for the first copy of the next.
        kernels = torch.cat([k for rows in _merged(self.weight.mT) for k in _merged(rows.mT)])
        bias = None if self.bias is None else self.bias.repeat(4)
        # Reflecting the enlarged input gives another copy of its last pixel, as replicating does.
        x = F.pad(x, (1,) * 4, mode="replicate")
        between = F.conv2d(x, kernels, bias).permute(0, 2, 3, 1)
        count, height, width, _ = between.shape
        copies = between.view(count, height, width, 2, 2, self.out_channels).transpose(2, 3)
        doubled = copies.flatten(3, 4).flatten(1, 2).permute(0, 3, 1, 2)
        # Copied, since norms are slow on a view.
        return doubled[..., 1:-1, 1:-1].contiguous(memory_format=torch.channels_last)


def _merged(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Kernels (..., 3) as (..., 2), centred on the last and on the first copy of a pixel."""
    before, centre, after = weight.unbind(-1)
    return torch.stack([before + centre, after], -1), torch.stack([before, centre + after], -1)


class Reflect(nn.Module):
    def __init__(self, margin: int) -> None:
        super().__init__()
        self.margin = margin

    def forward(self, x: Tensor) -> Tensor:
        return reflect(x, self.margin)


def initialise(
    module: nn.Module,
    init: Init,
    rng: torch.Generator | None = None,
    output_std: float | None = None,
) -> None:
    """Draw the weights of all convolutions and norms in place; biases become 0.

    ``normal`` is SinGAN's initialisation: standard deviation 0.02, around 0 for convolutions and
    around 1 for norms. ``kaiming`` keeps the variance of activations, so that networks without a
    norm train too. ``xavier`` is InGAN's: a hundredth of the deviation of Glorot and Bengio (2010).
    Spectral norms divide it out, but the smaller a weight, the more a step of Adam turns it.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            is_spectral = is_parametrized(layer, "weight")
            name = "parametrizations.weight.original" if is_spectral else "weight"
            weight = layer.get_parameter(name)
            if init == "normal":
                nn.init.normal_(weight, 0.0, 0.02, generator=rng)
            elif init == "kaiming":
                nn.init.kaiming_normal_(weight, a=LEAKY_SLOPE, generator=rng)
            else:
                nn.init.xavier_normal_(weight, 0.01, generator=rng)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
            if is_spectral:
                for vector in layer.get_submodule("parametrizations.weight.0").buffers():
                    vector.copy_(F.normalize(vector.normal_(generator=rng), dim=0))
                _iterate_power(layer)
        elif isinstance(layer, nn.BatchNorm2d):
            std = 0.02 if init == "normal" else 0.0
            nn.init.normal_(layer.weight, 1.0, std, generator=rng)
            nn.init.zeros_(layer.bias)
    if output_std is not None:
        check_range(0, 1, output_std=output_std)
        nn.init.normal_(module.get_parameter("output.weight"), 0.0, output_std, generator=rng)


def update_spectral_norms(module: nn.Module) -> None:
    """Estimate all spectral norms anew after weights were set; ``module`` keeps its mode."""
    for layer in module.modules():
        if is_parametrized(layer, "weight"):
            _iterate_power(layer)


@torch.no_grad()
def _iterate_power(layer: nn.Module) -> None:
    mode = layer.training
    layer.train()
    for _ in range(POWER_ITERATIONS):
        _ = layer.weight  # each reading in training mode is one iteration
    layer.train(mode)


def check_kernel(kernel_size: int) -> None:
    """Raise a ValueError if a kernel is too large or cannot be padded evenly."""
    check_range(1, LARGEST_KERNEL, kernel_size=kernel_size)
    if kernel_size % 2 == 0:
        raise ValueError(f"kernel_size is {kernel_size}; allowed: odd numbers")


def reflect(x: Tensor, margin: int) -> Tensor:
    """Pad (N, C, H, W) by ``margin`` pixels on every side with its reflection; an image too small
    for that repeats its last rows and columns."""
    return F.pad(x, (margin,) * 4, mode="reflect" if min(x.shape[-2:]) > margin else "replicate")
