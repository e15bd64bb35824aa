"""A process that runs commands one after another, with the package already loaded: it reads lists
of overrides, one a line, as JSON, and answers each with a line: null, or the error's fields."""

import contextlib
import io
import json
import os
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from internal_gan.commands import run
from internal_gan.config.arguments import key_of, prepare
from internal_gan.config.compose import compose
from internal_gan.errors import UserError
from internal_gan.files import disk_errors
from internal_gan.finishing.drawing import compile_loops
from internal_gan.tasks import runner, sample  # noqa: F401 (loaded in advance)


def main() -> None:
    """Answer until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Output of tasks must not mix with the answers.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    # What the first task needs. If loops have to be compiled, tell the user who waits for the page.
    compose([])
    compile_loops(partial(print, file=sys.stderr))
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        error = done(json.loads(line))
        print(json.dumps(error and vars(error)), file=answers, flush=True)


def done(overrides: Sequence[str]) -> UserError | None:
    """Run a command; returns an error, in one line, or None."""
    try:
        with contextlib.redirect_stderr(io.StringIO()), disk_errors(Path()):
            run(compose(prepare(overrides)), changed={key_of(one) for one in overrides})
    except UserError as error:
        return error.reworded(" ".join(error.problem.split()))
    except MemoryError:
        return UserError("there is not enough memory for this")
    except Exception as error:
        traceback.print_exc()
        text = f"unexpected {type(error).__name__}: {' '.join(str(error).split())}"
        return UserError(text, kind="unexpected")
    return None


if __name__ == "__main__":
    main()
