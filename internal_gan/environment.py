"""Environment variables that torch's libraries read only once.

Importing this package calls :func:`prepare`, which keeps the user's settings.
"""

import os
import platform


def prepare() -> None:
    """Set defaults for this process and its children."""
    # By default, waiting threads spin on their cores. If another process is busy, they block each
    # other, and training can be ten times slower. Without any spinning, two threads on a quiet
    # machine take 1.25 times as long. GNU's OpenMP, which torch has on Linux, can spin for a
    # fraction of a millisecond and then sleep.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ.setdefault("GOMP_SPINCOUNT", "5000")
    # On processors with AMX, oneDNN's weight gradient of a bfloat16 convolution in channels-last
    # layout multiplies uninitialised memory by zero, which gives NaN if that memory holds one
    # (torch 2.13). Kernels for the instruction set below are correct. oneDNN reads the variable at
    # its first operation, so it still takes effect if torch has been imported but not yet used.
    if platform.machine().lower() in ("x86_64", "amd64"):
        os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16")
