"""Finishes whole drawings and films: rebuilds them from the photo's own pixels."""

import copy
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from internal_gan.config.fields import AUTO
from internal_gan.device import check_memory, free_memory
from internal_gan.errors import UserError
from internal_gan.finishing.drawing import LARGEST_PIECE, Octaves, compile_loops, finish
from internal_gan.finishing.film import between, motions
from internal_gan.finishing.origin import EXACT, MAX_SIDE, READ_SIDE, Origin
from internal_gan.finishing.walker import Fixed
from internal_gan.images.colours import in_floats
from internal_gan.images.levels import colours_of, largest_level, levels_of, used_range
from internal_gan.images.periodic import NO_WRAP, Wrap
from internal_gan.images.photo import Photo, output_format_of
from internal_gan.images.pyramid import fit_size, scaled
from internal_gan.images.resize import size_of
from internal_gan.patches.matching import matched
from internal_gan.patches.origins import own_places, taken
from internal_gan.reporting import SILENT, Report
from internal_gan.shapes import Levels, Mask, Pixels
from internal_gan.units import Size, by

# Default long side of the photo in results, in pixels.
LONGEST = READ_SIDE
LONGEST_IN_FILMS = 1024  # the same in films
# Memory that finishing takes, in bytes.
BYTES_PER_PIXEL = 110  # for each pixel of the result
BYTES_IN_FILMS = 200  # for each pixel of a film frame
# How many results are made at the same time: at least two, and fewer if they do not fit into half
# of the memory.
CORES_EACH = 2  # cores for each result
AT_ONCE_PIXELS = 5_000_000  # a result of more pixels is made alone, since it keeps all cores busy
# Shortest side of a drawing, in pixels.
MIN_DRAWING = 8


@dataclass(frozen=True)
class Finished:
    """A picture, and what it is made of.

    Attributes:
        colours: the picture, (1, 3, H, W), levels of 8 bits or in [-1, 1].
        drawing: the network's output; None if that is the picture itself.
        origin: where the pixels come from; None if the network drew them.
        alpha: (1, 1, H, W) in [0, 1]; None: opaque, or like ``like``.
        like: the photo whose format the file takes; None: the training photo.
    """

    colours: Tensor
    drawing: Pixels | None = None
    origin: Origin | None = None
    alpha: Mask | None = None
    like: Photo | None = None

    @property
    def pixels(self) -> Pixels:
        """The colours in [-1, 1]; levels are converted at each call."""
        return in_floats(self.colours)


class AsDrawn:
    """Leaves drawings as they are: results are the network's output.

    Attributes:
        size: of results; None: the network's own or, of the photo's pixels, the photo's.
        photo_size: of the photo in results.
    """

    def __init__(self, learnt: Pixels, size: Size | None = None) -> None:
        self._learnt = learnt
        self.size = size
        self.photo_size = size_of(learnt)

    @property
    def drawing_size(self) -> Size | None:
        """What the network must draw for results of ``size``; None: its own."""
        return self.size

    def at(self, size: Size) -> Self:
        """A copy for results of another size, with the photo at the same size."""
        other = copy.copy(self)
        other.size = size
        return other

    def enlarging(self, drawing: Size) -> Self:
        """A copy for drawings of a given size, enlarged by the same factor as the photo."""
        ratios = [b / a for a, b in zip(size_of(self._learnt), self.photo_size, strict=True)]
        return self.at(scaled(drawing, *ratios))

    @property
    def at_once(self) -> int:
        """How many results to make in the background at the same time; 0: none."""
        return 0

    def check(self, option: str, each: int = BYTES_PER_PIXEL) -> None:
        """Raise a UserError that names ``option`` if the result, at ``each`` bytes a pixel, does
        not fit into memory."""

    def __call__(
        self, drawing: Pixels, wrap: Wrap = NO_WRAP, fixed: Fixed | None = None, matching: int = 0
    ) -> Finished:
        """Finish a drawing.

        Args:
            fixed: the photo's pixels that the result has unchanged.
            matching: steps of :func:`internal_gan.patches.matching.matched` to do first, unless
                they lead to too large a copied piece, and to a larger one than without.
        """
        return Finished(drawing)

    def film(
        self,
        drawings: Iterable[Pixels],
        still: bool,
        around: tuple[int, int] | None,
        traced: bool,
        wrap: Wrap = NO_WRAP,
    ) -> Iterator[Finished]:
        """The frames of a film with some drawings, one by one.

        Args:
            still: whether the first drawing is of the photo as it is, which then begins the film.
            around: how often the film goes round the drawings, and its number of frames; None: a
                frame is a drawing.
            traced: whether every frame after the first, which always has one, has an origin; that
                costs as much as the frame.
            wrap: which borders of a still photo meet, and do so in all frames.
        """
        return map(Finished, drawings)


def shown_side(
    resolution: int | str,
    full: Size,
    own: Size,
    size: Size | None = None,
    *,
    longest: int = LONGEST,
    same_area: bool = False,
) -> int | None:
    """The long side of a photo in results, in pixels, as for :func:`fit_size`; None: its own.

    ``full`` is the photo's size, ``own`` its training image's; the others: see :class:`Finisher`.
    """
    named = {AUTO: longest, "photo": None, "model": max(own)}
    side = named[resolution] if isinstance(resolution, str) else resolution
    if size is None or resolution != AUTO:
        return side
    ratios = [new / old for new, old in zip(size, full, strict=True)]
    share = min(1.0, math.sqrt(math.prod(ratios))) if same_area else min(ratios)
    side = max(max(own), round(share * max(full)))
    return side if same_area else min(side, LONGEST)


def drawn_size(size: Size, own: Size, photo: Size) -> Size:
    """What must be drawn for a result of a size, with the photo at size ``photo`` in it."""
    height, width = (
        max(MIN_DRAWING, round(side * mine / whole))
        for side, mine, whole in zip(size, own, photo, strict=True)
    )
    return height, width


class Finisher(AsDrawn):
    """Makes pictures of one size from drawings, out of the photo's own pixels.

    Args:
        learnt: the training image.
        read: reads the photo, no larger than a given long side in pixels.
        size: of the result; None: the photo's.
        resolution: ``finish.resolution``.
        longest: the long side of the photo in results, in pixels, for ``resolution="auto"``.
        same_area: whether, with a size and ``resolution="auto"``, the photo gets as many pixels as
            the result, but is not enlarged; otherwise it fits into the size.
        is_photo: whether ``read`` gives the photo itself, not the training image.

    Raises:
        UserError: the photo would be too small or too large in the result, or it cannot be read.
    """

    def __init__(
        self,
        learnt: Pixels,
        read: Callable[[int | None], Photo],
        size: Size | None = None,
        *,
        resolution: int | str = AUTO,
        longest: int = LONGEST,
        same_area: bool = False,
        is_photo: bool = True,
        report: Report = SILENT,
    ) -> None:
        super().__init__(learnt, size)
        self._report = report
        own = self.photo_size
        side = shown_side(resolution, own, own, longest=longest)
        read_side = None if side is None else max(side, READ_SIDE)
        photo = read(read_side)
        full = photo.full_size
        side = shown_side(resolution, full, own, size, longest=longest, same_area=same_area)
        if read_side is not None and side is not None and side > read_side:
            photo = read(side)
        self.photo_size = fit_size(full, side)
        if max(self.photo_size) > MAX_SIDE:
            raise UserError(
                f"finish.resolution={resolution}: the photo has {by(self.photo_size)} pixels; "
                f"origins can be recorded for at most {MAX_SIDE} a side"
            )
        self._like = output_format_of(photo, finished=True)[0] if is_photo else None
        photo = photo.shrunk_to(self.photo_size)
        self._used = used_range(photo)
        self._blends = not photo.has_few_colours
        self._photo = levels_of(photo.colours, largest_level(photo))
        self._alpha: NDArray[np.float32] | None = None
        if photo.alpha is not None and (photo.alpha < 1).any():
            self._alpha = photo.alpha[0, 0].numpy()

    @property
    def drawing_size(self) -> Size | None:
        own = size_of(self._learnt)
        return None if self.size is None else drawn_size(self.size, own, self.photo_size)

    @cached_property
    def _octaves(self) -> Octaves:
        return Octaves(self._photo, self._used, self._blends)

    @property
    def at_once(self) -> int:
        pixels = math.prod(self.size or self.photo_size)
        if pixels > AT_ONCE_PIXELS:
            return 1
        fitting = free_memory(torch.device("cpu")) // (2 * BYTES_PER_PIXEL * pixels)
        return max(1, min(fitting, max(2, torch.get_num_threads() // CORES_EACH)))

    def check(self, option: str, each: int = BYTES_PER_PIXEL) -> None:
        pixels = math.prod(self.size or self.photo_size)
        check_memory(each * pixels, torch.device("cpu"), option)

    def __call__(
        self, drawing: Pixels, wrap: Wrap = NO_WRAP, fixed: Fixed | None = None, matching: int = 0
    ) -> Finished:
        compile_loops(self._report.say)
        # Matching may turn a drawing that is close to the photo into a copy of it.
        size = self.size or self.photo_size
        tried = []
        for steps in dict.fromkeys((matching, 0)):
            better = matched(drawing.cpu(), self._learnt.cpu(), steps, wrap)
            layout = levels_of(better, 255)
            tried.append(finish(layout, self._octaves, size, wrap=wrap, fixed=fixed))
            if tried[-1].largest_piece <= LARGEST_PIECE:
                break
        done = min(tried, key=lambda one: one.largest_piece)
        return self._made(done.pixels, done.origin, drawing)

    def film(
        self,
        drawings: Iterable[Pixels],
        still: bool,
        around: tuple[int, int] | None,
        traced: bool,
        wrap: Wrap = NO_WRAP,
    ) -> Iterator[Finished]:
        drawn = (drawing.cpu() for drawing in drawings)
        first = next(drawn)
        if still:
            size = self.photo_size
            origin = Origin(own_places(size), np.full(size, EXACT, np.uint8), size)
            picture = self._made(self._photo, origin)
        else:
            picture = replace(self(first), drawing=None)
        assert picture.origin is not None
        yield picture
        low, high = self._used
        pixels = picture.pixels
        moving = motions(chain([first], drawn), wrap)
        if around is not None:
            moving = between([*moving], *around)
        for motion in islice(moving, 1, None):
            motion = replace(motion, change=motion.change * ((high - low) / 2))
            yield replace(
                picture,
                colours=motion.moved(pixels),
                origin=motion.origin(picture.origin) if traced else None,
                alpha=None if picture.alpha is None else motion.mask(picture.alpha),
            )

    def _made(self, levels: Levels, origin: Origin, drawing: Pixels | None = None) -> Finished:
        alpha = None
        if self._alpha is not None:
            alpha = torch.from_numpy(taken(self._alpha, origin.places))[None, None]
        return Finished(colours_of(levels), drawing, origin, alpha, self._like)
