"""Says what a file is that Pillow cannot open, from its first bytes."""

import re
from pathlib import Path

from internal_gan.images.files.tiff import pages_of, refusal

# What begins a file; what such a file is; as what to save it.
_KINDS = (
    (rb"....ftyp(avi[fs]|m[is][af]1.{0,32}avif)", "an AVIF picture", "PNG"),
    (rb"....ftyp(hei|hev|mif1|msf1)", "a HEIC photo", "JPEG"),
    (rb"....ftypcrx|II\*\0....CR|FUJIFILMCCD|IIU\0|II?R[OS]|MMOR|FOVb|\0MRM",
     "a camera's raw photo", "TIFF or PNG of 16 bits"),
    (rb"....(ftyp|moov|mdat)|RIFF....AVI|\x1aE\xdf\xa3|\0\0\x01[\xb3\xba]|FLV|OggS|0&\xb2u",
     "a video", "PNG, one frame of it"),
    (rb"....JXL |\xff\x0a|....jP  |\xff\x4f\xff\x51|II\xbc\x01",
     "a JPEG XL, 2000 or XR picture", "JPEG or PNG"),
    (rb"\xff\xd8.*\xff[\xc0-\xc2]..\x0c", "a JPEG picture of 12 bits", "PNG or TIFF of 16 bits"),
    (rb".{128}DICM", "a DICOM picture", "PNG or TIFF of 16 bits"),
    (rb"SIMPLE  =", "a FITS picture", "PNG or TIFF of 16 bits"),
    (rb"v/1\x01|#\?R|PF\s", "a picture of floating-point colours", "PNG of 16 bits"),
    (rb"8BPS", "a Photoshop file", "PNG or TIFF"),
    (rb"gimp xcf", "a GIMP file", "PNG or TIFF"),
    (rb"%PDF", "a PDF file", "PNG or JPEG"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript file", "PNG"),
    (rb"(\xef\xbb\xbf)?\s*<(.*<)?svg", "an SVG drawing", "PNG"),
    (rb"(\xef\xbb\xbf)?\s*<(?i:!doctype\s+html|html)", "a web page", "PNG, the picture alone"),
    (rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!", "an archive", "PNG, the picture in it"),
    (rb"\x93NUMPY|\x89HDF", "an array of numbers", "PNG or TIFF of 16 bits"),
    (rb"\0\0[\x01\x02]\0[^\0]|icns", "an icon", "PNG"),
    (rb"DDS |qoif|BPG\xfb", "a picture of a format that is not supported", "PNG"),
    (rb"version https://git-lfs", "a pointer of Git LFS", "a file: git lfs pull"),
)  # fmt: skip
_KIND_BYTES = 1024


def unopened(path: Path) -> str | None:
    """What a file is that cannot be opened, and as what to save it; None if that is not known."""
    with path.open("rb") as file:
        start = file.read(_KIND_BYTES)
    for pattern, kind, better in _KINDS:
        if re.match(pattern, start, re.DOTALL):
            return f"is {kind}; save it as {better}"
    try:
        return refusal(pages_of(path), is_open=False)
    except Exception:  # not a TIFF file, or a damaged one, for which Pillow raises nearly anything
        return None
