"""task=edit: a photo with patches moved or painted over, made to look like one photo again."""

from __future__ import annotations

from pathlib import Path

from internal_gan.config.options import Options
from internal_gan.models.singan.injection import EDIT, EDIT_DILATE, FEATHER
from internal_gan.tasks.redraw import Application, redraw

EDITING = Application("edit", EDIT, EDIT_DILATE, FEATHER, needs_mask=False)


def edit(options: Options, family: str | None = None) -> Path:
    """Write ``options.edit.image``, redrawn where ``options.edit.mask`` is white; see
    :func:`internal_gan.tasks.redraw.redraw`."""
    return redraw(options, EDITING, family)
