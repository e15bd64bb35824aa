"""task=harmonize: an object pasted into the photo, given the photo's look."""

from __future__ import annotations

from pathlib import Path

from internal_gan.config.options import Options
from internal_gan.models.singan.injection import FEATHER, HARMONIZE, HARMONIZE_DILATE
from internal_gan.tasks.redraw import Application, redraw

HARMONIZATION = Application("harmonize", HARMONIZE, HARMONIZE_DILATE, FEATHER, needs_mask=True)


def harmonize(options: Options, family: str | None = None) -> Path:
    """Write ``options.harmonize.image``, harmonized where ``options.harmonize.mask`` is white; see
    :func:`internal_gan.tasks.redraw.redraw`."""
    return redraw(options, HARMONIZATION, family)
