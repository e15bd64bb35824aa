"""Build the wheel, install it in a new environment, and use it as a new user would.

    python .ci/try_wheel.py

A sample and a filling at once, and ten steps of each scale of each trained family, in a folder of
their own: only the photo comes from the checkout.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PHOTO = ROOT / "examples" / "photos" / "gravel.jpg"
COMMANDS = {
    "info": ["info"],
    "sample": ["sample", f"{PHOTO}", "sample.count=1"],
    "fill": ["fill", f"{PHOTO}", "mask.box=[40,60,30,40]"],
    "singan": ["model=singan", f"image={PHOTO}", "trainer.max_steps=10", "sample.count=1"],
    "ingan": ["model=ingan", f"image={PHOTO}", "trainer.max_steps=10", "retarget.shape=[90,200]"],
    "edgeconnect": [
        *("model=edgeconnect", f"image={PHOTO}", "trainer.max_steps=10"),
        "mask.box=[40,60,30,40]",
    ],
}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(sys.executable, "-m", "venv", folder / "venv")
        programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
        python = programs / "python"
        run(python, "-m", "pip", "install", "--quiet", "build")
        run(python, "-m", "build", "--wheel", "--outdir", folder, ROOT)
        (wheel,) = folder.glob("*.whl")
        run(python, "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel)
        for name, options in COMMANDS.items():
            print(f"== {name}", flush=True)
            output = [] if name == "info" else [f"output={name}"]
            run(programs / "internal-gan", *options, *output, cwd=folder)
        made = sorted(path.relative_to(folder) for path in folder.glob("*/*/000.png"))
        print("made", *made, sep="\n  ")
        missing = {*COMMANDS} - {"info"} - {path.parts[0] for path in made}
        if missing:
            sys.exit(f"no picture of: {', '.join(sorted(missing))}")


def run(*command: object, cwd: Path | None = None) -> None:
    subprocess.run([str(part) for part in command], cwd=cwd, check=True)


if __name__ == "__main__":
    main()
