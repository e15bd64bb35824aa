"""Options for masks and for the holes to fill."""

from __future__ import annotations

from dataclasses import dataclass

from internal_gan.config.fields import flag, number, one_of, option, path, seed
from internal_gan.config.task_options import result_count
from internal_gan.errors import Range

MASK_KINDS = ("box", "strokes")


@dataclass
class MaskOptions:
    """How inpaint, edit and harmonize prepare their masks, and what task=mask makes."""

    file: str | None = path(
        "mask, white in the hole, or a folder of masks named like the photos; short: mask=FILE",
        "the name of one image file or of a folder of them, or null",
    )
    invert: bool = flag(False, "take black, not white, as the part that may change")
    dilate: float | None = number(
        None, Range(0, 1000), "grow the mask by this radius; null: the task's default", "of pixels"
    )
    feather: float | None = number(
        None,
        Range(0, 1000),
        "blur the mask's edge by this sigma; null: the task's default",
        "of pixels",
    )
    kind: str = one_of(MASK_KINDS, "strokes", "shape of the holes that task=mask makes")
    ratio: float = number(
        0.3, Range(above=0, below=1), "fraction of the photo that these holes cover"
    )


@dataclass
class InpaintOptions:
    """Holes filled by task=inpaint, and at the end of EdgeConnect's training."""

    box: list[int] | None = option(
        None,
        "hole as a rectangle, instead of a mask",
        "four whole numbers [top,left,height,width] in pixels, such as [20,30,40,50], or null",
        lambda v: len(v) == 4 and min(v[:2]) >= 0 and min(v[2:]) >= 1,
    )
    edges: str | None = path(
        "drawing of the edges in the hole, of the photo's size; short: edges=FILE",
        "the name of one image file, white lines on black, or null",
    )
    source: str | None = path(
        "mask of where to train and take patches from; null: everywhere except the hole",
        "the name of one image file, white where to train, or null",
    )
    count: int = result_count()
    compare: bool = flag(
        True, "also fill the hole by a classical method, to compare; needs internal-gan[inpainting]"
    )
    seed: int | None = seed()
