"""The user study: a self-contained page whose answers can be counted."""

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmarks import study
from internal_gan.errors import UserError
from internal_gan.images.files.image import write_image
from tests.benchmarks.conftest import Run
from tests.tiny import picture


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    """Four photos: one with a folder of two samples, two with one sample, one with none."""
    for name, seed in (("a", 1), ("b", 2), ("c", 3), ("alone", 4)):
        (tmp_path / "real").mkdir(exist_ok=True)
        write_image(tmp_path / "real" / f"{name}.jpg", picture(80, 112, seed))
    (tmp_path / "made" / "a").mkdir(parents=True)
    for name in ("a/000", "a/001", "b", "c"):
        write_image(tmp_path / "made" / f"{name}.png", picture(40, 56, 9))
    return ["--real", str(tmp_path / "real"), "--samples", str(tmp_path / "made")]


def data(page: str) -> dict[str, Any]:
    found = re.search(r'type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found
    shown: dict[str, Any] = json.loads(found[1])
    return shown


def test_the_page_holds_every_photo_with_its_samples_at_one_size(
    benchmark: Run, folders: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "study.html"
    options = ("--output", str(path), "--protocol", "paired", "--seconds", "0.5")
    found = benchmark("study", *folders, *options)
    page = path.read_text()
    shown = data(page)
    assert found["study"] == shown["id"]
    assert found["samples_of_photos"] == {"a": 2, "b": 1, "c": 1}
    assert {photo["name"]: len(photo["samples"]) for photo in shown["photos"]} == {
        "a": 2,
        "b": 1,
        "c": 1,
    }
    assert (shown["protocols"], shown["seconds"], shown["trials"]) == (["paired"], 0.5, 50)
    for address in shown["pictures"].values():
        png = io.BytesIO(base64.b64decode(address.removeprefix("data:image/png;base64,")))
        with Image.open(png) as image:
            assert (image.format, image.size) == ("PNG", (56, 40))
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page)


@pytest.mark.parametrize(
    ("samples", "piece"),
    [
        ("empty", "has the name of a photo"),
        ("one", "one photo has samples"),
        ("odd", "must have one size with its aspect ratio"),
    ],
)
def test_unusable_samples_are_refused_and_nothing_is_written(
    folders: list[str], tmp_path: Path, samples: str, piece: str
) -> None:
    for name in ("empty", "one", "odd"):
        (tmp_path / name).mkdir()
    write_image(tmp_path / "one" / "a.png", picture(40, 56))
    write_image(tmp_path / "odd" / "a.png", picture(40, 80))
    path = tmp_path / "study.html"
    with pytest.raises(UserError, match=piece):
        study.main([*folders, "--samples", str(tmp_path / samples), "--output", str(path)])
    assert not path.exists()
