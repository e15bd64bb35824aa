"""task=sample: random pictures with the patches of the photo."""

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import cast

from internal_gan.config.task_options import ALL_SCALES, SampleOptions
from internal_gan.device import check_memory
from internal_gan.finishing.finisher import Finished
from internal_gan.images.periodic import Tileable, wrap_of
from internal_gan.images.resize import resize, size_of
from internal_gan.judging.figures import Diversity
from internal_gan.judging.tiling import proof, proof_name, seams, seams_in_words
from internal_gan.models.abilities import Samples
from internal_gan.runs.records import Result
from internal_gan.shapes import Pixels
from internal_gan.tasks.base import Picture, Task, ahead, aside
from internal_gan.units import counted

# Samples of a lower diversity are nearly the same.
ALIKE = 0.05
# Largest number of samples before the model is finished.
MAX_PREVIEWS = 8


class Sample(Task[SampleOptions]):
    """Draws ``sample/000.png`` and so on, and copies side by side of samples that tile.

    With ``start_scale=all``, each start scale has a folder ``sample/scale-0`` and so on, as in
    figure 8 of Shaham et al. 2019.
    """

    def check(self, model: Samples) -> None:
        wanted = self.wanted
        if wanted.start_scale != ALL_SCALES:
            self.check_start_scale(model, int(wanted.start_scale))
        finisher = self.context.finisher(model.image, wanted.size)
        if finisher.drawing_size is not None:
            needed = model.sampling_memory(finisher.drawing_size)
            check_memory(needed, model.device, self.size_option)
        finisher.check(self.size_option)
        self.context.check_size(finisher.size or finisher.photo_size, self.size_option)

    def draw(self, model: Samples, preview: bool = False) -> Iterator[Picture]:
        wanted, tileable = self.wanted, cast("Tileable", self.wanted.tileable)
        count = min(wanted.count, MAX_PREVIEWS) if preview else wanted.count
        finisher = self.context.finisher(model.image, wanted.size)
        candidates = 1 if preview else self.context.as_trained("sample.candidates")
        wrap, steps = wrap_of(tileable), dict[str, list[float]]()
        matching = 0 if model.is_matched else wanted.matching
        folders = self._folders(model.finished, preview)
        if not preview:
            self.context.begin(count * len(folders))

        def finished(image: Pixels) -> Finished:
            return Finished(image) if preview else finisher(image, wrap, matching=matching)

        for folder, scale in folders.items():
            images = model.samples(
                count,
                None if preview else finisher.drawing_size,
                start_scale=scale,
                candidates=candidates,
                tileable=tileable,
                seed=self.context.options.seed,
            )
            # Such as sample/tiled-2x2 or sample/scale-0-tiled-2x2.
            joint = "/" if folder == "sample" else "-"
            proofs = f"{folder}{joint}{proof_name(wrap)}"
            varied = Diversity(model.image.cpu())
            for index, drawn in enumerate(ahead(finished, images, finisher.at_once)):
                yield Picture(f"{folder}/{index:03d}.png", drawn)
                varied.add(resize(drawn.pixels, size_of(model.image)))
                if any(wrap):
                    joined = proof(drawn.pixels, wrap)
                    yield aside(f"{proofs}/{index:03d}.png", joined, made=True)
                for axis, step in seams(drawn.pixels, wrap).items():
                    steps.setdefault(axis, []).append(step)
        found = varied.figures["diversity"]
        compared = scale and len(folders) == 1 and not preview
        if compared and found is not None and found < ALIKE:
            self.context.say(
                f"The samples hardly differ; a sample.start_scale below {scale} varies more"
            )
        if steps:
            means = {axis: fmean(ratios) for axis, ratios in steps.items()}
            self.context.facts["seams"] = means
            what = "Step across the border, as a multiple of the steps inside"
            self.context.say(f"{what}: {seams_in_words(means)}")

    def made(self, results: Sequence[Result]) -> str:
        text = counted(self.wanted.count, "sample")
        groups = {result.group for result in results if result.kind == "result"}
        return text if len(groups) == 1 else f"{text} from each of {len(groups)} start scales"

    def _folders(self, finished: int, preview: bool) -> dict[str, int]:
        """Start scales by the folders of their samples; for a preview only the first."""
        if self.wanted.start_scale != ALL_SCALES:
            return {"sample": min(int(self.wanted.start_scale), finished - 1)}
        scales = range(1 if preview else finished)
        return {f"sample/scale-{scale}": scale for scale in scales}


TASK = Sample
