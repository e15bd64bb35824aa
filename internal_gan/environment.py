"""Environment variables that the libraries below torch read once, before or when it is loaded.

Importing this package calls :func:`prepare`, which keeps what the user has set.
"""

import os
import platform

# By default waiting threads spin on their cores. Beside any other busy process they then keep each
# other from running, and training can be ten times slower.
_WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}

# On processors with AMX, oneDNN's weight gradient of a bfloat16 convolution in channels-last layout
# multiplies uninitialised memory by zero, which is NaN if a NaN happens to lie there (torch 2.13).
# Its kernels for the instruction set named here are right. oneDNN reads this at its first
# operation, so that it still has an effect if torch has been imported but not yet used.
_KERNELS = {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"}


def prepare() -> None:
    """Set the defaults for this process and its children."""
    for name, value in _WAITING.items():
        os.environ.setdefault(name, value)
    if platform.machine().lower() in ("x86_64", "amd64"):
        for name, value in _KERNELS.items():
            os.environ.setdefault(name, value)
