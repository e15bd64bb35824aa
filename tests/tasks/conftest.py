"""A shell in an empty folder, and a photo."""

from pathlib import Path

import pytest
from PIL import Image

from internal_gan.cli import main
from internal_gan.images.files.image import to_uint8, write_image
from tests.commands import TINY_RUN, Shell
from tests.tiny import picture

# Samples close to the photo, so that some pixels are far from seams.
FINISHED = (
    *TINY_RUN,
    *("sample.count=1", "sample.start_scale=2"),
    *("finish.detail=patches", "finish.resolution=photo"),
)


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``photo.png``, 120 x 168 pixels, and ``run``, a training on it."""
    folder = tmp_path_factory.mktemp("finished")
    write_image(folder / "photo.png", picture(120, 168))
    main(["model=singan", f"image={folder / 'photo.png'}", f"output={folder / 'run'}", *FINISHED])
    return folder


@pytest.fixture
def shell(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(capsys)


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """A photo of 40 x 56 pixels in the working folder."""
    Image.fromarray(to_uint8(picture())[0].permute(1, 2, 0).numpy()).save(tmp_path / "photo.png")
    return "photo.png"
