"""task=edit: a photo with parts moved or painted over, made to look real again."""

from internal_gan.models.redrawing import EDIT, EDIT_DILATE
from internal_gan.tasks.redraw import Redraw


class Edit(Redraw):
    """Redraws ``edit.image`` where the mask is white, or all of it."""

    injected_at, dilate = EDIT, EDIT_DILATE
