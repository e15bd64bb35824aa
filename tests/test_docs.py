"""Commands, options and tests in the documentation exist; `make docs` checks the links."""

import dataclasses
import re
import runpy
import shlex
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from internal_gan.app.settings import Settings, settings_of
from internal_gan.config.arguments import overrides_of, prepare
from internal_gan.config.catalogue import SPECS
from internal_gan.config.compose import compose
from internal_gan.config.options import FIELDS
from internal_gan.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
APPLICATIONS = ROOT / "docs" / "applications"
# This page documents the server's options.
PAGE = APPLICATIONS / "app.md"
COMMAND = re.compile(r"^(?:\.venv/bin/)?(?:internal-gan|python -m internal_gan) (.+)$", re.M)
CHOICE = re.compile(r"(task|model|experiment|trainer|model/\w+)=")
OPTION = re.compile(r"`([a-z][a-z_/.]*=[^`<\s]+)`")


def documented_commands() -> list[str]:
    """Commands of all pages and options of the guides, without optional plugins."""
    texts = {page: page.read_text(encoding="utf-8").replace("\\\n", "") for page in PAGES}
    commands = {command for text in texts.values() for command in COMMAND.findall(text)}
    guides = [ROOT / "README.md", *(ROOT / "docs").glob("user*.md"), *APPLICATIONS.glob("*.md")]
    guides.remove(PAGE)
    options = {option for page in guides for option in OPTION.findall(texts[page])}
    left_out = re.compile(r"hydra/|experiment=tune_|=\[top,|^app\b")
    options -= {word for command in commands for word in command.split()}
    return sorted(command for command in commands | options if not left_out.search(command))


def test_the_options_of_the_page_in_the_browser_are_read() -> None:
    options = OPTION.findall(PAGE.read_text(encoding="utf-8"))
    assert {option.partition("=")[0] for option in options} >= {
        field.name for field in dataclasses.fields(Settings)
    }
    settings_of([option for option in options if option[-1] != "="])


def options_of(command: str) -> list[str]:
    """The options of a command, or of one job of a sweep: the first of several values."""
    words = shlex.split(command, comments=True)
    options = overrides_of([word for word in words if "=" in word or word in SPECS])
    if "-m" in words:
        options = [re.sub(r"=([^\[,]+),.*", r"=\1", option) for option in options]
    return options


def at_once(options: Iterable[str]) -> list[list[str]]:
    """Options in as few lists as each can hold any option once."""
    turns: list[dict[str, str]] = []
    for option in options:
        name = option.partition("=")[0]
        free = next((turn for turn in turns if name not in turn), None)
        if free is None:
            turns.append(free := {})
        free[name] = option
    return [list(turn.values()) for turn in turns]


def test_documented_commands_compose() -> None:
    wrong, beside = [], defaultdict[tuple[str, ...], dict[str, None]](dict)
    commands = documented_commands()
    assert {"sample", "-m"} <= {command.partition(" ")[0] for command in commands}
    for command in commands:
        words = options_of(command)
        chosen = tuple(word for word in words if CHOICE.match(word))
        beside[chosen] |= dict.fromkeys(word for word in words if word not in chosen)
    for chosen, options in beside.items():
        # Composing takes a while, so all options beside the same choices are composed together.
        for several in at_once(options) or [[]]:
            try:
                compose(prepare([*chosen, *several]))
            except UserError as error:
                wrong.append(str(error))
    assert wrong == []


def test_every_option_of_a_task_that_a_page_names_exists() -> None:
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    named = {name for text in texts for name in re.findall(r"`([a-z_]+\.[a-z_]+)=", text)}
    groups = {name.partition(".")[0] for name in FIELDS if "." in name}
    assert {name for name in named if name.partition(".")[0] in groups} <= FIELDS.keys()


def test_the_tour_quotes_lines_of_its_files_and_names_what_exists() -> None:
    text = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
    quotes = re.findall(r"^# (\S+\.py) .+\n((?:[^#`\n].*\n){1,3})(?=[#`])", text, re.M)
    assert len(quotes) == text.count("\n# ") > 30
    for file, quoted in quotes:
        code = (ROOT / "internal_gan" / file).read_text(encoding="utf-8").splitlines()
        assert set(quoted.splitlines()) <= {line.strip() for line in code}, file
    code = "".join(path.read_text("utf-8") for path in (ROOT / "internal_gan").rglob("*.py"))
    for name in re.findall(r"`([\w./]+)`", re.sub("^```.*?^```", "", text, flags=re.M | re.S)):
        assert (ROOT / name).exists() if "/" in name else re.search(rf"\b{name}\b", code), name


@pytest.mark.parametrize("page", ["conventions", "reliability", "tour"])
def test_every_test_that_a_page_names_exists_and_slow_ones_are_in_italics(page: str) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    named = re.findall(r"(\*?)`(?:tests/)?([\w/]+\.py)::(test_\w+)`", text)
    assert len(named) > 9
    for italics, file, test in named:
        code = (ROOT / "tests" / file).read_text(encoding="utf-8")
        found = re.search(rf"((?:^ *@.*\n(?:^[ )].*\n)*)*)^ *def {test}\(", code, re.MULTILINE)
        assert found, (file, test)
        assert ("mark.slow" in found[1]) == bool(italics), (file, test)


def test_the_tables_of_options_are_up_to_date() -> None:
    """``python docs/list_options.py`` regenerates them."""
    pages = runpy.run_path(str(ROOT / "docs" / "list_options.py"))["pages"]()
    assert {path.name for path in pages} >= {"options.md", "user-guide.md", "fill.md", "app.md"}
    assert [path.name for path, text in pages.items() if path.read_text("utf-8") != text] == []
