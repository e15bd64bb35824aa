"""What makes the CPU wait for a GPU, counted in training steps: for a real one, and for one that is
not there, tensors of the CPU that say ``cuda:0``, and that fail where CUDA would.

The pretended one knows which device each tensor claims, not how CUDA computes. What runs inside one
function of torch, backward passes among them, is not looked into.
"""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

import internal_gan
from internal_gan.training.stage_trainer import StageTrainer

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)
PACKAGE = Path(internal_gan.__file__).parent
# Attributes of tensors on the pretended device, and of tensors in pinned memory.
ON_CUDA, PINNED = "_on_cuda", "_pinned"

# Functions of which CUDA needs the result on the host.
WAITING = {
    *("item", "tolist", "__bool__", "__float__", "__int__", "__index__", "__contains__"),
    *("__repr__", "__format__", "equal", "allclose", "is_nonzero", "nonzero", "argwhere"),
    *("masked_select", "unique", "unique_consecutive", "bincount", "histc", "repeat_interleave"),
    *("inv", "inverse", "linalg_inv", "linalg_solve", "linalg_cholesky", "linalg_eigh"),
}
# Functions that copy values from the host.
FROM_HOST = {"tensor", "as_tensor", "asarray", "new_tensor"}
# Functions that may take tensors of two devices.
CROSSING = {"_has_compatible_shallow_copy_type", "write_data", "expand_as", "view_as"}
# Functions that take no tensor of the CPU besides those of CUDA, not even one number.
STRICT = {"cat", "concat", "stack"}


class PretendCuda(TorchFunctionMode):
    """See :func:`pretend_cuda`. ``waits`` is what made the CPU wait in ``steps``, and where, or may
    not be in a CUDA graph."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0
        self.waits: list[str] = []
        self._in_step = self._in_backward = False

    @contextmanager
    def step(self) -> Iterator[None]:
        """Count what waits here."""
        self.steps += 1
        with patch.object(self, "_in_step", True):
            yield

    @contextmanager
    def backward(self) -> Iterator[None]:
        """Look at nothing, since the engine's tensors claim no device."""
        with patch.object(self, "_in_backward", True):
            yield

    def wait(self, name: str) -> None:
        """Note that ``name`` waits for the device."""
        if self._in_step:
            self.waits.append(f"{name} in {where(traceback.extract_stack())}")

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self._in_backward:
            return func(*args, **kwargs)
        name = _name(func)
        special = getattr(self, f"_run_{name.strip('_')}", None)
        if special is not None:
            return special(func, args, kwargs)
        if name in ("read_device", "read_is_cuda", "read_is_cpu"):
            there = on_cuda(args[0])
            return _device(args[0]) if name == "read_device" else there == (name == "read_is_cuda")
        if name.startswith("read_"):
            read = func(*args)
            return _mark(read, on_cuda(args[0])) if isinstance(read, Tensor) else read
        found = _tensors((args, kwargs))
        there = any(map(on_cuda, found))
        if there and name not in CROSSING:
            _check_devices(name, found)
        wanted = kwargs.get("device")
        device = torch.device(wanted) if wanted else CUDA if there else CPU
        cuda = device.type == "cuda"
        _check_generators((*args, *kwargs.values()), device)
        if there and (name in WAITING or (name == "where" and len(args) == 1)):
            self.wait(name)
        if name in FROM_HOST and (cuda != there or (cuda and name == "new_tensor")):
            self.wait(name)
        result = func(*args, **({**kwargs, "device": CPU} if wanted else kwargs))
        if name == "write_data":
            _mark(args[0], on_cuda(args[1]))
        for tensor in _tensors(result):
            if not any(tensor is given for given in found):
                _mark(tensor, cuda)
            elif on_cuda(tensor) != cuda:
                return _mark(tensor.clone(), cuda)
        return result

    def _run_pin_memory(self, func: Any, args: Any, kwargs: Any) -> Tensor:
        if on_cuda(args[0]):
            raise RuntimeError("cannot pin a tensor of cuda:0")
        if any(frame.name == "_both" for frame in traceback.extract_stack()):
            self.wait("a copy that a CUDA graph would repeat")
        pinned: Tensor = args[0].clone()
        setattr(pinned, PINNED, True)
        return pinned

    def _run_numpy(self, func: Any, args: Any, kwargs: Any) -> Any:
        if on_cuda(args[0]):
            raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu()")
        return func(*args, **kwargs)

    _run_array = _run_numpy

    def _run_cpu(self, func: Any, args: Any, kwargs: Any) -> Tensor:
        return self._moved(args[0], CPU, False)

    def _run_to(self, func: Any, args: Any, kwargs: Any) -> Tensor:
        parts = list(args[1:])
        if parts and isinstance(parts[0], Tensor):
            parts[:1] = [_device(parts[0]), parts[0].dtype]
        device, dtype, non_blocking, layout = torch._C._nn._parse_to(*parts, **kwargs)
        moved = self._moved(args[0], device or _device(args[0]), non_blocking)
        return _mark(func(moved, dtype=dtype, memory_format=layout), on_cuda(moved))

    def _run_copy(self, func: Any, args: Any, kwargs: Any) -> Tensor:
        target, source = args[:2]
        if on_cuda(target) != on_cuda(source):
            self._crossed(source, bool(kwargs.get("non_blocking")))
        func(*args, **kwargs)
        return target  # type: ignore[no-any-return]

    def _run_deepcopy(self, func: Any, args: Any, kwargs: Any) -> Tensor:
        return _mark(func(*args), on_cuda(args[0]))

    def _run_getitem(self, func: Any, args: Any, kwargs: Any) -> Tensor:
        self._check_index(*args[:2])
        return _mark(func(*args), on_cuda(args[0]))

    def _run_setitem(self, func: Any, args: Any, kwargs: Any) -> None:
        target, index, value = args
        array = isinstance(value, Tensor) and value.dim() > 0
        if array or not _is_mask(index):
            self._check_index(target, index)
        if array and on_cuda(value) != on_cuda(target):
            if any(_tensors(index)):
                raise RuntimeError("expected the value and the indexed tensor on one device")
            self._crossed(value, False)
        func(*args)

    def _check_index(self, target: Tensor, index: Any) -> None:
        for part in index if isinstance(index, tuple) else (index,):
            for one in _tensors(part):
                if on_cuda(one) and not on_cuda(target) and one.dim():
                    raise RuntimeError(
                        "indices should be either on cpu or on the same device as the indexed "
                        "tensor (cpu)"
                    )
                if on_cuda(one) and (one.dim() == 0 or one.dtype == torch.bool):
                    self.wait("an index")
                if on_cuda(target) and not on_cuda(one) and one.dim():
                    self.wait("an index from the host")
            if on_cuda(target) and isinstance(part, list | np.ndarray):
                self.wait("an index from the host")

    def _moved(self, tensor: Tensor, device: torch.device, non_blocking: bool) -> Tensor:
        if on_cuda(tensor) == (device.type == "cuda"):
            return tensor
        self._crossed(tensor, non_blocking)
        return _mark(tensor.clone(), device.type == "cuda")

    def _crossed(self, source: Tensor, non_blocking: bool) -> None:
        if on_cuda(source):
            self.wait("a copy to the host")
        elif not (non_blocking and hasattr(source, PINNED)):
            self.wait("a copy from the host")


@contextmanager
def pretend_cuda() -> Iterator[PretendCuda]:
    """Make torch pretend that there is a GPU, which refuses mixed devices and counts waits."""
    mode = PretendCuda()
    with pytest.MonkeyPatch.context() as fake, mode:
        fake.setattr(torch, "Generator", _Generator)
        fake.setattr(torch, "autocast", _Autocast)
        fake.setattr(torch, "load", _load(torch.load))
        for name in ("is_autocast_enabled", "get_autocast_dtype"):
            fake.setattr(torch, name, _of_cpu(getattr(torch, name)))
        for name, answer in {
            "is_available": True,
            "device_count": 1,
            "get_device_name": "a pretended GPU",
            "mem_get_info": (2**33, 2**34),
            "is_current_stream_capturing": False,
        }.items():
            fake.setattr(torch.cuda, name, lambda *_, answer=answer: answer)
        fake.setattr(torch.cuda, "synchronize", lambda *_: mode.wait("synchronize"))
        fake.setattr(torch.nn.Parameter, "__new__", _new_parameter)
        fake.setattr(torch._C, "_group_tensors_by_device_and_dtype", _grouped)
        backward = torch.autograd.backward

        def unwatched(*args: Any, **kwargs: Any) -> None:
            with mode.backward():
                backward(*args, **kwargs)

        fake.setattr(torch.autograd, "backward", unwatched)
        _watch(mode, fake)
        yield mode


class RealCuda:
    """See :func:`real_cuda`; the attributes are those of the pretended one."""

    def __init__(self) -> None:
        self.steps = 0
        self.waits: list[str] = []

    @contextmanager
    def step(self) -> Iterator[None]:
        """Count what waits here."""
        self.steps += 1
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = self._note
            torch.cuda.set_sync_debug_mode("warn")
            try:
                yield
            finally:
                torch.cuda.set_sync_debug_mode("default")

    def _note(self, message: Warning | str, *_: object, **__: object) -> None:
        if "called a synchronizing" in str(message):
            self.waits.append(where(traceback.extract_stack()))


@contextmanager
def real_cuda() -> Iterator[RealCuda]:
    """Count the waits in training steps, by CUDA's own warnings."""
    found = RealCuda()
    with pytest.MonkeyPatch.context() as fake:
        _watch(found, fake)
        yield found


def _watch(gpu: PretendCuda | RealCuda, fake: pytest.MonkeyPatch) -> None:
    """Let every training step count as a step of the GPU."""
    take_step = StageTrainer.take_step

    def watched(trainer: StageTrainer) -> dict[str, Tensor]:
        with gpu.step():
            return take_step(trainer)

    fake.setattr(StageTrainer, "take_step", watched)


def on_cuda(tensor: Tensor) -> bool:
    """Whether a tensor claims to be on the GPU."""
    return hasattr(tensor, ON_CUDA)


def where(stack: traceback.StackSummary) -> str:
    """The line of the package that called last."""
    frames = [frame for frame in stack if PACKAGE in Path(frame.filename).parents]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "a test"


class _Generator(torch.Generator):
    """A generator of the CPU that claims a device."""

    claimed: torch.device

    def __new__(cls, device: str | torch.device = "cpu") -> _Generator:
        made: _Generator = super().__new__(cls)
        made.claimed = CUDA if torch.device(device).type == "cuda" else CPU
        return made

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        return self.claimed

    def set_state(self, new_state: Tensor) -> torch.Generator:
        if on_cuda(new_state):
            raise TypeError("expected a torch.ByteTensor, but got torch.cuda.ByteTensor")
        return super().set_state(new_state)


class _Autocast(torch.autocast):
    """Autocast of the CPU, for any device."""

    def __init__(self, device_type: str, *args: Any, **kwargs: Any) -> None:
        super().__init__("cpu", *args, **kwargs)


_parameter: Any = torch.nn.Parameter.__new__
_group = torch._C._group_tensors_by_device_and_dtype


def _new_parameter(cls: type, data: Tensor | None = None, requires_grad: bool = True) -> Tensor:
    return _mark(_parameter(cls, data, requires_grad), data is not None and on_cuda(data))


def _grouped(lists: list[list[Tensor]], with_indices: bool = False) -> dict[Any, Any]:
    found = _group([[*tensors] for tensors in lists], with_indices)
    device = CUDA if any(map(on_cuda, lists[0])) else CPU
    return {(device, key[1]): value for key, value in found.items()}


def _of_cpu(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda device=None: function("cpu")


def _load(load: Callable[..., Any]) -> Callable[..., Any]:
    def loaded(file: Any, *, map_location: Any, **kwargs: Any) -> Any:
        found = load(file, map_location=CPU, **kwargs)
        for tensor in _tensors(found):
            _mark(tensor, torch.device(map_location).type == "cuda")
        return found

    return loaded


def _check_devices(name: str, tensors: list[Tensor]) -> None:
    """Refuse tensors of two devices; CUDA reads single numbers of the CPU, but changes none."""
    in_place = name.endswith("_") and not name.endswith("__")
    strict = name in STRICT or (in_place and not on_cuda(tensors[0]))
    if any(not on_cuda(tensor) and (strict or tensor.dim()) for tensor in tensors):
        raise RuntimeError(
            "Expected all tensors to be on the same device, but found at least two devices, "
            f"cuda:0 and cpu! (in {name})"
        )


def _check_generators(arguments: Iterable[Any], device: torch.device) -> None:
    """Refuse random numbers of another device."""
    for rng in arguments:
        if type(rng) is _Generator and rng.device.type != device.type:
            raise RuntimeError(
                f"Expected a '{device.type}' device type for generator but found "
                f"'{rng.device.type}'"
            )


def _mark(tensor: Tensor, cuda: bool) -> Tensor:
    if cuda:
        setattr(tensor, ON_CUDA, True)
    elif on_cuda(tensor):
        delattr(tensor, ON_CUDA)
    return tensor


def _device(tensor: Tensor) -> torch.device:
    return CUDA if on_cuda(tensor) else CPU


def _name(func: Any) -> str:
    """A function's name; ``read_device`` or ``write_device`` for a property."""
    name: str = func.__name__
    access = {"__get__": "read", "__set__": "write"}.get(name)
    return f"{access}_{func.__self__.__name__}" if access else name


def _is_mask(index: Any) -> bool:
    return isinstance(index, Tensor) and index.dtype == torch.bool


def _tensors(value: Any) -> list[Tensor]:
    """All tensors in nested containers."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif isinstance(value, slice):
        value = value.start, value.stop, value.step
    elif not isinstance(value, list | tuple):
        return []
    return [found for one in value if not isinstance(one, int | str) for found in _tensors(one)]
