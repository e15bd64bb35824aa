"""task=harmonize: an object pasted into the photo, given the photo's look."""

from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.resize import size_of
from internal_gan.images.smooth_fill import fill_smoothly
from internal_gan.models.redrawing import HARMONIZE, HARMONIZE_DILATE, Change
from internal_gan.tasks.edit import Edit


class Harmonize(Edit):
    """Redraws the object of ``edit.image``, where the mask is white."""

    injected_at, dilate, is_object = HARMONIZE, HARMONIZE_DILATE, True

    def _changed(self, change: Change, mask: Tensor | None) -> Change:
        """Keep the object's colours from bleeding across its outline."""
        assert mask is not None
        size = size_of(change.after)
        outside = F.adaptive_max_pool2d((mask <= 0.5).float(), size)
        if outside.all():
            outside = 1.0 - F.adaptive_max_pool2d(mask, size)
        return Change(*(fill_smoothly(image, outside) for image in change))
