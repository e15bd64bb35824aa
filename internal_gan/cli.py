"""The command line: parses arguments and reports every mistake in one line.

``--help``, tab completion and all checks that need no pixels work without importing torch.
"""

import argparse
import io
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import hydra

from internal_gan.commands import report, run_piped
from internal_gan.config.arguments import overrides_of, prepare, values_of
from internal_gan.config.catalogue import SPECS
from internal_gan.config.compose import CONFIG_NAME, compose, shown
from internal_gan.config.conf import conf_dir, swept_by
from internal_gan.config.reference import help_of_task, help_text
from internal_gan.errors import UserError, nearest
from internal_gan.files import disk_errors
from internal_gan.sweeps.multirun import sweep
from internal_gan.version import __version__


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line with ``argv``, by default the process's arguments.

    The exit code is 2 after a user's mistake, 1 after an error in this package, 130 or 143 after a
    stop by Ctrl-C or SIGTERM, and 141 if nobody reads an answer any more (``--help | head -1``).
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # File names may have characters that the encoding lacks.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with disk_errors(Path()):
            _run(arguments)
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes it once more when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:
        sys.exit(report(error))
    except KeyboardInterrupt:
        sys.exit(130)


def _run(arguments: list[str]) -> None:
    flags = _parse(arguments)
    if flags.version:
        print(f"internal-gan {__version__}")
    elif flags.shell_completion:
        _complete()
    elif flags.overrides[:1] == ["app"]:
        from internal_gan.app import command, settings

        if flags.help:
            print(settings.help())
        else:
            command.serve(settings.settings_of(flags.overrides[1:]))
    else:
        overrides = prepare(overrides_of(flags.overrides, flags.multirun), flags.multirun)
        if flags.help:
            task = values_of(overrides).get("task")
            print(help_of_task(task) if task else help_text())
        elif flags.cfg:
            print(shown(overrides), end="")
        elif code := sweep(overrides) if flags.multirun else _one(overrides):
            sys.exit(code)


def _one(overrides: list[str]) -> int:
    options = compose(overrides)
    given = values_of(overrides)
    experiment = given.get("experiment", "none")
    if set(swept_by(experiment)) - given.keys():
        raise UserError(f"experiment={experiment}: makes several runs; add -m")
    return run_piped(options, changed=given)


def _complete() -> None:
    """Offer tasks, unless there is one, and what Hydra offers, which knows no bare words."""
    *words, last = os.environ.get("COMP_LINE", "").split(" ")
    os.environ["COMP_LINE"] = " ".join([*words[:1], *(w for w in words[1:] if "=" in w), last])
    if words and not any(word in SPECS or word.startswith("task=") for word in words):
        print(*(task for task in SPECS if task.startswith(last)), "", sep="\n", end="")
    # It reads the process's arguments.
    hydra.main(str(conf_dir()), CONFIG_NAME, version_base="1.3")(run_piped)()


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("overrides", nargs="*")
    for names in ("--help -h", "--version", "--multirun -m", "--shell-completion -sc"):
        parser.add_argument(*names.split(), action="store_true")
    parser.add_argument("--cfg", "-c", choices=["job"])

    def fail(message: str) -> NoReturn:
        known = [name for action in parser._actions for name in action.option_strings]
        wrong = [a for a in arguments if a.startswith("-") and a.partition("=")[0] not in known]
        hint = "."
        if wrong:
            hint = nearest(wrong[0], known) or "; options have no dashes, as in image=x.jpg."
        raise UserError(f"{message}{hint} See --help")

    parser.error = fail  # type: ignore[method-assign]
    flags = parser.parse_intermixed_args(arguments)
    if wrong := [word for word in flags.overrides if word[:1] == "-" != word]:
        fail(f"unrecognized arguments: {' '.join(wrong)}")
    if flags.cfg and flags.multirun:
        fail("--cfg job shows one run; leave out -m")
    # Only a shell asks for completions, and gives the line.
    actions = "install|uninstall|query" if os.environ.get("COMP_LINE") else "install|uninstall"
    wanted = rf"({actions})=(bash|fish|zsh)"
    if flags.shell_completion and not re.fullmatch(wanted, " ".join(flags.overrides)):
        fail(f"{' '.join(arguments)}: allowed are -sc install=bash, fish or zsh, and uninstall=")
    return flags
