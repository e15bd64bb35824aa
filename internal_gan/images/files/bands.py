"""TIFF files of any numbers and any number of bands, by tifffile."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from internal_gan.errors import UserError
from internal_gan.images.files.names import shown
from internal_gan.units import Size

_log, _QUIET = logging.getLogger(__name__), logging.NullHandler()
_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ORIENTATION, _SCALE, _NODATA = 274, 33550, 42113
# Tags that are kept: GeoTIFF's of scale, place and projection, GDAL's of bands and missing data.
_KEPT = (_SCALE, 33922, 34735, 34736, 34737, 42112, _NODATA)
_GRAY, _RGB, _PALETTE, _YCBCR, _ALPHA = 1, 2, 3, 6, (1, 2)
# How colours are written: as they are, from YCbCr as RGB, others as plain numbers.
_WRITTEN = {kind: kind for kind in (0, _GRAY, _RGB, _PALETTE, 5)} | {_YCBCR: _RGB}
_COLOURS = {(_GRAY, True): "LA", (_RGB, False): "RGB", (_RGB, True): "RGBA"}


class Form(NamedTuple):
    """How a TIFF file holds its numbers.

    Attributes:
        axes, others: which axes are rows and columns, and how long the others are.
        how: arguments of ``tifffile.imwrite``.
        mode: Pillow's name of 8 or 16-bit colours, or ``bands``.
        labels: whether they are labels for certain.
        nodata: the number that stands for missing data, if any is missing.
    """

    axes: tuple[int, int]
    others: tuple[int, ...]
    how: dict[str, Any]
    mode: str
    labels: bool
    nodata: float | None

    def shrunk(self, before: Size, after: Size) -> Form:
        """The same for a shrunk picture, whose pixels are larger on the map."""
        larger = (before[1] / after[1], before[0] / after[0], 1)
        tags = [
            (code, kind, count, tuple(np.multiply(value, larger)) if code == _SCALE else value, one)
            for code, kind, count, value, one in self.how["extratags"]
        ]
        return self._replace(how=self.how | {"extratags": tags})


def is_tiff(path: Path) -> bool:
    """Whether a file begins like a TIFF file."""
    with path.open("rb") as file:
        return file.read(4) in _STARTS


def read_bands(path: Path, most: int) -> tuple[NDArray[Any], Form]:
    """The numbers of a TIFF file of at most so many pixels, (H, W) or (H, W, C), all pages and
    samples of its first picture as bands. A UserError says what is not allowed; a damaged file may
    raise anything."""
    import tifffile

    tifffile.logger().addHandler(_QUIET)
    name = shown(path)
    with tifffile.TiffFile(path) as file:
        whole = [one for one in file.series if not one.keyframe.subfiletype & 5] or file.series
        if len(whole) > 1:
            _log.warning("%s: has %d kinds of pages; the first is used", name, len(whole))
        page, axes = whole[0].keyframe, (whole[0].axes.index("Y"), whole[0].axes.index("X"))
        if page.imagewidth * page.imagelength > most:
            raise UserError(f"{name}: too large; at most {most // 10**6} megapixels")
        if (turned := page.tags.valueof(_ORIENTATION, 1)) != 1:
            raise UserError(f"{name}: is turned (orientation {turned}); save it upright")
        pages, colours = whole[0].asarray(), page.colormap
        tags = [
            (tag.code, tag.dtype, tag.count, tag.value, True)
            for tag in page.tags
            if tag.code in _KEPT
        ]
    if pages.dtype.kind not in "biuf":
        raise UserError(f"{name}: its numbers are {pages.dtype}; allowed are whole and real ones")
    colour, extra = int(page.photometric), page.extrasamples
    how: dict[str, Any] = {"photometric": _WRITTEN.get(colour, _GRAY), "extratags": tags}
    if page.samplesperpixel > 1:
        how |= {"planarconfig": page.planarconfig, "extrasamples": extra or None}
    if colour == _PALETTE:
        how["colormap"] = colours
    values = np.moveaxis(pages, axes, (0, 1)).astype(pages.dtype.newbyteorder("="))
    height, width, *others = values.shape
    values = values.reshape(height, width, -1) if others else values
    mode = _COLOURS.get((colour, len(extra) == 1 and extra[0] in _ALPHA), "bands")
    fits = values.shape[2:] == (len(mode),) and values.dtype in (np.uint8, np.uint16)
    named = next((float(value) for code, *_, value, _ in tags if code == _NODATA), np.nan)
    labels, nodata = colour == _PALETTE or values.dtype == np.bool_, (values == named).any()
    about = (mode if fits else "bands", labels, named if nodata else None)
    return values, Form(axes, tuple(others), how, *about)


def write_bands(path: Path, values: NDArray[Any], form: Form) -> None:
    """Write numbers as the file held them, compressed without loss."""
    import tifffile

    pages = np.moveaxis(values.reshape(*values.shape[:2], *form.others), (0, 1), form.axes)
    predictor = 2 if values.dtype.kind in "iu" else None
    tifffile.imwrite(path, pages, metadata=None, compression=8, predictor=predictor, **form.how)
