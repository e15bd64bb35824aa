"""One photo in several sizes and bent to an arch: python examples/retarget.py photo.jpg out/"""

import argparse
from pathlib import Path

import internal_gan
from internal_gan.images.files.image import write_image
from internal_gan.images.transforms import Bend
from internal_gan.models.ingan.retargeting import RetargetModel


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", help="a photo, or the run folder of a trained InGAN")
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    model: RetargetModel
    if Path(arguments.photo).is_dir():
        model = internal_gan.load(arguments.photo, "ingan")
    else:
        model = internal_gan.fit(arguments.photo, model="ingan")
    arguments.output.mkdir(parents=True, exist_ok=True)
    height, width = model.image.shape[-2:]
    for name, size in {
        "wide": (height, 2 * width),
        "narrow": (height, width // 2),
        "large": (2 * height, 2 * width),
    }.items():
        write_image(arguments.output / f"{name}.png", model.retarget(size))
    arch, size = Bend(0.3), (height, 2 * width)
    painted = model.retarget(size, transform=arch)
    write_image(arguments.output / "arch.png", painted, alpha=arch.coverage(size))


if __name__ == "__main__":
    main()
