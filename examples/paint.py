"""Turn a painting or clip-art into a photo with the textures of a trained model.

python examples/paint.py runs/forest-singan/2026-01-31_10-00-00 painting.png result.png
"""

import argparse

import internal_gan
from internal_gan.images.files.image import read_image, write_image
from internal_gan.models.singan.injection import paint


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="run folder of the training")
    parser.add_argument("painting")
    parser.add_argument("result")
    parser.add_argument("--start-scale", type=int, help="1 keeps the roughest shapes")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    model = internal_gan.load(arguments.run, "singan")
    painting = read_image(arguments.painting).pixels
    drawn = paint(model, painting, arguments.start_scale, seed=arguments.seed)
    write_image(arguments.result, drawn)


if __name__ == "__main__":
    main()
