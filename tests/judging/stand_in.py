"""A stand-in for Inception's weights: the layers in use, with random values."""

from pathlib import Path

import torch
from torch import Tensor

SHAPES = {
    "Conv2d_1a_3x3": (32, 3, 3, 3),
    "Conv2d_2a_3x3": (32, 32, 3, 3),
    "Conv2d_2b_3x3": (64, 32, 3, 3),
    "Conv2d_3b_1x1": (80, 64, 1, 1),
    "Conv2d_4a_3x3": (192, 80, 3, 3),
}


def stand_in() -> dict[str, Tensor]:
    """A state dictionary as torch-fidelity and torchvision have it."""
    rng = torch.Generator().manual_seed(0)
    tensors = {"fc.weight": torch.zeros(1008, 8), "fc.bias": torch.zeros(1008)}
    for name, shape in SHAPES.items():
        inputs = shape[1] * shape[2] * shape[3]
        tensors[f"{name}.conv.weight"] = torch.randn(shape, generator=rng) * (2 / inputs) ** 0.5
        for part in ("weight", "bias", "running_mean", "running_var"):
            tensors[f"{name}.bn.{part}"] = 0.5 + 0.2 * torch.rand(shape[0], generator=rng)
        tensors[f"{name}.bn.num_batches_tracked"] = torch.tensor(0)
    return tensors


def weights_file(path: Path) -> Path:
    torch.save(stand_in(), path)
    return path
