"""Pictures that repeat without a seam, from a photo or a trained model.

python examples/tileable.py photo.jpg texture.png
python examples/tileable.py runs/photo-singan/2026-01-31_10-00-00 wall.png --size 2000 2000
python examples/tileable.py runs/photo-singan/2026-01-31_10-00-00 photo.png --keep-photo
"""

import argparse
from pathlib import Path

import internal_gan
from internal_gan.evaluation.seams import seams, told
from internal_gan.images.files.image import write_image
from internal_gan.models.singan.sampling import sample
from internal_gan.models.singan.tiling import make_tileable


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, help="a photo, or the run folder of a trained model")
    parser.add_argument("picture", type=Path, help="file to write, such as texture.png")
    parser.add_argument("--size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--keep-photo", action="store_true", help="change its borders alone")
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()

    source = wanted.source
    model = internal_gan.load(source) if source.is_dir() else internal_gan.fit(source)
    if wanted.keep_photo:
        picture = make_tileable(model, model.image, seed=wanted.seed)
    else:
        size = tuple(wanted.size) if wanted.size else None
        picture = sample(model, 1, size, seed=wanted.seed, tileable=True)
    write_image(wanted.picture, picture)
    print("step over the border, of the steps inside:", told(seams(picture, (True, True))))


if __name__ == "__main__":
    main()
