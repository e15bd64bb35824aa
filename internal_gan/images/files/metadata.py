"""EXIF data of image files, and their colour profiles (ICC 4.3), also of colours that a file
describes otherwise."""

import struct
from collections.abc import Sequence

import numpy as np
from PIL import Image
from PIL.ExifTags import IFD, Base, Interop

# The tags that describe the photo. In a TIFF file, they share a table with its layout tags.
_DESCRIPTIVE = (
    *(Base.ImageDescription, Base.Make, Base.Model, Base.Software, Base.Artist, Base.Copyright),
    *(Base.XResolution, Base.YResolution, Base.ResolutionUnit, Base.DateTime, Base.HostComputer),
    *(Base.XPTitle, Base.XPComment, Base.XPAuthor, Base.XPKeywords, Base.XPSubject),
)
_PER_INCH = {2: 1.0, 3: 2.54}  # inches and centimetres
MAX_DPI = 65535  # the most that JPEG can hold
_PROFILE_SPACES = {b"GRAY": "L", b"RGB ": "RGB", b"CMYK": "CMYK"}

# Chromaticities x and y of white, red, green and blue.
_D65 = (0.3127, 0.329)
_SRGB = (*_D65, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
# By their number in cICP (ITU-T H.273).
_PRIMARIES = {
    1: _SRGB,
    5: (*_D65, 0.64, 0.33, 0.29, 0.6, 0.15, 0.06),
    **dict.fromkeys((6, 7), (*_D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07)),
    9: (*_D65, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    12: (*_D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
}
# From values to light: an exponent, or the five numbers g, a, b, c, d of ((a x + b) ** g above d,
# c x below).
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_VIDEO_CURVE = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
_CURVES = {
    **dict.fromkeys((1, 6, 14, 15), _VIDEO_CURVE),
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
    13: _SRGB_CURVE,
}
_ADOBE = (*_D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06), (563 / 256,)
# How far a gAMA chunk may be from that of sRGB, as in libpng, and chromaticities.
_NEAR_GAMMA, _NEAR = 0.05, 0.002
_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


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
    except Exception:  # damaged, about which descriptive_exif tells
        return None
    return (across, down) if 1 < across < MAX_DPI and 1 < down < MAX_DPI else None


def profile_space(profile: bytes) -> str | None:
    """The mode of the pixels that an ICC profile describes: ``L``, ``RGB``, ``CMYK``, or None."""
    return _PROFILE_SPACES.get(profile[16:20])


def rgb_profile(profile: bytes | None) -> bytes | None:
    """An ICC profile if it fits RGB pixels, such as a thumbnail's, or else None."""
    return profile if profile and profile_space(profile) == "RGB" else None


def stated(image: Image.Image, gray: bool) -> tuple[bytes | None, str | None]:
    """The profile of a loaded image's colours or ``gray``, None for sRGB, and a line for the user
    if it says something else. The strongest statement counts: in PNG (third edition) cICP, iCCP,
    sRGB, gAMA and cHRM; then EXIF."""
    info = image.info
    if cicp := info.get("cicp"):
        primaries, curve, matrix, full = (*cicp, *bytes(4))[:4]
        if primaries in _PRIMARIES and curve in _CURVES and not matrix and full:
            return _profile(_PRIMARIES[primaries], _CURVES[curve], gray), None
        words = f"its colours (cICP {primaries}, {curve}) are not supported; they count as sRGB"
        return None, words
    if profile := info.get("icc_profile"):
        return profile, None
    if "srgb" in info:
        return None, None
    if "gamma" in info or "chromaticity" in info:
        primaries = info.get("chromaticity", _SRGB)
        gamma = info.get("gamma") or 1 / 2.2
        curve = _SRGB_CURVE if abs(gamma * 2.2 - 1) < _NEAR_GAMMA else (1 / gamma,)
        try:
            return _profile(primaries, curve, gray), None
        except (ArithmeticError, ValueError, struct.error):
            return None, "its gAMA or cHRM chunk is damaged; its colours count as sRGB"
    space, interoperability = _exif_space(image)
    if space == 2 or (space != 1 and interoperability == "R03"):
        return _profile(*_ADOBE, gray), None
    if space == 0xFFFF:
        return None, "EXIF calls its colours uncalibrated, without a profile; they count as sRGB"
    return None, None


def _exif_space(image: Image.Image) -> tuple[int | None, str]:
    try:
        exif = image.getexif()
        entries = exif.get_ifd(IFD.Exif)
        more = exif.get_ifd(IFD.Interop) if IFD.Interop in entries else {}
        return entries.get(Base.ColorSpace), str(more.get(Interop.InteropIndex, "")).strip("\0 ")
    except Exception:  # damaged EXIF data, about which descriptive_exif tells
        return None, ""


def _profile(primaries: Sequence[float], curve: Sequence[float], gray: bool) -> bytes | None:
    """A profile of gray or RGB; None for sRGB."""
    is_srgb = gray or max(abs(np.subtract(primaries, _SRGB))) < _NEAR
    if curve == _SRGB_CURVE and is_srgb:
        return None
    pairs = zip(primaries[::2], primaries[1::2], strict=True)
    white, *colours = (np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in pairs)
    scaled = np.transpose(colours) * np.linalg.solve(np.transpose(colours), white)
    cones = (_BRADFORD @ np.array(_D50)) / (_BRADFORD @ white)
    adapted = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD
    kind = b"para" + struct.pack(">4xH2x", 0 if len(curve) == 1 else 3) + _fixed(curve)
    tags = {
        b"desc": _text("described by the file"),
        b"cprt": _text("no copyright"),
        b"wtpt": b"XYZ \0\0\0\0" + _fixed(_D50),
        b"chad": b"sf32\0\0\0\0" + _fixed(adapted.ravel()),
    }
    if gray:
        tags[b"kTRC"] = kind
    else:
        for name, column in zip("rgb", (adapted @ scaled).T, strict=True):
            tags[f"{name}XYZ".encode()] = b"XYZ \0\0\0\0" + _fixed(column)
            tags[f"{name}TRC".encode()] = kind
    table, data = b"", b""
    for tag, content in tags.items():
        table += struct.pack(">4sII", tag, 132 + 12 * len(tags) + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    header = struct.pack(
        *(">8x4s4s4s4s12x4s28x12s48x", b"\x04\x30\0\0", b"mntr", b"GRAY" if gray else b"RGB "),
        *(b"XYZ ", b"acsp", _fixed(_D50)),
    )
    body = header + struct.pack(">I", len(tags)) + table + data
    return struct.pack(">I", len(body)) + body[4:]


def _fixed(numbers: Sequence[float]) -> bytes:
    return b"".join(struct.pack(">i", round(65536 * number)) for number in numbers)


def _text(words: str) -> bytes:
    encoded = words.encode("utf-16-be")
    return b"mluc" + struct.pack(">4xII4sII", 1, 12, b"enUS", len(encoded), 28) + encoded
