"""The device and precision of a run, and its free memory."""

import re
from contextlib import suppress
from pathlib import Path

import psutil
import torch

from internal_gan.errors import UserError
from internal_gan.units import memory

GROUP = Path("/sys/fs/cgroup")  # of the container's limits


def prepare_device(name: str) -> tuple[torch.device, str]:
    """The device for ``auto``, ``cpu``, ``cuda`` or ``cuda:N``, and the reason for it; a UserError
    for any other name, or if this machine has no such device."""
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    reason = "as requested"
    if name == "auto" and count:
        name, reason = "cuda", f"{torch.cuda.get_device_name(0)} found"
    elif name == "auto":
        name, reason = "cpu", "no CUDA device found"
    if name == "cpu":
        return torch.device(name), reason
    cuda = re.fullmatch(r"cuda(?::(\d+))?", name)
    if not cuda:
        raise UserError(f"device={name}: unknown; allowed: auto, cpu, cuda, cuda:0, cuda:1, ...")
    if not count:
        raise UserError(
            f"device={name}: this machine or this torch build has no CUDA device; "
            "allowed here: auto, cpu"
        )
    if int(cuda[1] or 0) >= count:
        here = ", ".join(f"cuda:{i}" for i in range(count))
        raise UserError(f"device={name}: not on this machine; allowed here: auto, cpu, {here}")
    # By default, torch would round convolutions on CUDA to TF32, which has 11 bits.
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    return torch.device(name), reason


def select_precision(name: str, device: torch.device) -> tuple[torch.dtype, str]:
    """The dtype of convolutions for ``auto``, ``fp32`` or ``bf16``, and the reason for it.

    ``auto`` picks bfloat16 on a CPU with native support. Elsewhere float32 is faster: on a GPU,
    networks wait for the launch of kernels, and bfloat16 launches more (docs/results/gpu.md).
    """
    if name != "auto":
        return {"fp32": torch.float32, "bf16": torch.bfloat16}[name], "as requested"
    known: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    if device.type == "cpu" and (known.get("avx512_bf16") or known.get("amx_bf16")):
        return torch.bfloat16, "native on this device"
    return torch.float32, "faster on this device"


def free_memory(device: torch.device) -> int:
    """Bytes that a computation on ``device`` may still use: what this machine has, the container
    leaves of its limit, and ``ulimit -v`` of its own."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    left = [int(psutil.virtual_memory().available)]
    with suppress(OSError, ValueError):  # no limit
        limit, used = (int((GROUP / f"memory.{name}").read_text()) for name in ("max", "current"))
        # Files that were read are dropped when memory is needed.
        cache = re.search(
            r"^inactive_file (\d+)$", (GROUP / "memory.stat").read_text(), re.MULTILINE
        )
        left.append(limit - used + (int(cache[1]) if cache else 0))
    with suppress(ImportError):  # on Windows
        import resource

        if (limit := resource.getrlimit(resource.RLIMIT_AS)[0]) != resource.RLIM_INFINITY:
            left.append(limit - psutil.Process().memory_info().vms)
    return max(0, min(left))


def hand_over(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor on ``device``, without waiting for it."""
    if device.type == "cuda" and tensor.device.type == "cpu":
        # Only from pinned memory does the copy run while the CPU goes on.
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def check_memory(needed: int, device: torch.device, option: str) -> None:
    """Raise a UserError about an option, such as ``"sample.size=[9000,9000]"``, if there are fewer
    than ``needed`` bytes of free memory."""
    free = free_memory(device)
    if needed > free:
        raise UserError(
            f"{option} needs about {memory(needed)} of memory, and {memory(free)} are free; "
            "a smaller one needs less"
        )
