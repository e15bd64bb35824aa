"""The device and the precision are the requested ones, or the best available."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch

from internal_gan.device import (
    check_memory,
    free_memory,
    hand_over,
    prepare_device,
    select_precision,
)
from internal_gan.errors import UserError

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes the machine appear to have so many CUDA devices."""

    def appear(count: int) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"card {index}")

    return appear


@pytest.mark.parametrize(
    ("count", "name", "selected"),
    [
        (0, "auto", (CPU, "no CUDA device found")),
        (2, "auto", (CUDA, "card 0 found")),
        (2, "cuda", (CUDA, "as requested")),
        (2, "cuda:1", (torch.device("cuda:1"), "as requested")),
    ],
)
def test_the_device_is_the_requested_or_best_one_with_the_reason(
    cards: Callable[[int], None], count: int, name: str, selected: tuple[torch.device, str]
) -> None:
    cards(count)
    assert prepare_device(name) == selected


@pytest.mark.parametrize(
    ("count", "name", "message"),
    [
        (0, "cuda:1", r".*no CUDA device.*auto, cpu$"),
        (2, "cuda:2", r".*auto, cpu, cuda:0, cuda:1$"),
        (1, "cpu:1", "unknown; allowed: auto, cpu, cuda"),
    ],
)
def test_a_missing_or_unknown_device_is_refused_with_those_allowed(
    cards: Callable[[int], None], count: int, name: str, message: str
) -> None:
    cards(count)
    with pytest.raises(UserError, match=f"^device={name}: {message}"):
        prepare_device(name)


@pytest.mark.parametrize(("name", "rounded"), [("cuda", False), ("auto", False), ("cpu", True)])
def test_float32_is_not_rounded_to_tf32(
    cards: Callable[[int], None], name: str, rounded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    switches = [SimpleNamespace(allow_tf32=True) for _ in range(2)]
    monkeypatch.setattr(torch.backends, "cudnn", switches[0])
    monkeypatch.setattr(torch.backends.cuda, "matmul", switches[1])
    cards(1)
    prepare_device(name)
    assert [switch.allow_tf32 for switch in switches] == [rounded, rounded]


@pytest.mark.parametrize(
    ("used", "capabilities", "wanted"),
    [
        *((CPU, {"avx2": True}, torch.float32), (CPU, {}, torch.float32)),
        *((CPU, {"avx512_bf16": True}, torch.bfloat16), (CPU, {"amx_bf16": True}, torch.bfloat16)),
        (CUDA, {"amx_bf16": True}, torch.float32),
    ],
)
def test_auto_is_bfloat16_on_a_cpu_that_supports_it(
    used: Any, capabilities: Any, wanted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert select_precision("auto", used)[0] == wanted


def test_a_tensor_is_handed_over_unchanged(device: torch.device) -> None:
    given = torch.rand(2, 3)
    there = hand_over(given, device)
    assert there.device.type == device.type
    assert torch.equal(there.cpu(), given)


def test_a_container_leaves_what_it_has_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("internal_gan.device.GROUP", tmp_path)
    whole = free_memory(CPU)
    for name, text in (
        ("max", "90000000"),
        ("current", "60000000"),
        ("stat", "anon 1\ninactive_file 20000000\n"),
    ):
        (tmp_path / f"memory.{name}").write_text(text)
    assert free_memory(CPU) == 50_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory(CPU) == pytest.approx(whole, rel=0.2)


def test_a_limit_on_the_process_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    used = psutil.Process().memory_info().vms
    for limit, left in ((used + 10**8, 10**8), (used // 2, 0)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, limit=limit: (limit, limit))
        assert free_memory(CPU) == pytest.approx(left, abs=3e7)
    with pytest.raises(UserError, match=r"^image needs about 1\.0 GB of memory, and .* are free"):
        check_memory(10**9, CPU, "image")
