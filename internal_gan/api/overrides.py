"""Turns options of Python calls into command-line arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from internal_gan.config.arguments import key_of, prepare, written
from internal_gan.errors import UserError

Overrides = Sequence[str] | Mapping[str, Any]


def as_arguments(overrides: Overrides, others: Mapping[str, Any]) -> list[str]:
    """Options as arguments for Hydra, with file names quoted.

    Args:
        overrides: as on the command line, ``["trainer=preview"]``, or by name,
            ``{"trainer": "preview", "model.max_size": 60}``.
        others: further options by name; None leaves an option out.

    Raises:
        UserError: an override is not ``option=value``, or is also in ``others``.

    >>> as_arguments({"sample.size": (30, 80), "logger": None}, {"seed": 3, "device": None})
    ['seed=3', 'sample.size=[30,80]', 'logger=null']
    """
    if isinstance(overrides, str):
        raise UserError(f"overrides={overrides}: needs a list of options, such as ['{overrides}']")
    if isinstance(overrides, Mapping):
        overrides = [f"{name}={written(value)}" for name, value in overrides.items()]
    given = [f"{name}={written(v)}" for name, v in others.items() if v is not None]
    first, second = prepare(given), prepare(overrides)
    for name in sorted(set(map(key_of, first)) & set(map(key_of, second))):
        raise UserError(f"{name}: is given twice, as an argument and in overrides")
    return first + second
