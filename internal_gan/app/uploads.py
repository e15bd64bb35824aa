"""Photos and drawings uploaded by the browser, in a folder of their own."""

import io
import json
import re
import secrets
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from internal_gan.app.pictures import shown
from internal_gan.errors import UserError
from internal_gan.files import atomic_write, read_record, write_text
from internal_gan.finishing.plans import importance_of
from internal_gan.images.files.image import read_image
from internal_gan.images.files.look import any_size
from internal_gan.images.files.memory import to_pil
from internal_gan.images.files.metadata import rgb_profile
from internal_gan.images.files.names import PILLOW_FORMATS, READABLE_SUFFIXES
from internal_gan.images.files.profiles import converted
from internal_gan.images.masks import to_gray
from internal_gan.process_settings import ignored_warnings

FOLDER = ".app"
_ID = re.compile(r"[0-9a-f]{16}")
# Most pixels a side of a drawing from the page.
DRAWN_SIDE = 2048
# Most pixels a side of a photo in the list of photos, and on the stage before it is enlarged.
SMALL_SIDE, SHOWN_SIDE = 480, 2048
COPIES = {"small": SMALL_SIDE, "shown": SHOWN_SIDE, "whole": None}
IMPORTANCE = "importance"  # the copy that shows what matters


@dataclass(frozen=True)
class Upload:
    """A photo from the browser, with its name there, its file on the server, its upright size
    (height, width) in pixels, and the runs that were started for it, oldest first."""

    id: str
    name: str
    path: Path
    size: tuple[int, int]
    runs: Sequence[str] = ()


@dataclass(frozen=True)
class _Record:
    """What ``photo.json`` tells about a photo."""

    name: str
    file: str
    size: tuple[int, int]
    runs: list[str] = field(default_factory=list)


class Uploads:
    """Photos, of at most ``most`` pixels, in ``RUNS/.app``, each in a folder with its drawings."""

    def __init__(self, runs: Path, most: float) -> None:
        self._photos = runs / FOLDER / "photos"
        self._most = most
        # Photos are read one after another: each takes a multiple of its pixels in memory.
        self._reading = threading.Lock()

    @contextmanager
    def begun(self, name: str) -> Iterator[Path]:
        """The file to write a photo to, removed if the block fails; a UserError for other names."""
        name = plain(name)
        suffix = Path(name).suffix.lower()
        if suffix not in READABLE_SUFFIXES:
            allowed = ", ".join(sorted(READABLE_SUFFIXES))
            raise UserError(f"{name}: not the name of a picture; allowed: {allowed}")
        folder = self._photos / secrets.token_hex(8)
        folder.mkdir(parents=True)
        try:
            yield folder / f"photo{suffix}"
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def add(self, name: str, path: Path) -> Upload:
        """Accept the photo written to the file of :meth:`begun`, and write its smaller copies."""
        name = plain(name)
        self.pixels(name, path)
        with self._reading:
            try:
                photo = read_image(path)
            except UserError as error:
                raise error.reworded(error.problem.replace(str(path), name)) from error
            picture, size = shown(photo, SHOWN_SIDE), photo.size
            del photo
        _save(picture, path.with_name("shown.jpg"))
        picture.thumbnail((SMALL_SIDE, SMALL_SIDE))
        _save(picture, path.with_name("small.jpg"))
        upload = Upload(path.parent.name, name, path, size)
        self._note(upload, [])
        return upload

    def get(self, id: str) -> Upload:
        """A photo by its id, or a UserError."""
        folder = self._photos / id
        found = None
        with suppress(UserError):  # a damaged one
            found = read_record(_Record, folder / "photo.json") if _ID.fullmatch(id) else None
        if found is None:
            raise UserError("there is no such photo", kind="missing")
        height, width = found.size
        return Upload(
            id, plain(found.name), folder / plain(found.file), (height, width), found.runs
        )

    def all(self) -> list[Upload]:
        """All photos, newest first."""
        folders = [path.parent for path in self._photos.glob("*/photo.json")]
        folders.sort(key=lambda path: path.stat().st_ctime, reverse=True)
        photos = list[Upload]()
        for path in folders:
            with suppress(UserError):
                photos.append(self.get(path.name))
        return photos

    def remove(self, upload: Upload) -> None:
        """Delete a photo, its smaller copies, and what was drawn on it."""
        shutil.rmtree(upload.path.parent)

    def note_run(self, upload: Upload, run: str) -> None:
        self._note(upload, [*self.get(upload.id).runs, run])

    def forget_run(self, upload: Upload, run: str) -> None:
        self._note(upload, [one for one in self.get(upload.id).runs if one != run])

    def copy(self, upload: Upload, which: str) -> Path:
        """The JPEG file of one of ``COPIES`` or of ``IMPORTANCE``, made if it is missing."""
        if which not in (*COPIES, IMPORTANCE):
            raise UserError("there is no such picture", kind="missing")
        path = upload.path.parent / f"{which}.jpg"
        with self._reading:
            if not path.is_file():
                photo = read_image(upload.path)
                if which == IMPORTANCE:
                    found = to_gray(importance_of(photo))
                    _save(to_pil(found.colours, found), path)
                else:
                    _save(shown(photo, COPIES[which]), path)
        return path

    def draw(self, upload: Upload, data: bytes, kind: str) -> str:
        """Store what :meth:`drawn` makes of strokes on a photo; returns its id."""
        if kind == "paint":
            with self._reading:
                read = read_image(upload.path)
                photo = to_pil(read.colours)
                photo.info["icc_profile"] = read.icc_profile
        else:
            photo = Image.new("L", upload.size[::-1])
        picture = self.drawn(upload, data, kind, photo)
        id = secrets.token_hex(8)
        with atomic_write(upload.path.with_name(f"{id}.png")) as temporary:
            picture.save(temporary, icc_profile=picture.info.get("icc_profile"))
        return id

    def drawn(self, upload: Upload, data: bytes, kind: str, photo: Image.Image) -> Image.Image:
        """A PNG file of strokes, transparent elsewhere, as a picture of the size of ``photo``,
        which shows an upload: for the kind ``mask`` white where something was drawn, for the kind
        ``importance`` what matters with the strokes on it, and else the photo with them."""
        if kind == IMPORTANCE:
            with Image.open(self.copy(upload, kind)) as found:
                photo = found.resize(photo.size, Image.Resampling.BILINEAR)
        return _drawn(data, kind, photo)

    def drawing(self, id: str) -> Path:
        """The file of a drawing, or a UserError."""
        found = self._photos.glob(f"*/{id}.png") if _ID.fullmatch(id) else iter(())
        if (path := next(found, None)) is None:
            raise UserError("there is no such drawing", kind="missing")
        return path

    def pixels(self, name: str, path: Path) -> int:
        """The number of a file's pixels; 0 if its header cannot be read, a UserError if there are
        more than allowed."""
        try:
            with any_size(), ignored_warnings(), Image.open(path, formats=PILLOW_FORMATS) as image:
                count = image.width * image.height
        except Exception:  # Pillow raises all kinds of errors for damaged files
            return 0
        if count > self._most:
            allowed = f"allowed: up to {self._most / 1e6:g} (max_megapixels=)"
            raise UserError(f"{name}: {count / 1e6:.0f} megapixels; {allowed}", kind="large")
        return count

    def _note(self, upload: Upload, runs: list[str]) -> None:
        about = {"name": upload.name, "file": upload.path.name, "size": upload.size, "runs": runs}
        write_text(upload.path.parent / "photo.json", json.dumps(about))


def _drawn(data: bytes, kind: str, photo: Image.Image) -> Image.Image:
    strokes = _strokes(data)
    found = strokes.getchannel("A").resize(photo.size, Image.Resampling.BILINEAR)
    if kind == "mask":
        return found.point([255 * (at > 127) for at in range(256)])
    picture, profile = photo.convert("RGB"), rgb_profile(photo.info.get("icc_profile"))
    colours = converted(strokes.convert("RGB"), None, profile)
    picture.paste(colours.resize(photo.size, Image.Resampling.BILINEAR), mask=found)
    picture.info["icc_profile"] = profile
    return picture


def _save(picture: Image.Image, path: Path) -> None:
    with atomic_write(path) as temporary:
        picture.save(temporary, "JPEG", quality=92, subsampling="4:4:4")


def plain(name: str) -> str:
    """The last part of a file name, without characters that may cause trouble."""
    last = re.split(r"[\\/]", name)[-1]
    return re.sub(r"[^\w.() -]+", "_", last).strip(". -")[-100:] or "photo"


def _strokes(data: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=("PNG",))
        if max(image.size) <= DRAWN_SIDE:
            return image.convert("RGBA")
    except Exception as error:  # Pillow raises all kinds of errors for damaged files
        raise UserError("the drawing: cannot be read as a PNG file") from error
    raise UserError(f"the drawing: is too large; allowed: up to {DRAWN_SIDE} pixels a side")
