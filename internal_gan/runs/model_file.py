"""Models on disk: written whole or not at all, read without running code."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from internal_gan.config.build import build
from internal_gan.errors import UserError
from internal_gan.files import atomic_write, is_file
from internal_gan.models.base import Model
from internal_gan.version import __version__

# Increased when files of the previous format can no longer be read as they are.
FORMAT_VERSION = 2


def save_model(model: Model, path: Path, architecture: Mapping[str, Any]) -> None:
    """Write the finished stages of a model and its architecture as safetensors; see
    :meth:`~internal_gan.models.base.Recipe.architecture`. Equal models give equal bytes."""
    metadata = {
        "format_version": str(FORMAT_VERSION),
        "package_version": __version__,
        "family": model.family,
        "architecture": json.dumps(architecture),
        "model": json.dumps(model.metadata()),
    }
    tensors = {name: t.detach().cpu().contiguous() for name, t in model.state_dict().items()}
    content = _canonical(save(tensors, metadata))
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def _canonical(content: bytes) -> bytes:
    """A safetensors file with its metadata sorted by name, whose order differs between processes.

    It is the length of its header in 8 bytes, the header as JSON padded with blanks to a multiple
    of 8 bytes, and the tensors, which are sorted already.
    """
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[end:]


def load_model(path: Path) -> Model:
    """Read a model written by :func:`save_model` onto the CPU for inference; a UserError if the
    file is missing, truncated, foreign or of a newer format."""
    check_there(path, "the run has no finished scale yet")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            version = metadata.get("format_version", "")
            if not version.isdecimal():
                raise UserError(f"{path} is not an internal-gan file")
            if int(version) > FORMAT_VERSION:
                raise UserError(
                    f"{path} has format {version}, from a newer internal-gan; this one reads up to "
                    f"{FORMAT_VERSION}: upgrade the package"
                )
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path} is truncated or not a safetensors file") from error
    try:
        architecture = json.loads(metadata["architecture"])
        model: Model = build(architecture)
        model.restore(json.loads(metadata["model"]))
        model.load_state_dict(tensors)
    except UserError as error:
        raise UserError(f"{path} does not fit this version of internal-gan: {error}") from error
    except Exception as error:  # a foreign file may cause any
        raise UserError(f"{path} does not hold a complete internal-gan model") from error
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def check_there(path: Path, what_then: str) -> None:
    """Raise a UserError if ``path`` is not a file; if it is missing, add ``what_then``."""
    if not path.exists():
        raise UserError(f"{path} does not exist; {what_then}")
    # Opening a pipe would wait for whoever writes into it.
    if not is_file(path):
        raise UserError(f"{path} is not a file; remove it")
