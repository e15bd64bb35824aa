"""The device and the precision are what was asked for, or the best there is."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from internal_gan.device import free_memory, prepare_device, select_device, select_precision
from internal_gan.errors import UserError

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> int:
    """A machine that seems to have as many CUDA devices as the test asks for."""
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


@pytest.mark.parametrize("machine", [0, 2], indirect=True)
@pytest.mark.usefixtures("machine")
def test_the_cpu_is_always_there() -> None:
    assert select_device("cpu")[0] == CPU


@with_devices(2)
@pytest.mark.usefixtures("machine")
def test_a_device_that_is_there_is_taken() -> None:
    assert select_device("cuda")[0] == CUDA
    assert select_device("cuda:1")[0] == torch.device("cuda:1")


@with_devices(0)
@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:1"])
def test_cuda_on_a_machine_without_it_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=f"^device={name}: .*no CUDA device.*auto, cpu$"):
        select_device(name)


@with_devices(2)
@pytest.mark.usefixtures("machine")
def test_a_number_beyond_the_last_device_is_refused_with_those_there() -> None:
    with pytest.raises(UserError, match=r"^device=cuda:2: .*auto, cpu, cuda:0, cuda:1$"):
        select_device("cuda:2")


@pytest.mark.parametrize("machine", [0, 1], indirect=True)
@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("name", ["gpu", "", "cuda:", "cuda:x", "cuda:-1", "cpu:1", "CPU", "mps"])
def test_an_unknown_name_is_refused_with_the_allowed_ones(name: str) -> None:
    with pytest.raises(UserError, match=f"^device={name}: unknown; allowed: auto, cpu, cuda"):
        select_device(name)


@pytest.fixture
def tf32() -> Iterator[None]:
    """torch's switches turned on, and afterwards as they were."""
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
def test_float32_that_is_asked_for_is_not_rounded_to_tf32(
    name: str, precision: str, rounded: bool
) -> None:
    assert prepare_device(name, precision) == select_device(name)
    assert torch.backends.cudnn.allow_tf32 is rounded
    assert torch.backends.cuda.matmul.allow_tf32 is rounded


@pytest.mark.parametrize("device", [CPU, CUDA])
def test_a_precision_that_is_asked_for_is_taken(device: torch.device) -> None:
    assert select_precision("fp32", device) == (torch.float32, "asked for")
    assert select_precision("bf16", device) == (torch.bfloat16, "asked for")


@pytest.mark.parametrize(
    ("capabilities", "dtype"),
    [
        ({"avx2": True}, torch.float32),
        ({}, torch.float32),
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True}, torch.bfloat16),
    ],
)
def test_auto_is_bfloat16_where_the_cpu_multiplies_it(
    capabilities: dict[str, bool], dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert select_precision("auto", CPU)[0] == dtype


def test_auto_is_float32_where_torch_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert select_precision("auto", CPU)[0] == torch.float32


@pytest.mark.parametrize(
    ("capability", "dtype"),
    [((7, 5), torch.float32), ((8, 0), torch.bfloat16), ((9, 0), torch.bfloat16)],
)
def test_auto_is_bfloat16_where_the_card_multiplies_it(
    capability: tuple[int, int], dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert select_precision("auto", CUDA)[0] == dtype


def test_memory_that_is_left_is_part_of_what_there_is() -> None:
    free = free_memory(CPU)
    assert free is None or 2**24 < free < 2**50
