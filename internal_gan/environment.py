"""What the libraries below torch read only once: settings that must be there before it is loaded.

Importing this package calls :func:`prepare`, which leaves alone whatever the user has set.
"""

import os
import platform

# Threads that wait spin on their cores by default. Beside any other busy process they then keep
# each other from running, and training can be ten times slower.
_WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}

# On processors with AMX, oneDNN's weight gradient of a bfloat16 convolution in channels-last layout
# multiplies uninitialised memory by zero, which is NaN where a NaN happens to lie there (torch
# 2.13). Its kernels of the instruction set below are right. oneDNN reads this at its first
# operation, so that it still counts where torch has been imported but not yet used.
_KERNELS = {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"}


def prepare() -> None:
    """Set the defaults of this process and of its children."""
    for name, value in _WAITING.items():
        os.environ.setdefault(name, value)
    if platform.machine().lower() in ("x86_64", "amd64"):
        for name, value in _KERNELS.items():
            os.environ.setdefault(name, value)
