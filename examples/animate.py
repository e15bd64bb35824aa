"""Animate a photo: train a model on it, or load one, and write a looping film.

python examples/animate.py photo.jpg film.webp
python examples/animate.py runs/photo-singan/2026-01-31_10-00-00 film.gif --seconds 6
"""

import argparse
from pathlib import Path

import internal_gan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, help="a photo, or the run folder of a trained model")
    parser.add_argument("film", type=Path, help="file to write: .webp or .gif")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--fps", type=float, default=24.0)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()

    if wanted.source.is_dir():
        model = internal_gan.load(wanted.source, "singan")
    else:
        model = internal_gan.fit(wanted.source, progress=True).model
    first, *others = model.animate(wanted.seconds, fps=wanted.fps, loop=True, seed=wanted.seed)
    milliseconds = round(1000 / wanted.fps)
    first.save(
        wanted.film, save_all=True, append_images=others, duration=milliseconds, loop=0, quality=90
    )


if __name__ == "__main__":
    main()
