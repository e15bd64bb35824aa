"""The papers' ablations as a benchmark."""

from pathlib import Path

import pytest

from benchmarks import ablations
from internal_gan.config.arguments import prepare
from internal_gan.errors import UserError

DEBUG = ["trainer=debug", "trainer.max_steps=1", "model.reconstruction_weight=0,1"]


@pytest.mark.slow
def test_a_sweep_and_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["singan-alpha", "--output", str(tmp_path), "--seeds", "0", "2"]
    ablations.main([*arguments, "--overrides", *DEBUG])
    assert "internal-gan -m experiment=ablation/singan_alpha" in capsys.readouterr().err
    text = (tmp_path / "summary.md").read_text()
    assert "## singan-alpha" in text
    assert "| model.reconstruction_weight |" in text
    assert text.count(" ± ") >= 2 * 5
    assert (tmp_path / "singan-alpha" / "comparison.png").is_file()
    jobs = list((tmp_path / "singan-alpha").glob("*/model.safetensors"))
    times = [path.stat().st_mtime_ns for path in jobs]
    ablations.main([*arguments, "--overrides", *DEBUG])
    assert [path.stat().st_mtime_ns for path in jobs] == times
    assert len(jobs) == 4


def test_every_sweep_uses_options_that_exist() -> None:
    for ablation in ablations.ABLATIONS.values():
        assert (ablations.PHOTOS / ablation.photo).is_file()
        prepare(ablation.overrides, multirun=True)


def test_means_of_seeds() -> None:
    rows = [
        {"job": "a", "x": "1", "seed": "0", "state": "finished", "swd1": "0.1", "copy": ""},
        {"job": "b", "x": "1", "seed": "1", "state": "finished", "swd1": "0.3", "copy": ""},
        {"job": "c", "x": "2", "seed": "0", "state": "finished", "swd1": "0.5", "copy": "0.2"},
    ]
    assert ablations.means(rows, "x") == [
        {"x": "1", "swd1": "0.2 ± 0.1", "copy": ""},
        {"x": "2", "swd1": "0.5", "copy": "0.2"},
    ]
    with pytest.raises(UserError, match="y: the sweep's table has no such column"):
        ablations.means(rows, "y")
