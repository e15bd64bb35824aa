"""task=make_tileable: a photo that repeats without a seam, without any training."""

from collections.abc import Iterator
from dataclasses import replace

import torch

from internal_gan.config.options import MakeTileableOptions
from internal_gan.finishing.filling import make_tileable
from internal_gan.finishing.finisher import Finished
from internal_gan.finishing.seams import breaks
from internal_gan.images.periodic import Wrap, wrap_of
from internal_gan.images.photo import Photo, output_format_of
from internal_gan.images.pyramid import fit_size
from internal_gan.judging import tiling
from internal_gan.tasks.base import Picture, Task, aside

# Up to this strangeness the first try is good; a better one is looked for above.
GOOD = 1.25
TRIES = 4
# How far from a border pixels may change, as a share of the side; twice as far in every second try.
BAND = 0.15
# The best one is found at this long side, in pixels.
LONGEST_TRIED = 512


class MakeTileable(Task[MakeTileableOptions]):
    """Draws ``make_tileable/000.png``, a photo that tiles, and copies side by side of the photo
    before and after. Borders that meet already stay as they are."""

    def draw(self, model: None, preview: bool = False) -> Iterator[Picture]:
        wanted, context = self.wanted, self.context
        photo, wrap = context.given.photo(), wrap_of(wanted.axes == "both" or wanted.axes)
        like = output_format_of(photo)[0]
        pixels = photo.pixels
        met, before = tiling.repeats(pixels, wrap), tiling.seams(pixels, wrap)
        proofs = {"before": tiling.proof(pixels, wrap)}
        del pixels
        left = wrap[0] and not met[0], wrap[1] and not met[1]
        done, strange = self._best(photo, left)
        if (origin := done.origin) is not None and origin.hiding is not None:
            hiding = replace(origin.hiding, wrap=wrap)
            done = replace(done, origin=replace(origin, hiding=hiding))
        yield Picture("make_tileable/000.png", done)
        proofs["after"], after = tiling.proof(done.pixels, wrap), tiling.seams(done.pixels, wrap)
        for name, proof in proofs.items():
            yield aside(
                f"make_tileable/{tiling.proof_name(wrap)}-{name}.png", proof, like=like, made=True
            )
        context.facts |= {"seams_before": before, "seams": after, "strangeness": strange}
        same = [tiling.NAMES[axis - 2] for axis in range(2) if met[axis]]
        if same:
            context.say(f"Repeats already, and stays as it is: {', '.join(same)}")
        context.say("Step across the border, as a multiple of the steps inside:")
        context.say(f"  before: {tiling.seams_in_words(before)}")
        context.say(f"  after:  {tiling.seams_in_words(after)}")
        if any(left):
            context.say(f"Patches on seams are {strange:.2f} x as strange as the photo's own")
        if strange > GOOD:
            context.say(
                "This tile is not good: its seams show. A photo of one evenly lit material from "
                "straight above tiles best"
            )

    def _best(self, photo: Photo, wrap: Wrap) -> tuple[Finished, float]:
        """The first good tile, or else the best, and its strangeness, tried in a small copy."""
        small = photo.shrunk_to(fit_size(photo.size, min(LONGEST_TRIED, max(photo.size))))
        found, spacing = dict[int, tuple[Finished, float]](), tiling.spacing(small.pixels)
        for number in range(TRIES):
            found[number] = self._tile(small, wrap, number, spacing)
            if found[number][1] <= GOOD:
                break
        best = min(found, key=lambda number: found[number][1])
        return found[best] if small is photo else self._tile(photo, wrap, best, spacing)

    def _tile(
        self, photo: Photo, wrap: Wrap, number: int, spacing: float
    ) -> tuple[Finished, float]:
        """A try and its strangeness; every second one has a wider band."""
        rng = self.chances(TRIES)[number]
        band = BAND * (2 if number % 2 else 1)
        done = make_tileable(photo, (band * photo.size[0], band * photo.size[1]), wrap, rng=rng)
        broken = torch.zeros(photo.size, dtype=torch.bool)
        if done.origin is not None:
            for axis in range(2):
                broken |= torch.from_numpy(breaks(done.origin.places, axis, wrap))
        return done, tiling.strangeness(photo.pixels, done.pixels, broken, spacing)
