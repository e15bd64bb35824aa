"""task=harmonize: an object pasted into the photo, given the photo's look."""

from typing import Any

from internal_gan.config.task_options import HarmonizeOptions
from internal_gan.models.singan.injection import FEATHER, HARMONIZE, HARMONIZE_DILATE
from internal_gan.tasks.redraw import Redraw


class Harmonize(Redraw[HarmonizeOptions]):
    """Redraws the object of ``harmonize.image``, where ``harmonize.mask`` is white."""

    task = "harmonize"
    fraction, dilate, feather = HARMONIZE, HARMONIZE_DILATE, FEATHER
    needs_mask = True

    def _keywords(self) -> dict[str, Any]:
        return {"match": self.wanted.match}


WORK = Harmonize
