"""Objects from configuration: ``_target_`` names a class, and the other keys are its arguments.

A model file may not be trusted: nothing is imported but targets in some rooms of this package.
"""

import functools
import importlib
import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any

from internal_gan.config.arguments import written
from internal_gan.errors import UserError, nearest, refusing
from internal_gan.type_hints import LISTS, fits, options_of

_NOUNS = {int: "whole number", float: "finite number", str: "name"}
_ALLOWED = (
    "internal_gan.nn.",
    "internal_gan.models.",
    "internal_gan.patches.losses.",
    "internal_gan.images.edges.",
)


def build(config: Mapping[str, Any], key: str = "model") -> Any:
    """Build the object that ``config`` describes and, recursively, those among its arguments; with
    ``_partial_: true`` a :class:`Part`, which takes the remaining arguments.

    A UserError, which begins with ``key``, for a target that is not allowed or missing, and an
    argument that is unknown, missing or of the wrong type.

    >>> build({"_target_": "internal_gan.nn.losses.WGANGP", "penalty_weight": 10}).penalty_weight
    10
    """
    settings = dict(config)
    name = settings.pop("_target_", None)
    partial = settings.pop("_partial_", False)
    if not isinstance(name, str):
        raise UserError(f"{key}: _target_ is missing; it names the class to build")
    if not isinstance(partial, bool):
        raise UserError(f"{key}._partial_={partial}: needs true or false")
    target = _find(name, key)
    arguments = {k: _build_value(v, f"{key}.{k}") for k, v in settings.items()}
    # Users know a recipe by its family's name.
    short = name.rpartition(".")[2].removesuffix("Recipe")
    parameters = inspect.signature(target).parameters
    hints = typing.get_type_hints(target.__init__ if inspect.isclass(target) else target)
    for option, value in arguments.items():
        where = f"{key}.{option}"
        if option not in parameters:
            hint = nearest(option, parameters) or "."
            allowed = ", ".join(parameters) or "none"
            raise UserError(f"{where}: {short} has no such option{hint} Allowed: {allowed}")
        if not fits(value, hint := hints.get(option, Any)):
            given = written(settings[option])
            raise UserError(f"{where}={given}: {short} needs {_needed(hint, value, where)}")
    for option, parameter in parameters.items():
        if not partial and option not in arguments and parameter.default is parameter.empty:
            raise UserError(f"{key}.{option}: {short} needs this option")
    if lacking := getattr(target, "__abstractmethods__", None):
        raise UserError(f"{key}: {short} does not define {', '.join(sorted(lacking))}")
    made = Part(target, **arguments)
    made.key = key
    return made if partial else made()


class Part(functools.partial[Any]):
    """A target that waits for further arguments; its ValueErrors become UserErrors with ``key``."""

    key: str

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        with refusing(self.key, self.key):
            return super().__call__(*args, **kwargs)


def _build_value(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        if "_target_" in value:
            return build(value, key)
        return {k: _build_value(v, f"{key}.{k}") for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_build_value(v, f"{key}[{i}]") for i, v in enumerate(value)]
    return value


def _find(name: str, key: str) -> Any:
    """The class or function called ``name``; a UserError if there is none, or it is not allowed."""
    refused = f"{key}._target_={name}: "
    if not name.startswith(_ALLOWED):
        raise UserError(f"{refused}a target begins with {' or '.join(_ALLOWED)}")
    module_name, _, attribute = name.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise UserError(f"{refused}there is no {module_name}") from None
    target = getattr(module, attribute, None)
    # Names that the module merely imports are not allowed.
    is_own = f"{getattr(target, '__module__', None)}.".startswith(_ALLOWED)
    if not callable(target) or not is_own:
        raise UserError(f"{refused}{module_name} has no {attribute}")
    return target


def _needed(hint: Any, value: Any, where: str) -> str:
    hints = options_of(hint)
    needed = " or ".join(map(_in_words, hints))
    plain = any(k in (*_NOUNS, bool) or typing.get_origin(k) is typing.Literal for k in hints)
    if plain or not isinstance(value, str):
        return needed
    return f"{needed}; to choose one by name write {where.replace('.', '/')}={value}"


def _in_words(hint: Any) -> str:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint is bool:
        return "true or false"
    if hint is type(None):
        return "null"
    if hint in _NOUNS:
        return f"a {_NOUNS[hint]}"
    if origin is typing.Literal:
        return f"one of {', '.join(map(str, parts))}"
    if origin in LISTS:
        return f"a list of {_NOUNS.get(parts[0], 'value')}s"
    if origin is Mapping:
        return f"named {_NOUNS.get(parts[1], 'value')}s"
    if origin is Callable:
        return f"a {getattr(parts[1], '__name__', 'part')} with _partial_: true"
    return str(getattr(hint, "__name__", hint))
