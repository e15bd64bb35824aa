"""Comparing runs: a row for each, and the pictures that represent it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from internal_gan.config.compose import compose, save_options
from internal_gan.finishing.origin import Origin, origin_path, write_origin
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.resize import resize
from internal_gan.judging import compare
from internal_gan.judging.compare import MAX_PICTURES, Shown
from internal_gan.judging.figures import panel
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.jobs import Record
from tests.recorded import record_files, write
from tests.tiny import picture


def shown_of(run: Path) -> Shown:
    record_files(run)
    return compare.shown_of(run)


def test_a_film_alone_is_represented_by_its_frames(tmp_path: Path) -> None:
    write(tmp_path, "animate/animation.mp4")
    frames = [f"animate/frames/{number:04d}.png" for number in range(9)]
    write(tmp_path, *frames)
    assert shown_of(tmp_path).pictures == [tmp_path / name for name in frames[:MAX_PICTURES]]


def test_filled_holes_are_compared_with_the_original(tmp_path: Path) -> None:
    write(tmp_path, "photo.png", "fill/000.png")
    assert shown_of(tmp_path).photo is None
    (tmp_path / "status.json").unlink()
    write(tmp_path, *(f"fill/{name}.png" for name in ("before", "mask")))
    shown = shown_of(tmp_path)
    assert shown.photo == tmp_path / "fill/before.png"
    assert shown.mask == tmp_path / "fill/mask.png"


def test_a_finished_picture_is_compared_at_the_size_that_the_model_learnt(tmp_path: Path) -> None:
    large = resize(torch.rand(1, 3, 10, 15), (80, 120)).clamp(-1, 1)
    photo, picture = tmp_path / "photo.png", tmp_path / "000.png"
    write_image(photo, resize(large, (40, 60)))
    write_image(picture, large)
    as_drawn = compare.judge(Shown(photo, [picture]))
    kinds = np.zeros((80, 120), np.uint8)
    write_origin(origin_path(picture), Origin(np.zeros((80, 120, 2), np.int32), kinds, (80, 120)))
    found = compare.judge(Shown(photo, [picture]))
    learnt, whole = (read_image(path).pixels for path in (photo, picture))
    assert found == panel(learnt, [resize(whole, (40, 60))])
    assert found["swd1"] < as_drawn["swd1"] / 10


def test_figures_are_of_the_pictures_as_they_are_now(tmp_path: Path) -> None:
    run, found = tmp_path / "run", []
    write(run, "sample/000.png")
    write_image(run / "photo.png", picture())
    record_files(run)
    for seed in (1, 2):
        write_image(run / "sample/000.png", picture(seed=seed))
        found.append(compare.figures_of(tmp_path, "run"))
    assert found[0] != found[1]


def test_a_row_has_what_is_known_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Record("a-seed=1", ["image='a.jpg'", "seed=1", "model.crop=24"], 0).write(tmp_path)
    Record("b-seed=2", ["image='b.jpg'", "seed=2", "model.crop=24"], 2, "no photo").write(tmp_path)
    RunFolder.create(tmp_path / "a-seed=1").write_status("finished", seconds=12.4)
    figures = {"a-seed=1": {"swd1": 0.123456, "copy": 2.0}, "b-seed=2": {}}
    monkeypatch.setattr(compare, "figures_of", lambda folder, name: figures[name])
    rows = compare.compare(tmp_path)
    columns = ["job", "photo", "seed", "state", "seconds", "swd1", "copy", "reason"]
    assert [list(row) for row in rows] == [columns] * 2
    assert [list(row.values()) for row in rows] == [
        ["a-seed=1", "a", "1", "finished", 12.4, 0.123456, 2.0, None],
        ["b-seed=2", "b", "2", "failed", None, None, None, "no photo"],
    ]


def test_separate_runs_have_the_options_in_which_those_of_a_family_differ(tmp_path: Path) -> None:
    null, one = ["model=patches", "seed=1"], ["trainer.threads=2", "mask.file=one.png"]
    two = ["output=two", "model.detail_noise=0.5", "mask.file=two.png"]
    for name, overrides in (("a", null), ("b", one), ("c", two)):
        (tmp_path / name).mkdir()
        save_options(compose(["image=a.jpg", *overrides]), tmp_path / name / "config.yaml")
    (tmp_path / "d").mkdir()
    (tmp_path / "d/config.yaml").write_text("damaged")
    *found, last = (record.values for record in compare.records_of(tmp_path))
    assert last == {}
    singan = [{"model": "singan", "model.detail_noise": noise} for noise in ("0.6", "0.5")]
    assert found == [{"image": "a.jpg", **each} for each in ({"model": "patches"}, *singan)]
