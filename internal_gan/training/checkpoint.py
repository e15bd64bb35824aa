"""The state of a training on disk: written whole or not at all, read without running code."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from internal_gan.errors import UserError
from internal_gan.files import atomic_write
from internal_gan.process_settings import ignored_warnings
from internal_gan.runs.model_file import check_format, check_there

# Raised whenever a file of the version before can no longer be read as it is.
FORMAT_VERSION = 1


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
    check_there(path, "there is nothing to resume")
    try:
        with ignored_warnings():
            state = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # of any kind, by what the bytes of a foreign file happen to mean
        raise UserError(f"{path} is truncated or not a training checkpoint") from error
    if not isinstance(state, dict) or "family" not in state:
        raise UserError(f"{path} is not a training checkpoint of internal-gan")
    check_format(path, state.get("format_version"), FORMAT_VERSION)
    if state["family"] != family:
        raise UserError(f"{path} is of the family {state['family']}, not {family}")
    return state
