"""Calls a task's function with what it asks for: the one door to all tasks.

The command line, functions in Python, the page, previews, the end of a training and ``evaluate``
all begin a task here. Its function, which has the name of its module, asks by the names of its
parameters:

* ``photo``: the photo to work on, read;
* ``model``: the model, trained or the photo's own patches;
* ``how``: how results are made, see :class:`internal_gan.tasks.how.How`;
* ``case``: a photo with its hole, see :mod:`internal_gan.tasks.holes`;
* ``called``: the name by which the photo was given;
* ``like``: a picture in the format of the photo that was learnt; None if that is gone;
* ``has_layers``: whether layers move with the pixels of results;
* ``given``: the inputs themselves, for tasks on files and folders;
* any parameter that is annotated with a dataclass of options: that group;
* any other: the option of that name of the task. An option that names a picture is that picture,
  read, or None; one that is null and then as in the model's training has that value.

All of this is read and checked when the function is called, so a UserError comes before there is
any result.
"""

import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass, replace
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, get_type_hints

from internal_gan.config.options import FIELDS, PATHS, taken_by
from internal_gan.images.photo import check_shows
from internal_gan.reporting import SILENT, Report
from internal_gan.runs.inputs import LAYERS, PHOTO
from internal_gan.runs.source import Source
from internal_gan.tasks.holes import case_of
from internal_gan.tasks.how import How
from internal_gan.tasks.items import Item, Picture

T = TypeVar("T")


def begin(
    task: str,
    given: Source,
    model: Any = None,
    report: Report = SILENT,
    *,
    preview: bool = False,
) -> Iterator[Item]:
    """Begin a task; what it draws is drawn when the iterator reaches it.

    ``model`` is None for a task that works without one; ``preview`` is as in :class:`How`. A
    UserError if a file or an option is not usable, or does not fit the model.
    """
    module = importlib.import_module(f"internal_gan.tasks.{task}")
    known = {"model": model, "how": how_of(given, report, preview=preview)}
    drawn: Iterator[Item] = call(getattr(module, task), task, given, **known)
    return _with_copies(drawn, given)


def call(function: Callable[..., T], task: str, given: Source, /, **known: Any) -> T:
    """Call a function of a task with what it asks for, see above, as far as it is not ``known``."""
    asked = _parameters(function).items()
    return function(
        **{
            name: known[name] if name in known else _asked(name, kind, task, given)
            for name, kind in asked
        }
    )


@cache
def _parameters(function: Callable[..., Any]) -> dict[str, Any]:
    kinds = get_type_hints(function)
    return {name: kinds.get(name) for name in inspect.signature(function).parameters}


def _asked(name: str, kind: Any, task: str, given: Source) -> Any:
    match name:
        case "photo":
            photo = given.worked_on.photo()
            check_shows(photo)
            return photo
        case "how":
            return how_of(given)
        case "case":
            return case_of(given)
        case "called":
            return given.worked_on.called
        case "like":
            return given.trained.like
        case "has_layers":
            return bool(given.inputs.files(LAYERS) or given.trained.inputs.files(LAYERS))
        case "given":
            return given
    if is_dataclass(kind):
        return next(group for group in vars(given.options).values() if type(group) is kind)
    option = option_of(task, name)
    return given.read(option) if option in PATHS else as_trained(given, option)


def option_of(task: str, name: str) -> str:
    """The option that a parameter of a task's function stands for.

    >>> option_of("harmonize", "match"), option_of("harmonize", "mask")
    ('harmonize.match', 'mask.file')
    """
    taken = taken_by(task)
    own = (f"{task}.{name}", f"edit.{name}", f"{name}.file", f"mask.{name}")
    return next(option for option in own if option in taken)


def as_trained(given: Source, option: str) -> Any:
    """The value of an option. Of one that is null for "as in the model's training", that of the
    training or else its usual value."""
    get = attrgetter(option)
    value = get(given.options)
    if value is not None or "usual" not in FIELDS[option].metadata:
        return value
    learnt = get(given.trained.options)
    return FIELDS[option].metadata["usual"] if learnt is None else learnt


def how_of(given: Source, report: Report = SILENT, *, preview: bool = False) -> How:
    """How a run's results are made."""
    trained, options = given.trained, given.options

    def read(longest: int | None) -> Any:
        return trained.photo(longest=longest)

    return How(
        seed=options.seed,
        detail=as_trained(given, "finish.detail"),
        resolution=as_trained(given, "finish.resolution"),
        read=None if trained.is_gone else read,
        confirmed=options.confirm == "large",
        warned=not given.is_first("task"),
        ends_training=options.trains,
        preview=preview,
        report=report,
    )


def _with_copies(drawn: Iterator[Item], given: Source) -> Iterator[Item]:
    """What is drawn; pictures that show an input know its copy, which the run has by then."""
    for item in drawn:
        if isinstance(item, Picture) and item.shows:
            source = given.worked_on if item.shows == PHOTO else given
            item = replace(item, given=source.inputs.copy_of(item.shows))
        yield item
