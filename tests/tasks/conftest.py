"""A shell in an empty folder, and a photo."""

from pathlib import Path

import pytest
from PIL import Image

from internal_gan.images.files.image import to_uint8
from tests.commands import Shell
from tests.tiny import picture


@pytest.fixture
def shell(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(capsys)


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """A photo of 40 x 56 pixels in that folder."""
    Image.fromarray(to_uint8(picture())[0].permute(1, 2, 0).numpy()).save(tmp_path / "photo.png")
    return "photo.png"
