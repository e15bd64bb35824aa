"""Turn a painting or clip-art into a photo with the textures of a trained model.

python examples/paint.py runs/forest-singan/2026-01-31_10-00-00 painting.png result.png
"""

import argparse

import internal_gan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="run folder of the training")
    parser.add_argument("painting")
    parser.add_argument("result")
    parser.add_argument("--start-scale", type=int, help="1 keeps only rough shapes")
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()

    model = internal_gan.load(wanted.run, "singan")
    drawn = model.paint(wanted.painting, start_scale=wanted.start_scale, seed=wanted.seed)
    drawn.save(wanted.result)


if __name__ == "__main__":
    main()
