"""Loads weights from a user's file without executing code in it."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.process_settings import ignored_warnings


def read_weights(path: str | Path, option: str) -> dict[str, Tensor]:
    """Read named tensors from a PyTorch ``.pth`` or safetensors file, given by ``option``; a
    UserError if it is missing or holds anything else."""
    path = Path(path)
    name = f"{option}={path}"
    if not path.is_file():
        text = f"{name}: there is no such file; allowed is a file of weights"
        raise UserError(text, option=option, kind="missing")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
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
