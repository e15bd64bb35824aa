"""Animate a photo: train a model of it, or take a trained one, and write a looping film.

python examples/animate.py photo.jpg film.webp
python examples/animate.py runs/photo-singan/2026-01-31_10-00-00 film.gif --seconds 6
"""

import argparse
import tempfile
from pathlib import Path

import internal_gan
from internal_gan.images.files.video import write_frames, write_video
from internal_gan.models.singan.animation import animate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, help="a photo, or the run folder of a trained model")
    parser.add_argument("film", type=Path, help="file to write: .webp, .gif or .mp4")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--fps", type=float, default=24.0)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()

    source = wanted.source
    model = internal_gan.load(source, "singan") if source.is_dir() else internal_gan.fit(source)
    count = round(wanted.seconds * wanted.fps)
    frames = animate(model, count, fps=wanted.fps, loop=True, seed=wanted.seed)
    with tempfile.TemporaryDirectory() as folder:
        write_video(wanted.film, write_frames(Path(folder), frames), wanted.fps)


if __name__ == "__main__":
    main()
