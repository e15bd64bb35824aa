"""Enlarge a photo with detail learnt from itself.

python examples/super_resolution.py small.jpg large.png --factor 4
python examples/super_resolution.py small.jpg large.png --model runs/small-singan/TIME
"""

import argparse
from pathlib import Path

import internal_gan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("photo", type=Path)
    parser.add_argument("result", type=Path, help="file to write")
    parser.add_argument("--factor", type=float, default=4.0)
    parser.add_argument("--model", type=Path, help="run folder of a trained model")
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()

    if wanted.model is not None:
        model = internal_gan.load(wanted.model, "singan")
    else:
        task = {"task": "super_resolution", "super_resolution.factor": wanted.factor}
        model = internal_gan.fit(wanted.photo, overrides=task, progress=True).model
    enlarged = model.super_resolve(wanted.photo, factor=wanted.factor, seed=wanted.seed)
    enlarged.save(wanted.result)


if __name__ == "__main__":
    main()
