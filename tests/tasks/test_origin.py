"""Every finished result comes with a file that says where its pixels come from."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from internal_gan.finishing.origin import BLENDED, EXACT, read_origin
from internal_gan.images.files.image import write_image
from internal_gan.images.pyramid import fit_size
from internal_gan.runs.records import read_results
from tests.commands import Shell
from tests.tiny import picture


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """A photo of 120 x 168 pixels in the working folder."""
    write_image(tmp_path / "photo.png", picture(120, 168))
    return "photo.png"


@pytest.fixture
def run(shell: Shell, photo: str, tmp_path: Path, finished_run: Path) -> Path:
    """A training on this photo, with a finished sample."""
    shutil.copytree(finished_run / "run", tmp_path / "run")
    for path in (tmp_path / "run").glob("*.*"):
        if path.suffix in (".yaml", ".json"):
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace(str(finished_run), str(tmp_path)), encoding="utf-8")
    return Path("run")


def test_every_exact_pixel_is_that_of_the_photo(run: Path, photo: str) -> None:
    origin = read_origin(run / "sample/000.origin.png")
    sample, source = (np.asarray(Image.open(name)) for name in (run / "sample/000.png", photo))
    assert origin.photo_size == source.shape[:2]
    assert origin.kinds.shape == sample.shape[:2]
    same = (sample == source[origin.places[..., 0], origin.places[..., 1]]).all(axis=2)
    assert same.mean() > 0.03
    assert ((origin.kinds == EXACT) == same).all()
    assert ((origin.kinds == BLENDED) == ~same).all()


def test_the_origin_file_is_not_a_result(run: Path, shell: Shell) -> None:
    results = read_results(run)
    assert [result.file for result in results if result.kind == "result"] == ["sample/000.png"]
    assert not [result for result in results if result.file.endswith(".origin.png")]


def test_the_page_shows_its_map_and_shares(run: Path) -> None:
    (shown,) = [result for result in read_results(run) if result.group == "origin"]
    assert "exact copies of the photo" in shown.caption
    assert shown.caption in (run / "index.html").read_text(encoding="utf-8")


def test_origins_refer_to_the_photo_at_the_finishing_size_and_are_not_evaluated(
    run: Path, shell: Shell
) -> None:
    options = ("sample.count=1", "finish.resolution=33", "output=small")
    answer = shell("task=sample", f"checkpoint={run}", *options)
    assert answer.code == 0, answer.err
    assert read_origin("small/sample/000.origin.png").photo_size == fit_size((120, 168), 33)
    # Commands that search folders do not take the file for a result either.
    judged = shell(
        *("task=evaluate", "evaluate.samples=small/sample", f"image={run}/photo.png"),
        *("output=judged", "device=cpu"),
    )
    assert judged.code == 0, judged.err
    (row,) = Path("judged/evaluation.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert row.startswith("small/sample/000.png,")


def test_network_output_without_finishing_has_no_origin(run: Path, shell: Shell) -> None:
    answer = shell("task=sample", f"checkpoint={run}", "finish.detail=network", "output=plain")
    assert answer.code == 0, answer.err
    assert not list(Path("plain").rglob("*origin*"))


def test_a_photo_beyond_16_bits_is_refused(
    run: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("internal_gan.finishing.finisher.MAX_SIDE", 167)
    answer = shell("task=sample", f"checkpoint={run}", "finish.resolution=photo", "output=out")
    assert answer.code == 2
    problem = "the photo has 120x168 pixels; origins can be recorded for at most 167 a side"
    assert answer.lines == [f"error: finish.resolution=photo: {problem}"]
    assert not Path("out").exists()
