"""The command line: arguments in, one line out for every mistake.

``--help``, tab completion and every check that needs no pixels work without importing torch.
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
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

import internal_gan
from internal_gan.arguments import key_of, prepare
from internal_gan.config import CONFIG_NAME, VERSION_BASE, conf_dir, to_options, user_error
from internal_gan.errors import UserError, nearest
from internal_gan.multirun import CRASH, MISTAKE, Multirun, job
from internal_gan.tasks import run


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line with ``argv``, by default the process's own arguments.

    Raises:
        SystemExit: with code 2 after a mistake of the user, 1 after one of this package, 130 or
            143 after a stop by Ctrl-C or SIGTERM.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # File names need not be valid text; a line that shows one must still come out.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _run(arguments)
    except UserError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Nobody reads any more, as after `| head`; the interpreter's own flush must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


def _run(arguments: list[str]) -> None:
    if "--version" in arguments:
        print(f"internal-gan {internal_gan.__version__}")
        return
    flags = _parse(arguments)
    overrides: list[str] = flags.overrides
    options = _without(arguments, overrides)
    if not flags.shell_completion:
        overrides = prepare(overrides, multirun=flags.multirun)
    runs = flags.multirun and not (flags.cfg or flags.info or flags.shell_completion or flags.help)
    many = Multirun(overrides) if runs else None
    if many:
        overrides = many.overrides
    application = hydra.main(str(conf_dir()), CONFIG_NAME, version_base=VERSION_BASE)(_job)
    try:
        with _hydra_raises(), _arguments([*options, *overrides]):
            if many:
                many.launch(application, _say)
            else:
                application()
    except (UserError, BrokenPipeError):
        raise
    except Exception as error:
        # _job lets no other exception out, so this one is about the configuration.
        raise user_error(error, overrides) from error
    if many and (code := many.end(_say)):
        sys.exit(code)


def _job(config: DictConfig) -> float | None:
    """One run; under multirun one of several."""
    if HydraConfig.get().mode == RunMode.MULTIRUN:
        return job(config, _told)
    try:
        options = to_options(config)
        _refuse_a_sweep()
        code = run(options, changed={key_of(o) for o in HydraConfig.get().overrides.task})
    except Exception as error:
        raise SystemExit(_told(error)) from error
    if code:
        raise SystemExit(code)
    return None


def _refuse_a_sweep() -> None:
    """An ablation is a file with values to be swept, of which a single run would take none.

    One of its jobs, with a process of its own, is told its values.
    """
    hydra_config = HydraConfig.get()
    given = {key_of(override) for override in hydra_config.overrides.task}
    if set(hydra_config.sweeper.get("params") or {}) - given:
        name = hydra_config.runtime.choices.get("experiment")
        raise UserError(f"experiment={name}: makes several runs; add -m")


def _told(error: Exception, name: str | None = None) -> int:
    """Say what went wrong, in which job; the exit code."""
    where = "" if name is None else f"job {name}: "
    if isinstance(error, UserError):
        return _say(f"{where}{error}", MISTAKE)
    return _say(f"{where}{_crash(error)}", CRASH)


def _parse(arguments: list[str]) -> argparse.Namespace:
    """Hydra's own flags, and the overrides wherever they stand between them."""
    parser = get_args_parser()

    def fail(message: str) -> NoReturn:
        known = [name for action in parser._actions for name in action.option_strings]
        wrong = [a for a in arguments if a.startswith("-") and a.partition("=")[0] not in known]
        hint = nearest(wrong[0], known) if wrong else ""
        raise UserError(f"{message}{hint or '.'} See --help")

    parser.error = fail  # type: ignore[method-assign]
    return parser.parse_intermixed_args(arguments)


def _without(arguments: Sequence[str], overrides: Sequence[str]) -> list[str]:
    left = list(arguments)
    for override in overrides:
        left.remove(override)
    return left


@contextlib.contextmanager
def _hydra_raises() -> Iterator[None]:
    """Let Hydra hand its exceptions to us instead of printing them in its own way."""
    before = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = before


@contextlib.contextmanager
def _arguments(arguments: list[str]) -> Iterator[None]:
    """Hydra reads ``sys.argv``, not what it is given."""
    before = sys.argv
    sys.argv = [before[0], *arguments]
    try:
        yield
    finally:
        sys.argv = before


def _say(message: str, code: int = CRASH) -> int:
    print("error: " + " ".join(message.splitlines()), file=sys.stderr)
    return code


def _fail(message: str) -> NoReturn:
    sys.exit(_say(message, MISTAKE))


def _crash(error: Exception) -> str:
    """One line about a mistake of ours; its notes, or a new file, tell where the traceback is."""
    places = getattr(error, "__notes__", [])
    if not places:
        with tempfile.NamedTemporaryFile(
            "w", prefix="internal-gan-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            traceback.print_exception(error, file=file)
        places = [f"the traceback is in {Path(file.name)}"]
    return f"unexpected {type(error).__name__}: {error}; {'; '.join(places)}"
