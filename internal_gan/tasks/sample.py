"""task=sample: random pictures with the patches of the photo."""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import cast

from internal_gan.config.options import SampleOptions
from internal_gan.device import check_memory
from internal_gan.errors import UserError
from internal_gan.finishing.finisher import AsDrawn
from internal_gan.images.periodic import Tileable, wrap_of
from internal_gan.images.resize import resize, size_of
from internal_gan.judging.figures import Diversity, means
from internal_gan.judging.tiling import proof, proof_name, seams, seams_in_words
from internal_gan.models.abilities import Samples
from internal_gan.tasks.how import How, check_start_scale, option_of_size
from internal_gan.tasks.items import Picture, ahead, aside

# Steps that give a sample the photo's mix of patches.
MATCHING = 100
# Samples of a lower diversity are nearly the same.
ALIKE = 0.05
# Above this multiple of the photo's pixels, a layout takes minutes.
MANY_TIMES = 20
# Largest number of samples before the model is finished.
MAX_PREVIEWS = 8


def sample(model: Samples, wanted: SampleOptions, candidates: int, how: How) -> Iterator[Picture]:
    """Draws ``sample/000.png`` and so on, and copies side by side of samples that tile.

    ``candidates`` are those of the options or, if they have none, of the model's training.
    """
    if how.preview:
        few = replace(
            wanted,
            count=min(wanted.count, MAX_PREVIEWS),
            start_scale=min(wanted.start_scale, model.finished - 1),
        )
        return _samples(model, few, AsDrawn(model.image), 1, how)
    check_start_scale(model, "sample.start_scale", wanted.start_scale)
    if model.is_matched and wanted.candidates is not None:
        raise UserError(
            f"sample.candidates={wanted.candidates}: only for models of singan; the formula's "
            "samples are near the photo without"
        )
    option = option_of_size("sample", wanted.size)
    finisher = how.finisher(model.image, wanted.size)
    if finisher.drawing_size is not None:
        check_memory(model.sampling_memory(finisher.drawing_size), model.device, option)
    finisher.check(option)
    how.check_size(finisher.size or finisher.photo_size, option)
    return _samples(model, wanted, finisher, candidates, how)


def _samples(
    model: Samples, wanted: SampleOptions, finisher: AsDrawn, candidates: int, how: How
) -> Iterator[Picture]:
    tileable = cast("Tileable", wanted.tileable)
    wrap = wrap_of(tileable)
    if not how.preview:
        how.report.expect(wanted.count)
        times = math.prod(finisher.drawing_size or model.sizes[-1]) / math.prod(model.sizes[-1])
        if model.is_matched and times > MANY_TIMES:
            how.report.say(
                f"The layout has {times:.0f} times as many pixels as the photo's, so a sample "
                "may take minutes"
            )
    images = model.samples(
        wanted.count,
        finisher.drawing_size,
        start_scale=wanted.start_scale,
        candidates=candidates,
        tileable=tileable,
        seed=how.seed,
    )
    finished = partial(finisher, wrap=wrap, matching=0 if model.is_matched else MATCHING)
    varied = Diversity(model.image.cpu())
    steps = list[dict[str, float]]()
    for index, drawn in enumerate(ahead(finished, images, finisher.at_once)):
        yield Picture(f"sample/{index:03d}.png", drawn)
        varied.add(resize(drawn.pixels, size_of(model.image)))
        if any(wrap):
            joined = proof(drawn.pixels, wrap)
            yield aside(f"sample/{proof_name(wrap)}/{index:03d}.png", joined, made=True)
        steps.append(seams(drawn.pixels, wrap))
    if not how.preview:
        how.tell_new_colours()
        found = varied.value
        if wanted.start_scale and found is not None and found < ALIKE:
            how.report.say(
                "The samples hardly differ; a sample.start_scale below "
                f"{wanted.start_scale} varies more"
            )
    if across := means(steps):
        how.report.record(seams=across)
        what = "Step across the border, as a multiple of the steps inside"
        how.report.say(f"{what}: {seams_in_words(across)}")
