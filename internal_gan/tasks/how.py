"""How results are made and shown, whatever the task."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from internal_gan.config.arguments import written
from internal_gan.config.fields import AUTO, LARGEST_SEED
from internal_gan.errors import UserError
from internal_gan.finishing.finisher import BYTES_PER_PIXEL, AsDrawn, Finisher
from internal_gan.finishing.part_finisher import PartFinisher, check_part
from internal_gan.finishing.turns import Turn, turn_of
from internal_gan.images.periodic import Wrap
from internal_gan.images.photo import Photo
from internal_gan.images.windows import bounds
from internal_gan.judging.tiling import wraps
from internal_gan.models.base import Model
from internal_gan.reporting import SILENT, Report
from internal_gan.shapes import Mask, Pixels
from internal_gan.units import Size, memory

# Results of more pixels must be confirmed.
LARGE = 50_000_000


@dataclass(frozen=True)
class How:
    """How a task makes its results.

    Attributes:
        seed: of all that is random.
        detail, resolution: ``finish.detail`` and ``finish.resolution``.
        read: reads the photo that a model learnt, with at most a given long side in pixels or, by
            None, as it is; None if the photo is gone.
        confirmed: whether a very large result is wanted.
        warned: whether what is odd about the inputs was already said.
        ends_training: whether the results end a training.
        preview: whether a few results are enough, by the stages of a training finished so far.
        report: what the user is told.
    """

    seed: int = 0
    detail: str = "patches"
    resolution: int | str = AUTO
    read: Callable[[int | None], Photo] | None = None
    confirmed: bool = True
    warned: bool = False
    ends_training: bool = False
    preview: bool = False
    report: Report = SILENT

    @property
    def rebuilds(self) -> bool:
        """Whether results are made of the photo's own pixels."""
        return self.detail == "patches"

    def seeds(self, count: int) -> list[int]:
        return [(self.seed + k) % (LARGEST_SEED + 1) for k in range(count)]

    def chances(self, count: int) -> list[torch.Generator | None]:
        """The generators of several results; that of seed 0 is None, for what fits best."""
        return [torch.Generator().manual_seed(n) if n else None for n in self.seeds(count)]

    def finisher(self, learnt: Pixels, size: Sequence[int] | None = None, **more: Any) -> AsDrawn:
        """What makes results from drawings; see :class:`Finisher` for arguments and errors."""
        at = None if size is None else (size[0], size[1])
        if not self.rebuilds:
            return AsDrawn(learnt, at)

        def image(longest: int | None) -> Photo:
            return Photo(learnt.cpu())

        more |= {"resolution": self.resolution, "report": self.report}
        return Finisher(learnt, self.read or image, at, is_photo=self.read is not None, **more)

    def part_finisher(
        self, photo: Photo, part: Mask, option: str = "image", **more: Any
    ) -> PartFinisher:
        """See :class:`PartFinisher`; a UserError that names ``option`` if memory is too small."""
        if self.rebuilds:
            check_part(photo, photo.size, int(part.count_nonzero()), option)
        return PartFinisher(photo, part, self.detail, report=self.report, **more)

    def learnt(self, model: Model) -> Photo:
        """The photo that a model learnt or, if it is gone, the model's own image of it."""
        return Photo(model.image.cpu()) if self.read is None else self.read(None)

    def turn(self, photo: Photo, hole: Mask) -> Turn | None:
        """How to move a photo around whose borders meet, if a hole touches them; says that."""
        box = bounds(hole) if hole.any() else (slice(1, 1), slice(1, 1))
        sides = zip(box, photo.size, strict=True)
        if all(side.start > 0 and side.stop < length for side, length in sides):
            return None
        turn = turn_of(hole, wrap := wraps(photo, hole))
        if turn is not None:
            self._tell_wrap(wrap)
        return turn

    def wrap(self, photo: Photo, may: Wrap = (True, True)) -> Wrap:
        """Which borders of a photo meet, of those that ``may`` in the result, too; says that."""
        met = wraps(photo) if any(may) else may
        met = met[0] and may[0], met[1] and may[1]
        if any(met):
            self._tell_wrap(met)
        return met

    def _tell_wrap(self, wrap: Wrap) -> None:
        names = ("top and bottom",) * wrap[0] + ("left and right",) * wrap[1]
        self.report.say(f"The photo has no seam at {', '.join(names)}; nor has the result")

    def check_size(self, size: Size, option: str) -> None:
        """Raise a UserError that names ``option`` for a very large result, unless confirmed."""
        pixels = math.prod(size)
        if not self.confirmed and pixels > LARGE:
            raise UserError(
                f"{option}: a result of {pixels / 1e6:.0f} megapixels takes about "
                f"{memory(BYTES_PER_PIXEL * pixels)} of memory",
                option=option.partition("=")[0],
                kind="unconfirmed",
                advice="to go on, add confirm=large",
            )

    def tell_new_colours(self, photo: Photo | None = None, *, blends: bool = False) -> None:
        """Say that results have more colours than a photo of few, by default the one that was
        learnt, unless they are made of its own pixels, which they never are if a task ``blends``.
        """
        if self.rebuilds and not blends:
            return
        if photo is None and self.read is not None:
            photo = self.read(None)
        if photo is not None and photo.has_few_colours:
            self.report.say(
                "The photo has few colours; these results are drawn or blended, and have more"
            )


def check_start_scale(
    model: Model, option: str, scale: int, first: int = 0, others: str = ""
) -> None:
    """Raise a UserError if a model has no such scale, or has not finished it, unless it is
    untrained; its message names an option, and allows scales from the ``first``, and ``others``."""
    count = model.finished or model.num_stages
    if scale >= count:
        what = f"this model has {count} scales"
        if model.finished:
            what = f"{count} of the model's {model.num_stages} scales are finished"
        raise UserError(f"{option}={scale}: {what}; allowed: {first} to {count - 1}{others}")


def option_of_size(task: str, size: Sequence[int] | None) -> str:
    """The option that decides how large results are, with its value."""
    return f"{task}.size={written(size)}" if size else "finish.resolution"
