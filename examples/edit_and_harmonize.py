"""Smooth the seams of an edited photo, or give a pasted object the photo's look.

python examples/edit_and_harmonize.py edit RUN edited.png mask.png result.png
python examples/edit_and_harmonize.py harmonize RUN pasted.png mask.png result.png
"""

import argparse

import internal_gan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["edit", "harmonize"])
    parser.add_argument("run", help="run folder of the training")
    parser.add_argument("image", help="the edited photo, of any size")
    parser.add_argument("mask", help="white where the image was changed, the same size")
    parser.add_argument("result", help="file to write; PNG keeps the unchanged pixels exactly")
    parser.add_argument("--start-scale", type=int, help="higher stays closer to the image")
    wanted = parser.parse_args()

    model = internal_gan.load(wanted.run, "singan")
    change = model.edit if wanted.task == "edit" else model.harmonize
    change(wanted.image, wanted.mask, start_scale=wanted.start_scale).save(wanted.result)


if __name__ == "__main__":
    main()
