"""task=harmonize: an object pasted into the photo, given the photo's look."""

import math

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from internal_gan.config.task_options import HarmonizeOptions
from internal_gan.finishing.masked import Inside
from internal_gan.finishing.verification import same_pixels
from internal_gan.images.composite import bring_back
from internal_gan.images.fill import fill_smoothly
from internal_gan.images.photo import Photo
from internal_gan.images.resize import size_of
from internal_gan.models.redrawing import HARMONIZE, HARMONIZE_DILATE, Change
from internal_gan.tasks.redraw import Redraw


class Harmonize(Redraw[HarmonizeOptions]):
    """Redraws the object of ``harmonize.image``, where ``harmonize.mask`` is white."""

    injected_at, dilate, needs_mask = HARMONIZE, HARMONIZE_DILATE, True
    # Finished results keep the object's outline.
    reference = math.inf

    @property
    def _match(self) -> bool:
        return bool(self.context.as_trained("harmonize.match"))

    def _finished(
        self,
        photo: Photo,
        change: Change,
        mask: Tensor | None,
        weight: Tensor,
        part: Tensor,
        learnt: Photo,
    ) -> Inside:
        """Keep the object's detail and change its colours, without bleeding across its outline.

        The photo has no patches like the object, so the object's pixels are recorded as coming from
        no photo. Around it, the photo is unchanged.
        """
        assert mask is not None
        size = size_of(change.after)
        outside = F.adaptive_max_pool2d((mask <= 0.5).float(), size)
        if outside.all():
            outside = 1.0 - F.adaptive_max_pool2d(mask, size)
        before, after = (fill_smoothly(image, outside) for image in change)
        made = bring_back(photo.pixels, before, after, weight)
        origins = np.moveaxis(np.indices(photo.size, np.int32), 0, -1)
        known = same_pixels(photo, learnt) & (part[0, 0].numpy() == 0)
        return Inside(made, origins, known)


TASK = Harmonize
