"""What became of the jobs of a multirun, as in the files ``.jobs/NAME.json`` of its folder."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from internal_gan.config.arguments import key_of, unquote, values_of
from internal_gan.config.options import FREE, PATHS
from internal_gan.errors import UserError
from internal_gan.files import natural, read_record, write_text

RECORDS = ".jobs"


@dataclass
class Record:
    """A job and its outcome.

    Attributes:
        name: of its run folder.
        overrides: those that decide its result, see :func:`lasting`.
        code: its exit code; None while it runs, or if it was killed.
        reason: why it failed.
        number: in the order in which jobs began.
    """

    name: str
    overrides: list[str]
    code: int | None = None
    reason: str = ""
    number: int = 0

    @property
    def state(self) -> str:
        """Running, finished, stopped (by Ctrl-C or SIGTERM) or failed."""
        known = {None: "running", 0: "finished", 130: "stopped", 143: "stopped"}
        return known.get(self.code, "failed")

    @property
    def values(self) -> dict[str, str]:
        """The values that it was given, in short."""
        return {key: in_short(value) for key, value in values_of(self.overrides).items()}

    def write(self, sweep: Path) -> None:
        """Write the record, or raise a UserError if the disk is full or not writable."""
        path = sweep / RECORDS / f"{self.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(vars(self), indent=2) + "\n")


def in_short(value: str) -> str:
    """A value, with fractions rounded to six digits.

    >>> in_short("0.00223787810344"), in_short("123456789"), in_short("hinge")
    ('0.00223788', '123456789', 'hinge')
    """
    try:
        return f"{float(value):.6g}" if len(value) > 8 and not value.isdecimal() else value
    except ValueError:
        return value


def lasting(overrides: Sequence[str]) -> list[str]:
    """The overrides that decide a job's result, with absolute paths."""
    kept = []
    for override in overrides:
        key, value = key_of(override), override.partition("=")[2]
        if key.partition(".")[0] in FREE or key.startswith("hydra"):
            continue
        if key in PATHS and not value.startswith("[") and value not in ("", "null"):
            override = f"{key}={Path(unquote(value)).absolute()}"
        kept.append(override.removeprefix("++"))
    return kept


def read_records(sweep: Path) -> list[Record]:
    """The records of all jobs that have begun, by number and name, without damaged ones."""
    folder = sweep / RECORDS
    found = list[Record]()
    for path in sorted(folder.rglob("*.json"), key=lambda path: natural(path.as_posix())):
        with suppress(UserError):
            if record := read_record(Record, path):
                found.append(record)
    return sorted(found, key=lambda record: record.number)
