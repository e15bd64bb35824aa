"""A hole in a photo, filled: python examples/inpaint.py photo.jpg mask.png filled.png"""

import argparse
from pathlib import Path

import internal_gan
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.masks import read_mask
from internal_gan.models.edgeconnect.inpainting import fill


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo")
    parser.add_argument("mask", help="white where the hole is, of the photo's size")
    parser.add_argument("output", help="name of the PNG file to write")
    parser.add_argument("--model", help="run folder of a trained model; otherwise one is trained")
    arguments = parser.parse_args()
    photo = read_image(arguments.photo)
    hole = (read_mask(arguments.mask, photo.size) > 0).float()
    if arguments.model is None:
        mask = Path(arguments.mask).absolute()
        model = internal_gan.fit(arguments.photo, "edgeconnect", [f"mask={mask}"])
    else:
        model = internal_gan.load(arguments.model, "edgeconnect")
    filled, _ = fill(model, photo.pixels, hole, scale=model.scale)
    write_image(arguments.output, filled, like=photo)


if __name__ == "__main__":
    main()
