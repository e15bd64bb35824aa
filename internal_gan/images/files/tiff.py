"""The pages of a TIFF file by their tags (TIFF 6.0 and its supplements), most of which Pillow does
not look at."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image
from PIL.TiffImagePlugin import COMPRESSION_INFO, ImageFileDirectory_v2

Tags = Mapping[int, Any]

# What a camera's raw file is, and as what to save it.
RAW = "a camera's raw photo", "TIFF or PNG of 16 bits"

_SUBFILE, _OLD_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION = 254, 255, 256, 257, 258, 259
_PHOTOMETRIC, _SAMPLES, X_RESOLUTION, _INSIDE, _EXTRA, _FORMAT = 262, 277, 282, 330, 338, 339
_PRIMARIES, _TRANSFER, _PROFILE, _DNG = 319, 301, 34675, 50706
_COLOUR_FILTERS = (32803, 34892)
_SIGNED, _FLOATS = 2, (3, 6)
_ALPHA = (1, 2, 999)  # kinds of extra samples; Pillow reads CorelDRAW's 999 as alpha


class Page(NamedTuple):
    """A page's tags, and those of the pictures inside it: reduced copies or, in a camera's raw
    file, the photo."""

    tags: Tags
    inside: list[Tags]

    @property
    def is_whole(self) -> bool:
        """Whether it is neither a reduced copy nor a mask of another page."""
        return not self.tags.get(_SUBFILE, 0) & 5 and self.tags.get(_OLD_SUBFILE) != 2

    @property
    def is_mask(self) -> bool:
        return bool(self.tags.get(_SUBFILE, 0) & 4)

    @property
    def is_raw(self) -> bool:
        """Whether it belongs to a camera's raw file."""
        every = (self.tags, *self.inside)
        return _DNG in self.tags or any(t.get(_PHOTOMETRIC) in _COLOUR_FILTERS for t in every)

    @property
    def is_small(self) -> bool:
        """Whether a picture inside it is larger than its own."""
        return any(_pixels(tags) > _pixels(self.tags) for tags in self.inside)


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

        pages, offset, seen = list[Page](), ImageFileDirectory_v2(header).next, set[int]()
        while offset and offset not in seen:
            seen.add(offset)
            tags = directory(offset)
            pages.append(Page(tags, [directory(at) for at in _several(tags.get(_INSIDE, ()))]))
            offset = tags.next
    return pages


def picture_of(pages: list[Page]) -> int:
    """The number of the first page that is a whole picture; 0 if none says so."""
    return next((number for number, page in enumerate(pages) if page.is_whole), 0)


def refusal(page: Page) -> str | None:
    """Why a page that Pillow cannot read is none that can be read; None if it looks damaged."""
    tags = page.tags
    if not _pixels(tags):
        return None
    if page.is_raw:
        return f"is {RAW[0]}; save it as {RAW[1]}"
    if max(_several(tags.get(_FORMAT, 1))) in _FLOATS:
        return "its floating-point colours are not supported; save as 16 bits"
    if tags.get(_COMPRESSION, 1) not in COMPRESSION_INFO:
        return f"TIFF compression {tags[_COMPRESSION]} is not supported; save without compression"
    bits = _several(tags.get(_BITS, 1))
    return (
        f"a kind of TIFF that is not supported: {tags.get(_SAMPLES, len(bits))} samples of "
        f"{max(bits)} bits, photometric interpretation {tags.get(_PHOTOMETRIC)}; save as PNG"
    )


def losses(pages: list[Page]) -> list[str]:
    """A line for the user about each part of a file that is left out, or read as something else."""
    chosen, notes = picture_of(pages), list[str]()
    tags, whole = pages[chosen].tags, sum(page.is_whole for page in pages)
    if whole > 1:
        notes.append(f"has {whole} frames or pages; the first one is used")
    if chosen:
        notes.append(f"begins with a reduced copy; its page {chosen + 1} is used")
    if any(page.is_mask for page in pages):
        notes.append("its mask, which is a page of its own, is left out")
    extra = _several(tags.get(_EXTRA, ()))
    first = tags.get(_SAMPLES, 1) - len(extra) + 1
    if left := [str(first + n) for n, kind in enumerate(extra) if n or kind not in _ALPHA]:
        word = "bands" if len(left) > 1 else "band"
        notes.append(f"{word} {', '.join(left)} of {tags[_SAMPLES]} left out, besides its colours")
    if _SIGNED in _several(tags.get(_FORMAT, 1)) and max(_several(tags.get(_BITS, 1))) == 16:
        notes.append("its numbers are signed; they are read as 0 (black) to 65535 (white)")
    if _PROFILE not in tags and (_PRIMARIES in tags or _TRANSFER in tags):
        notes.append("its colours are described by tags and not by a profile; they count as sRGB")
    return notes


def white_is_0(image: Image.Image) -> bool:
    """Whether white is 0 in an image's numbers, which Pillow heeds for up to 8 bits only."""
    tags = getattr(image, "tag_v2", {})
    return tags.get(_PHOTOMETRIC) == 0 and (image.mode == "F" or image.mode.startswith("I"))


def is_signed_byte(tags: Tags) -> bool:
    """Whether its 8-bit numbers are signed, which Pillow overlooks."""
    return _SIGNED in _several(tags.get(_FORMAT, 1)) and 8 in _several(tags.get(_BITS, 1))


def _pixels(tags: Tags) -> int:
    height, width = tags.get(_HEIGHT, 0), tags.get(_WIDTH, 0)
    return height * width if isinstance(height, int) and isinstance(width, int) else 0


def _several(value: Any) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,)
