"""The command line: fast help, and a one-line error for every mistake."""

import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

from internal_gan.cli import main
from internal_gan.config.catalogue import SPECS
from internal_gan.config.fields import fields_of
from internal_gan.config.options import Options
from tests.commands import Shell, run_process, run_python


@pytest.mark.parametrize("task", SPECS)
def test_the_help_of_a_task_shows_its_own_options(shell: Shell, task: str) -> None:
    answer = shell.done(task, "--help")
    assert max(map(len, answer.out.splitlines())) <= 90
    names = {line.partition("=")[0] for line in answer.out.splitlines() if line[:1].isalpha()}
    own = {key for key, _ in fields_of(Options) if key.startswith(f"{task}.")} or {
        "train": {"trainer.time"},
        "compare": {"runs"},
    }[task]
    assert own <= names


LIGHT = """
import contextlib, io, os, sys
from internal_gan.cli import main
os.environ.update(COMP_LINE="internal-gan fill x.jpg trainer=fa", COMP_POINT="34")
for arguments in (["--help"], ["edit", "--help"], ["--cfg", "job", "seed=7"], ["-sc", "query=bash"],
                  ["image=missing.jpg"], ["sample.cuont=3"], ["task=sample", "checkpoint=missing"],
                  ["resume=missing"], ["task=retarget", "checkpoint=model"]):
    sys.argv = ["internal-gan", *arguments]
    with contextlib.suppress(SystemExit), contextlib.redirect_stderr(io.StringIO()) as said:
        main()
print(said.getvalue())
heavy = {"torch", "numpy", "PIL", "rich", "safetensors"} & set(sys.modules)
print("heavy:", sorted(heavy))
"""


def test_help_completion_and_mistakes_need_no_torch(shell: Shell) -> None:
    Path("model").mkdir()
    Path("model/model.safetensors").touch()
    target = "internal_gan.models.singan.training.SinGANRecipe"
    Path("model/config.yaml").write_text(f"model: {{_target_: {target}}}\n")
    said = run_python(LIGHT).out
    assert said.splitlines()[-1] == "heavy: []"
    assert "trainer=fast" in said
    assert "seed: 7\n" in said
    assert "start_scale: 0\n" in said
    assert "error: checkpoint=model: a model of singan; task=retarget needs one" in said


def test_tab_completion_offers_tasks(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def completed(what: str) -> str:
        monkeypatch.setattr(sys, "argv", ["internal-gan", "-sc", what])  # which Hydra reads
        return shell.done("-sc", what).out

    assert "hydra_bash_completion" in completed("install=bash")
    monkeypatch.setenv("COMP_LINE", "internal-gan seed=1 fi")
    assert completed("query=bash").split() == ["fill", "fill.", "finish."]


@pytest.mark.parametrize(
    ("arguments", "pieces"),
    [
        (["-cn", "nothing"], ["-c", "job"]),
        (["task=sample", "checkpoint=caf\udce9"], ["caf\\udce9", "not valid UTF-8"]),
    ],
    ids=" ".join,
)
def test_any_other_mistake_is_one_line(
    shell: Shell, arguments: list[str], pieces: list[str]
) -> None:
    said = shell.refused(*arguments)
    assert all(piece in said for piece in pieces), said
    assert list(Path.cwd().iterdir()) == []


def test_a_bug_names_its_traceback_file(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("internal_gan.commands.run", Mock(side_effect=KeyError("inside")))
    answer = shell("image=photo.png")
    assert answer.code == 1
    (line,) = answer.lines
    assert line.startswith("error: unexpected KeyError: 'inside'; the traceback is in ")
    log = Path(line.rpartition(" ")[2])
    assert "Traceback" in log.read_text()
    log.unlink()


ASCII = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(
    ("letters", "environment"), [("é", {}), ("é\udce9", {"LC_ALL": "POSIX"}), ("é\udce9", ASCII)]
)
def test_a_process_says_one_line(tmp_path: Path, letters: str, environment: dict[str, str]) -> None:
    name = f"a b=c #1 (2), [{letters}].jpg"
    answer = run_process(f"image={name}", "model=singan", cwd=tmp_path, **environment)
    (line,) = answer.lines
    assert (answer.code, answer.out) == (2, "")
    assert line.startswith("error: image=a b=c #1 (2), [")
    assert line.endswith("].jpg: no such file")
    assert environment or line == f"error: image={name}: no such file"
    assert list(tmp_path.iterdir()) == []


def test_what_ascii_lacks_is_escaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("internal_gan.cli._run", lambda arguments: print("é and \udce9"))
    with (tmp_path / "out").open("w", encoding="ascii") as file:
        monkeypatch.setattr(sys, "stdout", file)
        main([])
    assert (tmp_path / "out").read_text() == "\\xe9 and \\udce9\n"
