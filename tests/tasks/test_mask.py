"""task=mask: a random hole for each photo."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import internal_gan
from tests.commands import Shell


def hole(path: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    with Image.open(path) as image:
        assert image.mode == "L"
        return np.asarray(image)


@pytest.mark.parametrize("kind", ["box", "strokes"])
def test_a_mask_of_the_photos_size_covers_the_wanted_share(
    shell: Shell, photo: str, kind: str
) -> None:
    answer = shell("task=mask", f"image={photo}", f"mask.kind={kind}", "mask.ratio=0.25", "seed=3")
    assert answer.code == 0, answer.err
    found = hole("masks/photo.png")
    assert found.shape == (40, 56)
    assert set(found.flatten().tolist()) == {0, 255}
    assert found.mean() / 255 == pytest.approx(0.25, abs=0.02)
    assert answer.out.startswith(f"masks/photo.png: {kind} covering 2")
    assert sorted(p.name for p in Path().iterdir()) == ["masks", "photo.png"]
    for given in (photo, Image.open(photo)):
        drawn = internal_gan.random_mask(given, kind=kind, ratio=0.25, seed=3)
        assert drawn.mode == "L"
        assert np.array_equal(drawn, found)


def test_the_seed_determines_the_hole_and_output_may_name_the_file(
    shell: Shell, photo: str
) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        shell("task=mask", f"image={photo}", f"seed={seed}", f"output={name}.png")
    a, b, c = (hole(f"{name}.png") for name in "abc")
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_a_folder_of_photos_gets_a_folder_of_masks_of_the_same_names(shell: Shell) -> None:
    Path("photos").mkdir()
    for name, size in (("one.jpg", (60, 50)), ("two.png", (40, 70))):
        Image.linear_gradient("L").resize(size).save(Path("photos") / name)
    answer = shell("task=mask", "image=photos/", "output=holes")
    assert answer.code == 0, answer.err
    assert [hole(f"holes/{name}.png").shape for name in ("one", "two")] == [(50, 60), (70, 40)]


def test_nothing_is_overwritten(shell: Shell, photo: str) -> None:
    shell("task=mask", f"image={photo}")
    before = Path("masks/photo.png").read_bytes()
    answer = shell("task=mask", f"image={photo}", "seed=1")
    assert answer.code == 2
    assert "masks/photo.png already exists" in answer.err
    assert Path("masks/photo.png").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("mask.ratio=0",), "mask.ratio=0.0: needs a number above 0 and below 1"),
        (("mask.ratio=1",), "mask.ratio=1.0: needs a number above 0 and below 1"),
        (("mask.kind=circle",), "mask.kind=circle: needs one of box, strokes"),
        (("mask.dilate=3",), "mask.dilate: cannot be changed here"),
        (("sample.count=3",), "sample.count: cannot be changed here"),
        (("image=gone.png",), "image=gone.png: no such file"),
        (("image=[photo.png,photo.png]",), "two photos are named photo"),
        (("output=photo.png",), "photo.png already exists"),
        (("output=photo.png/x.png",), "a file of that name is in the way"),
    ],
)
def test_bad_input_gets_one_line(
    shell: Shell, photo: str, options: tuple[str, ...], message: str
) -> None:
    answer = shell("task=mask", f"image={photo}", *options)
    assert answer.code == 2
    assert len(answer.lines) == 1
    assert message in answer.err
    assert [p.name for p in Path().iterdir()] == ["photo.png"]


def test_a_mask_needs_a_photo(shell: Shell) -> None:
    answer = shell("task=mask")
    assert answer.code == 2
    assert "image=FILE is missing" in answer.err
