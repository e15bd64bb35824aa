"""task=animate: the photo in motion."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from statistics import fmean

import numpy as np
import torch
from torch import Tensor

from internal_gan.config.arguments import written
from internal_gan.config.fields import AUTO
from internal_gan.config.options import AnimateOptions
from internal_gan.device import check_memory
from internal_gan.errors import UserError
from internal_gan.finishing.film import turns
from internal_gan.finishing.finisher import BYTES_IN_FILMS, LONGEST_IN_FILMS, AsDrawn, Finished
from internal_gan.finishing.origin import BLENDED
from internal_gan.images.files.video import check_format
from internal_gan.images.masks import read_mask, soften
from internal_gan.images.photo import Photo
from internal_gan.images.resize import resize, size_of
from internal_gan.models.abilities import Animates, Motion
from internal_gan.shapes import Mask
from internal_gan.tasks.how import How, check_start_scale, option_of_size
from internal_gan.tasks.items import Film, Picture
from internal_gan.units import Size

# Sigma of a mask's rim, as a share of the long side.
SOFT = 0.01
# A film that changes less, in gray levels of 255 a second, is nearly still.
STILL = 0.5


def animate(
    model: Animates, wanted: AnimateOptions, mask: Photo | None, has_layers: bool, how: How
) -> Iterator[Picture | Film]:
    """Draws ``animate/frames/0000.png`` and so on, and a film unless the format is png."""
    check_format(wanted.format, wanted.fps, "animate")
    if _count(wanted) < 2:
        raise UserError(
            f"animate.seconds={wanted.seconds:g}: less than two frames at "
            f"animate.fps={wanted.fps:g}; allowed: {2 / wanted.fps:.3g} or more"
        )
    option = option_of_size("animate", wanted.size)
    finisher = how.finisher(model.image, wanted.size, longest=LONGEST_IN_FILMS)
    if finisher.drawing_size is not None:
        check_memory(model.animating_memory(finisher.drawing_size), model.device, option)
    finisher.check(option, BYTES_IN_FILMS)
    if model.keys is not None:
        for name in ("alpha", "loop"):
            if (value := getattr(wanted, name)) != getattr(AnimateOptions(), name):
                raise UserError(
                    f"animate.{name}={written(value)}: only for a walk, as models of singan "
                    "have it; here the film goes round a circle, and closes by itself"
                )
    moving = None
    if mask is not None:
        if wanted.size is not None or not how.rebuilds:
            raise UserError(
                "animate.mask: keeps the photo where it is black, so animate.size and "
                "finish.detail=network are not possible with it; leave one out"
            )
        moving = _moving(mask, how.learnt(model).size, finisher.photo_size, how)
    if wanted.start_scale != AUTO and not how.preview:
        scale = int(wanted.start_scale)
        check_start_scale(model, "animate.start_scale", scale, others=f", or {AUTO}")
    return _frames(model, wanted, finisher, moving, has_layers, how)


def _frames(
    model: Animates,
    wanted: AnimateOptions,
    finisher: AsDrawn,
    mask: Mask | None,
    traced: bool,
    how: How,
) -> Iterator[Picture | Film]:
    """A film's frames; ``mask`` is 1 where they move, and ``traced`` whether layers follow them."""
    count, keys = _count(wanted), None
    if model.keys is not None and model.keys < count:
        if how.rebuilds:
            keys = model.keys
        else:
            how.report.say(f"Each of the {count} frames is drawn by itself, which may take minutes")
    start = None if wanted.start_scale == AUTO else int(wanted.start_scale)
    motion = Motion(wanted.fps, wanted.alpha, start, wanted.loop)
    drawings = model.animate(keys or count, motion, seed=how.seed, size=finisher.drawing_size)
    how.report.expect(count)
    around = None if keys is None else (turns(wanted.seconds), count)
    is_own = wanted.size is None
    may = is_own and how.rebuilds  # drawings do not
    wrap = how.wrap(how.learnt(model), (may, may))
    film = finisher.film(drawings, is_own, around, traced, wrap)
    second = deque[Tensor](maxlen=max(1, round(wanted.fps)))
    changes = list[float]()
    for index, frame in enumerate(film):
        if index == 0:
            still = frame
        elif mask is not None:
            frame = _inside(mask, still, frame)
        yield Picture(f"animate/frames/{index:04d}.png", frame, "frame")
        if index == 0 and wanted.format != "png":
            yield Film(f"animate/animation.{wanted.format}", wanted.fps, count)
        gray = resize(frame.pixels, size_of(model.image)).mean(dim=1) * 127.5
        if len(second) == second.maxlen:
            changes.append(float((gray - second[0]).abs().mean()))
        second.append(gray)
    if changes and (change := fmean(changes)) < STILL:
        said = f"The film hardly moves, by {change:.1f} of 255 gray levels a second"
        how.report.say(f"{said}{_moves_more(model, wanted)}")
    how.tell_new_colours(blends=True)


def _moves_more(model: Animates, wanted: AnimateOptions) -> str:
    """What would make a film move more, in words."""
    usual = AnimateOptions().alpha
    if wanted.alpha <= usual and wanted.start_scale != 0:
        return "; animate.start_scale=0 moves more"
    if model.keys is None:
        return f"; animate.alpha={min(usual, wanted.alpha / 2):g} moves more"
    return ""


def _moving(mask: Photo, photo: Size, size: Size, how: How) -> Mask:
    """Where a film moves, with a soft rim, at the ``size`` of the frames; a mask has the size of
    the ``photo``."""
    white = read_mask(mask, photo, option="animate.mask", white="moves", warn=not how.warned)
    resized = resize(white, size).clamp(0, 1)
    return resized * soften(resized, SOFT * max(size))


def _count(wanted: AnimateOptions) -> int:
    """The number of frames."""
    return round(wanted.seconds * wanted.fps)


def _inside(mask: Mask, still: Finished, frame: Finished) -> Finished:
    """A frame inside a mask, and the still picture outside it."""
    colours = torch.where(mask > 0, torch.lerp(still.pixels, frame.pixels, mask), still.pixels)
    origin, before = frame.origin, still.origin
    if origin is not None and before is not None:
        kept = (mask[0, 0] == 0).numpy()
        places = np.where(kept[..., None], before.places, origin.places)
        kinds = np.where(kept, before.kinds, np.maximum(origin.kinds, np.uint8(BLENDED)))
        origin = replace(origin, places=places, kinds=kinds)
    alpha = frame.alpha
    if alpha is not None and still.alpha is not None:
        alpha = torch.lerp(still.alpha, alpha, mask)
    return replace(frame, colours=colours, origin=origin, alpha=alpha)
