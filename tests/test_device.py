"""The device and the precision are the requested ones, or the best available."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from internal_gan.device import (
    hand_over,
    prepare_device,
    select_device,
    select_precision,
)
from internal_gan.errors import UserError

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> int:
    """Makes the machine appear to have the given CUDA devices."""
    count: int = request.param
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"card {index}")
    return count


def with_devices(count: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("machine", [count], indirect=True, ids=[f"{count} devices"])


@with_devices(0)
@pytest.mark.usefixtures("machine")
def test_auto_without_cuda_is_the_cpu_and_says_why() -> None:
    assert select_device("auto") == (CPU, "no CUDA device found")


@with_devices(2)
@pytest.mark.usefixtures("machine")
def test_auto_with_cuda_is_the_first_device_and_says_which() -> None:
    assert select_device("auto") == (CUDA, "card 0 found")


@with_devices(2)
@pytest.mark.usefixtures("machine")
def test_an_available_device_is_used() -> None:
    assert select_device("cuda")[0] == CUDA
    assert select_device("cuda:1")[0] == torch.device("cuda:1")


@with_devices(0)
@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("name", ["cuda", "cuda:1"])
def test_cuda_on_a_machine_without_it_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=f"^device={name}: .*no CUDA device.*auto, cpu$"):
        select_device(name)


@with_devices(2)
@pytest.mark.usefixtures("machine")
def test_a_number_beyond_the_last_device_is_refused_with_the_available_ones() -> None:
    with pytest.raises(UserError, match=r"^device=cuda:2: .*auto, cpu, cuda:0, cuda:1$"):
        select_device("cuda:2")


@pytest.mark.parametrize("machine", [0, 1], indirect=True)
@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("name", ["gpu", "", "cuda:x", "cuda:-1", "cpu:1"])
def test_an_unknown_name_is_refused_with_the_allowed_ones(name: str) -> None:
    with pytest.raises(UserError, match=f"^device={name}: unknown; allowed: auto, cpu, cuda"):
        select_device(name)


@pytest.fixture
def tf32() -> Iterator[None]:
    """Turns on torch's TF32 switches, and restores them afterwards."""
    switches: tuple[Any, ...] = (torch.backends.cudnn, torch.backends.cuda.matmul)
    before = [switch.allow_tf32 for switch in switches]
    for switch in switches:
        switch.allow_tf32 = True
    yield
    for switch, value in zip(switches, before, strict=True):
        switch.allow_tf32 = value


@with_devices(1)
@pytest.mark.usefixtures("machine", "tf32")
@pytest.mark.parametrize(
    ("name", "precision", "rounded"),
    [
        ("cuda", "fp32", False),
        ("auto", "fp32", False),
        ("cpu", "fp32", True),
        ("cuda", "auto", True),
        ("cuda", "bf16", True),
    ],
)
def test_requested_float32_is_not_rounded_to_tf32(name: str, precision: str, rounded: bool) -> None:
    assert prepare_device(name, precision) == select_device(name)
    assert torch.backends.cudnn.allow_tf32 is rounded
    assert torch.backends.cuda.matmul.allow_tf32 is rounded


@pytest.mark.parametrize(
    ("capabilities", "dtype"),
    [
        ({"avx2": True}, torch.float32),
        ({}, torch.float32),
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True}, torch.bfloat16),
    ],
)
def test_auto_is_bfloat16_if_the_cpu_supports_it(
    capabilities: dict[str, bool], dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert select_precision("auto", CPU)[0] == dtype


@pytest.mark.parametrize(
    ("capability", "dtype"),
    [((7, 5), torch.float32), ((8, 0), torch.bfloat16), ((9, 0), torch.bfloat16)],
)
def test_auto_is_bfloat16_if_the_gpu_supports_it(
    capability: tuple[int, int], dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert select_precision("auto", CUDA)[0] == dtype


def test_a_tensor_is_handed_over_unchanged(device: torch.device) -> None:
    given = torch.rand(2, 3)
    there = hand_over(given, device)
    assert there.device.type == device.type
    assert torch.equal(there.cpu(), given)
