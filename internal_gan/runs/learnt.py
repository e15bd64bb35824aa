"""The photo as a model learnt it, in the folder of its run."""

from dataclasses import replace
from pathlib import Path

from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.masks import write_mask
from internal_gan.images.photo import Photo
from internal_gan.shapes import Mask, Pixels

# Files of a run's folder.
IMAGE = "photo.png"
_UNKNOWN = "unknown.png"


def read_learnt(folder: Path) -> Photo:
    """The training image of the photo, with its unknown part."""
    photo, unknown = read_image(folder / IMAGE), folder / _UNKNOWN
    if not unknown.is_file():
        return photo
    return replace(photo, unknown=(read_image(unknown).pixels[:, :1] > 0).float())


def write_learnt(folder: Path, image: Pixels, unknown: Mask | None, like: Photo) -> None:
    """Write the photo as the model learns it, in the format of ``like``."""
    write_image(folder / IMAGE, image, like=like)
    if unknown is not None and unknown.any():
        write_mask(folder / _UNKNOWN, unknown)
