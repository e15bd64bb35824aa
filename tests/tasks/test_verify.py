"""A finished result has a file that says where its pixels come from; task=verify checks it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import internal_gan
from internal_gan.errors import UserError
from internal_gan.finishing.origin import EXACT, read_origin
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.pyramid import fit_size
from internal_gan.runs.records import read_results
from tests.commands import Answer, Shell
from tests.tiny import write_png


def verify(shell: Shell, picture: str | Path, *more: str, photo: str = "photo.png") -> Answer:
    return shell("task=verify", f"image={picture}", f"verify.photo={photo}", "output=v", *more)


@pytest.fixture
def result(run: Path) -> Path:
    return run / "sample/000.png"


def test_a_genuine_result_holds(result: Path, shell: Shell) -> None:
    answer = verify(shell, result)
    assert answer.code == 0, answer.err
    assert "of the pixels are exact copies of photo.png" in answer.out
    assert "The origin holds" in answer.out
    assert read_image("v/verify/map.png").size == read_image(result).size
    record = json.loads(Path("v/verification.json").read_text(encoding="utf-8"))
    assert record["holds"]
    assert record["exact"] + record["blended"] == pytest.approx(1)
    assert "exact copies of photo.png" in Path("v/index.html").read_text(encoding="utf-8")


def test_one_changed_pixel_does_not_hold(result: Path, shell: Shell) -> None:
    row, column = np.argwhere(read_origin(result.with_suffix(".origin.png")).kinds == EXACT)[5]
    array = np.asarray(Image.open(result)).copy()
    array[row, column] ^= 1
    Image.fromarray(array).save(result)
    answer = verify(shell, result)
    assert answer.code == 1
    assert "The origin does not hold" in answer.out
    assert "wrongly claimed to be exact copies: 1 pixel." in answer.out
    assert read_image("v/verify/map.png").pixels[0, :, row, column].tolist() == [1, -1, -1]


def test_an_origin_refers_to_the_photo_at_the_finishing_size(run: Path, shell: Shell) -> None:
    options = ("sample.count=1", "finish.resolution=40", "output=s")
    shell.done("task=sample", f"checkpoint={run}", *options)
    assert read_origin("s/sample/000.origin.png").photo_size == fit_size((120, 168), 40)
    answer = verify(shell, "s/sample/000.png")
    assert answer.code == 0, answer.out
    write_image("small.png", read_image("photo.png").pixels[..., ::5, ::5])
    refused = verify(shell, "s/sample/000.png", "output=w", photo="small.png")
    wanted = "the photo of this origin has 29x40 pixels, or shrinks to that"
    assert refused.lines == [f"error: verify.photo=small.png: 24x34 pixels; {wanted}"]
    # Commands that search folders do not take the file for a result.
    judged = "evaluate.samples=s/sample", "output=judged", "device=cpu"
    shell.done("evaluate", f"{run}/photo.png", *judged)
    (row,) = Path("judged/evaluation.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert row.startswith("s/sample/000.png,")


def test_an_origin_file_elsewhere_is_for_python(result: Path) -> None:
    shutil.move(result.with_suffix(".origin.png"), "elsewhere.png")
    with Image.open(result) as image:
        array = np.asarray(image)
    assert internal_gan.verify(result, "photo.png", origin="elsewhere.png").holds
    assert internal_gan.verify(array, "photo.png", origin="elsewhere.png").holds
    with pytest.raises(UserError, match="origin: a picture in memory needs"):
        internal_gan.verify(array, "photo.png")


def test_an_origin_of_another_size_is_refused(result: Path, shell: Shell) -> None:
    write_image("part.png", read_image(result).pixels[..., :20, :30])
    shutil.copyfile(result.with_suffix(".origin.png"), "part.origin.png")
    said = verify(shell, "part.png").err
    assert "the picture has 20x30 pixels, and its origin has 120x168" in said


def test_16_bits_and_transparency_are_verified(shell: Shell, large: str) -> None:
    rng = np.random.default_rng(0)
    deep = np.asarray(Image.open(large)).astype(int) * 257 + rng.integers(0, 200, (120, 168, 3))
    alpha = np.linspace(20_000, 65_535, 120 * 168).astype(int).reshape(120, 168, 1)
    write_png("deep.png", np.dstack([deep.clip(0, 65535), alpha]).astype(np.uint16))
    made = shell.done("sample", "deep.png", "output=run", "sample.count=1", "sample.start_scale=2")
    assert "Not kept" not in made.out
    sample = read_image("run/sample/000.png")
    assert (sample.bit_depth, sample.alpha is None) == (16, False)
    answer = verify(shell, "run/sample/000.png", photo="deep.png")
    assert answer.code == 0, answer.out
    assert internal_gan.verify("run/sample/000.png", "deep.png").exact > 0.03
    # Transparency is verified too.
    write_image("run/sample/000.png", sample.pixels, like=replace(sample, alpha=None))
    assert verify(shell, "run/sample/000.png", "output=w", photo="deep.png").code == 1


def test_the_page_shows_its_map_and_shares_and_not_the_file(run: Path) -> None:
    results = read_results(run)
    assert [result.file for result in results if result.kind == "result"] == ["sample/000.png"]
    assert not [result for result in results if result.file.endswith(".origin.png")]
    (shown,) = [result for result in results if result.group == "origin"]
    assert "exact copies of the photo" in shown.caption
    assert shown.caption in (run / "index.html").read_text(encoding="utf-8")


def test_a_huge_photo_is_refused(run: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("internal_gan.finishing.finisher.MAX_SIDE", 167)
    options = "finish.resolution=photo", "output=out"
    said = shell.refused("task=sample", f"checkpoint={run}", *options)
    problem = "the photo has 120x168 pixels; origins can be recorded for at most 167 a side"
    assert said == f"finish.resolution=photo: {problem}"
    assert not Path("out").exists()
