"""Models on disk: written whole or not at all, read without running code."""

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor
from torch.overrides import TorchFunctionMode

from internal_gan.config.build import build, find
from internal_gan.errors import MissingPackageError, UserError, check_range
from internal_gan.files import atomic_write, is_file
from internal_gan.models.base import Model, Recipe
from internal_gan.version import __version__

# Increased when files of the previous format can no longer be read as they are. Files of format 1
# contain the configuration of the whole training instead of the model's architecture.
FORMAT_VERSION = 2
# A model of 20 scales with 20 layers each has 1,600.
MOST_TENSORS = 4_000
# Calls of torch to build a model, per tensor; a layer with spectral norm takes the most, about 60.
CALLS_PER_TENSOR = 200
# Allowance for small networks that a model builds only to find their margins.
SPARE_NUMBERS = 2**22


def save_model(model: Model, path: Path, architecture: Mapping[str, Any]) -> None:
    """Write the finished stages of ``model`` as safetensors; equal models give equal bytes.

    Args:
        architecture: see :meth:`internal_gan.models.base.Recipe.architecture`.

    Raises:
        UserError: the file cannot be written.
    """
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
    """A safetensors file with its metadata sorted by name.

    The library keeps the metadata in a hash map, whose order differs between processes. The file
    is the length of its header in 8 bytes, the header as JSON padded with blanks to a multiple of
    8 bytes, and the tensors, which are sorted already.
    """
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[end:]


def load_model(path: Path) -> Model:
    """Read a model written by :func:`save_model` onto the CPU for inference.

    Time and memory are bounded by the file's tensors, even for a malicious file.

    Raises:
        UserError: the file is missing, truncated, foreign or of a newer format.
    """
    check_there(path, "the run has no finished scale yet")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            names = file.keys()
            check_format(path, metadata.get("format_version"), FORMAT_VERSION)
            if len(names) > MOST_TENSORS:
                raise UserError(f"{path} has {len(names)} tensors; allowed: up to {MOST_TENSORS}")
            tensors = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path} is truncated or not a safetensors file") from error
    try:
        saved = json.loads(metadata["model"])
        _check_saved(saved)
        architecture = json.loads(metadata["architecture"])
        target = find(architecture["_target_"])
        if issubclass(target, Recipe):
            architecture = target.architecture(architecture)
        with _Bounded(tensors.values()):
            model: Model = build(architecture)
            model.restore(saved)
        model.load_state_dict(tensors)
        if metadata["family"] != model.family:
            raise ValueError(f"written by the family {metadata['family']}")
        height, width = model.image.shape[-2:]
        if any(size[0] > height or size[1] > width for size in model.sizes):
            raise ValueError("a stage is larger than the image")
    except MissingPackageError:
        raise
    except UserError as error:
        raise UserError(f"{path} does not fit this version of internal-gan: {error}") from error
    except Exception as error:  # a foreign file may cause any
        raise UserError(f"{path} does not hold a complete internal-gan model") from error
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _check_saved(metadata: Mapping[str, Any]) -> None:
    """Raise a ValueError if the sizes of stages or the number of finished ones are impossible."""
    sizes, finished = metadata["sizes"], metadata["finished"]
    sides = [side for size in sizes for side in size]
    if any(isinstance(n, bool) or not isinstance(n, int) for n in [*sides, finished]):
        raise ValueError("sizes or finished has something other than whole numbers")
    if not sizes or any(len(size) != 2 for size in sizes):
        raise ValueError("sizes are not pairs")
    check_range(1, size=min(sides))
    check_range(0, len(sizes), finished=finished)


class _Bounded(TorchFunctionMode):
    """Raises a ValueError when this thread computes or allocates much more than a file's tensors
    account for."""

    def __init__(self, tensors: Iterable[Tensor]) -> None:
        super().__init__()
        counts = [tensor.numel() for tensor in tensors]
        self._calls = CALLS_PER_TENSOR * (10 + len(counts))
        self._numbers = SPARE_NUMBERS + sum(counts)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._calls -= 1
        if func in (torch.empty, torch.zeros, torch.ones):
            sizes = args[0] if args and isinstance(args[0], list | tuple) else args
            self._numbers -= math.prod(sizes)
        if min(self._calls, self._numbers) < 0:
            raise ValueError("the model is larger than the file")
        return func(*args, **(kwargs or {}))


def check_there(path: Path, what_then: str) -> None:
    """Raise a UserError if ``path`` is not a file; if it is missing, add ``what_then``."""
    if not path.exists():
        raise UserError(f"{path} does not exist; {what_then}")
    # Opening a pipe would wait for whoever writes into it.
    if not is_file(path):
        raise UserError(f"{path} is not a file; remove it")


def check_format(path: Path, found: Any, newest: int) -> None:
    """Raise a UserError if a file's format is not a number or above ``newest``."""
    try:
        number = int(found)
    except (TypeError, ValueError):
        raise UserError(f"{path} is not an internal-gan file") from None
    if number > newest:
        raise UserError(
            f"{path} has format {number}, from a newer internal-gan; this one reads up to "
            f"{newest}: upgrade the package"
        )
