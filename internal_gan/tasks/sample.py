"""task=sample: random pictures with the patches of the photo."""

import math
from collections.abc import Iterator
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
from internal_gan.tasks.base import Picture, Task, ahead, aside

# Steps that give a sample the photo's mix of patches.
MATCHING = 100
# Samples of a lower diversity are nearly the same.
ALIKE = 0.05
# Layouts of more times the photo's pixels take the formula long.
MANY_TIMES = 20
# Largest number of samples before the model is finished.
MAX_PREVIEWS = 8


class Sample(Task[SampleOptions]):
    """Draws ``sample/000.png`` and so on, and copies side by side of samples that tile."""

    memory = "sample.size"

    def check(self, model: Samples) -> None:
        wanted = self.wanted
        self.check_start_scale(model, wanted.start_scale)
        if model.is_matched and wanted.candidates is not None:
            raise UserError(
                f"sample.candidates={wanted.candidates}: only for models of singan; the formula's "
                "samples are near the photo without"
            )
        finisher = self.context.finisher(model.image, wanted.size)
        if finisher.drawing_size is not None:
            needed = model.sampling_memory(finisher.drawing_size)
            check_memory(needed, model.device, self.size_option)
        finisher.check(self.size_option)
        self.context.check_size(finisher.size or finisher.photo_size, self.size_option)

    def draw(self, model: Samples, preview: bool = False) -> Iterator[Picture]:
        wanted, tileable = self.wanted, cast("Tileable", self.wanted.tileable)
        wrap, steps = wrap_of(tileable), list[dict[str, float]]()
        scale = min(wanted.start_scale, model.finished - 1)
        matching = 0 if model.is_matched else MATCHING
        count, candidates, finisher = min(wanted.count, MAX_PREVIEWS), 1, AsDrawn(model.image)
        if not preview:
            count, candidates = wanted.count, self.context.as_trained("sample.candidates")
            finisher = self.context.finisher(model.image, wanted.size)
            self.context.expected = count
            times = math.prod(finisher.drawing_size or model.sizes[-1]) / math.prod(model.sizes[-1])
            if model.is_matched and times > MANY_TIMES:
                self.context.say(
                    f"The layout has {times:.0f} times as many pixels as the photo's, so a sample "
                    "may take minutes"
                )
        images = model.samples(
            count,
            finisher.drawing_size,
            start_scale=scale,
            candidates=candidates,
            tileable=tileable,
            seed=self.context.options.seed,
        )
        finished = partial(finisher, wrap=wrap, matching=matching)
        varied = Diversity(model.image.cpu())
        for index, drawn in enumerate(ahead(finished, images, finisher.at_once)):
            yield Picture(f"sample/{index:03d}.png", drawn)
            varied.add(resize(drawn.pixels, size_of(model.image)))
            if any(wrap):
                joined = proof(drawn.pixels, wrap)
                yield aside(f"sample/{proof_name(wrap)}/{index:03d}.png", joined, made=True)
            steps.append(seams(drawn.pixels, wrap))
        if not preview:
            self.context.tell_new_colours()
        found = varied.value
        if scale and not preview and found is not None and found < ALIKE:
            self.context.say(
                f"The samples hardly differ; a sample.start_scale below {scale} varies more"
            )
        if across := means(steps):
            self.context.facts["seams"] = across
            what = "Step across the border, as a multiple of the steps inside"
            self.context.say(f"{what}: {seams_in_words(across)}")
