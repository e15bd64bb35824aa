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
from internal_gan.images.resize import resize, size_of
from internal_gan.models.abilities import Animates, Motion
from internal_gan.shapes import Mask
from internal_gan.tasks.base import LAYERS, Film, Picture, Task

# Sigma of a mask's rim, as a share of the long side.
SOFT = 0.01
# A film that changes less, in gray levels of 255 a second, is nearly still.
STILL = 0.5


class Animate(Task[AnimateOptions]):
    """Draws ``animate/frames/0000.png`` and so on, and a film unless the format is png."""

    memory = "animate.size"

    def check(self, model: Animates) -> None:
        wanted = self.wanted
        check_format(wanted.format, wanted.fps, self.name)
        if self._count < 2:
            raise UserError(
                f"animate.seconds={wanted.seconds:g}: less than two frames at "
                f"animate.fps={wanted.fps:g}; allowed: {2 / wanted.fps:.3g} or more"
            )
        finisher = self._finisher(model)
        if finisher.drawing_size is not None:
            needed = model.animating_memory(finisher.drawing_size)
            check_memory(needed, model.device, self.size_option)
        finisher.check(self.size_option, BYTES_IN_FILMS)
        if model.keys is not None:
            for name in ("alpha", "loop"):
                if (value := getattr(wanted, name)) != getattr(AnimateOptions(), name):
                    raise UserError(
                        f"animate.{name}={written(value)}: only for a walk, as models of singan "
                        "have it; here the film goes round a circle, and closes by itself"
                    )
        self._mask(finisher, warn=False)
        if wanted.start_scale != AUTO:
            self.check_start_scale(model, int(wanted.start_scale), others=f", or {AUTO}")

    def draw(self, model: Animates, preview: bool = False) -> Iterator[Picture | Film]:
        wanted = self.wanted
        finisher, keys = self._finisher(model), None
        if model.keys is not None and model.keys < self._count:
            if self.context.rebuilds:
                keys = model.keys
            else:
                self.context.say(
                    f"Each of the {self._count} frames is drawn by itself, which may take minutes"
                )
        start = None if wanted.start_scale == AUTO else int(wanted.start_scale)
        motion = Motion(wanted.fps, wanted.alpha, start, wanted.loop)
        seed, size = self.context.options.seed, finisher.drawing_size
        drawings = model.animate(keys or self._count, motion, seed=seed, size=size)
        self.context.expected = self._count
        second, changes = deque[Tensor](maxlen=max(1, round(wanted.fps))), list[float]()
        around = None if keys is None else (turns(wanted.seconds), self._count)
        given = self.context.given
        moves_layers = bool(given.files(LAYERS) or given.trained.files(LAYERS))
        is_own = wanted.size is None
        may = is_own and self.context.rebuilds  # drawings do not
        wrap = self.context.wrap(self.context.learnt(model), (may, may))
        film = finisher.film(drawings, is_own, around, moves_layers, wrap)
        mask = self._mask(finisher)
        for index, frame in enumerate(film):
            if index == 0:
                still = frame
            elif mask is not None:
                frame = _inside(mask, still, frame)
            yield Picture(f"animate/frames/{index:04d}.png", frame, "frame")
            if index == 0 and wanted.format != "png":
                yield Film(f"animate/animation.{wanted.format}", wanted.fps, self._count)
            gray = resize(frame.pixels, size_of(model.image)).mean(dim=1) * 127.5
            if len(second) == second.maxlen:
                changes.append(float((gray - second[0]).abs().mean()))
            second.append(gray)
        if changes and (change := fmean(changes)) < STILL:
            more, usual = "", AnimateOptions().alpha
            if wanted.alpha <= usual and wanted.start_scale != 0:
                more = "; animate.start_scale=0 moves more"
            elif model.keys is None:
                more = f"; animate.alpha={min(usual, wanted.alpha / 2):g} moves more"
            said = f"The film hardly moves, by {change:.1f} of 255 gray levels a second"
            self.context.say(f"{said}{more}")
        self.context.tell_new_colours(blends=True)

    def _mask(self, finisher: AsDrawn, warn: bool = True) -> Mask | None:
        """Where the photo moves, at the size of the frames, with a soft rim; None: everywhere."""
        given, source = self.context.given.read("animate.mask"), self.context.given.worked_on
        if given is None:
            return None
        if self.wanted.size is not None or not self.context.rebuilds:
            raise UserError(
                "animate.mask: keeps the photo where it is black, so animate.size and "
                "finish.detail=network are not possible with it; leave one out"
            )
        mask = read_mask(
            given, source.photo().size, option="animate.mask", white="moves", warn=warn
        )
        mask = resize(mask, finisher.photo_size).clamp(0, 1)
        return mask * soften(mask, SOFT * max(finisher.photo_size))

    def _finisher(self, model: Animates) -> AsDrawn:
        return self.context.finisher(model.image, self.wanted.size, longest=LONGEST_IN_FILMS)

    @property
    def _count(self) -> int:
        return round(self.wanted.seconds * self.wanted.fps)


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
