"""Retarget a photo to several sizes: python examples/retarget.py photo.jpg out/"""

import argparse
from pathlib import Path

import internal_gan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", type=Path, help="a photo, or the run folder of a trained InGAN")
    parser.add_argument("output", type=Path)
    wanted = parser.parse_args()

    if wanted.photo.is_dir():
        model = internal_gan.load(wanted.photo, "ingan")
    else:
        model = internal_gan.fit(wanted.photo, "ingan", progress=True).model
    wanted.output.mkdir(parents=True, exist_ok=True)
    model.retarget(scale=(1, 2)).save(wanted.output / "wide.png")
    model.retarget(scale=(1, 0.5)).save(wanted.output / "narrow.png")
    model.retarget(scale=(2, 2)).save(wanted.output / "large.png")


if __name__ == "__main__":
    main()
