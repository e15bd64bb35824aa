"""EXIF data and colour profiles of image files."""

from __future__ import annotations

from PIL import ExifTags, Image

# The tags that describe the photo: in a TIFF file they share a table with those of the file's
# layout. Without the orientation, which has been applied, and the thumbnail of the old picture.
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
    """The EXIF data that remains true when the photo's pixels change.

    Camera, time, author, copyright, resolution, exposure and place; not the orientation, the
    thumbnail or the layout of a TIFF file.

    Args:
        image: loaded.

    Returns:
        An EXIF block for Pillow's ``save(exif=...)``; None if the image has none.

    Raises:
        Exception: whatever Pillow raises for a damaged block; ValueError if it reads as empty.
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
        # An offset into the old file.
        entries.pop(ExifTags.IFD.Interop, None)
        if entries:
            kept[table] = entries
    return kept.tobytes() if len(kept) else None


def profile_space(profile: bytes) -> str | None:
    """The mode of pixels that an ICC profile is for: ``L``, ``RGB``, ``CMYK``, or None."""
    return _PROFILE_SPACES.get(profile[16:20])
