"""task=extend: more canvas around a photo, filled with the photo's own patches."""

import math
from collections.abc import Iterator

import torch

from internal_gan.config.arguments import written
from internal_gan.config.options import ANCHORS, ExtendOptions
from internal_gan.errors import UserError
from internal_gan.finishing import filling
from internal_gan.finishing.continuing import continues
from internal_gan.images.files.image import MAX_PIXELS
from internal_gan.images.files.names import shown
from internal_gan.images.masks import FAINT
from internal_gan.images.photo import Margins, Photo, margins_of, margins_to
from internal_gan.tasks.holes import avoided
from internal_gan.tasks.how import How
from internal_gan.tasks.items import Picture
from internal_gan.units import by, ratio_of

SIDES = "above", "on the right", "below", "on the left"
# A margin larger than this share of the photo's side, at a border that is harder to continue than
# this, see `continues`, repeats what is there.
LARGE, HARD = 0.25, 0.1
# Largest margin, in sides of the photo: farther away, nothing says what should be there.
MAX_MARGIN = 2


def extend(photo: Photo, wanted: ExtendOptions, avoid: Photo | None, how: How) -> Iterator[Picture]:
    """Draws ``extend/000.png`` and so on: the photo with new margins."""
    option = "extend.margins" if wanted.shape is None else "extend.shape"
    margins = _margins(photo, wanted, option)
    how.check_size(margins.around_size(photo.size), _named(option, wanted))
    unknown = torch.zeros(1, 1, *photo.size)
    if photo.alpha is not None:
        unknown = (photo.alpha <= FAINT).float()
    unknown = avoided(avoid, "extend.avoid", photo, unknown)

    def draw() -> Iterator[Picture]:
        _warn(photo, margins, wanted, how)
        wrap = how.wrap(photo, (not any(margins[::2]), not any(margins[1::2])))
        for number, rng in enumerate(how.chances(wanted.count)):
            done = filling.extend(
                photo, margins, unknown, wrap=wrap, rng=rng, option=option, report=how.report
            )
            yield Picture(f"extend/{number:03d}.png", done)

    return draw()


def _warn(photo: Photo, margins: Margins, wanted: ExtendOptions, how: How) -> None:
    """Say where the photo is hard to continue, and what does better there."""
    sides = zip(SIDES, margins, continues(photo), 2 * photo.size, strict=True)
    where = [name for name, new, hard, old in sides if new > LARGE * old and hard > HARD]
    if where:
        size = margins.around_size(photo.size)
        shape = wanted.shape if isinstance(wanted.shape, str) else written(size)
        name = "photo.jpg" if photo.path is None else shown(photo.path)
        how.report.say(
            f"The photo does not continue easily {' and '.join(where)}; for another format "
            f"try: internal-gan retarget {name} retarget.shape={shape}"
        )


def _named(option: str, wanted: ExtendOptions) -> str:
    """An option with its value."""
    return f"{option}={written(wanted.margins if wanted.shape is None else wanted.shape)}"


def _margins(photo: Photo, wanted: ExtendOptions, option: str) -> Margins:
    """The margins that options ask for; a UserError if they are not usable."""
    if (wanted.margins is None) == (wanted.shape is None):
        raise UserError("task=extend needs extend.margins or extend.shape, one of them")
    named, shape = _named(option, wanted), wanted.shape
    height, width = photo.size
    if shape is None:
        margins = margins_of(wanted.margins, photo.size)
    else:
        wish = ratio_of(shape) if isinstance(shape, str) else (shape[0], shape[1])
        assert wish is not None
        if isinstance(wish, tuple) and (wish[0] < height or wish[1] < width):
            least = f"the photo's [height,width], {written(photo.size)}"
            raise UserError(f"{named}: a side is too small; allowed is at least {least}")
        margins = margins_to(wish, photo.size, ANCHORS[wanted.anchor])
    if not any(margins):
        raise UserError(f"{named}: adds nothing to a photo of {by(photo.size)} pixels")
    if any(new > MAX_MARGIN * old for new, old in zip(margins, 2 * photo.size, strict=True)):
        raise UserError(
            f"{named}: margins of {list(margins)} pixels; allowed is at most {MAX_MARGIN} "
            f"times the photo's side, {by((MAX_MARGIN * height, MAX_MARGIN * width))}"
        )
    size = margins.around_size(photo.size)
    if math.prod(size) > MAX_PIXELS:
        raise UserError(
            f"{named}: the result would have {by(size)} pixels; allowed are "
            f"{MAX_PIXELS // 10**6} megapixels"
        )
    return margins
