"""EXIF data of image files, and how files describe their colours."""

import numpy as np
from PIL import Image
from PIL.ExifTags import IFD, Base, Interop

# The tags that describe the photo. In a TIFF file, they share a table with its layout tags.
_DESCRIPTIVE = (
    *(Base.ImageDescription, Base.Make, Base.Model, Base.Software, Base.Artist, Base.Copyright),
    *(Base.XResolution, Base.YResolution, Base.ResolutionUnit, Base.DateTime, Base.HostComputer),
    *(Base.XPTitle, Base.XPComment, Base.XPAuthor, Base.XPKeywords, Base.XPSubject),
)
_PER_INCH = {2: 1.0, 3: 2.54}  # of EXIF's units of resolution, inches and centimetres
MAX_DPI = 65535  # the most that JPEG can hold
_PROFILE_SPACES = {b"GRAY": "L", b"RGB ": "RGB", b"CMYK": "CMYK"}

_SRGB_CICP = bytes((1, 13))  # sRGB's primaries and transfer in a PNG file's cICP chunk
_SRGB = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)  # cHRM: x, y of white, red, green, blue
# How far a PNG file's chunks may be from sRGB's.
_NEAR_GAMMA = 0.05  # gAMA: the relative difference, as in libpng
_NEAR = 0.002  # cHRM: the difference of x or y


def descriptive_exif(image: Image.Image) -> bytes | None:
    """The EXIF block of a loaded image without the orientation, thumbnail and TIFF layout.

    Whatever Pillow raises for a damaged block comes out, or a ValueError if it reads as empty.
    """
    found = image.getexif()
    if image.info.get("exif") and not len(found):
        raise ValueError("an EXIF block without a readable entry")
    kept = Image.Exif()
    for tag in _DESCRIPTIVE:
        if tag in found:
            kept[tag] = found[tag]
    for table in (IFD.Exif, IFD.GPSInfo):
        entries = dict(found.get_ifd(table))
        # The entry is an offset into the old file.
        entries.pop(IFD.Interop, None)
        if entries:
            kept[table] = entries
    return kept.tobytes() if len(kept) else None


def resolution(image: Image.Image) -> tuple[float, float] | None:
    """The dots per inch, across and down, that an image names, if any."""
    found = image.info.get("dpi")
    try:
        if found is None:  # as in WebP
            exif = image.getexif()
            inch = _PER_INCH.get(exif.get(Base.ResolutionUnit, 2), 0.0)
            found = [inch * exif.get(tag, 0) for tag in (Base.XResolution, Base.YResolution)]
        across, down = map(float, found)
    except Exception:  # damaged, which descriptive_exif reports
        return None
    return (across, down) if 1 < across < MAX_DPI and 1 < down < MAX_DPI else None


def profile_space(profile: bytes) -> str | None:
    """The mode of the pixels that an ICC profile describes: ``L``, ``RGB``, ``CMYK``, or None."""
    return _PROFILE_SPACES.get(profile[16:20])


def rgb_profile(profile: bytes | None) -> bytes | None:
    """An ICC profile if it fits RGB pixels, such as a thumbnail's, or else None."""
    return profile if profile and profile_space(profile) == "RGB" else None


def other_colours(image: Image.Image) -> str | None:
    """A line for the user if, by a loaded image without a profile, its colours are not sRGB's:
    by PNG's cICP or, without it and a chunk sRGB, by its gAMA or cHRM, or by EXIF."""
    info = image.info
    source = None
    gamma = info.get("gamma") or 1 / 2.2
    colours = info.get("chromaticity", _SRGB)
    is_gray = image.mode in ("1", "L", "LA", "I;16")
    if cicp := info.get("cicp"):
        source = None if cicp[:2] == _SRGB_CICP else "cICP"
    elif "srgb" in info:
        pass
    elif abs(gamma * 2.2 - 1) > _NEAR_GAMMA:
        source = "gAMA"
    elif not is_gray and max(map(abs, np.subtract(colours[: len(_SRGB)], _SRGB))) > _NEAR:
        source = "cHRM"
    elif _exif_space(image) not in (None, 1):
        source = "EXIF"
    return source and f"what {source} says about its colours is not used; they count as sRGB"


def is_adobe_rgb(image: Image.Image) -> bool:
    """Whether EXIF alone marks a loaded image without a profile as Adobe RGB: by the
    interoperability index R03, or the number that some programs write."""
    if not image.mode.startswith("RGB") or {"cicp", "srgb", "gamma", "chromaticity"} & {
        *image.info
    }:
        return False
    if (space := _exif_space(image)) in (1, 2):
        return space == 2
    try:
        index = str(image.getexif().get_ifd(IFD.Interop).get(Interop.InteropIndex, ""))
    except Exception:  # damaged, which descriptive_exif reports
        return False
    return index[:3] == "R03"


def _exif_space(image: Image.Image) -> int | None:
    try:
        space: int | None = image.getexif().get_ifd(IFD.Exif).get(Base.ColorSpace)
        return space
    except Exception:  # damaged EXIF data, which descriptive_exif reports
        return None
