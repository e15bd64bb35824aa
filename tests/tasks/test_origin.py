"""Every finished result comes with a file that says where its pixels come from."""

from pathlib import Path

import pytest

from internal_gan.finishing.origin import read_origin
from internal_gan.images.pyramid import fit_size
from internal_gan.runs.records import read_results
from tests.commands import Shell


def test_the_page_shows_its_map_and_shares_and_not_the_file(run: Path) -> None:
    results = read_results(run)
    assert [result.file for result in results if result.kind == "result"] == ["sample/000.png"]
    assert not [result for result in results if result.file.endswith(".origin.png")]
    (shown,) = [result for result in results if result.group == "origin"]
    assert "exact copies of the photo" in shown.caption
    assert shown.caption in (run / "index.html").read_text(encoding="utf-8")


def test_origins_refer_to_the_photo_at_the_finishing_size_and_are_not_evaluated(
    run: Path, shell: Shell
) -> None:
    options = ("sample.count=1", "finish.resolution=33", "output=small")
    shell.done("task=sample", f"checkpoint={run}", *options)
    assert read_origin("small/sample/000.origin.png").photo_size == fit_size((120, 168), 33)
    # Commands that search folders do not take the file for a result either.
    judged = "evaluate.samples=small/sample", "output=judged", "device=cpu"
    shell.done("evaluate", f"{run}/photo.png", *judged)
    (row,) = Path("judged/evaluation.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert row.startswith("small/sample/000.png,")


def test_network_output_without_finishing_has_no_origin(run: Path, shell: Shell) -> None:
    shell.done("task=sample", f"checkpoint={run}", "finish.detail=network", "output=plain")
    assert not list(Path("plain").rglob("*origin*"))


def test_a_photo_beyond_16_bits_is_refused(
    run: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("internal_gan.finishing.finisher.MAX_SIDE", 167)
    options = "finish.resolution=photo", "output=out"
    said = shell.refused("task=sample", f"checkpoint={run}", *options)
    problem = "the photo has 120x168 pixels; origins can be recorded for at most 167 a side"
    assert said == f"finish.resolution=photo: {problem}"
    assert not Path("out").exists()
