"""A run copies its inputs when it begins, and later reads the copies."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.files.memory import to_photo
from internal_gan.images.masks import write_mask
from internal_gan.runs.learnt import write_learnt
from internal_gan.runs.source import Source
from tests.tiny import picture


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two photos, a mask named after each, and an empty run folder."""
    monkeypatch.chdir(tmp_path)
    for folder in ("holes", "run"):
        Path(folder).mkdir()
    for seed, name in enumerate(("a", "b")):
        write_image(f"{name}.jpg", picture(seed=seed))
        write_mask(f"holes/{name}.png", torch.full((1, 1, 40, 56), seed * 1.0))
    return tmp_path


def options(image: str | None, **masks: Any) -> Options:
    made = Options(image=image)
    made.mask.file = masks.get("mask")
    made.fill.edges = masks.get("edges")
    made.layers.files = masks.get("layers")
    return made


def test_files_are_kept_byte_for_byte_and_never_read_again(place: Path) -> None:
    wanted = options("a.jpg", mask="holes", edges="holes/a.png")
    source = Source(wanted)
    before = [Path(name).read_bytes() for name in ("a.jpg", "holes/a.png")]
    source.inputs.keep(Path("run"), ("mask.file", "fill.edges", "fill.avoid"))
    Path("a.jpg").write_bytes(b"something else")
    shutil.rmtree("holes")
    for again in (source, Source(wanted, Path("run"))):
        paths = [again.photo().path, again.inputs.file("mask.file")]
        assert [path and path.read_bytes() for path in paths] == before
        assert [path and path.parent for path in paths] == [Path("run/inputs")] * 2
        assert again.inputs.file("fill.edges") == Path("run/inputs/fill.edges.png")
        assert again.inputs.file("fill.avoid") is None
    index = json.loads(Path("run/inputs.json").read_text(encoding="utf-8"))["inputs"]
    assert index[0] == ENTRY | {"name": str(place / "a.jpg"), "file": "inputs/image.jpg"}


@pytest.mark.usefixtures("place")
def test_a_photo_in_use_is_not_read_again() -> None:
    source = Source(options("a.jpg"))
    photo = source.photo()
    assert source.photo(longest=20) is photo
    write_image("a.jpg", picture(seed=5))
    del photo
    assert torch.equal(source.photo().pixels, read_image("a.jpg").pixels)


def test_without_copies_the_users_file_or_the_training_image_is_used(place: Path) -> None:
    """As in a published model."""
    source = Source(options("a.jpg", mask="holes/a.png"), Path("run"))
    write_learnt(Path("run"), picture(20, 28), torch.ones(1, 1, 20, 28), read_image("a.jpg"))
    assert source.photo().size == (40, 56)
    assert source.inputs.file("mask.file") == Path("holes/a.png")
    Path("a.jpg").unlink()
    photo: Any = source.photo()
    assert (photo.path, photo.size) == (Path("run/photo.png"), (20, 28))
    assert photo.unknown.min() == 1


FLOATS = np.random.default_rng(0).random((12, 14, 3))


@pytest.mark.parametrize(
    ("array", "tolerance"),
    [
        (np.round(FLOATS * 255).astype(np.uint8), 0.0),
        (np.round(FLOATS * 65535).astype(np.uint16), 0.0),
        (np.dstack([np.round(FLOATS * 255), FLOATS[..., :1] > 0.5]).astype(np.uint8), 0.0),
        (np.round(FLOATS[..., 0] * 255).astype(np.uint8), 0.0),
        (FLOATS.astype(np.float32), 1 / 65535),
    ],
    ids=["8 bits", "16 bits", "transparent", "gray", "floats"],
)
def test_a_photo_in_memory_is_kept_without_loss(place: Path, array: Any, tolerance: float) -> None:
    photo = to_photo(array)
    source = Source(Options(), files={"image": photo})
    assert source.photo() is photo
    source.inputs.keep(Path("run"))
    for again in (source.photo(), Source(Options(), Path("run")).photo()):
        assert again.path == Path("run/inputs/image.png")
        assert again.is_gray == photo.is_gray
        layers = (again.pixels, photo.pixels), (again.alpha, photo.alpha), (again.raw, photo.raw)
        for kept, given in layers:
            assert (kept is None) == (given is None)
            if kept is not None and given is not None:
                assert (kept - given).abs().max() <= tolerance + 1e-6


ENTRY = {"option": "image", "number": 0, "name": "", "file": "inputs/b.jpg"}


@pytest.mark.parametrize(
    "index",
    [
        *("", "[]", "[" * 100_000, '{"inputs": 7}', '{"inputs": [7]}'),
        *('{"inputs": [{"option": "image"}]}', json.dumps({"inputs": [{**ENTRY, "number": []}]})),
        json.dumps({"inputs": [{**ENTRY, "name": 7}]}),
    ],
    ids=lambda index: index[:30],
)
def test_a_damaged_index_is_one_line(place: Path, index: str) -> None:
    Path("run/inputs.json").write_text(index, encoding="utf-8")
    with pytest.raises(UserError, match=r"^run/inputs\.json is damaged, or internal-gan did not"):
        Source(options("a.jpg"), Path("run"))


def test_a_mask_folder_needs_exactly_one_image_named_after_the_photo(place: Path) -> None:
    for end in ("png", "gif"):
        shutil.copy("holes/a.png", f"holes/c.{end}")
    with pytest.raises(UserError, match=r"mask=holes: 2 images named after c\.jpg"):
        Source(options("c.jpg", mask="holes")).inputs.file("mask.file")
    shutil.copy("holes/a.png", "holes/c.jpg")  # the photo's own name
    assert Source(options("c.jpg", mask="holes")).inputs.file("mask.file") == Path("holes/c.jpg")
    with pytest.raises(UserError, match="the photo has no file name to look for in it"):
        Source(options(None, mask="holes")).inputs.file("mask.file")


def test_cropping_a_photo_crops_all_its_layers() -> None:
    layer = torch.arange(12.0).view(1, 1, 3, 4)
    pixels = layer.expand(1, 3, -1, -1)
    photo = to_photo(np.zeros((3, 4, 3), np.uint8))
    photo = replace(photo, colours=pixels, alpha=layer, raw=pixels, unknown=layer, given=(9, 9))
    part: Any = photo.crop(slice(1, 3), slice(0, 2))
    expected: Tensor = layer[..., 1:, :2]
    for found in (part.pixels[:, :1], part.alpha, part.raw, part.unknown):
        assert torch.equal(found[:, :1], expected)
    assert part.full_size == (2, 2)
