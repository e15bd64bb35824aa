"""task=make_tileable: a photo that repeats without a seam, without any training."""

from collections.abc import Iterator
from dataclasses import replace

import torch

from internal_gan.config.options import MakeTileableOptions
from internal_gan.finishing import filling
from internal_gan.finishing.finisher import Finished
from internal_gan.finishing.seams import breaks
from internal_gan.images.periodic import Wrap, wrap_of
from internal_gan.images.photo import Photo, output_format_of
from internal_gan.images.pyramid import fit_size
from internal_gan.judging import tiling
from internal_gan.tasks.how import How
from internal_gan.tasks.items import Picture, aside

# Up to this strangeness the first try is good; a better one is looked for above.
GOOD = 1.25
TRIES = 4
# How far from a border pixels may change, as a share of the side; twice as far in every second try.
BAND = 0.15
# The best one is found at this long side, in pixels.
LONGEST_TRIED = 512


def make_tileable(photo: Photo, wanted: MakeTileableOptions, how: How) -> Iterator[Picture]:
    """Draws ``make_tileable/000.png``, a photo that tiles, and copies side by side of the photo
    before and after. Borders that meet already stay as they are."""
    return _drawn(photo, wanted, how)


def _drawn(photo: Photo, wanted: MakeTileableOptions, how: How) -> Iterator[Picture]:
    wrap, say = wrap_of(wanted.axes == "both" or wanted.axes), how.report.say
    like = output_format_of(photo)[0]
    pixels = photo.pixels
    met, before = tiling.repeats(pixels, wrap), tiling.seams(pixels, wrap)
    proofs = {"before": tiling.proof(pixels, wrap)}
    del pixels
    left = wrap[0] and not met[0], wrap[1] and not met[1]
    done, strange = _best(photo, left, how)
    if (origin := done.origin) is not None and origin.hiding is not None:
        hiding = replace(origin.hiding, wrap=wrap)
        done = replace(done, origin=replace(origin, hiding=hiding))
    yield Picture("make_tileable/000.png", done)
    proofs["after"], after = tiling.proof(done.pixels, wrap), tiling.seams(done.pixels, wrap)
    for name, proof in proofs.items():
        yield aside(
            f"make_tileable/{tiling.proof_name(wrap)}-{name}.png", proof, like=like, made=True
        )
    how.report.record(seams_before=before, seams=after, strangeness=strange)
    same = [tiling.NAMES[axis - 2] for axis in range(2) if met[axis]]
    if same:
        say(f"Repeats already, and stays as it is: {', '.join(same)}")
    say("Step across the border, as a multiple of the steps inside:")
    say(f"  before: {tiling.seams_in_words(before)}")
    say(f"  after:  {tiling.seams_in_words(after)}")
    if any(left):
        say(f"Patches on seams are {strange:.2f} x as strange as the photo's own")
    if strange > GOOD:
        say(
            "This tile is not good: its seams show. A photo of one evenly lit material from "
            "straight above tiles best"
        )


def _best(photo: Photo, wrap: Wrap, how: How) -> tuple[Finished, float]:
    """The first good tile, or else the best, and its strangeness, tried in a small copy."""
    small = photo.shrunk_to(fit_size(photo.size, min(LONGEST_TRIED, max(photo.size))))
    found, spacing = dict[int, tuple[Finished, float]](), tiling.spacing(small.pixels)
    for number, rng in enumerate(how.chances(TRIES)):
        found[number] = _tile(small, wrap, rng, spacing, is_wide=number % 2 == 1)
        if found[number][1] <= GOOD:
            break
    best = min(found, key=lambda number: found[number][1])
    if small is photo:
        return found[best]
    return _tile(photo, wrap, how.chances(TRIES)[best], spacing, is_wide=best % 2 == 1)


def _tile(
    photo: Photo, wrap: Wrap, rng: torch.Generator | None, spacing: float, *, is_wide: bool
) -> tuple[Finished, float]:
    """A tile and its strangeness."""
    band = BAND * (2 if is_wide else 1)
    margins = band * photo.size[0], band * photo.size[1]
    done = filling.make_tileable(photo, margins, wrap, rng=rng)
    broken = torch.zeros(photo.size, dtype=torch.bool)
    if done.origin is not None:
        for axis in range(2):
            broken |= torch.from_numpy(breaks(done.origin.places, axis, wrap))
    return done, tiling.strangeness(photo.pixels, done.pixels, broken, spacing)
