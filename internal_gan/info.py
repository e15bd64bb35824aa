"""``internal-gan info``: what a report of a problem should say about the installation.

It names no folders, users or machines.
"""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import distributions, requires, version
from pathlib import Path

import psutil

from internal_gan.units import memory
from internal_gan.version import __version__

PACKAGE = "internal-gan"
# Extras for working on the package itself.
OWN = {"dev", "docs", "benchmarks"}


def main() -> None:
    """Print the versions, the processor and the devices."""
    import torch

    from internal_gan.training.threads import usable_cores

    system = f"{platform.system()} {platform.release()} ({platform.machine()})"
    print(f"{PACKAGE} {__version__}, Python {platform.python_version()}, {system}")
    print(", ".join(f"{name} {version(name)}" for name in packages()))
    print(
        f"processor: {processor()}; {torch.backends.cpu.get_cpu_capability()}; "
        f"{usable_cores()} of {os.cpu_count()} cores, {torch.get_num_threads()} threads; "
        f"{memory(psutil.virtual_memory().total)} of memory"
    )
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    devices = ["cpu", *(f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(count))]
    print(f"devices: {', '.join(devices)}")


def processor() -> str:
    """The processor's name, as far as the system tells."""
    try:
        fields = [line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines()]
    except OSError:  # not Linux
        fields = []
    names = (value.strip() for key, _, value in fields if key.strip() == "model name")
    return next(names, platform.processor() or platform.machine())


def packages() -> list[str]:
    """The names of the installed packages that this one needs, alone or with an extra of users'."""
    found = list[str]()
    for text in requires(PACKAGE) or ():
        name, extra = re.match(r"[\w.-]+", text), re.search(r"extra == ['\"]([\w-]+)", text)
        if name is not None and (extra is None or extra[1] not in OWN):
            found += [name[0]] if any(distributions(name=name[0])) else []
    return list(dict.fromkeys(found))
