"""What the documentation tells people to type or to follow is there."""

import re
import shlex
from pathlib import Path

import pytest

from internal_gan.arguments import prepare
from internal_gan.config import compose

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
COMMAND = re.compile(
    r"^(?:\.venv/bin/)?(?:internal-gan|python -m internal_gan) (.+)$", re.MULTILINE
)
OPTION = re.compile(r"`([a-z][a-z_/.]*=[^`<\s]+)`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def documented_commands() -> list[str]:
    pages = [ROOT / "README.md", ROOT / "docs" / "user-guide.md"]
    texts = [page.read_text(encoding="utf-8") for page in pages]
    commands = {command for text in texts for command in COMMAND.findall(text)}
    return sorted(commands | {option for text in texts for option in OPTION.findall(text)})


def test_commands_and_options_are_found_in_the_documentation() -> None:
    commands = documented_commands()
    assert any(command.startswith("task=sample checkpoint=RUN") for command in commands)
    assert any(command.startswith("-m ") for command in commands)


@pytest.mark.parametrize("command", documented_commands())
def test_documented_command_composes(command: str) -> None:
    words = shlex.split(command, comments=True)
    options = [word for word in words if "=" in word]
    if "-m" in words:
        # One job of the sweep: the first of several values.
        options = [re.sub(r"=([^\[,]+),.*", r"=\1", option) for option in options]
    compose(prepare(options))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_that_exist(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
