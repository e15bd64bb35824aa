"""Names of a multirun's jobs, which are also the names of their run folders."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from internal_gan.config.arguments import key_of, unquote
from internal_gan.errors import UserError
from internal_gan.runs.jobs import in_short
from internal_gan.runs.places import LONGEST_NAME

# What a photo is called: its name without suffix, its name, or its path.
STEM, FILE, PATH = "stem", "file", "path"


def job_name(overrides: Sequence[str], keys: Iterable[str], photos: str = STEM) -> str:
    """The name of a job: its photo, and its values of the options ``keys``.

    >>> job_name(["image='my photos/a b.jpg'", "seed=3", "trainer=fast"], ["image", "seed"])
    'a_b-seed=3'
    """
    wanted = set(keys)
    parts: list[str] = []
    for override in overrides:
        key, value = key_of(override), override.partition("=")[2]
        if key == "image":
            names = value[1:-1].split(",") if value.startswith("[") else [value]
            called = [_photo_name(unquote(name.strip()), photos) for name in names]
            parts.insert(0, "+".join(called))
        elif key in wanted:
            parts.append(f"{key.removeprefix('model.')}={in_short(unquote(value))}")
    name = re.sub(r"[^\w.=+-]+", "_", "-".join(parts)).strip("_.") or "job"
    if len(name.encode()) > LONGEST_NAME:
        digest = hashlib.sha256(name.encode()).hexdigest()[:12]
        name = f"{name.encode()[: LONGEST_NAME - 13].decode(errors='ignore')}-{digest}"
    return name


def how_to_call(images: Sequence[str], before: str | None = None) -> str:
    """The shortest way to call photos that gives each its own name, or a UserError.

    ``before``, if given, is kept.

    >>> how_to_call(["a/x.jpg", "a/y.jpg"]), how_to_call(["a/x.jpg", "a/x.png"])
    ('stem', 'file')
    """
    distinct = sorted(set(images))
    for way in (before,) if before in (STEM, FILE, PATH) else (STEM, FILE, PATH):
        names = [job_name([f"image={image}"], (), way) for image in distinct]
        if len(set(names)) == len(distinct):
            return way
    twice = next(name for name in names if names.count(name) > 1)
    same = [image for image, name in zip(distinct, names, strict=True) if name == twice]
    raise UserError(
        f"image: {' and '.join(map(unquote, same))} would both be called {twice}; rename one"
    )


def _photo_name(image: str, way: str) -> str:
    path = Path(image)
    return {STEM: path.stem, FILE: path.name, PATH: image.strip("/")}[way]
