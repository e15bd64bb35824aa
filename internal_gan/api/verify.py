"""Checks whether the pixels of a picture come from its photo."""

from __future__ import annotations

from os import PathLike, fspath

from internal_gan.api.pictures import Given, name_of
from internal_gan.finishing.origin import READ_SIDE, as_source, read_origin
from internal_gan.finishing.verification import Verification, check_origin
from internal_gan.images.files.image import read_image
from internal_gan.images.files.memory import to_photo
from internal_gan.images.photo import Photo


def verify(picture: Given, origin: str | PathLike[str], photo: Given) -> Verification:
    """Check every pixel of a result against the photo it is made from, as task=verify does.

    Args:
        picture: the result, of 8 or 16 bits, as methods of :class:`Model` take it.
        origin: the file ``NAME.origin.png`` that was written next to it.
        photo: the photo that was given to the training.

    Returns:
        The shares of pixels that are exact copies or blended, whether the claim ``holds``, and a
        ``map`` (1, 3, h, w) in [-1, 1].

    Raises:
        UserError: a picture or the origin cannot be read, or their sizes do not match.
    """
    claimed = read_origin(fspath(origin))
    source = as_source(_read(photo, "photo", claimed.photo_size), claimed.photo_size)
    return check_origin(_read(picture, "picture"), claimed, source)


def _read(given: Given, name: str, size: tuple[int, int] | None = None) -> Photo:
    file, longest = name_of(given), None if size is None else max(READ_SIDE, *size)
    if file is None:
        return to_photo(given, name, longest)  # type: ignore[arg-type]
    return read_image(file, longest=longest)
