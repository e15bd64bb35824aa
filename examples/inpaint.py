"""Fill a hole in a photo: python examples/inpaint.py photo.jpg mask.png filled.png"""

import argparse

import internal_gan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo")
    parser.add_argument("mask", help="white in the hole, of the photo's size")
    parser.add_argument("output", help="name of the PNG file to write")
    parser.add_argument("--model", help="run folder of a trained model; otherwise one is trained")
    wanted = parser.parse_args()

    if wanted.model is None:
        run = internal_gan.fit(wanted.photo, "edgeconnect", mask=wanted.mask, progress=True)
        model = run.model
    else:
        model = internal_gan.load(wanted.model, "edgeconnect")
    model.fill(wanted.photo, wanted.mask).save(wanted.output)


if __name__ == "__main__":
    main()
