"""Python's help, editors and type checkers know the arguments of the API."""

import inspect
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

import internal_gan
from internal_gan import Model, UserError
from tests.commands import ROOT
from tests.images.test_frames import bundled

SCRIPT = runpy.run_path(str(ROOT / "docs" / "list_signatures.py"))
PHOTO = ImageOps.expand(bundled("gravel").resize((44, 36)), 6, "white")
OTHER = ImageOps.mirror(PHOTO)
HOLE = Image.new("L", PHOTO.size)
HOLE.paste(255, (24, 18, 34, 28))
# What each function needs besides the photo.
NEEDS: dict[str, dict[str, Any]] = {
    "sample": {},
    "retarget": {"size": (48, 64)},
    "fill": {"mask": HOLE},
    "edit": {"image": OTHER},
    "harmonize": {"image": OTHER, "mask": HOLE},
    "paint": {"image": OTHER},
    "animate": {},
    "super_resolve": {},
    "extend": {"margins": (0, 9, 0, 0)},
    "make_tileable": {},
    "importance": {},
}


def test_type_checkers_are_told_the_same() -> None:
    """``python docs/list_signatures.py`` regenerates the file."""
    assert SCRIPT["STUB"].read_text(encoding="utf-8") == SCRIPT["stub"]()


def signed() -> Iterator[tuple[str, Any]]:
    """Functions and methods whose signatures are made of options."""
    for name in internal_gan.__all__:
        found = getattr(internal_gan, name)
        for method in dir(found) if inspect.isclass(found) else ():
            if SCRIPT["is_signed"](getattr(found, method)):
                yield f"{name}.{method}", getattr(found, method)
        if inspect.isfunction(found) and SCRIPT["is_signed"](found):
            yield name, found


def test_help_names_and_explains_every_argument() -> None:
    known = dict(signed())
    assert {"evaluate", "Previews.__call__", *NEEDS} <= known.keys()
    for kind in Model.classes.values():
        drawing = {*dir(kind)}.difference(dir(Model))
        assert {f"{kind.__name__}.{name}" for name in drawing} <= known.keys()
    for name, function in known.items():
        shown = inspect.signature(function).parameters
        assert ("self" in shown) == ("." in name), name
        names = [one for one in shown if one != "self"]
        explained = re.findall(r"^    (\w+): ", inspect.getdoc(function) or "", re.MULTILINE)
        assert [one for one in explained if one in names] == names, name
        assert "how" not in names
    assert str(inspect.signature(internal_gan.make_tileable)) == (
        "(photo: Given, *, axes: Literal['both', 'x', 'y'] | None = 'both', keep_frame: bool = "
        "False, seed: int | None = 0, generator: torch.Generator | None = None, output_type: "
        "Literal['pil', 'np', 'pt'] = 'pil', stop: Callable[[], bool] | None = None) -> "
        "Image.Image | NDArray[np.float32] | torch.Tensor"
    )
    assert "fps: frames per second; the motion is the same" in str(internal_gan.animate.__doc__)


@pytest.mark.parametrize("name", NEEDS)
def test_the_defaults_that_help_shows_hold(name: str) -> None:
    function, given = getattr(internal_gan, name), NEEDS[name]
    parameters = inspect.signature(function).parameters.values()
    defaults = {one.name: one.default for one in parameters if one.default is not one.empty}
    found = [function(PHOTO, **given), function(PHOTO, **{**defaults, **given})]
    if name == "animate":
        found = [next(frames) for frames in found]
    first, second = map(np.asarray, found)
    assert np.array_equal(first, second)


def test_a_wrong_name_is_refused_in_a_line() -> None:
    wrong: dict[str, Any] = {"msak": 3}
    for name, given in NEEDS.items():
        if name != "importance":
            with pytest.raises(UserError, match=r"^msak=3: task=\w+ has no such argument$"):
                getattr(internal_gan, name)(PHOTO, **given, **wrong)
    with pytest.raises(UserError, match=r"^msak=3: task=evaluate has no such argument$"):
        internal_gan.evaluate(PHOTO, [OTHER], **wrong)


@pytest.mark.slow
def test_mypy_checks_what_a_user_writes(tmp_path: Path) -> None:
    options = ("--strict", "--follow-imports=silent", "--config-file=", f"--cache-dir={tmp_path}")
    command = [sys.executable, "-m", "mypy", *options, "tests/typed_user.py"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
