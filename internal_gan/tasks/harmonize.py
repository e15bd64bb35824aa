"""task=harmonize: an object pasted into the photo, given the photo's look."""

from collections.abc import Iterator

from torch.nn import functional as F

from internal_gan.config.options import EditOptions
from internal_gan.images.photo import Photo
from internal_gan.images.resize import size_of
from internal_gan.images.smooth_fill import fill_smoothly
from internal_gan.models.abilities import Injects
from internal_gan.models.redrawing import HARMONIZE, HARMONIZE_DILATE, Change
from internal_gan.shapes import Mask
from internal_gan.tasks.edit import Given, Kind, redrawn
from internal_gan.tasks.how import How
from internal_gan.tasks.items import Picture


def harmonize(
    model: Injects,
    image: Photo | None,
    mask: Photo | None,
    dilate: float | None,
    like: Photo | None,
    wanted: EditOptions,
    match: bool,
    how: How,
) -> Iterator[Picture]:
    """Redraws the object of ``edit.image`` where the mask is white: ``harmonize/000.png`` and so
    on; with ``match``, it first gets the photo's colours."""
    kind = Kind("harmonize", HARMONIZE, HARMONIZE_DILATE, True, match, _inside)
    return redrawn(model, Given(image, mask, dilate, like), wanted, how, kind)


def _inside(change: Change, mask: Mask) -> Change:
    """A change whose object's colours do not bleed across its outline."""
    size = size_of(change.after)
    outside = F.adaptive_max_pool2d((mask <= 0.5).float(), size)
    if outside.all():
        outside = 1.0 - F.adaptive_max_pool2d(mask, size)
    return Change(*(fill_smoothly(image, outside) for image in change))
