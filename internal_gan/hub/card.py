"""The model card of a shared run folder: what it is, its pictures, facts and figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from statistics import fmean

from jinja2 import Environment, PackageLoader, StrictUndefined
from torch import Tensor

from internal_gan.config.families import FAMILIES
from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.evaluation.figures import meaning
from internal_gan.images.files.image import read_image
from internal_gan.models.base import Model
from internal_gan.patches.statistics import (
    coherence,
    completeness,
    sharpness,
    sliced_wasserstein,
)
from internal_gan.runs.records import read_status
from internal_gan.runs.results import DRAWN, read_results
from internal_gan.units import duration
from internal_gan.version import __version__

FIGURES: dict[str, Callable[[Tensor, Tensor], float]] = {
    "swd1": sliced_wasserstein,
    "coherence": coherence,
    "completeness": completeness,
    "sharpness": sharpness,
}
MOST_JUDGED = 4


def card(
    run: Path | None, model: Model, options: Options, pictures: Sequence[str], licence: str | None
) -> str:
    """The text of a model card.

    Args:
        run: the folder of the model's training, which may lack other files of a run; None if
            there is only the model's file.
        options: of the run; no file names are taken from them.
        pictures: paths of the pictures next to the card.
        licence: the photo's, as the Hub names it.
    """
    judged, values = (0, {}) if run is None else _figures(run, options)
    environment = Environment(
        loader=PackageLoader("internal_gan.hub"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template("README.md.jinja").render(
        licence=licence,
        model=model,
        family=FAMILIES[model.family],
        pictures=pictures,
        seed=None if run is None else options.seed,
        version=__version__,
        weights=sum(parameter.numel() for parameter in model.parameters()),
        status={} if run is None else read_status(run / "status.json"),
        duration=duration,
        judged=judged,
        figures=[{"name": name, "value": value, **meaning(name)} for name, value in values.items()],
    )


def _figures(run: Path, options: Options) -> tuple[int, dict[str, float]]:
    """How many of the network's outputs were evaluated, and the means of their figures."""
    photo = run / "photo.png"
    made = [result for result in read_results(run) if result.task in ("sample", "retarget")]
    drawn = [result for result in made if DRAWN in PurePosixPath(result.file).parts]
    if options.finish.detail == "network":
        drawn = [result for result in made if result.kind == "result"]
    if not drawn or not photo.is_file():
        return 0, {}
    real = read_image(photo).pixels
    samples = [read_image(run / result.file).pixels for result in drawn[:MOST_JUDGED]]
    found = {}
    for name, figure in FIGURES.items():
        # A photo smaller than a patch has none.
        with suppress(UserError):
            found[name] = fmean(figure(real, sample) for sample in samples)
    return len(samples), found
