"""A process that runs commands one after another, and has loaded the package already.

It reads a JSON object a line, ``{"overrides": [...]}``, from its standard input, and answers each
with one, ``{"error": null}`` or ``{"error": "one line"}``.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
import traceback
from collections.abc import Sequence
from functools import partial

from internal_gan.config.arguments import key_of, prepare
from internal_gan.config.compose import compose
from internal_gan.errors import UserError
from internal_gan.files import disk_errors


def main() -> None:
    """Answer until the standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What tasks print is of no use here, and must not get among the answers.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _warm_up()

    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        error = done(json.loads(line)["overrides"])
        print(json.dumps({"error": error}), file=answers, flush=True)


def _warm_up() -> None:
    """Load what the first task would have to wait for."""
    import torch

    from internal_gan.patches.compilation import compile_loops

    # Torch loads its compiler with the first optimiser, which takes a second or two.
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])
    compose([])
    for task in ("preview", "runner"):
        importlib.import_module(f"internal_gan.tasks.{task}")
    # Where it has to compile them, who started the server waits for it.
    compile_loops(partial(print, file=sys.stderr))


def done(overrides: Sequence[str]) -> str | None:
    """Run a command; returns what is wrong, in one line."""
    from pathlib import Path

    from internal_gan.api.commands import run

    try:
        with contextlib.redirect_stderr(io.StringIO()), disk_errors(Path()):
            run(compose(prepare(overrides)), changed={key_of(one) for one in overrides})
    except UserError as error:
        return " ".join(str(error).split())
    except MemoryError:
        return "there is not enough memory for this"
    except Exception as error:
        traceback.print_exc()
        return f"unexpected {type(error).__name__}: {' '.join(str(error).split())}"
    return None


if __name__ == "__main__":
    main()
