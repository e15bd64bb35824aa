"""Regenerate the run folders in this directory with the imported version of the package.

    python tests/runs/make.py FOLDER

The folders stand for those on users' disks. Make them once for each version whose files differ
from the previous ones; ``README.md`` names the version of each. Every training uses the tests' tiny
picture and one thread.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image

from internal_gan.images.files.image import to_uint8
from tests.tiny import EDGECONNECT, INGAN_FAST, INGAN_PAPER, LEAN, PAPER, picture

COMMON = ("precision=fp32", "device=cpu", "trainer.checkpoint_interval=0")
RUNS = {
    "singan": (*LEAN, "sample.count=1", "model.steps=4"),
    "singan_paper": (*PAPER, "sample.count=1", "model.steps=2"),
    "ingan": (*INGAN_FAST, "retarget.scale=[1,1.5]", "retarget.compare=false", "model.steps=4"),
    "ingan_unet": (*INGAN_PAPER, "retarget.scale=[1,1.5]", "retarget.compare=false"),
    "edgeconnect": (*EDGECONNECT, "inpaint.box=[10,12,8,9]", "inpaint.compare=false"),
}
# The stage and step after which a run is stopped, so that tests can resume it.
STOPS = {
    "singan": (1, 2),
    "singan_paper": (1, 1),
    "ingan": (1, 2),
    "ingan_unet": (0, 2),
    "edgeconnect": (1, 2),
}
STOP = """
import os, signal, sys
from internal_gan import cli
from internal_gan.training.progress import Progress

def on_step(self, stage, step, steps, scalars, at={at}):
    if (stage, step) == at:
        os.kill(os.getpid(), signal.SIGINT)

Progress.on_step = on_step
cli.main(sys.argv[1:])
"""


def main() -> None:
    place = Path(sys.argv[1]).absolute()
    place.mkdir(parents=True, exist_ok=True)
    os.chdir(place)
    pixels = to_uint8(picture())[0].permute(1, 2, 0).numpy()
    Image.fromarray(pixels).save("photo.png")
    for name, options in RUNS.items():
        command = ["image=photo.png", *COMMON, *options]
        run([sys.executable, "-m", "internal_gan", *command, f"output={name}"], 0)
        stop = STOP.format(at=STOPS[name])
        run([sys.executable, "-c", stop, *command, f"output={name}-stopped"], 128 + signal.SIGINT)
        # Save space: these files are not needed to use or resume a run.
        (place / name / "training.ckpt").unlink()
        for folder in (name, f"{name}-stopped"):
            for extra in ("index.html", "log.txt", "scales", ".lock"):
                path = place / folder / extra
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def run(command: list[str], code: int) -> None:
    started = time.monotonic()
    found = subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False)
    assert found.returncode == code, (command, found.returncode)
    print(command[-1], f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
