"""Make an image that repeats without a seam, from a photo or a trained model.

python examples/tileable.py photo.jpg texture.png
python examples/tileable.py runs/photo-singan/2026-01-31_10-00-00 wall.png --size 2000 2000
python examples/tileable.py photo.jpg tile.png --keep-photo
"""

import argparse
from pathlib import Path

import internal_gan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, help="a photo, or the run folder of a trained model")
    parser.add_argument("picture", type=Path, help="file to write, such as texture.png")
    parser.add_argument("--size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--keep-photo", action="store_true", help="change only a photo's borders")
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()

    if wanted.keep_photo:
        picture = internal_gan.make_tileable(wanted.source)
    else:
        if wanted.source.is_dir():
            model = internal_gan.load(wanted.source, "singan")
        else:
            model = internal_gan.fit(wanted.source, progress=True).model
        (picture,) = model.sample(size=wanted.size, tileable=True, seed=wanted.seed)
    picture.save(wanted.picture)


if __name__ == "__main__":
    main()
