"""task=graft: defects on sound photos, as data sets."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import internal_gan
from internal_gan.errors import UserError
from internal_gan.files import read_json_lines
from internal_gan.finishing.graft import RIM, RING
from internal_gan.images.files.image import write_image
from internal_gan.judging.verify import verify
from internal_gan.tasks import dataset
from tests.commands import Shell
from tests.tiny import picture


@pytest.fixture(autouse=True)
def files(shell: Shell) -> None:
    """A sound photo, and two photos with a bright spot, their masks and an allowed area."""
    for name, kind in (("", ""), ("defects/spot", "masks/spot"), ("defects/dent", "masks/dent")):
        if not name:
            write_image("photo.png", picture(60, 84, seed=1))
            continue
        for folder in (name, kind):
            Path(folder).mkdir(parents=True)
        write_image(f"{name}/1.png", picture(40, 50, seed=len(name)))
        image, mask = Image.open(f"{name}/1.png"), Image.new("L", (50, 40))
        image.paste((250, 240, 20), (20, 14, 29, 19))
        mask.paste(255, (20, 14, 29, 19))
        image.save(f"{name}/1.png")
        mask.save(f"{kind}/1_mask.png")
    allowed = Image.new("L", (84, 60))
    allowed.paste(255, (0, 0, 84, 30))
    allowed.save("where.png")


ONE = ("graft.defect=defects/spot/1.png", "graft.mask=masks/spot/1_mask.png")
BOTH = ("graft.defect=defects", "graft.mask=masks")


def grafted(shell: Shell, *options: str, output: str = "out") -> Path:
    answer = shell("task=graft", "image=photo.png", f"output={output}", *options)
    assert answer.code == 0, answer.err
    return Path(output) / "graft"


def array(path: Path | str) -> Any:
    return np.asarray(Image.open(path)).astype(int)


def test_masks_boxes_and_all_other_pixels_are_exact(shell: Shell) -> None:
    folder, photo = (
        grafted(shell, *ONE, "graft.count=2", "graft.where=where.png"),
        array("photo.png"),
    )
    about = json.loads((folder / "annotations/instances.json").read_text())
    assert about["categories"] == [{"id": 1, "name": "1"}]
    for image, one in zip(about["images"], about["annotations"], strict=True):
        inside = array(folder / "masks" / image["file_name"]) == 255
        rows, columns = inside.nonzero()
        left, top, width, height = one["bbox"]
        assert (top, left) == (rows.min(), columns.min())
        assert (top + height, left + width) == (rows.max() + 1, columns.max() + 1)
        assert rows.max() < 30
        assert one["area"] == inside.sum()
        assert np.array_equal(dataset.inside_of(one), inside)
        made, reach = array(folder / "images" / image["file_name"]), RIM + RING
        changed = (made != photo).any(axis=2)
        assert changed[inside].mean() > 0.8
        near = slice(max(left - reach, 0), left + width + reach)
        changed[max(top - reach, 0) : top + height + reach, near] = False
        assert not changed.any()
        origin = folder / "origins" / image["file_name"].replace(".png", ".origin.png")
        assert verify(folder / "images" / image["file_name"], Path("photo.png"), origin).holds
    assert array(folder / "sheet.png").shape[1] == 1040


def test_python_makes_the_same_pictures_of_a_seed(shell: Shell) -> None:
    folder = grafted(shell, *ONE, "graft.count=2", "graft.seed=5", "graft.turn=30")
    with Image.open("photo.png") as photo, Image.open("defects/spot/1.png") as defect:
        made = internal_gan.graft(photo, defect, Path("masks/spot/1_mask.png"), 2, turn=30, seed=5)
    for number, pair in enumerate(made):
        for image, room in zip(pair, ("images", "masks"), strict=True):
            assert np.array_equal(np.asarray(image), array(folder / room / f"{number:05d}.png"))
    given = array("defects/spot/1.png").astype(np.uint8), array("masks/spot/1_mask.png") > 0
    with pytest.raises(UserError, match="has no room for a defect of 32x58 pixels"):
        internal_gan.graft(
            "photo.png",
            given[0].repeat(8, 0).repeat(8, 1),
            given[1].repeat(8, 0).repeat(8, 1),
            where="where.png",
        )


def test_folders_of_defects_become_mvtecs_folders(shell: Shell) -> None:
    folder = grafted(shell, *BOTH, "graft.count=3", "dataset.form=mvtec")
    made = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.png"))
    assert [file for file in made if "origin" not in file] == [
        *("ground_truth/dent/00000_mask.png", "ground_truth/dent/00002_mask.png"),
        *("ground_truth/spot/00001_mask.png", "sheet.png"),
        *("test/dent/00000.png", "test/dent/00002.png", "test/spot/00001.png"),
        "train/good/00003.png",
    ]
    assert np.array_equal(array(folder / "train/good/00003.png"), array("photo.png"))


def test_yolos_boxes_and_the_classes_of_a_plain_mask(shell: Shell) -> None:
    folder = grafted(shell, *BOTH, "graft.count=2", "dataset.form=yolo")
    inside = array(folder / "masks/00001.png")
    rows, columns = inside.nonzero()
    assert set(np.unique(inside)) == {0, 2}
    number, *shares = (folder / "labels/00001.txt").read_text().split()
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    wanted = [(left + right) / 168, (top + bottom) / 120, (right - left) / 84, (bottom - top) / 60]
    assert number == "1"
    assert [float(share) for share in shares] == pytest.approx(wanted, abs=1e-6)
    assert (folder / "data.yaml").read_text().endswith('names:\n  0: "dent"\n  1: "spot"\n')


def test_a_stopped_data_set_goes_on_with_the_same_pictures(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = (*ONE, "graft.count=3", "graft.seed=2")
    whole, written = grafted(shell, *asked), list[Path]()

    def stops(path: Path, *arguments: Any, **how: Any) -> None:
        if path.name == "00001.png" and len(written) == 1:
            raise OSError("unplugged")
        written.append(path)
        write_image(path, *arguments, **how)

    monkeypatch.setattr(dataset, "write_image", stops)
    command = ("task=graft", "image=photo.png", "output=late", "skip_finished=true", *asked)
    assert shell(*command).code == 1
    index = Path("late/graft/pictures.jsonl")
    assert len(read_json_lines(index)) == 1
    index.write_text(index.read_text() + '{"number": 1, "fi')
    written.append(Path())
    assert shell(*command).code == 0
    # The first was not written again.
    assert [path.name for path in written[2:]] == ["00001.png", "00002.png"]
    for name in (
        "pictures.csv",
        "pictures.jsonl",
        "annotations/instances.json",
        "images/00001.png",
    ):
        assert (whole / name).read_bytes() == (Path("late/graft") / name).read_bytes()


def test_labels_of_16_bits_and_colours_are_masks_too(shell: Shell) -> None:
    mask = array("masks/spot/1_mask.png") > 0
    Image.fromarray((mask * 3).astype(np.uint16)).save("deep.png")
    colours = np.zeros((40, 50, 3), np.uint8)
    colours[mask] = 0, 0, 200
    Image.fromarray(colours).save("colours.png")
    areas = []
    for name in ("deep", "colours"):
        asked = (
            ONE[0],
            f"graft.mask={name}.png",
            "graft.count=1",
            "graft.scale=[1,1]",
            "graft.turn=0",
        )
        folder = grafted(shell, *asked, output=name)
        areas.append(int((array(folder / "masks/00000.png") > 0).sum()))
    assert areas == [mask.sum(), mask.sum()]


@pytest.mark.slow
def test_more_than_255_classes_have_a_number_each(shell: Shell) -> None:
    for number in range(256):
        for room, kind in (("many", "defects/spot/1.png"), ("marks", "masks/spot/1_mask.png")):
            Path(room, f"{number:03d}").mkdir(parents=True)
            Path(room, f"{number:03d}", "1.png").symlink_to(Path(kind).absolute())
    folder = grafted(shell, "graft.defect=many", "graft.mask=marks", "graft.count=256")
    assert [array(folder / f"masks/00{number}.png").max() for number in (254, 255)] == [255, 256]
