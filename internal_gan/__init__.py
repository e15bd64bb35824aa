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
from typing import TYPE_CHECKING, Any

from internal_gan.process_settings import set_environment
from internal_gan.version import __version__

set_environment()

if TYPE_CHECKING:  # "as": a type checker takes these names for public
    from internal_gan.api.functions import animate as animate
    from internal_gan.api.functions import edit as edit
    from internal_gan.api.functions import evaluate as evaluate
    from internal_gan.api.functions import extend as extend
    from internal_gan.api.functions import fill as fill
    from internal_gan.api.functions import harmonize as harmonize
    from internal_gan.api.functions import importance as importance
    from internal_gan.api.functions import make_tileable as make_tileable
    from internal_gan.api.functions import paint as paint
    from internal_gan.api.functions import retarget as retarget
    from internal_gan.api.functions import sample as sample
    from internal_gan.api.functions import super_resolve as super_resolve
    from internal_gan.api.functions import verify as verify
    from internal_gan.api.methods import ZSSR as ZSSR
    from internal_gan.api.methods import EdgeConnect as EdgeConnect
    from internal_gan.api.methods import InGAN as InGAN
    from internal_gan.api.methods import Patches as Patches
    from internal_gan.api.methods import SinGAN as SinGAN
    from internal_gan.api.model import Model as Model
    from internal_gan.api.previews import Previews as Previews
    from internal_gan.api.runs import Run as Run
    from internal_gan.api.runs import fit as fit
    from internal_gan.api.runs import load as load
    from internal_gan.api.runs import resume as resume
    from internal_gan.config.conf import list_models as list_models
    from internal_gan.config.conf import list_presets as list_presets
    from internal_gan.errors import UserError as UserError
    from internal_gan.judging.compare import compare as compare
    from internal_gan.judging.verify import Verification as Verification
    from internal_gan.stopping import Stopped as Stopped
    from internal_gan.training.callbacks import Callback as Callback
    from internal_gan.training.engine import TrainingStopped as TrainingStopped
    from internal_gan.training.progress import TrainingProgress as TrainingProgress

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

if not TYPE_CHECKING:  # to which any name would then look valid

    def __getattr__(name: str) -> Any:
        for home, names in _HOMES.items():
            if name in names:
                return getattr(importlib.import_module(f"internal_gan.{home}"), name)
        raise AttributeError(f"module 'internal_gan' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
