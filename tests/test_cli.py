"""The command line: fast help, and a one-line error for every mistake."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from internal_gan.cli import main
from internal_gan.config.fields import fields_of
from internal_gan.config.options import TASKS, Options
from tests.commands import ROOT, TINY_RUN, Answer, Shell, run_process, start_process


@pytest.fixture
def shell(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Shell:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Shell(capsys)


def assert_one_line(answer: Answer, *pieces: str) -> None:
    assert answer.code == 2
    assert answer.out == ""
    assert len(answer.lines) == 1, answer.err
    assert answer.lines[0].startswith("error: ")
    for piece in pieces:
        assert piece in answer.lines[0]


def test_help_shows_the_common_options_in_the_first_screen(shell: Shell) -> None:
    answer = shell("--help")
    assert answer.code == 0
    # The choices at the end depend on the number of files.
    screen = answer.out.partition("Choices for")[0].splitlines()
    assert len(screen) <= 42
    assert max(map(len, screen)) <= 90
    for option in ("image=", "model=", "trainer.time=", "sample.size=[H,W]", "resume=", "device="):
        assert any(option in line for line in screen), option
    assert "pixels" in "".join(screen)


@pytest.mark.parametrize("task", TASKS)
def test_the_help_of_a_task_shows_its_own_options(shell: Shell, task: str) -> None:
    answer = shell("--help", f"task={task}")
    assert answer.code == 0
    assert max(map(len, answer.out.splitlines())) <= 90
    names = {line.partition("=")[0] for line in answer.out.splitlines() if line[:1].isalpha()}
    own = {
        key for key, _ in fields_of(Options) if key.startswith(f"{task}.") and task != "mask"
    } or {"train": {"trainer.time"}, "mask": {"mask.ratio"}, "compare": {"runs"}}[task]
    assert own <= names


def test_the_configuration_can_be_shown(shell: Shell) -> None:
    answer = shell("--cfg", "job", "seed=7")
    assert answer.code == 0
    assert "seed: 7" in answer.out
    assert "start_scale: 0" in answer.out


LIGHT = """
import contextlib, io, os, sys
from internal_gan.cli import main
os.environ.update(COMP_LINE="internal-gan trainer=fa", COMP_POINT="23")
for arguments in (["--help"], ["task=edit", "--help"], ["--cfg", "job"], ["-sc", "query=bash"],
                  ["image=missing.jpg"], ["sample.cuont=3"], ["task=sample", "checkpoint=missing"],
                  ["resume=missing"]):
    sys.argv = ["internal-gan", *arguments]
    with contextlib.suppress(SystemExit), contextlib.redirect_stderr(io.StringIO()):
        main()
heavy = {"torch", "numpy", "PIL", "rich", "safetensors"} & set(sys.modules)
print("heavy:", sorted(heavy))
"""


def test_help_completion_and_wrong_names_need_no_torch(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", LIGHT],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.splitlines()[-1] == "heavy: []"
    assert "trainer=fast" in result.stdout


def test_tab_completion_can_be_installed(tmp_path: Path) -> None:
    answer = run_process("-sc", "install=bash", cwd=tmp_path)
    assert answer.code == 0
    assert "hydra_bash_completion" in answer.out


@pytest.mark.parametrize(
    ("arguments", "pieces"),
    [
        (["image=."], ["image=.", "folder", "-m image=."]),
        (["photo.jpg"], ["photo.jpg", "option=value"]),
        (["-cn", "nothing"], ["-c", "job"]),
        (["--experimental-rerun", "run.pickle"], ["--experimental-rerun"]),
        (["experiment=singan_papr"], ["did you mean 'singan_paper'", "ablation/singan_scales"]),
        ([f"image={'b' * 300}.png"], ["image=bbb", "too long"]),
        (["task=sample", f"checkpoint={'b' * 300}"], ["bbb", "too long"]),
        (["image=caf\udce9.png"], ["image=caf\\udce9.png", "no such file"]),
        (["task=sample", "checkpoint=caf\udce9"], ["caf\\udce9", "not valid UTF-8"]),
        (["task=sample", "checkpoint=missing"], ["missing", "does not exist"]),
        (["task=sample", "checkpoint=."], [". is not a run folder", "config.yaml"]),
        (["task=sample", "checkpoint=.", "image=x.jpg", "trainer=fast"], ["image, trainer"]),
        (["checkpoint=."], ["task=sample", "resume=."]),
        (["resume=."], [". is not a run folder"]),
        (["resume=.", "model.max_size=3"], ["model.max_size", "resume"]),
    ],
    ids=" ".join,
)
def test_a_mistake_is_one_line_that_names_it(
    shell: Shell, arguments: list[str], pieces: list[str]
) -> None:
    assert_one_line(shell(*arguments), *pieces)
    assert list(Path.cwd().iterdir()) == []


def write_photo(name: str, height: int = 40, width: int = 56) -> None:
    Image.radial_gradient("L").resize((width, height)).save(name)


@pytest.mark.parametrize(
    ("arguments", "pieces"),
    [
        (["model.max_sise=3"], ["did you mean 'model.max_size'"]),
        (["model.max_size=small"], ["model.max_size=small", "a whole number or null"]),
        (["~model.steps", "+model.steps=[3,4]"], ["2 numbers", "one for each"]),
        (["model.adversarial_loss=hinge"], ["write model/adversarial_loss=hinge"]),
        (["model._target_=os.system"], ["model._target_=os.system", "internal_gan.models."]),
        (["sample.start_scale=9", *TINY_RUN], ["sample.start_scale=9", "allowed: 0 to "]),
        (["output=full"], ["full is not empty"]),
        (["output=/dev/null/x"], ["/dev/null/x"]),
        (["output=caf\udce9/x"], ["caf\\udce9/x", "not valid UTF-8"]),
    ],
    ids=lambda value: value[0],
)
def test_a_mistake_found_later_is_one_line_too(
    shell: Shell, arguments: list[str], pieces: list[str]
) -> None:
    write_photo("photo.png")
    Path("file").write_text("mine")
    Path("full").mkdir()
    Path("full", "mine.txt").write_text("mine")
    assert_one_line(shell("image=photo.png", "device=cpu", *arguments), *pieces)
    assert sorted(p.name for p in Path.cwd().iterdir()) == ["file", "full", "photo.png"]
    assert Path("file").read_text() == Path("full", "mine.txt").read_text() == "mine"


@pytest.mark.skipif(os.environ.get("CUDA_VISIBLE_DEVICES", "") != "", reason="CUDA was asked for")
def test_a_device_that_is_not_there_is_one_line(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    write_photo("photo.png")
    assert_one_line(shell("image=photo.png", "device=cuda"), "device=cuda", "auto, cpu")


def test_a_file_that_is_no_image_is_one_line(shell: Shell) -> None:
    write_photo("photo.png")
    whole = Path("photo.png").read_bytes()
    Path("empty.png").touch()
    Path("truncated.png").write_bytes(whole[: len(whole) // 2])
    Path("text.png").write_text("not an image")
    assert_one_line(shell("image=empty.png"), "empty.png", "0 bytes")
    assert_one_line(shell("image=truncated.png"), "truncated.png", "truncated")
    assert_one_line(shell("image=text.png"), "text.png", "not an image")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser reads every file")
def test_an_unreadable_image_is_one_line(shell: Shell) -> None:
    write_photo("photo.png")
    Path("photo.png").chmod(0)
    assert_one_line(shell("image=photo.png"), "photo.png", "permission denied")


def test_an_untrainable_image_is_one_line(shell: Shell) -> None:
    write_photo("small.png", 9, 60)
    Image.new("RGB", (56, 40), (9, 9, 9)).save("flat.png")
    assert_one_line(shell("image=small.png", "device=cpu"), "9x60", "at least")
    assert_one_line(shell("image=flat.png", "device=cpu"), "flat.png", "one flat colour")
    write_photo("photo.png")
    assert_one_line(shell("image=photo.png", "device=cpu", "model.max_size=8"), "max_size=8")
    assert_one_line(shell("image=photo.png", "device=cpu", "model.min_size=8"), "model.min_size")


def test_an_unexpected_error_names_its_traceback_file(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object, **__: object) -> int:
        raise KeyError("inside")

    monkeypatch.setattr("internal_gan.cli.run", break_down)
    answer = shell("image=photo.png")
    assert answer.code == 1
    (line,) = answer.lines
    assert line.startswith("error: unexpected KeyError: 'inside'; the traceback is in ")
    log = Path(line.rpartition(" ")[2])
    assert "break_down" in log.read_text()
    log.unlink()


def test_file_names_in_an_ascii_locale(tmp_path: Path) -> None:
    plain = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for environment in ({"LC_ALL": "POSIX"}, plain):
        answer = run_process("image=é\udce9.jpg", cwd=tmp_path, **environment)
        assert_one_line(answer, "image=", ".jpg: no such file")


def test_a_real_process_says_one_line_and_ends_with_2(tmp_path: Path) -> None:
    answer = run_process("image=a b=c #1 (2), [é].jpg", "model=singan", cwd=tmp_path)
    assert_one_line(answer, "image=a b=c #1 (2), [é].jpg: no such file")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX pipe")
@pytest.mark.parametrize("arguments", [["--help"], ["--cfg", "job"]], ids=" ".join)
def test_a_command_whose_output_nobody_reads_ends_quietly(
    tmp_path: Path, arguments: list[str]
) -> None:
    process = start_process(*arguments, cwd=tmp_path)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait() == 141
    assert process.stderr is not None
    with process.stderr as said:
        assert said.read() == ""


def test_characters_that_the_encoding_lacks_are_escaped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("internal_gan.cli._run", lambda arguments: print("é and \udce9"))
    with (tmp_path / "out").open("w", encoding="ascii") as file:
        monkeypatch.setattr(sys, "stdout", file)
        main([])
    assert (tmp_path / "out").read_text() == "\\xe9 and \\udce9\n"
