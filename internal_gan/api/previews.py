"""Previews: what a task would make of a photo, from a smaller copy of it, in about a second."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from internal_gan.api.model import Given, option_of, picture_of, results, source_of
from internal_gan.api.signatures import ONE, takes
from internal_gan.config.catalogue import MAKING, families_for
from internal_gan.config.fields import AUTO
from internal_gan.config.options import ANCHORS, PATHS, shapes_in, taken_by
from internal_gan.errors import unknown
from internal_gan.finishing.finisher import LONGEST, drawn_size, shown_side
from internal_gan.finishing.plans import Plan
from internal_gan.finishing.sizes import SMALL_SIDE, small_copy, small_size
from internal_gan.images.files.image import read_image
from internal_gan.images.files.memory import to_mask, to_pil
from internal_gan.images.photo import Photo, margins_to
from internal_gan.images.pyramid import fit_size
from internal_gan.runs.source import Source
from internal_gan.tasks.bind import call
from internal_gan.tasks.formats import is_in_pixels, is_redrawn, plans_of, size_in
from internal_gan.tasks.runner import patches_of
from internal_gan.units import Size, ratio_of

# Arguments in pixels of the photo, or of the result.
_IN_PIXELS = {"size", "shape", "margins", "box", "dilate"}
_NO_OPTIONS = ("output_type", "generator", "stop")  # arguments of all functions


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
        # With a frame, which fill keeps, and sample leaves out.
        self._source = source_of("fill", {"photo": photo})
        self._photo = self._source.photo(longest=SMALL_SIDE)
        # A layout can be another one if a single bit differs.
        self._network = patches_of(source_of("sample", {"photo": photo}).photo(), "cpu")[0]
        self._copy = lru_cache(maxsize=8)(self._copied)

    def copy(self, task: str, resolution: str | int | None = None) -> Image.Image:
        """The copy of the photo that a task works on, for a ``finish.resolution``."""
        full = self._full_size(task, resolution)
        return self._copy(full, small_size(full))[0]

    @takes(returns=ONE)
    def __call__(self, task: str, /, *, output_type: str = "pil", **given: Any) -> Any:
        """A preview of a task's first result.

        Args:
            task: its name, such as ``retarget``.
            given: what the task's function takes, see :class:`internal_gan.Model`, by the names of
                its options, such as ``shape`` for ``retarget.shape``. Sizes are in the photo's
                pixels; pictures are of the photo's size, or of its :meth:`copy`'s.

        Raises:
            UserError: an argument is not allowed.
            Stopped: ``stop`` returned true.
        """
        given, image, source = self._small(task, {"output_type": output_type, **given})
        if "patches" not in families_for(task):
            return next(results(task, {"photo": image, **given}))
        return next(results(task, given, self._network, source))

    def plans(self, **given: Any) -> list[Plan]:
        """What previews of ``retarget`` with seed 0, 1 and so on show, as
        :meth:`internal_gan.Patches.plans`; ``given`` and errors are as for a call."""
        if not self._is_planned("retarget", given):
            return []
        given, _, source = self._small("retarget", given)
        wanted = source_of("retarget", given, source)
        return call(plans_of, "retarget", wanted, model=self._network)

    def _small(
        self, task: str, given: dict[str, Any]
    ) -> tuple[dict[str, Any], Image.Image, Source]:
        """A task's arguments for the copy of the photo, and that copy."""
        resolution, sized = given.pop("resolution", None), {"sample": "size", "retarget": "shape"}
        full = usual = self._full_size(task, resolution)
        small = small_size(full)
        if f"{task}.count" in taken_by(task):
            given["count"] = 1
        name, of_size = sized.get(task, ""), dict[str, Any]()
        is_planned = self._is_planned(task, given)
        if given.get(name) is not None and self._is_finished_drawing(task, given):
            full, small, of_size = self._sized(task, name, given.pop(name), resolution)
        image, source = self._copy(full, small)
        if task == "extend":
            given |= _as_margins(given, full)
        for name, value in given.items():
            option = "" if name in _NO_OPTIONS else option_of(task, name, value)
            if name in _IN_PIXELS:
                scale = max(image.size) / max(full)
                if name == "shape" and is_planned:  # else little would be seen of a small banner
                    longest = max(size_in(self._first_shape(given), full))
                    scale = max(scale, min(1.0, max(image.size) / longest))
                given[name] = _scaled(value, scale)
            elif option in PATHS and value is not None:
                given[name] = self._picture(value, option, (full, small, usual))
        return given | of_size, image, source

    def _picture(self, value: Any, option: str, sizes: tuple[Size, Size, Size]) -> Any:
        """A picture of the photo's size, or of its usual copy's, at the copy's size; others are as
        they are. ``sizes``: of the photo in results, of the copy, and of the photo as usual."""
        full, small, usual = sizes
        picture = picture_of(value, option, to_mask)
        if isinstance(picture, Path):
            picture = read_image(picture)
        if picture.size == self._photo.full_size:
            return _shown_small(picture, full, small)
        if picture.size == small_size(usual) != small:
            return _shown_small(picture, small, small)
        return value

    def _full_size(self, task: str, resolution: str | int | None) -> Size:
        """The size of the photo in a task's results."""
        if task not in MAKING:
            raise unknown("task", task, MAKING)
        full = self._photo.full_size
        if "finish.resolution" not in taken_by(task):
            return full
        known = source_of(task, {"resolution": resolution}).options.finish.resolution or AUTO
        if task == "retarget" and known == AUTO:
            return full
        return fit_size(full, shown_side(known, full, self._network.sizes[-1], longest=LONGEST))

    def _is_finished_drawing(self, task: str, given: dict[str, Any]) -> bool:
        """Whether a result of a size is drawn and then finished; not what a plan makes, which is
        the same for any size of the photo."""
        if given.get("mask") is not None or given.get("detail") == "network":
            return False
        if task != "retarget" or given.get("corners") is not None:
            return True
        return is_redrawn(self._photo, self._photo.full_size, self._first_shape(given))

    def _is_planned(self, task: str, given: dict[str, Any]) -> bool:
        """Whether a result is made by a plan."""
        if task != "retarget" or not given.get("shape") or given.get("detail") == "network":
            return False
        return given.get("mask") is None and not self._is_finished_drawing(task, given)

    def _first_shape(self, given: dict[str, Any]) -> Any:
        options = source_of("retarget", {"shape": given["shape"]}).options
        return shapes_in(options.retarget.shape)[0]

    def _sized(
        self, task: str, name: str, given: Any, resolution: str | int | None
    ) -> tuple[Size, Size, dict[str, Any]]:
        """For a result's size: the size of the photo to make a copy of, the copy's, and the
        preview's options, with which its layout has as many pixels as the result's, if nearly the
        scaled size can."""
        options = source_of(task, {name: given, "resolution": resolution}).options
        known, own = options.finish.resolution or AUTO, self._network.sizes[-1]
        photo = self._photo.full_size
        usual = fit_size(photo, shown_side(known, photo, own, longest=LONGEST))
        shape = options.sample.size or shapes_in(options.retarget.shape)[0]
        if known == AUTO and not is_in_pixels(shape):
            known = LONGEST  # whatever the size of the result

        def layout(photo: Size, size: Size, resolution: int | str) -> tuple[Size, Size]:
            same_area = task == "retarget"
            side = shown_side(resolution, photo, own, size, longest=LONGEST, same_area=same_area)
            return drawn_size(size, own, shown := fit_size(photo, side)), shown

        def named(size: Size, photo: Size) -> list[int | str]:
            if is_in_pixels(shape):
                return list(size)
            # More of the photo is asked for in per cent, see `is_redrawn`.
            return [f"{100 * new / old:.6f}%" for new, old in zip(size, photo, strict=True)]

        size = size_in(shape, usual)
        wanted, shown = layout(photo, size, known)
        steps = sorted(product(range(-2, 3), repeat=2), key=lambda step: np.abs(step).sum())
        # First with the usual copy, which many sizes share. If the photo is hardly smaller in the
        # result, it would not be shrunk: then with a copy as it is there.
        for copied, how in (usual, AUTO), (shown, "photo"):
            small = small_size(copied, size)
            scaled = [round(side * max(small) / max(copied)) for side in size]
            for down, right in steps:
                near = max(1, scaled[0] + down), max(1, scaled[1] + right)
                if layout(small, near, how)[0] == wanted:
                    return copied, small, {name: named(near, small), "resolution": how}
        least = max(1, scaled[0]), max(1, scaled[1])
        return copied, small, {name: named(least, small), "resolution": how}

    def _copied(self, full: Size, small: Size) -> tuple[Image.Image, Source]:
        is_read = max(full) <= max(self._photo.size)
        image = _shown_small(self._photo if is_read else self._source.photo(), full, small)
        return image, source_of("sample", {"photo": image})


def _as_margins(given: Mapping[str, Any], full: Size) -> dict[str, Any]:
    """Arguments of ``extend`` with the margins that a ratio asks for, which can be scaled."""
    ratio, anchor = ratio_of(str(given.get("shape"))), str(given.get("anchor") or "centre")
    if ratio is None or anchor not in ANCHORS or given.get("margins") is not None:
        return {}
    margins = margins_to(ratio, full, ANCHORS[anchor])
    return {"shape": None, "anchor": None, "margins": list(margins)} if any(margins) else {}


def _shown_small(photo: Photo, full: Size, small: Size) -> Image.Image:
    """A photo that has a size in results at one of its small sizes."""
    copy = small_copy(photo.shrunk_to(full), small)
    return to_pil(copy.colours, copy)


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
