"""A task is a function, which gets what it asks for."""

import importlib
import inspect
from dataclasses import is_dataclass
from typing import get_type_hints

import pytest

from internal_gan.config.catalogue import SPECS
from internal_gan.config.compose import compose
from internal_gan.config.options import ExtendOptions, FillOptions
from internal_gan.errors import UserError
from internal_gan.images.photo import Photo
from internal_gan.models.patches.model import Patches
from internal_gan.runs.source import Source
from internal_gan.tasks.bind import call, option_of
from internal_gan.tasks.extend import extend
from internal_gan.tasks.fill import fill
from internal_gan.tasks.holes import Case
from internal_gan.tasks.how import How
from tests.tiny import holes, picture

GIVEN = {"photo", "model", "how", "case", "called", "like", "has_layers", "given"}


def test_a_task_is_called_without_files() -> None:
    photo = Photo(picture(24, 32))
    (wide,) = extend(photo, ExtendOptions(margins=[0, 8, 0, 8]), None, How())
    assert wide.image.pixels.shape == (1, 3, 24, 48)
    hole = holes((24, 32), (8, 8, 8, 8))
    filled, before, mask = fill(Patches.of(photo), Case(photo, hole, hole), FillOptions(), How())
    outside = hole.expand(-1, 3, -1, -1) == 0
    assert filled.image.pixels[outside].equal(photo.pixels[outside])
    assert (before.kind, mask.kind) == ("before", "mask")


def test_a_task_is_refused_when_it_is_called_not_when_it_draws() -> None:
    with pytest.raises(UserError, match=r"extend\.margins or extend\.shape"):
        extend(Photo(picture(24, 32)), ExtendOptions(), None, How())


@pytest.mark.parametrize("task", sorted(SPECS.keys() - {"train"}))
def test_tasks_ask_for_what_there_is(task: str) -> None:
    function = getattr(importlib.import_module(f"internal_gan.tasks.{task}"), task)
    kinds = get_type_hints(function)
    for name in inspect.signature(function).parameters:
        assert name in GIVEN or is_dataclass(kinds[name]) or option_of(task, name)


def test_an_option_of_a_picture_is_the_picture() -> None:
    def asked(avoid: Photo | None, count: int, wanted: ExtendOptions) -> tuple[object, ...]:
        return avoid, count, wanted.count

    mask = Photo(picture(24, 32))
    options = compose(["task=extend", "extend.count=3", "extend.avoid=mask.png"])
    source = Source(options, files={"image": mask, "extend.avoid": mask})
    found = call(asked, "extend", source)
    assert found[0] is mask
    assert found[1:] == (3, 3)
