"""The command line: parses arguments and reports every mistake in one line.

``--help``, tab completion and all checks that need no pixels work without importing torch.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from internal_gan.commands import run
from internal_gan.config.arguments import SHORT, key_of, prepare, task_of
from internal_gan.config.compose import to_options
from internal_gan.config.conf import CONFIG_NAME, VERSION_BASE, conf_dir
from internal_gan.config.messages import user_errors
from internal_gan.config.options import FIELDS
from internal_gan.config.reference import help_of_task
from internal_gan.errors import UserError, nearest
from internal_gan.files import disk_errors
from internal_gan.sweeps.multirun import CRASH, MISTAKE, Multirun, job
from internal_gan.version import __version__


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line with ``argv``, by default the process's arguments.

    Raises:
        SystemExit: with code 2 after a user's mistake, 1 after an error in this package, 130 or 143
            after a stop by Ctrl-C or SIGTERM, and 141 if nobody reads an answer any more, as after
            ``--help | head -1``.
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
        sys.exit(_told(error))
    except KeyboardInterrupt:
        sys.exit(130)


def _run(arguments: list[str]) -> None:
    flags = _parse(arguments)
    if flags.version:
        print(f"internal-gan {__version__}")
        return
    overrides: list[str] = flags.overrides
    if not flags.shell_completion:
        overrides = prepare(overrides, multirun=flags.multirun)
    if flags.help and (task := task_of(overrides)):
        print(help_of_task(task))
        return
    answers = flags.cfg or flags.shell_completion or flags.help
    with user_errors(overrides):
        many = Multirun(overrides) if flags.multirun and not answers else None
    if many:
        overrides = many.overrides
    place = many.path if many else Path()
    application = hydra.main(str(conf_dir()), CONFIG_NAME, version_base=VERSION_BASE)(_job)
    # _job reports its own errors, so any others are about the configuration.
    with user_errors(overrides), disk_errors(place), _hydra([*_for_hydra(flags), *overrides]):
        if many:
            many.launch(application, _say)
        else:
            application()
    if many and (code := many.end(_say)):
        sys.exit(code)


def _job(config: DictConfig) -> float | None:
    """One run, or under multirun one of several."""
    if HydraConfig.get().mode == RunMode.MULTIRUN:
        return _one_of_several(config)
    try:
        with disk_errors(Path()):
            options = to_options(config)
            _refuse_a_sweep()
            code = run(options, changed={key_of(o) for o in HydraConfig.get().overrides.task})
    except Exception as error:
        raise SystemExit(_told(error)) from error
    if code:
        raise SystemExit(code)
    return None


def _one_of_several(config: DictConfig) -> float | None:
    try:
        with disk_errors(Path(HydraConfig.get().sweep.dir)):
            return job(config, _told)
    except UserError as error:
        # The sweep's records cannot be written. Hydra would report it in its own words.
        raise SystemExit(_told(error)) from error


def _refuse_a_sweep() -> None:
    """Refuse an ablation without -m: each of its jobs would be given the swept values."""
    hydra_config = HydraConfig.get()
    given = {key_of(override) for override in hydra_config.overrides.task}
    if set(hydra_config.sweeper.get("params") or {}) - given:
        name = hydra_config.runtime.choices.get("experiment")
        raise UserError(f"experiment={name}: makes several runs; add -m")


def _told(error: Exception, name: str | None = None) -> int:
    """Print an error, of a job if named; returns the exit code."""
    where = "" if name is None else f"job {name}: "
    if isinstance(error, UserError):
        return _say(f"{where}{error}", MISTAKE)
    return _say(f"{where}{_crash(error)}", CRASH)


def _parse(arguments: list[str]) -> argparse.Namespace:
    """Parse flags and overrides in any order.

    Accepts only the useful Hydra flags, since one of the others reads a pickle.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("overrides", nargs="*")
    for names in (("--help", "-h"), ("--version",), ("--resolve",), ("--multirun", "-m")):
        parser.add_argument(*names, action="store_true")
    parser.add_argument("--shell-completion", "-sc", action="store_true")
    parser.add_argument("--cfg", "-c", choices=["job", "hydra", "all"])
    parser.add_argument("--package", "-p")

    def fail(message: str) -> NoReturn:
        known = [name for action in parser._actions for name in action.option_strings]
        wrong = [a for a in arguments if a.startswith("-") and a.partition("=")[0] not in known]
        hint = nearest(wrong[0], known) if wrong else ""
        raise UserError(f"{message}{_as_option(arguments) or hint or '.'} See --help")

    parser.error = fail  # type: ignore[method-assign]
    flags = parser.parse_intermixed_args(arguments)
    if wrong := [override for override in flags.overrides if override.startswith("-")]:
        fail(f"unrecognized arguments: {' '.join(wrong)}")
    return flags


def _as_option(arguments: Sequence[str]) -> str:
    """What to type instead of ``--image x.jpg`` or ``--image=x.jpg``; empty if it is no option."""
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        name, _, value = argument.partition("=")
        option = name.lstrip("-").replace("-", "_")
        if name.startswith("--") and (option in FIELDS or option in SHORT):
            value = value or ("" if following.startswith("-") else following) or "VALUE"
            return f"; options have no dashes: {option}={value}."
    return ""


def _for_hydra(flags: argparse.Namespace) -> list[str]:
    """The parsed flags as arguments for Hydra."""
    names = ("help", "resolve", "multirun", "shell_completion")
    given = [f"--{name.replace('_', '-')}" for name in names if getattr(flags, name)]
    values = ((name, getattr(flags, name)) for name in ("cfg", "package"))
    return given + [f"--{name}={value}" for name, value in values if value is not None]


@contextlib.contextmanager
def _hydra(arguments: list[str]) -> Iterator[None]:
    """Let Hydra read ``arguments`` from ``sys.argv``, and raise its errors, not print them."""
    before, full_error = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = [before[0], *arguments]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        sys.argv = before
        os.environ.pop("HYDRA_FULL_ERROR")
        if full_error is not None:
            os.environ["HYDRA_FULL_ERROR"] = full_error


def _say(message: str, code: int = CRASH) -> int:
    print("error: " + " ".join(message.splitlines()), file=sys.stderr)
    return code


def _crash(error: Exception) -> str:
    """One line about an internal error; its notes or a new file hold the traceback."""
    places = getattr(error, "__notes__", None) or [f"the traceback is in {_write_traceback(error)}"]
    return f"unexpected {type(error).__name__}: {error}; {'; '.join(places)}"


def _write_traceback(error: Exception) -> Path:
    number, name = tempfile.mkstemp(".txt", "internal-gan-", text=True)
    with open(number, "w", encoding="utf-8", errors="backslashreplace") as file:  # noqa: PTH123
        traceback.print_exception(error, file=file)
    return Path(name)
