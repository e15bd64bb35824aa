"""A TIFF file's pages by their tags (TIFF 6.0, supplements), most of which Pillow ignores."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image
from PIL.TiffImagePlugin import COMPRESSION_INFO, ImageFileDirectory_v2

from internal_gan.errors import UserError
from internal_gan.images.files.names import shown

Tags = Mapping[int, Any]

# Numbers of tags.
_SUBFILE = 254
_OLD_SUBFILE = 255
_WIDTH = 256
_HEIGHT = 257
_BITS = 258
_COMPRESSION = 259
_PHOTOMETRIC = 262
_SAMPLES = 277
_X_RESOLUTION = 282
_INSIDE = 330
_EXTRA = 338
_FORMAT = 339
_RAW_TAGS = {50706, 50752}  # those that only DNG and CR2 have
# Values of tags.
_COLOUR_FILTERS = (32803, 34892)  # photometric interpretations of raw photos
_SIGNED = 2  # the sample format of whole numbers with a sign
_FLOATS = (3, 6)  # sample formats of real and complex numbers
_WEBP = 50001  # a compression that Pillow knows, and its packages cannot decode
_ALPHA = (1, 2, 999)  # kinds of extra samples; Pillow reads CorelDRAW's 999 as alpha


class Page(NamedTuple):
    """A page's tags, and those of the pictures inside it: copies or, in a raw file, the photo."""

    tags: Tags
    inside: list[Tags]

    @property
    def is_whole(self) -> bool:
        """Whether it is neither a reduced copy nor a mask of another page."""
        return not self.tags.get(_SUBFILE, 0) & 5 and self.tags.get(_OLD_SUBFILE) != 2


def pages_of(path: Path) -> list[Page]:
    """The pages of a TIFF file, in order; Pillow's errors, of any kind, if it is damaged."""
    with path.open("rb") as file:
        header = file.read(16)
        header = header if header[2] == 43 else header[:8]  # 43: BigTIFF

        def directory(offset: int) -> ImageFileDirectory_v2:
            tags = ImageFileDirectory_v2(header)
            file.seek(offset)
            tags.load(file)
            return tags

        pages = list[Page]()
        offset = ImageFileDirectory_v2(header).next
        seen = set[int]()
        while offset and offset not in seen:
            seen.add(offset)
            tags = directory(offset)
            pages.append(Page(tags, [directory(at) for at in _several(tags, _INSIDE, ())]))
            offset = tags.next
    return pages


def _picture_of(pages: list[Page]) -> int:
    """The number of the first page that is a whole picture; 0 if none is marked."""
    return next((number for number, page in enumerate(pages) if page.is_whole), 0)


def refusal(pages: list[Page], is_open: bool) -> str | None:
    """Why a file cannot be read; None if it can or, if Pillow cannot open it, looks damaged."""
    page = pages[_picture_of(pages)]
    tags = page.tags
    kind = _several(page.tags, _FORMAT)
    bits = _several(page.tags, _BITS)
    every = [tags for page in pages for tags in (page.tags, *page.inside)]
    if any(_RAW_TAGS & {*t} or t.get(_PHOTOMETRIC) in _COLOUR_FILTERS for t in every):
        return "is a camera's raw photo; save it as TIFF or PNG of 16 bits"
    if any(_pixels(inside) > _pixels(tags) for inside in page.inside):
        return "a reduced copy comes first, with the picture inside (SubIFDs); save it as one page"
    if _SIGNED in kind and 8 in bits:
        return "its numbers are signed; save it with numbers from 0 to 255"
    if tags.get(_PHOTOMETRIC) == 0 and max(bits) > 8:
        return "white is 0 in its numbers; save it with black as 0"
    packed = tags.get(_COMPRESSION, 1)
    if packed == _WEBP or (not is_open and packed not in COMPRESSION_INFO):
        return f"TIFF compression {packed} is not supported; save without compression"
    if is_open or not _pixels(tags):
        return None
    if max(kind) in _FLOATS:
        return "its floating-point colours are not supported; save as 16 bits"
    return (
        f"this kind of TIFF is not supported ({tags.get(_SAMPLES, len(bits))} x {max(bits)} bits, "
        f"photometric interpretation {tags.get(_PHOTOMETRIC)}); save as PNG"
    )


def look(image: Image.Image, path: Path) -> list[str]:
    """Go to the picture of a TIFF file that has just been opened; a UserError if it cannot be read,
    and a line for the user about each part that is left out, or read as something else."""
    pages = pages_of(path)
    notes = list[str]()
    if why := refusal(pages, is_open=True):
        raise UserError(f"{shown(path)}: {why}")
    if chosen := _picture_of(pages):
        image.seek(chosen)
    tags = pages[chosen].tags
    whole = sum(page.is_whole for page in pages)
    # Pillow 13 maps some files into memory with the sides of the turned picture: no name, no map.
    image.filename = ""  # type: ignore[attr-defined]
    if _X_RESOLUTION not in tags:
        image.info.pop("dpi", None)
    if whole > 1:
        notes.append(f"has {whole} frames or pages; the first one is used")
    if chosen:
        notes.append(f"begins with a reduced copy; its page {chosen + 1} is used")
    if any(page.tags.get(_SUBFILE, 0) & 4 for page in pages):
        notes.append("its mask, which is a page of its own, is left out")
    extra = _several(tags, _EXTRA, ())
    first = tags.get(_SAMPLES, 1) - len(extra) + 1
    if left := [str(first + n) for n, kind in enumerate(extra) if n or kind not in _ALPHA]:
        word = "bands" if len(left) > 1 else "band"
        notes.append(f"{word} {', '.join(left)} of {tags[_SAMPLES]} left out, besides its colours")
    if _SIGNED in _several(tags, _FORMAT) and 16 in _several(tags, _BITS):
        notes.append("its numbers are signed; they are read as 0 (black) to 65535 (white)")
    return notes


def _pixels(tags: Tags) -> int:
    height, width = tags.get(_HEIGHT, 0), tags.get(_WIDTH, 0)
    return height * width if isinstance(height, int) and isinstance(width, int) else 0


def _several(tags: Tags, name: int, usual: Any = 1) -> tuple[int, ...]:
    value = tags.get(name, usual)
    return value if isinstance(value, tuple) else (value,)
