"""What ``help`` and editors show of the functions and methods that take a task's options.

They are written with ``**how``, so that a wrong name is refused as a wrong option is. Here their
signatures and docstrings get each option's name, type, default and help.
``docs/list_signatures.py`` writes the same for type checkers, into ``internal_gan/__init__.pyi``.
"""

import re
import textwrap
from collections.abc import Callable, Iterable
from inspect import Parameter, Signature, cleandoc, formatannotation, signature
from typing import Any, TypeVar

from internal_gan.api.model import option_of
from internal_gan.config.options import FIELDS, taken_by

Function = TypeVar("Function", bound=Callable[..., Any])

# What is returned for each ``output_type``.
ONE = "Image.Image | NDArray[np.float32] | torch.Tensor"
SEVERAL = "list[Image.Image] | list[NDArray[np.float32]] | torch.Tensor"
FRAMES = "Iterator[Image.Image] | Iterator[NDArray[np.float32]] | Iterator[torch.Tensor]"

# What is said of arguments of many functions.
_HELP = {
    "photo": "as given to :func:`internal_gan.fit`.",
    "keep_frame": "whether a frame around the photo is a part of it, and not left out.",
    "seed": "of what is drawn at random, from 0 to 2**63 - 1.",
    "generator": "one number drawn from it is the seed.",
    "output_type": "form of the result; see :class:`internal_gan.Model`.",
    "stop": "asked between two passes over a picture; once it returns true, the work ends.",
}
_LAST = list(_HELP)[1:]
_RAISES = """Raises:
    UserError: a picture cannot be read, or an argument is not allowed.
    Stopped: ``stop`` returned true."""
# Options for which Python has other ways.
_NO_ARGUMENTS = {"count", "format", "files"}
_WORDS = {"null": "None", "true": "True", "false": "False", "finish.resolution": "``resolution``"}
_WORD = re.compile(rf"\b({'|'.join(_WORDS)})\b")
_SECTION = re.compile(r"\n\n(?=(?:Args|Returns|Raises):\n)")
_ENTRY = re.compile(r"^    ([\w, ]+): (.+(?:\n {8}.+)*)", re.MULTILINE)


class Hint(str):
    """A type hint, which ``help`` shows without quotation marks."""

    __slots__ = ()
    __repr__ = str.__str__


def takes(
    task: str = "", returns: str = "", like: Callable[..., Any] | None = None, **named: str
) -> Callable[[Function], Function]:
    """Give a function the signature and the docstring that a user is to see.

    Args:
        task: whose options it takes besides its own arguments; empty: none.
        returns: the pictures that it makes, if it does.
        like: a method whose docstring explains the same arguments.
        named: options that its own arguments set by another name.
    """

    def seen(function: Function) -> Function:
        shown = signature(function)
        own = [entry for name, entry in shown.parameters.items() if name != "how"]
        texts = _explained(like)
        if task:
            names = [entry.name for entry in own if entry.name != "self"]
            options = {name: option_of(task, named.get(name, name)) for name in names}
            more = [option for option in _listed(task) if option not in options.values()]
            options |= {option.rpartition(".")[2]: option for option in more}
            helps = {name: _help(o) for name, o in options.items() if name not in _HELP}
            texts = helps | texts
            own = [_with_default(entry, options) for entry in own]
            own += [_of_option(option) for option in more]
        if task and returns:
            own.append(_keyword("generator", "torch.Generator | None"))
            own.append(_keyword("output_type", "str", "pil"))
            own.append(_keyword("stop", "Callable[[], bool] | None"))
        describe(function, own, returns or shown.return_annotation, texts)
        return function

    return seen


def describe(
    function: Callable[..., Any],
    parameters: Iterable[Parameter],
    returns: str,
    texts: dict[str, str] | None = None,
) -> None:
    """Set a function's signature, and explain its parameters in its docstring by ``texts``, unless
    it does so itself."""
    texts = _HELP | (texts or {}) | _explained(function)
    shown = [_as_shown(entry) for entry in sorted(parameters, key=_place)]
    names = [entry.name for entry in shown if entry.name != "self"]
    head, *sections = _SECTION.split(cleandoc(function.__doc__ or ""))
    kept = [section for section in sections if not section.startswith("Args:")]
    if "stop" in names and not any(section.startswith("Raises:") for section in kept):
        kept.append(_RAISES)
    entries = "\n".join(_entry(name, texts[name]) for name in names if name in texts)
    function.__doc__ = "\n\n".join([head, f"Args:\n{entries}", *kept])
    vars(function)["__signature__"] = Signature(shown, return_annotation=Hint(returns))


def _as_shown(entry: Parameter) -> Parameter:
    if entry.name == "output_type":
        return entry.replace(annotation=Hint("Literal['pil', 'np', 'pt']"))
    return entry if entry.name == "self" else entry.replace(annotation=Hint(entry.annotation))


def _place(entry: Parameter) -> tuple[int, int]:
    """What all tasks take comes last."""
    return entry.kind, _LAST.index(entry.name) + 1 if entry.name in _LAST else 0


def _keyword(name: str, hint: str, default: Any = None) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=hint)


def _of_option(option: str) -> Parameter:
    """An option as an argument, for which None is the default, too."""
    field = FIELDS[option]
    hint = field.metadata["hint"] or formatannotation(field.type).replace("list[", "Sequence[")
    if field.metadata["is_path"]:
        hint = "Given"
    if "None" not in hint.split(" | "):
        hint += " | None"
    return _keyword(option.rpartition(".")[2], hint, field.default)


def _with_default(entry: Parameter, options: dict[str, str]) -> Parameter:
    """An argument with its option's default in place of None."""
    if entry.default is not None:
        return entry
    return entry.replace(default=FIELDS[options[entry.name]].default)


def _listed(task: str) -> list[str]:
    """The options of a task that are arguments: its own first, those of all results last."""
    taken = taken_by(task)
    found = [o for o in FIELDS if o in taken and o.rpartition(".")[2] not in _NO_ARGUMENTS]
    return sorted(found, key=lambda o: (o.startswith("finish."), not o.startswith(f"{task}.")))


def _help(option: str) -> str:
    """What the command line says of an option, in Python's words."""
    about = FIELDS[option].metadata
    text = about["help"].partition("; short: ")[0] + "."
    is_typed = about["is_path"] or about["hint"].startswith("Literal") or "true" in about["needs"]
    if not is_typed:
        allowed = about["needs"].removesuffix(", or null").replace(f"{option}=", "")
        text += f" Allowed: {allowed}."
    return _WORD.sub(lambda match: _WORDS[match[0]], text)


def _explained(function: Callable[..., Any] | None) -> dict[str, str]:
    """What a docstring says of each argument."""
    found = _ENTRY.findall(cleandoc(function.__doc__ or "")) if function else []
    return {name: text for names, text in found for name in names.split(", ")}


def _entry(name: str, text: str) -> str:
    line = " ".join(f"{name}: {text}".split())
    return textwrap.indent(textwrap.fill(line, 88, subsequent_indent=" " * 4), " " * 4)
