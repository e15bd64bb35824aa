"""Image files become an animation or video of the right size, length and colours."""

import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import imageio_ffmpeg  # type: ignore[import-untyped,unused-ignore]
import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.files.image import write_image
from internal_gan.images.files.video import Frames, write_video
from tests.tiny import noise

COLOURS = [(200, 40, 40), (40, 180, 60), (50, 60, 190)]
FPS = 24


def flat(height: int, width: int) -> Iterator[Tensor]:
    """Three frames of one colour each."""
    for colour in COLOURS:
        yield (torch.tensor(colour) / 127.5 - 1).view(1, 3, 1, 1).expand(1, 3, height, width)


def write_frames(folder: Path, frames: Iterable[Tensor]) -> list[Path]:
    folder.mkdir()
    files = []
    for index, frame in enumerate(frames):
        files.append(folder / f"{index}.png")
        write_image(files[-1], frame)
    return files


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three frames of 32 rows and 48 columns."""
    return write_frames(tmp_path / "frames", flat(32, 48))


def frames_of(path: Path) -> list[np.ndarray[Any, Any]]:
    with Image.open(path) as film:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]


def decoded(path: Path, height: int, width: int) -> tuple[str, list[np.ndarray[Any, Any]]]:
    """What the decoder reports about a film, and its frames."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-f", "rawvideo"]
    answer = subprocess.run([*command, "-pix_fmt", "rgb24", "-"], capture_output=True, check=True)
    frames = np.frombuffer(answer.stdout, np.uint8).reshape(-1, height, width, 3)
    return answer.stderr.decode(), list(frames)


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_a_moving_picture_has_every_frame_at_its_size(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film.{suffix}"
    write_video(path, write_frames(tmp_path / "frames", flat(33, 47)), FPS)
    shown = frames_of(path)
    assert [frame.shape for frame in shown] == [(33, 47, 3)] * 3
    for frame, colour in zip(shown, COLOURS, strict=True):
        assert np.abs(frame.astype(int) - colour).max() <= 6
    with Image.open(path) as film:
        assert film.info["loop"] == 0


@pytest.mark.parametrize(("suffix", "unit"), [("gif", 10), ("webp", 1)])
@pytest.mark.parametrize("fps", [24, 30])
def test_the_durations_add_up(tmp_path: Path, suffix: str, unit: int, fps: float) -> None:
    path = tmp_path / f"film.{suffix}"
    write_video(path, write_frames(tmp_path / "frames", [noise(9, 9, k) for k in range(30)]), fps)
    durations = []
    with Image.open(path) as film:
        for frame in ImageSequence.Iterator(film):
            frame.load()
            durations.append(film.info["duration"])
    assert sum(durations) == pytest.approx(30_000 / fps, abs=unit)
    assert max(durations) - min(durations) <= unit


@pytest.mark.parametrize(("height", "width"), [(32, 48), (33, 47)])
def test_a_film_has_every_frame_and_even_sides(tmp_path: Path, height: int, width: int) -> None:
    write_video(tmp_path / "film.mp4", write_frames(tmp_path / "frames", flat(height, width)), FPS)
    height, width = height + height % 2, width + width % 2
    about, shown = decoded(tmp_path / "film.mp4", height, width)
    for fact in ("h264", "yuv420p", "bt709", f"{width}x{height}", f"{FPS} fps"):
        assert fact in about
    assert len(shown) == 3
    for frame, colour in zip(shown, COLOURS, strict=True):
        assert np.abs(frame.astype(int) - colour).max() <= 8


def test_a_gif_has_one_palette_for_all_frames(tmp_path: Path) -> None:
    still = noise(24, 24)
    changed = still.clone()
    changed[..., :4, :4] = 1
    files = write_frames(tmp_path / "frames", [still, changed, still])
    write_video(tmp_path / "film.gif", files, FPS)
    first, second, third = frames_of(tmp_path / "film.gif")
    assert (first == third).all()
    assert (first[8:, 8:] == second[8:, 8:]).all()


def test_a_failing_encoder_gives_a_one_line_error_and_leaves_no_file(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("internal_gan.images.files.video.H264", ("-c:v", "nothing"))
    with pytest.raises(UserError, match=r"cannot write MP4.*'Error opening output files"):
        write_video(tmp_path / "film.mp4", files, FPS)
    assert [path.name for path in tmp_path.iterdir()] == ["frames"]


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_frames_of_16_bits_keep_their_brightness(tmp_path: Path, suffix: str) -> None:
    files = [tmp_path / f"{number}.png" for number in range(2)]
    for file, level in zip(files, (60, 190), strict=True):
        Image.fromarray(np.full((8, 10), 257 * level, np.uint16)).save(file)
    write_video(tmp_path / f"film{suffix}", files, FPS)
    made = [float(frame.mean()) for frame in frames_of(tmp_path / f"film{suffix}")]
    assert made == pytest.approx([60, 190], abs=2)


@pytest.mark.parametrize("suffix", ["gif", "webp", "mp4"])
def test_a_film_is_made_while_frames_come(suffix: str, files: list[Path], tmp_path: Path) -> None:
    path, whole = tmp_path / f"film.{suffix}", tmp_path / f"whole.{suffix}"
    with ThreadPoolExecutor(1) as pool, Frames() as frames:
        frames.expected = len(files)
        made = pool.submit(write_video, path, frames, FPS)
        for file in files:
            assert not made.done()
            frames.add(file)
        made.result(timeout=60)
    write_video(whole, files, FPS)
    assert path.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("suffix", ["gif", "webp", "mp4"])
def test_a_film_without_a_frame_is_not_made(suffix: str, files: list[Path], tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool, Frames() as frames:
        frames.expected = len(files)
        made = pool.submit(write_video, tmp_path / f"film.{suffix}", frames, FPS)
        frames.add(files[0])
    with pytest.raises(RuntimeError, match="frame 1 was not written"):
        made.result(timeout=60)
    assert not list(tmp_path.glob("film*"))


def test_after_an_error_no_more_frames_are_joined(files: list[Path], tmp_path: Path) -> None:
    frames = Frames()
    frames.expected = len(files)
    with suppress(KeyboardInterrupt), frames:
        for file in files:
            frames.add(file)
        raise KeyboardInterrupt
    with pytest.raises(RuntimeError):
        write_video(tmp_path / "film.webp", frames, FPS)
