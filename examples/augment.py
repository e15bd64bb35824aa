"""Generate many image and mask pairs from a folder of such pairs.

python examples/augment.py images/ masks/ out/ --count 20

Masks have the names and sizes of their images. Writes out/images/NAME-000.png,
out/masks/NAME-000.png, and so on; the models go to out/runs/.
"""

import argparse
import shutil
from pathlib import Path

import internal_gan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("images", type=Path, help="folder of images")
    parser.add_argument("masks", type=Path, help="folder of their masks, PNG files")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--count", type=int, default=10, help="new pairs for each given pair")
    parser.add_argument("--trainer", default="fast", help="preset, such as preview or fast")
    wanted = parser.parse_args()

    for folder in ("images", "masks"):
        (wanted.out / folder).mkdir(parents=True, exist_ok=True)
    for image in sorted(path for path in wanted.images.iterdir() if path.is_file()):
        mask = wanted.masks / f"{image.stem}.png"
        options = {
            "trainer": wanted.trainer,
            "sample.count": wanted.count,
            "layers": [str(mask)],
            "layers.labels": [str(mask)],
            "finish.detail": "patches",
        }
        run = internal_gan.fit(
            image, overrides=options, output=wanted.out / "runs" / image.stem, progress=True
        )
        samples = run.folder / "sample"
        for number in range(wanted.count):
            name = f"{number:03d}.png"
            pair = {"images": samples / name, "masks": samples / "layers" / mask.stem / name}
            for folder, file in pair.items():
                shutil.copy(file, wanted.out / folder / f"{image.stem}-{name}")


if __name__ == "__main__":
    main()
