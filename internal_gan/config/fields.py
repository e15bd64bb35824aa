"""Fields of the option dataclasses, with their default, help and allowed values."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from typing import Any

from internal_gan.errors import Range

AUTO = "auto"
LARGEST_SEED = 2**63 - 1  # torch's generators take 64 bits with a sign


def option(
    default: Any,
    help: str,
    needs: str,
    allowed: Callable[[Any], bool] = lambda value: True,
    *,
    is_path: bool = False,
    values: Sequence[str] | str | None = None,
    hint: str = "",
) -> Any:
    """A field whose metadata holds these arguments by name; a callable ``default`` makes the value.

    ``help`` is a line, and ``needs`` completes "needs ..." in error messages. ``allowed`` is
    true for a valid value of the right type, not null; it may raise a ValueError with the reason
    against one. A path names a file or folder, and is therefore quoted for Hydra. ``values`` are
    what errors give as :attr:`UserError.allowed`. ``hint`` is the type in Python, if the field's
    own is wider, as OmegaConf knows no literals.
    """
    about = {"help": help, "needs": needs, "allowed": allowed, "is_path": is_path}
    about |= {"values": values, "hint": hint}
    if callable(default):
        return field(default_factory=default, metadata=about)
    return field(default=default, metadata=about)


def as_trained(usual: Any, entry: Any) -> Any:
    """A field that is null by default: as in the model's training, where null means ``usual``."""
    help = f"{entry.metadata['help']}; null: as in training (by default {str(usual).lower()})"
    return field(default=None, metadata={**entry.metadata, "help": help, "usual": usual})


def flag(default: bool | None, help: str) -> Any:
    """True or false, or null if that is the default."""
    return option(default, help, "true, false or null" if default is None else "true or false")


def path(help: str, needs: str = "the name of one image file, or null") -> Any:
    """A file or folder, or a list of them if the field's type allows one; null by default."""
    return option(None, help, needs, _are_names, is_path=True)


def _are_names(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    return names != [] and all(isinstance(name, str) and name != "" for name in names)


def one_of(names: tuple[str, ...], default: str | None, help: str) -> Any:
    """One of these names, or null if that is the default."""
    needs = "one of " + ", ".join(names) + (", or null" if default is None else "")
    hint = f"Literal[{', '.join(map(repr, names))}]"
    return option(default, help, needs, lambda value: value in names, values=names, hint=hint)


def number(
    default: float | None, within: Range, help: str, of: str = "", *, kind: str = "a number"
) -> Any:
    """A finite number, or null if that is the default; ``of`` is its unit, as ``of seconds``."""
    words = str(within)
    joined = " from "
    if words.startswith("above"):
        joined = " "
    elif words.endswith("more"):
        joined = ", "
    null = ", or null" if default is None else ""
    needs = f"{kind}{of and ' '}{of}{joined}{words}{null}"
    return option(default, help, needs, within.__contains__, values=words)


def whole(default: int | None, within: Range, help: str, of: str = "") -> Any:
    """A whole number, or null if that is the default; see :func:`number`."""
    return number(default, within, help, of, kind="a whole number")


def group(options: type, example: str, needs: str = "its own options") -> Any:
    """A dataclass of options; its docstring's first line is the help."""
    help = (options.__doc__ or "").partition("\n")[0]
    return option(options, help, f"{needs}, such as {example}")


def fields_of(schema: Any, prefix: str = "") -> Iterator[tuple[str, dataclasses.Field[Any]]]:
    """All options of a dataclass with their full names, each group before its members."""
    for entry in dataclasses.fields(schema):
        yield f"{prefix}{entry.name}", entry
        options: Any = entry.default_factory
        if dataclasses.is_dataclass(options):
            yield from fields_of(options, f"{prefix}{entry.name}.")


def size(example: str) -> Any:
    """The size of a result."""
    return option(
        None,
        "size of the result; null: the photo's at finish.resolution",
        f"two whole numbers [height,width] in pixels, such as {example}, or null",
        lambda v: len(v) == 2 and min(v) >= 1,
    )
