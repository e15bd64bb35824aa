"""Models and training states on disk: written whole or not at all, read without running code."""

import io
import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

import internal_gan
from internal_gan.errors import UserError
from internal_gan.files import atomic_write
from internal_gan.models.base import Model

# Raised whenever a file of the version before can no longer be read as it is.
FORMAT_VERSION = 1


def save_model(model: Model, path: Path, architecture: Mapping[str, Any]) -> None:
    """Write the finished stages of ``model`` as safetensors.

    Args:
        architecture: the configuration that :func:`load_model`'s ``build`` makes the model from.

    Raises:
        UserError: the file cannot be written.
    """
    metadata = {
        "format_version": str(FORMAT_VERSION),
        "package_version": internal_gan.__version__,
        "family": model.family,
        "architecture": json.dumps(architecture),
        "model": json.dumps(model.metadata()),
    }
    tensors = {name: t.detach().cpu().contiguous() for name, t in model.state_dict().items()}
    content = save(tensors, metadata)
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def load_model(path: Path, build: Callable[[Mapping[str, Any]], Model]) -> Model:
    """Read a model that :func:`save_model` wrote, on the CPU and ready for inference.

    Raises:
        UserError: the file is missing, truncated, foreign or of a newer format.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist; the run has no finished scale yet")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path} is truncated or not a safetensors file") from error
    _check_format(path, metadata.get("format_version"))
    try:
        model = build(json.loads(metadata["architecture"]))
        model.restore(json.loads(metadata["model"]))
        model.load_state_dict(tensors)
        if metadata["family"] != model.family:
            raise ValueError(f"written by the family {metadata['family']}")
    except UserError as error:
        raise UserError(f"{path} does not fit this version of internal-gan: {error}") from error
    except (AttributeError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise UserError(f"{path} does not hold a complete internal-gan model") from error
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def save_training(state: Mapping[str, Any], path: Path) -> None:
    """Write the state of a training.

    Raises:
        UserError: the file cannot be written.
    """
    # In memory first: on a full disk torch's own writer holds on to the file that it cannot finish.
    content = io.BytesIO()
    torch.save({"format_version": FORMAT_VERSION, **state}, content)
    with atomic_write(path) as temporary:
        temporary.write_bytes(content.getbuffer())


def load_training(path: Path, family: str, device: torch.device) -> dict[str, Any]:
    """Read what :func:`save_training` wrote.

    Raises:
        UserError: the file is missing, truncated, foreign, of a newer format or another family.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist; there is nothing to resume")
    try:
        with warnings.catch_warnings(action="ignore"):
            state = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # of any kind, by what the bytes of a foreign file happen to mean
        raise UserError(f"{path} is truncated or not a training checkpoint") from error
    if not isinstance(state, dict) or "family" not in state:
        raise UserError(f"{path} is not a training checkpoint of internal-gan")
    _check_format(path, state.get("format_version"))
    if state["family"] != family:
        raise UserError(f"{path} is of the family {state['family']}, not {family}")
    return state


def _check_format(path: Path, found: Any) -> None:
    try:
        number = int(found)
    except (TypeError, ValueError):
        raise UserError(f"{path} is not a file of internal-gan") from None
    if number > FORMAT_VERSION:
        raise UserError(
            f"{path} has format {number}, from a newer internal-gan; this one reads up to "
            f"{FORMAT_VERSION}: upgrade the package"
        )
