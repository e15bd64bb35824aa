"""Joins picture files into a moving picture: a GIF, WebP or MP4 file."""

import importlib
import itertools
import math
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Condition
from typing import Any, Self

import numpy as np
from PIL import Image

from internal_gan.errors import UserError
from internal_gan.files import atomic_write
from internal_gan.images.files.names import PILLOW_FORMATS

# Browsers slow down frames shorter than two hundredths of a second.
MAX_GIF_FPS = 50
# What a GIF's palette is made of.
_PALETTE_FRAMES = 8
_PALETTE_PIXELS = 300_000  # in all of these frames, about
# Without a stated colour matrix, players guess one from the size, and colours shift.
_BT709 = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
H264 = (
    *("-c:v", "libx264", "-crf", "18", "-pix_fmt", "yuv420p", "-movflags", "+faststart"),
    *("-vf", "scale=out_color_matrix=bt709", *_BT709),
)


def check_format(file_format: str, fps: float, task: str) -> None:
    """Raise a UserError, with the option of ``task``, for MP4 without encoder or too fast a GIF."""
    if file_format == "mp4":
        try:
            _encoder()
        except (ImportError, RuntimeError) as error:
            raise UserError(
                f"{task}.format=mp4: needs an encoder; pip install 'internal-gan[video]', "
                "or choose gif, webp or png"
            ) from error
    if file_format == "gif" and fps > MAX_GIF_FPS:
        raise UserError(
            f"{task}.fps={fps:g}: a GIF shows at most {MAX_GIF_FPS} frames a second; "
            "choose fewer, or webp, mp4 or png"
        )


class Frames(Sequence[Path]):
    """The ``expected`` picture files of a film that is made while they are written, in a ``with``
    block. Reading one waits for it; if it never comes, or the block failed, it is a RuntimeError.
    """

    def __init__(self) -> None:
        self.expected = 0
        self._files = list[Path]()
        self._changed = Condition()
        self._are_all = self._failed = False

    def add(self, file: Path) -> None:
        """The next file is written."""
        with self._changed:
            self._files.append(file)
            self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        with self._changed:
            self._are_all = True
            self._failed = kind is not None
            self._changed.notify_all()

    def __len__(self) -> int:
        return self.expected

    def __getitem__(self, number: Any) -> Any:
        if number >= self.expected:
            raise IndexError(number)
        with self._changed:
            self._changed.wait_for(lambda: self._are_all or len(self._files) > number)
            if self._failed or number >= len(self._files):
                raise RuntimeError(f"frame {number} was not written")
            return self._files[number]


def write_video(path: Path, files: Sequence[Path], fps: float) -> None:
    """Join picture files of the same size into one moving picture; GIF and WebP repeat for ever.

    GIF has one palette of 256 colours; its frame times, in hundredths of a second, add up to the
    exact duration. WebP keeps the frames' colour profile and mark. MP4 is H.264 with 4:2:0 colours;
    the last row or column of an odd side is repeated. Only GIF holds all frames in memory. A path
    that cannot be written and a failing encoder are UserErrors.
    """
    with atomic_write(path) as temporary:
        _WRITERS[path.suffix](temporary, files, fps)


def _durations(count: int, fps: float, unit: int) -> list[int]:
    """Milliseconds of each frame, multiples of ``unit`` whose sums stay true to ``fps``."""
    ends = [unit * round(1000 * end / fps / unit) for end in range(count + 1)]
    return [end - start for start, end in itertools.pairwise(ends)]


def _write_webp(path: Path, files: Sequence[Path], fps: float) -> None:
    reel = _Reel(files)
    kept = {name: reel.info[name] for name in ("icc_profile", "xmp") if reel.info.get(name)}
    times = _durations(len(files), fps, 1)
    # Method 1 takes a third of the time of 4, and its files are 9 % larger.
    reel.save(path, "WEBP", save_all=True, duration=times, loop=0, quality=85, method=1, **kept)


class _Reel(Image.Image):
    """Picture files as one image of many frames, with one in memory at a time."""

    def __init__(self, files: Sequence[Path]) -> None:
        super().__init__()
        self._files = files
        self.n_frames = len(files)
        self.seek(0)

    def seek(self, frame: int) -> None:
        image = _rgb(self._files[frame])
        self.im = image.im
        self._mode = image.mode
        self._size = image.size
        self.info = image.info


def _write_gif(path: Path, files: Sequence[Path], fps: float) -> None:
    # One palette and no dithering, so that colours and pixels do not flicker.
    chosen = [files[index * len(files) // _PALETTE_FRAMES] for index in range(_PALETTE_FRAMES)]
    together = np.concatenate([np.asarray(_rgb(file)) for file in dict.fromkeys(chosen)])
    step = max(1, math.isqrt(together[..., 0].size // _PALETTE_PIXELS))
    palette = Image.fromarray(together[::step, ::step].copy()).quantize(256, kmeans=2)
    frames = (_rgb(f).quantize(palette=palette, dither=Image.Dither.NONE) for f in files)
    times = _durations(len(files), fps, 10)
    next(frames).save(path, "GIF", save_all=True, append_images=frames, duration=times, loop=0)


def _write_mp4(path: Path, files: Sequence[Path], fps: float) -> None:
    width, height = (side + side % 2 for side in _rgb(files[0]).size)
    frames = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(fps)]
    command = [_encoder(), "-y", "-v", "error", *frames, "-i", "-", *H264, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        # An encoder that ends early gives its reason below.
        with suppress(BrokenPipeError):
            for file in files:
                pixels = np.asarray(_rgb(file))
                missing = (0, height - pixels.shape[0]), (0, width - pixels.shape[1]), (0, 0)
                process.stdin.write(np.pad(pixels, missing, mode="edge").tobytes())
        _, errors = process.communicate()
    if process.returncode:
        reason = errors.decode(errors="replace").strip().rpartition("\n")[2]
        raise UserError(f"cannot write MP4, and the frames are kept: the encoder says {reason!r}")


def _encoder() -> str:
    """The path of imageio-ffmpeg's encoder; ImportError or, on some platforms, RuntimeError."""
    return str(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())


def _rgb(file: Path) -> Image.Image:
    with Image.open(file, formats=PILLOW_FORMATS) as image:
        if not image.mode.startswith("I"):
            return image.convert("RGB")
        # Pillow would clip 16 bits to 8.
        gray = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        gray.info = image.info
        return gray.convert("RGB")


_WRITERS = {".gif": _write_gif, ".webp": _write_webp, ".mp4": _write_mp4}
