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
