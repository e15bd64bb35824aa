"""Finishes whole drawings and films: rebuilds them from the photo's own pixels."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from internal_gan.config.fields import AUTO
from internal_gan.device import check_memory
from internal_gan.errors import UserError
from internal_gan.finishing.compilation import compile_loops
from internal_gan.finishing.drawing import LARGEST, Indices, finish
from internal_gan.finishing.film import film
from internal_gan.finishing.layers import Layer
from internal_gan.finishing.origin import BLENDED, EXACT, MAX_SIDE, READ_SIDE, Origin
from internal_gan.finishing.walker import Fixed
from internal_gan.images.levels import in_eight_bits, largest_level, levels_of, pixels_of
from internal_gan.images.photo import Photo, output_format_of
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import size_of
from internal_gan.patches.matching import matched
from internal_gan.patches.origins import taken
from internal_gan.shapes import Mask, Pixels
from internal_gan.units import Size

# Default long side of the photo in results, in pixels.
LONGEST = READ_SIDE
# The same in films.
LONGEST_IN_FILMS = 1024
# Seconds over which a new pixel of a film fades in.
FADE = 0.4
# Memory that finishing takes for each pixel of the result, or of a film frame.
BYTES_PER_PIXEL, BYTES_IN_FILMS = 150, 350
# Shortest side of a drawing, and shortest long side of the photo in results, in pixels.
MIN_DRAWING, MIN_SIDE = 8, 16


@dataclass(frozen=True)
class Finished:
    """A picture, and what it is made of.

    Attributes:
        pixels: the picture.
        drawing: the network's output; None if that is the picture itself.
        origin: where the pixels come from; None if the network drew them.
        alpha: if the photo is transparent somewhere.
        like: the photo whose format the file takes; None: the training photo.
        layers: of the photo, to be rearranged like the picture.
    """

    pixels: Pixels
    drawing: Pixels | None = None
    origin: Origin | None = None
    alpha: Mask | None = None
    like: Photo | None = None
    layers: Sequence[Layer] = ()


class Finisher:
    """Makes pictures of one size from drawings, out of the photo's own pixels.

    Args:
        learnt: the training image.
        read: reads the photo, no larger than a given long side in pixels; None leaves drawings
            as they are.
        size: of the result; None: the photo's.
        number: of the photo.
        resolution: ``finish.resolution``.
        longest: the long side of the photo in results, in pixels, for ``resolution="auto"``.
        zoom: scale of the photo in the result, relative to its own size; replaces
            ``resolution``. With ``auto`` and a size, the photo gets as many pixels as the result,
            but is not enlarged. None: the photo fits into the size.
        layers: reads the layers of a photo of a size.
        is_photo: whether ``read`` gives the photo itself, not the training image.

    Attributes:
        on: whether drawings are finished; if not, results are the network's output.
        size: of results; None: the network's own.
        drawing_size: what the network must draw for them; None: its own.
        photo_size: of the photo in results.

    Raises:
        UserError: the photo would be too small or too large in the result, or it or its layers
            cannot be read.
    """

    def __init__(
        self,
        learnt: Pixels,
        read: Callable[[int | None], Photo] | None = None,
        size: Size | None = None,
        *,
        number: int = 0,
        resolution: int | str = AUTO,
        longest: int = LONGEST,
        zoom: float | str | None = None,
        layers: Callable[[Size], list[Layer]] = lambda size: [],
        is_photo: bool = True,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.on = read is not None
        self._learnt = learnt
        self._say = say
        self.photo_size = own = size_of(learnt)
        self.size = self.drawing_size = size
        if read is None:
            return
        named = {AUTO: longest, "photo": None, "model": max(own)}
        side = named[resolution] if isinstance(resolution, str) else resolution
        at_once = None if side is None else max(side, READ_SIDE)
        photo = read(at_once)
        full = photo.full_size
        if isinstance(zoom, float | int):
            side = round(zoom * max(full))
            if side < MIN_SIDE:
                raise UserError(
                    f"retarget.zoom={zoom:g}: the photo's long side in pixels would be {side}; "
                    f"allowed: {MIN_SIDE} or more"
                )
        elif size is not None and resolution == AUTO:
            ratios = [new / old for new, old in zip(size, full, strict=True)]
            share = min(ratios) if zoom is None else min(1.0, math.sqrt(math.prod(ratios)))
            side = max(own) if share * max(full) < max(own) else round(share * max(full))
            side = min(side, LONGEST) if zoom is None else side
        if at_once is not None and (side is None or side > at_once):
            photo = read(side)
        self._number, self.photo_size = number, fit_size(full, side)
        if max(self.photo_size) > MAX_SIDE:
            height, width = self.photo_size
            zoomed = isinstance(zoom, float | int)
            option = f"retarget.zoom={zoom:g}" if zoomed else f"finish.resolution={resolution}"
            raise UserError(
                f"{option}: the photo has {height}x{width} pixels; origins can be recorded for at "
                f"most {MAX_SIDE} a side"
            )
        self._like = output_format_of(photo, finished=True)[0] if is_photo else None
        photo = photo.shrunk_to(self.photo_size)
        self._layers = [layer.shrunk_to(self.photo_size) for layer in layers(full)]
        self._white = largest_level(photo)
        self._photo = levels_of(photo.pixels, self._white)
        self._alpha: NDArray[np.float32] | None = None
        if photo.alpha is not None and (photo.alpha < 1).any():
            self._alpha = photo.alpha[0, 0].numpy()
        self.size = self.photo_size
        if size is not None:
            self._aim(size)

    @property
    def photo(self) -> Pixels:
        """The photo at its size in results."""
        return pixels_of(self._photo) if self.on else self._learnt.cpu()

    @cached_property
    def _indices(self) -> Indices:
        return Indices(self._photo)

    def at(self, size: Size) -> Finisher:
        """A copy for results of another size, with the photo at the same size."""
        other = copy.copy(self)
        other._aim(size)
        return other

    def enlarging(self, drawing: Size) -> Finisher:
        """A copy for drawings of a given size, enlarged by the same factor as the photo."""
        other = copy.copy(self)
        ratios = [b / a for a, b in zip(size_of(self._learnt), self.photo_size, strict=True)]
        other.size = round(drawing[0] * ratios[0]), round(drawing[1] * ratios[1])
        other.drawing_size = drawing
        return other

    def _aim(self, size: Size) -> None:
        self.size = self.drawing_size = size
        if self.on:
            height, width = (
                max(MIN_DRAWING, round(side * mine / whole))
                for side, mine, whole in zip(
                    size, size_of(self._learnt), self.photo_size, strict=True
                )
            )
            self.drawing_size = height, width

    def check(self, option: str, each: int = BYTES_PER_PIXEL) -> None:
        """Raise a UserError that names ``option`` if the result, at ``each`` bytes a pixel, does
        not fit into memory."""
        if self.on and self.size is not None:
            needed = each * self.size[0] * self.size[1]
            check_memory(needed, torch.device("cpu"), option)

    def __call__(
        self,
        drawing: Pixels,
        wrap: tuple[bool, bool] = (False, False),
        fixed: Fixed | None = None,
        matching: int = 0,
    ) -> Finished:
        """Finish a drawing.

        Args:
            wrap: whether it wraps from bottom to top, and from right to left.
            fixed: pixels of the result whose origins are given; those at seams may still change.
            matching: steps of :func:`internal_gan.patches.matching.matched` to do first, unless
                they lead to too large a copied piece, and to a larger one than without.
        """
        if not self.on:
            return Finished(drawing)
        assert self.size is not None
        compile_loops(self._say)
        # Matching may turn a drawing that is close to the photo into a copy of it.
        tried = []
        for steps in dict.fromkeys((matching, 0)):
            layout = levels_of(matched(drawing.cpu(), self._learnt.cpu(), steps, wrap), 255)
            tried.append(finish(layout, self._indices, self.size, wrap=wrap, fixed=fixed))
            if tried[-1].largest_piece <= LARGEST:
                break
        done = min(tried, key=lambda one: one.largest_piece)
        alpha = None
        if self._alpha is not None:
            alpha = torch.from_numpy(taken(self._alpha, done.origins))[None, None]
        origin = self._origin(done.exact, done.origins)
        return Finished(pixels_of(done.pixels), drawing, origin, alpha, self._like, self._layers)

    def film(
        self, drawings: Iterable[Pixels], fps: float, loop: int | None = None
    ) -> Iterator[Pixels]:
        """Finish the drawings of a film of ``fps`` frames a second, one by one; ``loop`` is their
        number if the last leads back to the first."""
        if not self.on:
            yield from drawings
            return
        assert self.size is not None
        compile_loops(self._say)
        drawn = (levels_of(drawing, 255) for drawing in drawings)
        fade = max(1, round(FADE * fps))
        photo = in_eight_bits(self._photo)
        for frame in film(drawn, photo, self.size, fade=fade, loop=loop):
            yield pixels_of(frame)

    def changed(self, drawn: Finished, pixels: Pixels) -> Finished:
        """A result with other pixels but the same origins."""
        if drawn.origin is None:
            return replace(drawn, pixels=pixels)
        places = drawn.origin.places
        exact = (levels_of(pixels, self._white) == taken(self._photo, places)).all(axis=2)
        return replace(drawn, pixels=pixels, origin=self._origin(exact, places))

    def _origin(self, exact: NDArray[np.bool_], places: NDArray[np.int32]) -> Origin:
        kinds = np.where(exact, np.uint8(EXACT), np.uint8(BLENDED))
        return Origin(places, kinds, self.photo_size, self._number)
