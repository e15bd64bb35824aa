"""task=sample: random pictures with the patches of the photo."""

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import cast

from internal_gan.config.task_options import ALL_SCALES, SampleOptions
from internal_gan.evaluation.seams import seams, seams_in_words
from internal_gan.models.singan.model import SinGAN
from internal_gan.models.singan.sampling import Tileable, samples, sampling_memory, wrap_of
from internal_gan.runs.results import Result
from internal_gan.tasks.base import Picture, Work
from internal_gan.tasks.proof import proof, proof_name
from internal_gan.tasks.reporting import check_memory
from internal_gan.tasks.start_scale import check_start_scale
from internal_gan.units import counted

# At most, before the model is finished.
MOST_PREVIEWS = 8


class Sample(Work[SampleOptions]):
    """Draws ``sample/000.png`` and so on, and copies side by side of those that tile.

    For ``start_scale=all``, each start scale has a folder ``sample/scale-0`` and so on, as in
    figure 8 of Shaham et al. 2019.
    """

    def check(self, model: SinGAN) -> None:
        wanted = self.wanted
        if wanted.start_scale != ALL_SCALES:
            check_start_scale(model, "sample", int(wanted.start_scale))
        if wanted.size is not None:
            height, width = wanted.size
            needed = sampling_memory(model, (height, width))
            check_memory(needed, model.device, f"sample.size=[{height},{width}]")

    def draw(self, model: SinGAN, preview: bool = False) -> Iterator[Picture]:
        wanted, tileable = self.wanted, cast("Tileable", self.wanted.tileable)
        count = min(wanted.count, MOST_PREVIEWS) if preview else wanted.count
        size = (wanted.size[0], wanted.size[1]) if wanted.size and not preview else None
        wrap, steps = wrap_of(tileable), dict[str, list[float]]()
        for folder, scale in self._folders(model.finished, preview).items():
            images = samples(
                model,
                count,
                size,
                start_scale=scale,
                tileable=tileable,
                seed=self.seed,
            )
            # Such as sample/tiled-2x2 or sample/scale-0-tiled-2x2.
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
        text = counted(self.wanted.count, "sample")
        groups = {result.group for result in results if result.kind == "result"}
        return text if len(groups) == 1 else f"{text} from each of {len(groups)} start scales"

    def _folders(self, finished: int, preview: bool) -> dict[str, int]:
        """Start scales by the folders of their samples; for a preview only the first."""
        if self.wanted.start_scale != ALL_SCALES:
            return {"sample": min(int(self.wanted.start_scale), finished - 1)}
        scales = range(1 if preview else finished)
        return {f"sample/scale-{scale}": scale for scale in scales}


WORK = Sample
