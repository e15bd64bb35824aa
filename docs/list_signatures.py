"""Write ``internal_gan/__init__.pyi``: the signatures of the Python API, for type checkers.

At run time, functions and methods have the signatures that :mod:`internal_gan.api.signatures` made
of the options. Those with an ``output_type`` become an overload for each type, and ``fit`` one for
each family, whose class a run then has.

python docs/list_signatures.py
"""

import inspect
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from inspect import Parameter
from pathlib import Path
from typing import Any

import internal_gan
from internal_gan.api.model import Model
from internal_gan.api.runs import Run, fit, resume
from internal_gan.config.catalogue import family_of
from internal_gan.config.compose import compose
from internal_gan.files import atomic_write
from internal_gan.images.files.memory import OUTPUT_TYPES

STUB = Path(__file__).parents[1] / "internal_gan" / "__init__.pyi"
HEAD = """# Written by docs/list_signatures.py.

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Generic, Literal, overload

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import TypeVar

"""
# What signatures name besides.
TYPES = {
    ("internal_gan.api.model", "Given"),
    *(("internal_gan.api.runs", name) for name in ("Overrides", "Progress", "Stop")),
    ("internal_gan.finishing.plans", "Plan"),
}
OF_RUNS = ("Run", "fit", "resume")
RUN = """
# A run that is not said to be of a family has any model.
_Trained = TypeVar("_Trained", bound=Model, covariant=True, default=Any)

@dataclass(frozen=True)
class Run(Generic[_Trained]):
{body}
    folder: Path
    model: _Trained

"""


def stub() -> str:
    """The text of the file."""
    public = {name: getattr(internal_gan, name) for name in internal_gan.__all__}
    here = {name: value for name, value in public.items() if is_signed(value)}
    others = {name: public[name] for name in public if name not in {*here, *OF_RUNS}}
    parts = [HEAD, *imports(others.values()), f"__all__ = {internal_gan.__all__}\n"]
    known = {Model: "Model"}
    for name, value in here.items():
        parts += classes(value, known) if inspect.isclass(value) else overloads(name, value)
    parts.append(RUN.format(body=indented(documented(Run))))
    parts += fitting()
    parts.append(declared("resume", inspect.signature(resume), documented(resume)))
    return formatted("".join(parts))


def fitting() -> Iterator[str]:
    """An overload of ``fit`` for each family, and one for a model that is not named."""
    families = defaultdict[str, list[str]](list)
    for name in internal_gan.list_models():
        families[family_of(compose([f"model={name}"]).model)].append(name)
    shown = inspect.signature(fit)
    models = [(Model.classes[family].__name__, names) for family, names in families.items()]
    text = documented(fit)
    for title, names in models:
        if title == "Patches":
            continue
        model = Parameter("model", Parameter.POSITIONAL_OR_KEYWORD, annotation=f"Literal{names}")
        found = [model if p.name == "model" else p for p in shown.parameters.values()]
        one = shown.replace(parameters=found, return_annotation=f"Run[{title}]")
        yield "@overload\n" + declared("fit", one, text)
        text = "...\n"
    yield "@overload\n" + declared("fit", shown, text)


def is_signed(value: Any) -> bool:
    """Whether it has a signature made of options, or inherits a method that has."""
    if inspect.isclass(value):
        return any(map(is_signed, methods(value.__mro__)))
    return inspect.isfunction(value) and "__signature__" in vars(value)


def methods(kinds: Iterable[type]) -> Iterator[Callable[..., Any]]:
    """The functions of classes."""
    return (value for kind in kinds for value in vars(kind).values() if inspect.isfunction(value))


def imports(values: Iterable[Any]) -> Iterator[str]:
    """The names that are public where they are defined."""
    names = {("internal_gan.version", "__version__")}
    names |= {(value.__module__, value.__name__) for value in values if callable(value)}
    for module, name in sorted(names | TYPES, key=lambda n: (n[0], not n[1][0].isupper(), n[1])):
        public = "" if (module, name) in TYPES else f" as {name}"
        yield f"from {module} import {name}{public}\n"


def classes(kind: type, known: dict[type, str]) -> Iterator[str]:
    """A class after its bases, of which those that are not public have private names."""
    for base in kind.__bases__:
        if base is not object and base not in known:
            known[base] = f"_{base.__name__}"
            yield from one_class(base, known)
    known[kind] = kind.__name__
    yield from one_class(kind, known)


def one_class(kind: type, known: dict[type, str]) -> Iterator[str]:
    bases = ", ".join(known[base] for base in kind.__bases__ if base is not object)
    yield f"class {known[kind]}({bases}):\n"
    yield indented(documented(kind))
    for method in methods([kind]):
        if not method.__name__.startswith("_") or method.__name__ in ("__init__", "__call__"):
            yield indented("".join(overloads(method.__name__, method)))


def overloads(name: str, function: Callable[..., Any]) -> Iterator[str]:
    """A function, or one for each output type, of which the first has the docstring."""
    shown = inspect.signature(function)
    if "output_type" not in shown.parameters:
        yield declared(name, shown, documented(function))
        return
    results = shown.return_annotation.split(" | ")
    for kind, result in zip(OUTPUT_TYPES, results, strict=True):
        chosen = shown.parameters["output_type"].replace(annotation=f"Literal['{kind}']")
        if kind != chosen.default:
            chosen = chosen.replace(default=Parameter.empty)
        found = [chosen if p.name == chosen.name else p for p in shown.parameters.values()]
        one = shown.replace(parameters=found, return_annotation=result)
        text = documented(function) if kind == OUTPUT_TYPES[0] else "...\n"
        yield "@overload\n" + declared(name, one, text)


def declared(name: str, shown: inspect.Signature, body: str) -> str:
    """One argument a line."""
    lines = list[str]()
    before = None
    for entry in shown.parameters.values():
        if before == Parameter.POSITIONAL_ONLY != entry.kind:
            lines.append("/")
        if entry.kind == Parameter.KEYWORD_ONLY != before:
            lines.append("*")
        lines.append(written(entry))
        before = entry.kind
    within = "".join(f"{line}," for line in lines)
    return f"def {name}({within}) -> {shown.return_annotation}:\n{indented(body)}"


def written(entry: Parameter) -> str:
    """An argument as in source code."""
    stars = {Parameter.VAR_KEYWORD: "**", Parameter.VAR_POSITIONAL: "*"}.get(entry.kind, "")
    text = f"{stars}{entry.name}"
    if entry.annotation is not Parameter.empty:
        text += f": {entry.annotation}"
    return text if entry.default is Parameter.empty else f"{text} = {entry.default!r}"


def documented(value: Any) -> str:
    """The docstring, which ends as in source code."""
    text = inspect.cleandoc(value.__doc__ or "")
    end = "\n" if "\n" in text else ""
    return f'"""{text}{end}"""\n'


def indented(text: str) -> str:
    return "".join(f"    {line}" if line.strip() else line for line in text.splitlines(True))


def formatted(code: str) -> str:
    """Code as ruff wants it."""
    for words in (["check", "--fix-only", "--quiet", "--select", "I,RUF022"], ["format"]):
        command = [sys.executable, "-m", "ruff", *words, "--stdin-filename", str(STUB), "-"]
        code = subprocess.run(
            command, input=code, capture_output=True, text=True, check=True, cwd=STUB.parents[1]
        ).stdout
    return code


if __name__ == "__main__":
    with atomic_write(STUB) as temporary:
        temporary.write_text(stub(), encoding="utf-8")
