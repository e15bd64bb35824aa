"""task=dataset: new pictures of labelled photos, with masks and boxes."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from internal_gan.files import read_json_lines
from internal_gan.finishing.layers import read_layer
from internal_gan.finishing.origin import read_origin
from internal_gan.images.files.image import read_image, read_mark, write_image
from internal_gan.images.files.marks import xmp
from internal_gan.tasks.dataset import inside_of, thing
from tests.commands import Shell
from tests.tiny import picture

SIZE = (40, 56)


@pytest.fixture(autouse=True)
def photo(shell: Shell) -> None:
    write_image("photo.png", picture(*SIZE))


def labels(name: str, count: int, dtype: Any = np.uint8) -> NDArray[Any]:
    """Blocks of two by two pixels with the labels 0 to ``count``, in turn."""
    rows, columns = np.indices(SIZE) // 2
    values = ((rows * 28 + columns) % (count + 1)).astype(dtype)
    Image.fromarray(values).save(name)
    return values


def made(shell: Shell, *options: str, output: str = "out") -> Path:
    answer = shell("task=dataset", f"output={output}", *options)
    assert answer.code == 0, answer.err
    return Path(output) / "dataset"


def test_masks_are_those_of_each_pixels_origin_and_objects_their_parts(shell: Shell) -> None:
    values = labels("mask.png", 2)
    folder = made(shell, "image=photo.png", "layers=mask.png", "dataset.count=2")
    about = json.loads((folder / "annotations/instances.json").read_text())
    assert [one["name"] for one in about["categories"]] == ["mask-1", "mask-2"]
    for image in about["images"]:
        mask = read_layer(folder / "masks" / image["file_name"]).values
        places = read_origin(folder / "origins" / f"{image['id']:05d}.origin.png").places
        assert np.array_equal(mask, values[places[..., 0], places[..., 1]])
        found = np.zeros(SIZE, np.uint8)
        own = [one for one in about["annotations"] if one["image_id"] == image["id"]]
        for one in own:
            inside = inside_of(one)
            assert inside.sum() == one["area"]
            assert ndimage.label(inside, np.ones((3, 3)))[1] == 1
            left, top, width, height = one["bbox"]
            assert inside[top : top + height, left : left + width].sum() == one["area"]
            found[inside] = one["category_id"]
        assert np.array_equal(found, mask)
        each = [ndimage.label(mask == label, np.ones((3, 3)))[1] for label in (1, 2)]
        assert len(own) == sum(each)
    rows = list(csv.DictReader((folder / "pictures.csv").read_text().splitlines()))
    assert [row["file"] for row in rows] == ["images/00000.png", "images/00001.png"]
    assert all(0 < float(row["largest_piece"]) < 1 < 1 + float(row["copy"]) for row in rows)
    assert read_mark(folder / "images/00000.png") == xmp("compositeCapture", "dataset", None)
    assert read_image(folder / "sheet.png").size == (260, 1040)


def test_300_labels_of_16_bits_are_300_classes_or_objects(shell: Shell) -> None:
    values = labels("mask.png", 300, np.uint16)
    asked = ("image=photo.png", "layers=mask.png", "dataset.count=1")
    folder = made(shell, *asked, "dataset.size=[30,70]", "dataset.form=yolo")
    assert (folder / "data.yaml").read_text().count("mask-") == 300
    mask = np.asarray(Image.open(folder / "masks/00000.png"))
    places = read_origin(folder / "origins/00000.origin.png").places
    assert np.array_equal(mask, values[places[..., 0], places[..., 1]])
    assert "copy" not in read_json_lines(folder / "pictures.jsonl")[0]
    classes = {line.split()[0] for line in (folder / "labels/00000.txt").read_text().splitlines()}
    assert len(classes) == len(np.unique(mask)) - 1
    folder = made(shell, *asked, "dataset.objects=true", "dataset.least=4", output="objects")
    about = json.loads((folder / "annotations/instances.json").read_text())
    assert about["categories"] == [{"id": 1, "name": "mask"}]
    assert min(one["area"] for one in about["annotations"]) == 4


def test_colours_are_classes_and_each_photo_has_its_own_mask(shell: Shell) -> None:
    for name in ("photos", "masks"):
        Path(name).mkdir()
    for number, colour in enumerate([(255, 0, 0), (0, 0, 9)]):
        write_image(f"photos/{number}.png", picture(*SIZE, seed=number))
        values = np.zeros((*SIZE, 3), np.uint8)
        values[:, ::4] = colour
        Image.fromarray(values).save(f"masks/{number}.png")
    asked = ("image=photos", "layers=masks", "dataset.count=2", "dataset.form=mvtec")
    folder = made(shell, *asked)
    for number, name in enumerate(("masks-ff0000", "masks-000009")):
        mask = np.asarray(Image.open(folder / f"ground_truth/{name}/0000{number}_mask.png"))
        places = read_origin(folder / f"origins/0000{number}.origin.png").places
        assert np.array_equal(mask, np.where(places[..., 1] % 4 == 0, 255, 0))
        assert (folder / f"test/{name}/0000{number}.png").is_file()


def test_missing_data_and_transparent_pixels_are_background(shell: Shell) -> None:
    values = np.full(SIZE, 7, np.uint8)
    values[:, :20] = 255
    gdal_nodata = (42113, 2, 4, "255", True)
    tifffile.imwrite("a.tif", values, extratags=[gdal_nodata])
    colours = np.full((*SIZE, 4), (0, 0, 7, 255), np.uint8)
    colours[:, :20] = 255, 255, 255, 0
    Image.fromarray(colours).save("b.png")
    folder = made(shell, "image=photo.png", "layers=[a.tif,b.png]", "dataset.count=1")
    about = json.loads((folder / "annotations/instances.json").read_text())
    assert [one["name"] for one in about["categories"]] == ["a", "b"]


def test_a_model_draws_pictures_with_the_labels_of_its_photo(
    shell: Shell, finished_run: Path
) -> None:
    values = np.random.default_rng(1).integers(0, 3, (120, 168)).astype(np.uint8)
    Image.fromarray(values).save("mask.png")
    asked = (f"checkpoint={finished_run / 'run'}", "layers=mask.png", "dataset.form=plain")
    folder = made(shell, *asked, "dataset.count=2", "dataset.size=[60,80]")
    pictures = [read_image(folder / f"images/0000{n}.png").pixels for n in range(2)]
    assert (pictures[0] != pictures[1]).any()
    mark = xmp("compositeWithTrainedAlgorithmicMedia", "dataset", "singan")
    assert read_mark(folder / "images/00000.png") == mark
    assert sorted(path.name for path in folder.iterdir()) == [
        *("images", "masks", "origins", "pictures.csv", "pictures.jsonl", "sheet.png")
    ]


def test_runs_go_down_the_columns_as_in_coco() -> None:
    inside = np.array([[False, True, True], [False, False, True]])
    one = thing("a", inside)
    assert one["segmentation"] == {"size": [2, 3], "counts": [2, 1, 1, 2]}
    assert (one["bbox"], one["area"]) == ([1, 0, 2, 2], 3)


def test_masks_of_floats_or_of_bands_that_are_no_colours_are_refused(shell: Shell) -> None:
    tifffile.imwrite("floats.tif", np.ones(SIZE, np.float32))
    tifffile.imwrite("bands.tif", np.ones((2, *SIZE), np.uint8), photometric="minisblack")
    for name in ("floats", "bands"):
        answer = shell("task=dataset", "image=photo.png", f"layers={name}.tif", "output=out")
        assert answer.code == 2
        assert f"layers: {name} has floating-point numbers, or several bands" in answer.err
    assert not Path("out").exists()
