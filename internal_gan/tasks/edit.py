"""task=edit: a photo with patches moved or painted over, made to look like one photo again."""

from internal_gan.config.task_options import RedrawOptions
from internal_gan.models.singan.injection import EDIT, EDIT_DILATE, FEATHER
from internal_gan.tasks.redraw import Redraw


class Edit(Redraw[RedrawOptions]):
    """Redraws ``edit.image`` where ``edit.mask`` is white, or all of it."""

    task = "edit"
    fraction, dilate, feather = EDIT, EDIT_DILATE, FEATHER
    needs_mask = False


WORK = Edit
