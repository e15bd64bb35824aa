"""Environment settings made before torch loads its libraries, and a fault of AMX."""

import pytest
import torch

from tests.commands import run_python

SETTINGS = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "ONEDNN_MAX_CPU_ISA")
SHOW = """
import internal_gan, os, sys
print("torch" in sys.modules, *map(os.environ.get, sys.argv[1:]))
"""


@pytest.fixture(autouse=True)
def _without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


def test_threads_spin_briefly_unless_the_user_chooses() -> None:
    def shown(**given: str) -> str:
        return run_python(SHOW, *("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"), **given).out

    assert shown() == "False PASSIVE 5000\n"
    assert shown(GOMP_SPINCOUNT="7") == "False PASSIVE 7\n"
    assert shown(OMP_WAIT_POLICY="ACTIVE") == "False ACTIVE None\n"


# Fills memory with NaN before it is reused, then trains this package's blocks on it.
POISONED = """
import torch
import internal_gan
from internal_gan.nn.blocks import ConvBlock

finite = True
for out, height in ((32, 64), (1, 40), (3, 64)):
    block = ConvBlock(32, out).to(memory_format=torch.channels_last)
    x = torch.randn(1, 32, height, 64).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        y = block(x)
    sizes = (64, 256, 1024, 4096, 16384, 65536, 262144, 1 << 20)
    poison = [torch.full((n,), float("nan")) for n in sizes for _ in range(3)]
    del poison
    y.backward(torch.ones_like(y))
    finite &= all(bool(p.grad.isfinite().all()) for p in block.parameters())
print(finite)
"""


@pytest.mark.skipif(
    not torch.cpu.get_capabilities().get("amx_bf16"),
    reason="needs a processor with AMX to show the fault",
)
@pytest.mark.parametrize("threads", ["1", "2"])
def test_bfloat16_gradients_are_finite_whatever_fresh_memory_holds(threads: str) -> None:
    assert run_python(POISONED, OMP_NUM_THREADS=threads).out == "True\n"
