"""Many runs by one command: a failed run does not stop the others."""

import csv
import errno
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from omegaconf import OmegaConf
from PIL import Image

import internal_gan
from internal_gan.config.compose import load_options
from internal_gan.images.files.image import write_image
from internal_gan.images.masks import write_mask
from internal_gan.runs.folder import LONGEST_NAME, RunFolder
from internal_gan.runs.jobs import Record, read_records
from internal_gan.sweeps.multirun import beside_others, job_name
from tests.commands import TINY_RUN, Shell
from tests.tiny import holes, picture

RUN = ("-m", "image=photos", "output=out", "sample.count=2", *TINY_RUN)


def write_photos(*names: str) -> None:
    for seed, name in enumerate(names):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        write_image(name, picture(seed=seed))


def states(folder: str = "out") -> dict[str, str]:
    return {record.name: record.state for record in read_records(Path(folder))}


def started(name: str) -> str:
    return str(json.loads(Path("out", name, "status.json").read_text())["started"])


def test_a_failed_photo_stops_no_other_and_is_reported_at_the_end(shell: Shell) -> None:
    write_photos("photos/z.png")
    Image.new("RGB", (56, 40), (9, 9, 9)).save("photos/flat.png")
    answer = shell(*RUN, "hydra.sweep.subdir='of/${hydra:job.num}'")
    assert answer.code == 2
    assert states() == {"of/0": "failed", "of/1": "finished"}
    assert "\nof/1: finished\n\n1 of 2 jobs finished in out" in answer.out
    for said in ("error: job of/0: ", "error: of/0 failed: "):
        assert f"\n{said}photos/flat.png: the image is one flat colour; " in f"\n{answer.err}"
    assert "output=out skip_finished=true" in answer.lines[-1]
    assert not Path("out/of/0").exists()


def test_a_stopped_sweep_says_how_to_go_on(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    write_photos("a.png")
    monkeypatch.setattr("internal_gan.sweeps.multirun.run", Mock(side_effect=KeyboardInterrupt))
    answer = shell("-m", "image=a.png", "output=out")
    wanted = "a: stopped; to go on: the same command, with output=out skip_finished=true\n"
    assert (answer.code, answer.out.endswith(wanted)) == (130, True)


def test_a_sweep_continues_in_its_folder_with_its_options_alone(shell: Shell) -> None:
    write_photos("photos/a.png", "photos/b.png")
    shell.done(*RUN)
    # As after a kill: b was killed during training, and 0 before it wrote its configuration.
    before, began = started("a"), started("b")
    status = json.loads(Path("out/b/status.json").read_text())
    killed = json.dumps(status | {"state": "running", "pid": 2**22 + 1})
    write_photos("photos/0.png")
    Path("out/0").mkdir()
    for name in ("0", "b"):
        Path("out", name, "status.json").write_text(killed)
    shutil.rmtree("out/b/sample")
    assert RunFolder(Path("out/b")).status()["state"] == "interrupted"
    wanted = "choose another folder, or continue that sweep with skip_finished=true"
    assert shell.refused(*RUN) == f"output folder out is not empty; {wanted}"
    said = shell.refused(*RUN, "skip_finished=true", "model.steps=9")
    assert said.startswith("a was made with other options (model.steps=4, model.steps=9)")
    assert "out/a is finished; " in shell.done(*RUN, "skip_finished=true").out
    # In the order in which they were begun first.
    assert [*states().items()] == [(name, "finished") for name in ("a", "b", "0")]
    assert (started("a"), started("b")) == (before, began)
    assert len([*Path("out/b/sample").glob("*.png")]) == 2
    assert Path("out/0/model.safetensors").is_file()


@pytest.mark.slow
def test_options_of_the_swept_experiments_family_are_accepted(shell: Shell) -> None:
    write_photos("a.png")
    command = (
        *("-m", "image=a.png", "output=out", "trainer=debug", "trainer.max_steps=1"),
        *("experiment=ingan_one_scale,ingan_no_cycle", "model.generator.width=4"),
        *("model.max_size=null", "model.optimization.decay='step'", "model.crop=24"),
    )
    shell.done(*command)
    assert shell.done(*command, "skip_finished=true").out.count("is finished; its page") == 2
    options = [load_options(path) for path in Path("out").glob("*/config.yaml")]
    assert [(o.model["crop"], o.model["generator"]["width"]) for o in options] == [(24, 4)] * 2


def test_a_sweep_over_models_trains_those_that_are_trained(shell: Shell) -> None:
    write_photos("a.png")
    command = ("-m", "sample", "a.png", "model=patches,singan", "output=out", "sample.count=1")
    shell.done(*command, "trainer=debug", "trainer.max_steps=1", "device=cpu")
    assert states() == {"a-model=patches": "finished", "a-model=singan": "finished"}
    assert [p.parent.name for p in Path("out").glob("*/model.safetensors")] == ["a-model=singan"]
    assert len([*Path("out").glob("*/sample/000.png")]) == 2
    with Path("out/comparison.csv").open() as file:
        assert all(float(row["swd1"]) > 0 for row in csv.DictReader(file))


def test_a_result_is_made_again_once_its_inputs_have_changed(shell: Shell) -> None:
    write_photos("photos/a.png", "photos/b.png")
    Path("holes").mkdir()
    for name in "ab":
        write_mask(f"holes/{name}.png", holes((40, 56), (10, 10, 8, 8)))
    command = ("-m", "fill", "image=photos/", "mask=holes/", "output=out", "skip_finished=true")
    shell.done(*command)
    before = Path("out/a/fill/mask.png").read_bytes()
    write_mask("holes/a.png", holes((40, 56), (20, 30, 8, 8)))
    said = shell.done(*command).out
    assert f"out/a: {Path('holes/a.png').absolute()} changed since; it is made again" in said
    assert "out/b is finished; " in said
    assert Path("out/a/fill/mask.png").read_bytes() != before
    assert shell.done(*command).out.count("is finished; its page") == 2
    Image.open("holes/b.png").save("holes/b.bmp")
    Path("holes/b.png").unlink()
    assert "b.png changed since; it is made again" in shell.done(*command).out


def test_a_training_whose_photo_has_changed_is_left_as_it_is(shell: Shell) -> None:
    write_photos("a.png")
    run = ("image=a.png", "output=out/a", "skip_finished=true", "sample.count=1", *TINY_RUN)
    shell.done(*run)
    write_image("a.png", picture(seed=9))
    assert "a.png changed since this training began; choose another" in shell.refused(*run)
    task = ("sample", "checkpoint=out/a", "output=b", "skip_finished=true", "sample.count=1")
    shell.done(*task)
    assert "b is finished" in shell.done(*task).out
    later = time.time() + 9
    os.utime("out/a/model.safetensors", (later, later))
    assert "model.safetensors changed since; it is made again" in shell.done(*task).out


@pytest.mark.parametrize("given", ["photos", "photos/*"])
def test_files_that_are_left_out_are_named(shell: Shell, given: str) -> None:
    write_photos("photos/a.png")
    for name in ("IMG_1.HEX", "c.dng", ".hidden"):
        Path("photos", name).touch()
    out = shell.done("-m", "extend", f"image={given}", "extend.shape=2:1", "output=out").out
    assert out.startswith(f"{given}: files that are not read are left out: IMG_1.HEX, c.dng\n")


def test_a_single_run_is_not_done_twice_and_with_other_options_left_as_it_is(shell: Shell) -> None:
    write_photos("a.png", "b.png")
    run = ("image=a.png", "output=out/a", "skip_finished=true", "sample.count=1", *TINY_RUN)
    shell.done(*run)
    before = started("a")
    assert "is finished" in shell.done(*run).out
    assert started("a") == before
    Path("out/a/notes.txt").write_text("mine", encoding="utf-8")
    files = {path: path.read_bytes() for path in Path("out").rglob("*") if path.is_file()}
    for other, names in (
        (["task=sample", "checkpoint=out/a", "output=out/a", "skip_finished=true"], "task"),
        ([*run, "seed=5"], "seed"),
        ([*run, "image=b.png"], "image"),
        ([*run, "sample.count=2"], "sample.count"),
        ([*run, "model.min_size=19"], "model"),
    ):
        assert f"holds a run with other options ({names})" in shell.refused(*other)
    assert files == {path: path.read_bytes() for path in files}
    assert len(files) == sum(path.is_file() for path in Path("out").rglob("*"))
    RunFolder(Path("out/a")).write_status("stopped")
    assert "holds a run with other options (seed)" in shell.refused(*run, "seed=5")


@pytest.mark.slow
def test_a_task_that_was_stopped_is_done_again(shell: Shell) -> None:
    write_photos("a.png")
    run = ("sample", "a.png", "sample.count=1", "output=out/a", "skip_finished=true")
    shell.done(*run)
    first = RunFolder(Path("out/a")).status()["results"]
    RunFolder(Path("out/a")).write_status("stopped", results=[])
    shell.done(*run)
    status = RunFolder(Path("out/a")).status()
    assert (status["state"], status["results"]) == ("finished", first)


def test_a_sweep_ends_with_a_table_and_a_grid(shell: Shell) -> None:
    write_photos("photos/a.png")
    shell.done(*RUN, "model.max_size=40,48", "model.min_size=20")
    with Path("out/comparison.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["job"] for row in rows] == ["a-max_size=40", "a-max_size=48"]
    assert [row["model.max_size"] for row in rows] == ["40", "48"]
    assert "image" not in rows[0]
    assert all(float(row["coherence"]) > 0 for row in rows)
    for row, found in zip(rows, internal_gan.compare("out"), strict=True):
        assert (found["job"], found["state"]) == (row["job"], "finished")
        assert f"{found['coherence']:.4g}" == row["coherence"]
    table = "| job | photo | model.max_size | state |"
    assert Path("out/comparison.md").read_text().startswith(table)
    with Image.open("out/comparison.png") as sheet:
        assert sheet.height > 2 * 90
    before = Path("out/comparison.csv").read_bytes()
    Path("out/comparison.csv").unlink()
    shell.done("task=compare", "runs=out")
    assert Path("out/comparison.csv").read_bytes() == before


def test_a_disk_full_of_records_is_one_line(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    write_photos("photos/a.png")
    full = Mock(side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    monkeypatch.setattr(Record, "write", full)
    answer = shell(*RUN)
    assert answer.code == 2
    assert answer.lines[-1].startswith("error: cannot write ")
    assert "the disk is full" in answer.lines[-1]
    assert "Error executing job" not in answer.err


@pytest.mark.parametrize(("known", "threads"), [({}, "2"), ({"OMP_NUM_THREADS": "5"}, "5")])
def test_a_job_beside_others_has_its_own_output_and_its_share_of_threads(
    known: Any, threads: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(os, "environ", known)
    runtime = {"choices": {"hydra/launcher": "submitit_local"}}
    settings = OmegaConf.create({"launcher": {"cpus_per_task": 2}, "runtime": runtime})
    with beside_others(settings, tmp_path / "log"):
        print("one")
        print("two", file=sys.stderr)
    assert (tmp_path / "log").read_text() == "one\ntwo\n"
    assert capsys.readouterr() == ("", "")
    assert known["OMP_NUM_THREADS"] == threads


def test_a_missing_launcher_names_its_extra(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hydra_plugins.hydra_ray_launcher", None)
    write_photos("a.png")
    assert '"internal-gan[ray]"' in shell.refused("-m", "image=a.png", "hydra/launcher=ray")


def test_a_job_is_named_after_its_photo_and_what_differs() -> None:
    overrides = ["image='a/b c.jpg'", "model.num_scales=4", "seed=1", "trainer=fast"]
    assert job_name(overrides, ["image", "model.num_scales", "seed"]) == "b_c-num_scales=4-seed=1"
    assert job_name(["checkpoint='runs/x/1'"], ["checkpoint"]) == "checkpoint=runs_x_1"
    assert job_name(["trainer=fast"], []) == "job"
    seeds = [job_name([f"seed={n}"], ["seed"]) for n in (123456789, 123456780)]
    assert seeds == ["seed=123456789", "seed=123456780"]


def test_long_names_are_shortened_and_stay_unique() -> None:
    for letter in "a日":
        names = {job_name([f"image='{letter * 300}{end}.png'"], ["image"]) for end in "xy"}
        assert len(names) == 2
        assert max(len(name.encode()) for name in names) <= LONGEST_NAME
