"""task=harmonize: an object pasted into the photo, given the photo's look."""

from typing import Any

from internal_gan.config.task_options import HarmonizeOptions
from internal_gan.models.singan.injection import HARMONIZE, HARMONIZE_DILATE
from internal_gan.tasks.redraw import Redraw


class Harmonize(Redraw[HarmonizeOptions]):
    """Redraws the object of ``harmonize.image``, where ``harmonize.mask`` is white."""

    task, fraction, dilate, needs_mask = "harmonize", HARMONIZE, HARMONIZE_DILATE, True

    def _keywords(self) -> dict[str, Any]:
        return {"match": self.wanted.match}


WORK = Harmonize
