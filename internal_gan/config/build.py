"""Objects from configuration: ``_target_`` names a class, and the other keys are its arguments.

A configuration may come from an untrusted model file. Targets are therefore restricted to this
package's networks, models, patch losses and edge detectors, and to ``torch.optim``; nothing else is
imported.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import math
import pkgutil
import typing
from collections.abc import Callable, Mapping
from typing import Any

from internal_gan.errors import UserError, nearest
from internal_gan.hints import LISTS, fits, options_of

_WORDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a name",
    type(None): "null",
}
_PLURALS = {int: "whole numbers", float: "numbers", str: "names"}
_ALLOWED = (
    "internal_gan.nn.",
    "internal_gan.models.",
    "internal_gan.patches.losses.",
    "internal_gan.images.edges.",
    "torch.optim.",
)


def build(config: Mapping[str, Any], key: str = "model", /, **kwargs: Any) -> Any:
    """Build the object that ``config`` describes and, recursively, those among its arguments.

    Args:
        config: a plain mapping, as read from YAML. With ``_partial_: true`` the result is a
            :class:`Part` that takes the remaining arguments.
        key: the configuration's name in messages.
        **kwargs: further arguments, which override those of ``config``.

    Raises:
        UserError: the target is not allowed or does not exist, or an argument is unknown,
            missing or of the wrong type.

    >>> build({"_target_": "torch.optim.Adam", "_partial_": True, "lr": 0.0005}).keywords
    {'lr': 0.0005}
    """
    settings = dict(config)
    name = settings.pop("_target_", None)
    partial = settings.pop("_partial_", False)
    if not isinstance(name, str):
        raise UserError(f"{key}: _target_ is missing; it names the class to build")
    if not isinstance(partial, bool):
        raise UserError(f"{key}._partial_={partial}: needs true or false")
    target = find(name, key)
    arguments = {k: _build_value(v, f"{key}.{k}") for k, v in settings.items()} | kwargs
    _check_arguments(target, name, arguments, key, partial)
    made = Part(target, **arguments)
    made.key = key
    return made if partial else made()


class Part(functools.partial[Any]):
    """A target that waits for further arguments, made by ``_partial_: true``.

    Its ValueErrors become UserErrors that name ``key``, the configuration's name.
    """

    key: str

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().__call__(*args, **kwargs)
        except UserError:
            raise
        except ValueError as error:
            raise UserError(f"{self.key}: {error}") from error


def _build_value(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        if "_target_" in value:
            return build(value, key)
        return {k: _build_value(v, f"{key}.{k}") for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_build_value(v, f"{key}[{i}]") for i, v in enumerate(value)]
    return value


def find(name: str, key: str = "model") -> Any:
    """The class or function called ``name``, which messages call ``key``.

    Raises:
        UserError: it does not exist, or it is not allowed; then nothing is imported.
    """

    def refused(why: str) -> UserError:
        return UserError(f"{key}._target_={name}: {why}{nearest(name, _all_targets())}")

    if not name.startswith(_ALLOWED):
        raise refused(f"a target begins with {' or '.join(_ALLOWED)}")
    module_name, _, attribute = name.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise refused(f"there is no {module_name}") from None
    target = getattr(module, attribute, None)
    # Names that the module merely imports are not allowed.
    if not callable(target) or not f"{getattr(target, '__module__', None)}.".startswith(_ALLOWED):
        raise refused(f"{module_name} has no {attribute}")
    return target


def _all_targets() -> list[str]:
    """Full names of all classes that a configuration can name. Imports them all."""
    names = []
    for prefix in _ALLOWED:
        package = importlib.import_module(prefix.rstrip("."))
        modules = [package.__name__]
        if prefix.startswith("internal_gan.") and hasattr(package, "__path__"):
            modules += [m.name for m in pkgutil.walk_packages(package.__path__, prefix)]
        for module_name in modules:
            module = importlib.import_module(module_name)
            names += [f"{module_name}.{n}" for n, v in vars(module).items() if inspect.isclass(v)]
    return names


def _check_arguments(
    target: Any, name: str, arguments: Mapping[str, Any], key: str, partial: bool
) -> None:
    # Users know a recipe by its family's name.
    short = name.rpartition(".")[2].removesuffix("Recipe")
    parameters = {
        n: p for n, p in inspect.signature(target).parameters.items() if p.kind != p.POSITIONAL_ONLY
    }
    named = [n for n, p in parameters.items() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    takes_any = any(p.kind == p.VAR_KEYWORD for p in parameters.values())
    for argument in arguments:
        if argument not in named and not takes_any:
            raise UserError(
                f"{key}.{argument}: {short} has no such option{nearest(argument, named) or '.'}"
                f" Allowed: {', '.join(named)}"
            )
    for argument in named:
        required = parameters[argument].default is inspect.Parameter.empty
        if required and not partial and argument not in arguments:
            raise UserError(f"{key}.{argument}: {short} needs this option")
    hints = _type_hints(target)
    for argument, value in arguments.items():
        if argument in hints:
            _check_value(value, hints[argument], f"{key}.{argument}", short)


def _check_value(value: Any, hint: Any, key: str, short: str) -> None:
    """Refuse a value that does not fit ``hint``, naming the option and what it takes."""
    if fits(value, hint):
        return
    needed = " or ".join(map(_in_words, options_of(hint)))
    said = json.dumps(value, ensure_ascii=False, default=_name).replace('"', "")
    if isinstance(value, float) and not math.isfinite(value):
        said, needed = str(value), needed.replace("a number", "a finite number")
    if isinstance(value, str) and _is_part(hint):
        needed += f"; to choose one by name write {key}={value}".replace(".", "/")
    raise UserError(f"{key}={said}: {short} needs {needed}")


def _name(part: Any) -> str:
    return str(getattr(getattr(part, "func", part), "__name__", type(part).__name__))


def _type_hints(target: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(target.__init__ if inspect.isclass(target) else target)
    except (NameError, TypeError):
        return {}


def _is_part(hint: Any) -> bool:
    """Whether ``hint`` describes an object to build rather than a plain value."""
    plain = (int, float, bool, str)
    return not any(k in plain or typing.get_origin(k) is typing.Literal for k in options_of(hint))


def _in_words(hint: Any) -> str:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return "one of " + ", ".join(str(value) for value in parts)
    if origin in LISTS:
        return f"a list of {_PLURALS.get(parts[0], 'values')}"
    if origin is Mapping:
        return f"named {_PLURALS.get(parts[1], 'values')}"
    if origin is Callable:
        return f"a {getattr(parts[1], '__name__', 'part')} with _partial_: true"
    return _WORDS.get(hint) or str(getattr(origin or hint, "__name__", hint))
