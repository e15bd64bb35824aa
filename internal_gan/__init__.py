"""Generative models learnt from a single image.

A photo is a model at once, ``Patches``; ``fit`` trains one on it, ``resume`` continues a stopped
training, and ``load`` reads a model. Models take and return pictures. Importing the package loads
nothing heavy: each name is imported when it is first used.

>>> import tempfile, internal_gan
>>> from PIL import Image
>>> photo = Image.radial_gradient("L").resize((48, 40))
>>> folder = tempfile.mkdtemp()
>>> run = internal_gan.fit(photo, "singan", overrides={"trainer": "debug"}, output=folder)
>>> [picture.size for picture in run.model.sample(2, size=(30, 90), seed=0)]
[(90, 30), (90, 30)]
>>> internal_gan.load(folder).reconstruct(output_type="np").shape
(40, 48, 3)
"""

import importlib
from typing import Any

from internal_gan.process_settings import set_environment
from internal_gan.version import __version__

set_environment()

# Where each name is. Type checkers read `__init__.pyi`, by `docs/list_signatures.py`.
_HOMES = {
    "api.methods": ("EdgeConnect", "InGAN", "Model", "Patches", "SinGAN", "ZSSR"),
    "api.functions": (
        *("animate", "edit", "evaluate", "extend", "fill", "harmonize", "importance"),
        *("make_tileable", "paint", "retarget", "sample", "super_resolve", "verify"),
    ),
    "api.previews": ("Previews",),
    "api.runs": ("Run", "fit", "load", "resume"),
    "config.conf": ("list_models", "list_presets"),
    "errors": ("UserError",),
    "judging.compare": ("compare",),
    "judging.verify": ("Verification",),
    "stopping": ("Stopped",),
    "training.callbacks": ("Callback",),
    "training.engine": ("TrainingStopped",),
    "training.progress": ("TrainingProgress",),
}
__all__ = ["__version__", *(name for names in _HOMES.values() for name in names)]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"internal_gan.{home}"), name)
    raise AttributeError(f"module 'internal_gan' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
