"""task=mask: a random hole for a photo, for experiments with task=inpaint."""

from pathlib import Path

import torch

from internal_gan.config.fields import LARGEST_SEED
from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.files import write_error
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.photo import Photo
from internal_gan.images.random_holes import random_hole

FOLDER = "masks"


def mask(options: Options) -> list[Path]:
    """Write a mask of each photo's size as PNG, white in the hole, and return the files.

    For one photo, ``options.output`` may be a name that ends in ``.png``; else it is a folder, by
    default ``masks``, for files with the photos' names. The seed grows by 1 from photo to photo.

    Raises:
        UserError: a photo cannot be read, two have the same name, or a file exists already.
    """
    photos = [read_image(name) for name in options.photos]
    paths = _paths(options)
    for number, (photo, path) in enumerate(zip(photos, paths, strict=True)):
        rng = torch.Generator().manual_seed((options.seed + number) % (LARGEST_SEED + 1))
        hole = random_hole(options.mask.kind, photo.size, options.mask.ratio, rng)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise UserError(
                f"output={options.output}: a file of that name is in the way; choose another folder"
            ) from error
        except OSError as error:
            raise write_error(path.parent, error) or error from error
        write_image(path, hole.expand(-1, 3, -1, -1) * 2.0 - 1.0, like=Photo(hole, mode="L"))
        height, width = photo.size
        print(
            f"{path}: {options.mask.kind} covering {100 * float(hole.mean()):.1f} % of "
            f"{height} x {width} pixels (height x width)"
        )
    return paths


def _paths(options: Options) -> list[Path]:
    """A new file for each photo."""
    output = Path(options.output or FOLDER)
    if output.suffix.lower() == ".png" and len(options.photos) == 1:
        paths = [output]
    else:
        paths = [output / f"{Path(name).stem}.png" for name in options.photos]
    for path in paths:
        if paths.count(path) > 1:
            raise UserError(f"image: two photos are named {path.stem}; masks need different names")
        if path.exists():
            raise UserError(f"{path} already exists; choose another output=NAME.png or FOLDER")
    return paths
