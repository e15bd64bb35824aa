"""What models can do: the one list of abilities. Does not load torch.

A class of :mod:`internal_gan.models.abilities` says what each asks of a model, and one of
:mod:`internal_gan.api.methods` has its methods in Python.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ability:
    """What a task can ask of a model.

    The last three describe how a training ends if this is its family's first ability; they are
    empty if it cannot be the first, since all its tasks need another picture.

    Attributes:
        verb: completes "a model that ...".
        task: with which the training ends.
        pipeline: what the model does, as the Hub calls it.
        call: a line of code that does it.
    """

    verb: str
    task: str = ""
    pipeline: str = ""
    call: str = ""


SAMPLES = Ability("samples", "sample", "unconditional-image-generation", "model.sample(4)")
REDRAWS = Ability("redraws")
RETARGETS = Ability("retargets", "retarget", "image-to-image", "model.retarget((300, 800))")
FILLS = Ability("fills", "inpaint", "image-to-image", 'model.fill("photo.jpg", "mask.png")')
