"""The command line: arguments in, one line out for every mistake.

``--help``, tab completion and every check that needs no pixels work without importing torch.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
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
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig

import internal_gan
from internal_gan.arguments import check_image_file, key_of, prepare
from internal_gan.config import CONFIG_NAME, VERSION_BASE, compose, conf_dir, to_options, user_error
from internal_gan.errors import UserError, nearest
from internal_gan.tasks import run

MISTAKE, CRASH = 2, 1


class JobFailedError(Exception):
    """One job of a multirun failed and has said why; carries the exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


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
    if flags.multirun:
        _check_jobs(overrides)
    application = hydra.main(str(conf_dir()), CONFIG_NAME, version_base=VERSION_BASE)(_job)
    try:
        with _hydra_raises(), _arguments([*options, *overrides]):
            application()
    except JobFailedError as error:
        sys.exit(error.code)
    except (UserError, BrokenPipeError):
        raise
    except Exception as error:
        # _job lets no other exception out, so this one is about the configuration.
        raise user_error(error, overrides) from error


def _job(config: DictConfig) -> None:
    """One run; under multirun one of several."""
    hydra_config = HydraConfig.get()
    multirun = hydra_config.mode == RunMode.MULTIRUN
    if multirun:
        print(f"\nJob {hydra_config.job.num}: {hydra_config.job.override_dirname}", flush=True)
    try:
        options = to_options(config)
        if multirun:
            options.output = _short(hydra_config.runtime.output_dir)
        code = run(options, changed={key_of(o) for o in hydra_config.overrides.task})
    except UserError as error:
        if not multirun:
            raise SystemExit(_say(str(error), MISTAKE)) from error
        raise JobFailedError(_say(f"job {hydra_config.job.num}: {error}", MISTAKE)) from error
    except Exception as error:
        code = _say(_crash(error), CRASH)
        if multirun:
            raise JobFailedError(code) from error
    if code:
        raise SystemExit(code)


def _short(path: str) -> str:
    """``path`` as seen from here, where that is shorter to read and to type."""
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative


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


def _check_jobs(overrides: Sequence[str]) -> None:
    """Compose every job of a multirun before the first one starts."""
    choices = []
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        key = override.get_key_element()
        if override.is_hydra_override() or key_of(key) in ("image", "checkpoint", "resume"):
            continue
        if override.is_discrete_sweep():
            choices.append([f"{key}={value}" for value in override.sweep_string_iterator()])
        elif not override.is_sweep_override():
            choices.append([override.input_line or ""])
    is_given = {key_of(override) for override in overrides}
    for job in itertools.product(*choices):
        options = compose(job)
        if options.trains and not is_given & {"image", "resume"}:
            check_image_file(None)


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


def _say(message: str, code: int) -> int:
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
