"""task=sample: random pictures with the patches of the photo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import cast

from internal_gan.config.task_options import ALL_SCALES, SampleOptions
from internal_gan.errors import UserError
from internal_gan.evaluation.seams import seams, seams_in_words
from internal_gan.models.singan.model import SinGAN
from internal_gan.models.singan.sampling import Tileable, samples, sampling_memory, wrap_of
from internal_gan.runs.results import Result
from internal_gan.tasks.base import Picture, Work
from internal_gan.tasks.proof import proof, proof_name
from internal_gan.tasks.reporting import check_memory

# Pictures of a model that is not finished yet are for a look; the last ones are counted.
ON_THE_WAY = 8


class Sample(Work[SampleOptions]):
    """Draws ``sample/000.png`` and so on, and copies side by side of those that tile.

    From all start scales there is a folder for each, ``sample/scale-0`` and so on, as in figure 8
    of Shaham et al. 2019.
    """

    noun = ("sample", "samples")

    def check(self, model: SinGAN) -> None:
        wanted, finished = self.wanted, model.finished
        last = (finished or model.num_stages) - 1
        if wanted.start_scale != ALL_SCALES and int(wanted.start_scale) > last:
            what = f"this model has {model.num_stages} scales"
            if finished:
                what = f"{finished} of the model's {model.num_stages} scales are finished"
            raise UserError(
                f"sample.start_scale={wanted.start_scale}: {what}; allowed: 0 to {last}"
            )
        if wanted.size is not None:
            height, width = wanted.size
            needed = sampling_memory(model, (height, width))
            check_memory(needed, model.device, f"sample.size=[{height},{width}]")

    def draw(self, model: SinGAN, preview: bool = False) -> Iterator[Picture]:
        wanted, tileable = self.wanted, cast("Tileable", self.wanted.tileable)
        count = min(wanted.count, ON_THE_WAY) if preview else wanted.count
        size = (wanted.size[0], wanted.size[1]) if wanted.size and not preview else None
        wrap, steps = wrap_of(tileable), dict[str, list[float]]()
        for folder, scale in self._folders(model.finished, preview).items():
            images = samples(
                model,
                count,
                size,
                start_scale=scale,
                tileable=tileable,
                seed=self.context.seed if wanted.seed is None else wanted.seed,
            )
            # Of the samples of sample/scale-0 they are in sample/scale-0-tiled-2x2.
            joint = "/" if folder == "sample" else "-"
            proofs = f"{folder}{joint}{proof_name(wrap)}"
            for index, image in enumerate(images):
                yield Picture(f"{folder}/{index:03d}.png", image)
                if any(wrap):
                    yield Picture(f"{proofs}/{index:03d}.png", proof(image, wrap), "aside")
                for axis, step in seams(image, wrap).items():
                    steps.setdefault(axis, []).append(step)
        if steps:
            means = {axis: fmean(ratios) for axis, ratios in steps.items()}
            self.context.facts["seams"] = means
            text = (
                f"Step over the border, as a multiple of the steps inside: {seams_in_words(means)}"
            )
            self.context.say(text)

    def made(self, results: Sequence[Result]) -> str:
        text = "1 sample" if self.wanted.count == 1 else f"{self.wanted.count} samples"
        groups = {result.group for result in results if result.kind == "result"}
        return text if len(groups) == 1 else f"{text} from each of {len(groups)} start scales"

    def _folders(self, finished: int, preview: bool) -> dict[str, int]:
        """Start scales by the folders of their samples; only the first for a preview."""
        if self.wanted.start_scale != ALL_SCALES:
            return {"sample": min(int(self.wanted.start_scale), finished - 1)}
        scales = range(1 if preview else finished)
        return {f"sample/scale-{scale}": scale for scale in scales}


WORK = Sample
