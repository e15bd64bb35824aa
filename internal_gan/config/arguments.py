"""Command-line arguments; file names are quoted, as Hydra interprets ``= # ( ) , [ ] { }``."""

import glob
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from internal_gan.config.catalogue import SPECS
from internal_gan.config.options import FIELDS, PATHS
from internal_gan.errors import UserError, nearest
from internal_gan.images.files.names import (
    READABLE_SUFFIXES,
    existing_image,
    images_in,
    is_picture,
    local,
)

# Short names of options.
SHORT = {"mask": "mask.file", "edges": "fill.edges", "layers": "layers.files"}
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
# Files that are left out are named up to this many.
SHOWN = 8


def overrides_of(words: Sequence[str], multirun: bool = False) -> list[str]:
    """The overrides that the words of a command stand for.

    The first bare word that is a task means ``task=``; ``-``, the name of a file or folder, or one
    that ends like a picture's means ``image=``. Under multirun, several are values of a sweep. Any
    other word that is not ``option=value``, and a second task or picture, is a UserError.

    >>> overrides_of(["fill", "x.jpg", "mask=m.png"])
    ['mask=m.png', 'task=fill', 'image=x.jpg']
    """
    overrides = list[str]()
    bare = {"task": list[str](), "image": list[str]()}
    for word in words:
        is_file = word == "-" or _exists(local(word))
        is_named = is_picture(word)
        if ("=" in word or word[:1] == "~") and not (is_file and is_named):
            overrides.append(word)
        elif word in SPECS and not (is_file and bare["task"]):
            bare["task"].append(word)
        elif is_file or is_named:
            bare["image"].append(word)
        elif overrides and "=[" in overrides[-1] and word.endswith("]"):
            # A shell splits sample.size=[300 800] into two words.
            fault = "a list has commas and no spaces, such as sample.size=[300,800]"
            raise UserError(f"{overrides[-1]} {word}: {fault}")
        else:
            hint = nearest(word, {*SPECS, "app", *(f"{name}=" for name in FIELDS)} - {word})
            raise UserError(f"{word}: no task, file or option=value{hint or '.'} See --help")
    for key, found in bare.items():
        same = [*found, *(word for word in overrides if key_of(word) == key)]
        if found and len(same) > (len(found) if multirun else 1):
            tip = "; a mask is mask=FILE" if key == "image" else ""
            raise UserError(f"{' '.join(same)}: a run has one {key}; several are -m {key}=A,B{tip}")
        quoted = map(quote, found) if len(found) > 1 else found
        overrides += [f"{key}={','.join(quoted)}"] if found else []
    return overrides


def prepare(overrides: Sequence[str], multirun: bool = False) -> list[str]:
    """Translate overrides for Hydra; a UserError if one is not ``option=value`` or names no images.

    * File names are quoted. If a file with the literal name exists, the name means that file.
    * ``mask=FILE`` becomes ``mask.file=FILE``, ``edges=FILE`` becomes ``fill.edges=FILE``, and
      ``layers=[FILE,...]`` becomes ``layers.files=[FILE,...]``.
    * Under multirun, ``image=photos/`` and ``image=photos/*.jpg`` become one job per image, and
      ``output=DIR`` becomes the folder of the numbered jobs.
    * A task that no model is named for works on the photo's patches.
    """
    if multirun and {"image=-", "output=-"} & {*overrides}:
        raise UserError("image=- and output=- are for one run; leave out -m")
    return [_prepare(override, multirun) for override in overrides] + _model(overrides)


def key_of(override: str) -> str:
    """The option an override sets: ``"model.alpha"`` for ``"+model.alpha=3"``."""
    return override.partition("=")[0].lstrip("+~").partition("@")[0]


def values_of(overrides: Sequence[str]) -> dict[str, str]:
    """The options that overrides set, and their values as written without quotation marks."""
    return {key_of(override): unquote(override.partition("=")[2]) for override in overrides}


def quote(name: str) -> str:
    """Quote ``name`` so that Hydra and OmegaConf read it back unchanged."""
    # Backslashes are doubled only before a quotation mark, which gets another one, and at the end.
    quoted = re.sub(r"(\\*)('|$)", lambda m: 2 * m[1] + ("\\'" if m[2] else ""), escape(name))
    return f"'{quoted}'"


def escape(text: str) -> str:
    r"""Escape every ``${``, which OmegaConf would read as a reference.

    >>> print(escape("a${b}"))
    a\${b}
    """
    return re.sub(r"(\\*)\$\{", r"\1\1\\${", text)


def written(value: Any) -> str:
    """A value as written on the command line.

    >>> written([None, 1.5, True, {"coarsest": 3}])
    '[null,1.5,true,{coarsest:3}]'
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{name}:{written(part)}' for name, part in value.items())}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{','.join(map(written, value))}]"
    return str(value)


def command(*arguments: str) -> str:
    """This program's command line with ``arguments``, quoted for a shell."""
    program = Path(sys.argv[0]).stem
    name = "internal-gan" if program == "internal-gan" else "python -m internal_gan"
    return f"{name} {quoted(*arguments)}"


def quoted(*arguments: str) -> str:
    """Arguments as one line for this system's shell."""
    return (subprocess.list2cmdline if sys.platform == "win32" else shlex.join)(arguments)


def check_image_file(image: str | None) -> None:
    """Raise a UserError for a missing or unreadable image, before anything heavy is loaded."""
    if image is None:
        raise UserError("image=FILE is missing: it names the photo. See --help")
    if image and _is_list(image) and not _exists(image):
        raise UserError(f"image={image}: takes one photo; -m image=A,B makes a run for each")
    try:
        existing_image(Path(image))
    except UserError as error:
        is_folder = os.path.isdir(image)  # noqa: PTH112 (Path.is_dir raises on too long names)
        hint = f"; -m image={image} makes one run per image in it" if is_folder else ""
        raise error.reworded(f"image={error}{hint}", option="image", advice="") from None


def _model(overrides: Sequence[str]) -> list[str]:
    """The photo's patches, as the model of tasks that none is named for."""
    given = values_of(overrides)
    tasks = [SPECS[name] for name in given.get("task", "").split(",") if name in SPECS]
    named = given.keys() & {"checkpoint", "resume", "model"}
    named |= {given.get("experiment", "none")} - {"none", "null"}
    return ["model=patches"] if not named and any(task.needs for task in tasks) else []


def _prepare(override: str, multirun: bool) -> str:
    left, equals, value = override.partition("=")
    if not left or (not equals and not left.startswith("~")):
        raise UserError(f"{override}: an option is written option=value. See --help")
    left = SHORT.get(left, left)
    key = key_of(left)
    if key not in PATHS or value in ("", "null"):
        return f"{left}{equals}{value}"
    if key == "output" and multirun:
        left = "hydra.sweep.dir"
    parts = _split(value) if multirun and not _exists(value) else [value]
    parts = [part if _is_list(part) else local(part) for part in parts]
    if multirun and key == "image":
        parts = [name for part in parts for name in _jobs(part)]
    return f"{left}={','.join(_quoted(part, key == 'layers.files') for part in parts)}"


def _quoted(part: str, may_be_list: bool) -> str:
    """A file name, or a list of them, in quotation marks; those that have them stay as they are."""
    if not _exists(part):
        if may_be_list and _is_list(part):
            names = [unquote(name.strip()) for name in _split(part[1:-1])]
            return f"[{','.join(quote(local(name)) for name in names)}]"
        if _QUOTED.fullmatch(part):
            return part
    return quote(part)


def _exists(name: str) -> bool:
    return os.path.exists(name)  # noqa: PTH110 (Path.exists raises on names that are too long)


def _is_list(value: str) -> bool:
    return value[0] == "[" and value[-1] == "]"


def _jobs(part: str) -> list[str]:
    """The values of ``image`` for a part of a sweep: a file, or those of a folder or a pattern."""
    name = part if _exists(part) else unquote(part)
    if not _exists(name) and glob.has_magic(name):
        found = glob.glob(name, recursive=True)  # noqa: PTH207 (a pattern with its own root)
        images = sorted(f for f in found if Path(f).is_file() and is_picture(f))
    else:
        images = images_in(name)
        found = glob.glob(os.path.join(glob.escape(name), "*"))  # noqa: PTH207, PTH118
    read = {Path(image) for image in images}
    if left := sorted({f for f in found if Path(f).is_file() and Path(f) not in read}):
        names = ", ".join(Path(file).name for file in left[:SHOWN])
        names += f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
        print(f"{name}: files that are not read are left out: {names}")
    if not images:
        ends = ", ".join(READABLE_SUFFIXES)
        raise UserError(f"image={name}: no images there; they end in {ends}")
    for image in images:
        check_image_file(image)
    return images


def _split(value: str) -> list[str]:
    """Split ``value`` at commas outside quotation marks and brackets."""
    return re.findall(rf"(?:{_QUOTED.pattern}|\[[^\[\]]*\]|[^,])+", value, re.DOTALL)


def unquote(part: str) -> str:
    """Remove quotation marks, if there are any."""
    if not _QUOTED.fullmatch(part):
        return part
    return re.sub(r"\\(['\"])", r"\1", part[1:-1])
