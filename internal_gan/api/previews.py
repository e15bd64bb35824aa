"""Previews: what a task would make of a photo, from a smaller copy of it, in about a second."""

import math
from pathlib import Path
from typing import Any

from PIL import Image

from internal_gan.api.model import Given, option_of, picture_of, results, source_of
from internal_gan.config.catalogue import families_for
from internal_gan.config.options import ANCHORS, PATHS, taken_by
from internal_gan.finishing.finisher import LONGEST
from internal_gan.finishing.sizes import SMALL_SIDE, small_copy
from internal_gan.images.files.image import read_image
from internal_gan.images.files.memory import to_mask, to_pil
from internal_gan.images.photo import Photo, margins_to
from internal_gan.images.pyramid import fit_size
from internal_gan.runs.source import Source
from internal_gan.tasks.runner import patches_of
from internal_gan.units import Size, ratio_of

# Options in pixels of the photo, or of the result.
_IN_PIXELS = {"sample.size", "retarget.shape", "extend.margins", "extend.shape"}
_IN_PIXELS |= {"mask.box", "mask.dilate"}
# Arguments of all functions that are no options of a task.
_NO_OPTIONS = ("output_type", "generator", "stop")


class Previews:
    """What tasks would make of a photo: the same calls, on a smaller copy.

    The photo's sides are halved until the longer has at most ``SMALL_SIDE`` pixels. Results are
    decided at such sizes, too, so a preview shows the picture that the task itself would make.

    >>> import internal_gan
    >>> from PIL import Image
    >>> photo = Image.radial_gradient("L").resize((1400, 1200))
    >>> internal_gan.Previews(photo)("retarget", shape=[1200, 2000]).size
    (1000, 600)
    """

    def __init__(self, photo: Given) -> None:
        """``photo`` is as given to :func:`internal_gan.fit`; a UserError if it cannot be read."""
        self._source = source_of("fill", {"photo": photo})
        self._photo = self._source.photo(longest=SMALL_SIDE)
        # A layout can be another one if a single bit differs.
        self._network = patches_of(source_of("sample", {"photo": photo}).photo(), "cpu")[0]
        self._copies = dict[Size, tuple[Image.Image, Source]]()

    def copy(self, task: str, resolution: str | int | None = None) -> Image.Image:
        """The copy of the photo that a task works on, for a ``finish.resolution``."""
        return self._copy(self._full_size(task, resolution))[0]

    def __call__(self, task: str, /, **given: Any) -> Any:
        """A preview of a task's first result.

        Args:
            given: what the task's function takes, see :class:`internal_gan.Model`, by the names of
                its options, such as ``shape`` for ``retarget.shape``. Sizes are in the photo's
                pixels; pictures are of the photo's size, or of its :meth:`copy`'s.

        Raises:
            UserError: an argument is not allowed.
            Stopped: ``stop`` returned true.
        """
        wanted = given.get("shape") if task == "retarget" else given.get("size")
        if f"{task}.count" in taken_by(task):
            given["count"] = 1
        full = self._full_size(task, given.pop("resolution", None), wanted)
        image, source = self._copy(full)
        ratio, anchor = ratio_of(str(given.get("shape"))), given.get("anchor") or "centre"
        if task == "extend" and ratio is not None and anchor in ANCHORS:
            margins = margins_to(ratio, full, ANCHORS[anchor])
            if any(margins) and given.get("margins") is None:
                # Those of the result, which are scaled below.
                given |= {"shape": None, "anchor": None, "margins": list(margins)}
        for name, value in given.items():
            option = "" if name in _NO_OPTIONS else option_of(task, name, value)
            if option in _IN_PIXELS:
                given[name] = _scaled(value, max(image.size) / max(full))
            elif option in PATHS and value is not None:
                picture = picture_of(value, option, to_mask)
                if isinstance(picture, Path):
                    picture = read_image(picture)
                if picture.size == self._photo.full_size:
                    given[name] = _shown_small(picture, full)
        if "patches" not in families_for(task):
            return next(results(task, {"photo": image, **given}))
        return next(results(task, given, self._network, source))

    def _full_size(self, task: str, resolution: str | int | None, wanted: Any = None) -> Size:
        """The size of the photo in a task's results of a ``wanted`` size, if any."""
        full = self._photo.full_size
        if "finish.resolution" in taken_by(task) and resolution != "photo":
            longest = resolution if isinstance(resolution, int) else LONGEST
            if isinstance(wanted, list | tuple) and all(isinstance(side, int) for side in wanted):
                # A larger result shows the photo larger, too.
                share = math.prod(wanted) / math.prod(full)
                longest = max(longest, round(max(full) * math.sqrt(share)))
            full = fit_size(full, longest)
        return full

    def _copy(self, full: Size) -> tuple[Image.Image, Source]:
        if full not in self._copies:
            is_read = max(full) <= max(self._photo.size)
            image = _shown_small(self._photo if is_read else self._source.photo(), full)
            self._copies[full] = image, source_of("sample", {"photo": image})
        return self._copies[full]


def _shown_small(photo: Photo, full: Size) -> Image.Image:
    """The small copy of a photo that has a size in results."""
    small = small_copy(photo.shrunk_to(full))
    return to_pil(small.colours, small)


def _scaled(value: Any, scale: float) -> Any:
    """A value in pixels, or a list of them, at another scale; ratios and fractions stay.

    >>> _scaled([300, None], 0.5), _scaled("16:9", 0.5), _scaled([0, "10%", 1, 7], 0.25)
    ([150, None], '16:9', [0, '10%', 1, 2])
    """
    if isinstance(value, list | tuple):
        return [_scaled(one, scale) for one in value]
    if isinstance(value, int):
        return min(value, max(1, round(value * scale)))
    return max(1.0, value * scale) if isinstance(value, float) and value >= 1 else value
