"""task=paint: a painting or clip-art turned into a photo."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import torch
from rich.console import Console

from internal_gan.config.build import build
from internal_gan.config.task_options import PaintOptions
from internal_gan.device import select_precision
from internal_gan.errors import UserError
from internal_gan.images.colours import nearest_colours
from internal_gan.images.resize import resize
from internal_gan.models.abilities import Quantizes, Redraws
from internal_gan.models.redrawing import PAINT, working_size
from internal_gan.tasks.base import Picture
from internal_gan.tasks.from_image import FromImage
from internal_gan.training.callbacks import Callback
from internal_gan.training.engine import train_stage
from internal_gan.training.loggers import MetricsLogger
from internal_gan.training.progress import Progress

M = TypeVar("M", bound=Redraws)


class Paint(FromImage[PaintOptions]):
    """Draws ``paint.image`` as a photo, ``paint/000.png`` and so on; also the painting, the result
    of each start scale and, with ``paint.quantize``, the reduced colours."""

    what, injected_at = "the painting or clip-art", PAINT

    def draw(self, model: Redraws, preview: bool = False) -> Iterator[Picture]:
        wanted, seeds = self.wanted, self.seeds(self.wanted.count)
        # A long and narrow painting is processed at a longer size than the model's.
        painting = self._read(4 * max(model.sizes[-1])).pixels
        start = self._start_scale(model)
        size = working_size(model, (painting.shape[-2], painting.shape[-1]))
        painting = resize(painting, size).clamp(-1, 1)
        finisher = self.context.finisher(model.image).enlarging(size)
        finisher.check("finish.resolution")
        for scale in range(1, model.finished) if self.context.asides else ():
            image = model.inject(painting, scale, size=size, seed=seeds[0])
            yield Picture(f"paint/start-scale-{scale}.png", image, "aside", made=True)
        yield Picture("paint/before.png", painting, "before")
        last, palette = model.finished - 1, None
        if wanted.quantize:
            model, stage = self._quantized(model, start)
            palette = stage.palette
            flat = nearest_colours(resize(painting, stage.size), palette.cpu())
            yield Picture("paint/photo-in-these-colours.png", stage.quantized, "aside")
            yield Picture("paint/painting-in-these-colours.png", flat, "aside")
        for index, seed in enumerate(seeds):
            image = model.inject(painting, start, size=size, seed=seed, palette=palette)
            yield Picture.of(f"paint/{index:03d}.png", finisher(image))
        self._tell(start, last)

    def _quantized(self, model: Redraws, start: int) -> tuple[Redraws, Any]:
        context, colours = self.context, self.context.as_trained("paint.colours")
        settings = context.trained.options.model
        if not settings:
            raise UserError(
                "paint.quantize=true: retrains a scale, and a model file does not say how; "
                "allowed: a run folder"
            )
        recipe = build(settings)
        if not isinstance(recipe, Quantizes):
            raise UserError(f"paint.quantize=true: not possible with a model of {model.family}")
        callbacks: list[Callback] = []
        if context.folder is not None:
            progress = Progress(Console(stderr=True, highlight=False))
            callbacks = [progress, MetricsLogger(context.folder.metrics_path)]
        context.say(f"Retraining scale {start} on {colours} colours")
        return quantized(
            recipe,
            model,
            start,
            colours,
            seed=context.options.seed,
            precision=select_precision(context.options.precision, model.device)[0],
            callbacks=callbacks,
        )


def quantized(
    recipe: Quantizes,
    model: M,
    start_scale: int,
    colours: int = 8,
    *,
    seed: int = 0,
    precision: torch.dtype = torch.float32,
    callbacks: Sequence[Callback] = (),
) -> tuple[M, Any]:
    """A copy of a trained model whose start scale is retrained on a few flat colours.

    Args:
        recipe: of the model's training.
        start_scale: the scale to retrain, from 1, for as many steps as before.
        colours: how many colours of the photo, 2 to 256.

    Returns:
        The copy, and the stage, which has the palette.

    Raises:
        UserError: the model has no such start scale, or a loss is not finite.
    """
    model = copy.deepcopy(model)
    rng = torch.Generator(model.device).manual_seed(seed)
    stage = recipe.quantized_stage(model, start_scale, colours, rng)
    try:
        train_stage(stage, precision=precision, callbacks=callbacks)
    finally:
        for callback in callbacks:
            callback.close()
    return model, stage


TASK = Paint
