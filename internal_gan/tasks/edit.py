"""task=edit: a photo with parts moved or painted over, made to look real again."""

from internal_gan.config.task_options import RedrawOptions
from internal_gan.models.redrawing import EDIT, EDIT_DILATE
from internal_gan.tasks.redraw import Redraw


class Edit(Redraw[RedrawOptions]):
    """Redraws ``edit.image`` where ``edit.mask`` is white, or all of it."""

    injected_at, dilate = EDIT, EDIT_DILATE
