"""Smooth the seams of an edited photo, or give a pasted object the photo's look.

python examples/edit_and_harmonize.py edit RUN edited.png mask.png result.png
python examples/edit_and_harmonize.py harmonize RUN pasted.png mask.png result.png
"""

import argparse

import internal_gan
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.masks import read_mask
from internal_gan.models.singan.injection import edit, harmonize


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["edit", "harmonize"])
    parser.add_argument("run", help="run folder of the training")
    parser.add_argument("image", help="the photo with its changes, of any size")
    parser.add_argument("mask", help="white where it was changed, the same size")
    parser.add_argument("result", help="a PNG file holds the unchanged pixels exactly")
    parser.add_argument("--start-scale", type=int, help="the higher, the closer to the image")
    arguments = parser.parse_args()

    model = internal_gan.load(arguments.run, "singan")
    photo = read_image(arguments.image)
    mask = read_mask(arguments.mask, photo.size)
    change = edit if arguments.task == "edit" else harmonize
    write_image(
        arguments.result, change(model, photo.pixels, mask, arguments.start_scale), like=photo
    )


if __name__ == "__main__":
    main()
