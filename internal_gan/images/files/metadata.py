"""What a file says about its pixels: EXIF and the colour profile."""

from __future__ import annotations

from PIL import ExifTags, Image

# In a TIFF file the EXIF tags share one table with the layout of the file, so the tags that
# describe the photo are named here. The orientation is left out, since it has been applied, and
# so is the thumbnail, which would show the old picture.
_DESCRIPTIVE = (
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.XResolution,
    ExifTags.Base.YResolution,
    ExifTags.Base.ResolutionUnit,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.HostComputer,
    ExifTags.Base.Copyright,
    ExifTags.Base.XPTitle,
    ExifTags.Base.XPComment,
    ExifTags.Base.XPAuthor,
    ExifTags.Base.XPKeywords,
    ExifTags.Base.XPSubject,
)
_PROFILE_SPACES = {b"GRAY": "L", b"RGB ": "RGB", b"CMYK": "CMYK"}


def descriptive_exif(image: Image.Image) -> bytes | None:
    """The EXIF data that stays true of a changed image of the same photo.

    Camera, time, author, copyright, resolution, exposure and place; not the orientation, the
    thumbnail, or the layout of a TIFF file.

    Args:
        image: A loaded image.

    Returns:
        An EXIF block as Pillow's ``save(exif=...)`` takes it; ``None`` if the image has none.

    Raises:
        Exception: Whatever Pillow raises on a damaged block; ``ValueError`` if it reads as empty.
    """
    found = image.getexif()
    if image.info.get("exif") and not len(found):
        raise ValueError("an EXIF block without a readable entry")
    kept = Image.Exif()
    for tag in _DESCRIPTIVE:
        if tag in found:
            kept[tag] = found[tag]
    for table in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        entries = dict(found.get_ifd(table))
        # An offset into the old file, which points nowhere in a new one.
        entries.pop(ExifTags.IFD.Interop, None)
        if entries:
            kept[table] = entries
    return kept.tobytes() if len(kept) else None


def profile_space(profile: bytes) -> str | None:
    """The kind of pixels that an ICC profile describes: ``L``, ``RGB``, ``CMYK``, or another."""
    return _PROFILE_SPACES.get(profile[16:20])
