"""task=paint: a photo made of a painting or clip-art."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console

from internal_gan.config.options import Options
from internal_gan.device import select_precision
from internal_gan.images.files.image import write_image
from internal_gan.images.palette import nearest_colours
from internal_gan.images.resize import resize
from internal_gan.models.singan.injection import PAINT, Injection
from internal_gan.models.singan.model import SinGAN
from internal_gan.models.singan.quantized import QuantizedStage
from internal_gan.tasks.redraw import chosen, read_given, seeds_of, start_scale_of
from internal_gan.tasks.reporting import enough_memory, say
from internal_gan.tasks.trained import load_trained, results
from internal_gan.training.callbacks import Callback
from internal_gan.training.engine import train_stage
from internal_gan.training.loggers import MetricsLogger
from internal_gan.training.progress import Progress


def paint(options: Options, family: str | None = None) -> Path:
    """Write what ``options.paint.image`` becomes, and what each start scale makes of it.

    Returns:
        The new run folder.

    Raises:
        UserError: the painting, the checkpoint or a scale will not do. No folder is left behind.
    """
    wanted = options.paint
    trained = load_trained(options, family, Injection)
    model = trained.model
    # The working size of a long and narrow painting is longer than the model's.
    longest = 4 * max(model.sizes[-1])
    painting = read_given(wanted.image, "paint", "the painting or clip-art", longest).pixels
    start = start_scale_of(model, wanted.start_scale, PAINT, "paint")
    seeds = seeds_of(wanted, options)
    size = model.working_size((painting.shape[-2], painting.shape[-1]))
    painting = resize(painting, size).clamp(-1, 1)
    with enough_memory("model.max_size"):
        strip = {
            n: model.inject(painting, n, size=size, seed=seeds[0]) for n in range(1, model.finished)
        }
    what = "1 result" if len(seeds) == 1 else f"{len(seeds)} results"
    with results(trained, what) as (folder, console):
        pictures = folder.path / "paint"
        pictures.mkdir()
        write_image(pictures / "before.png", painting, like=trained.like)
        for scale, image in strip.items():
            write_image(pictures / f"start-scale-{scale}.png", image, like=trained.like)
        palette = None
        if wanted.quantize:
            precision, _ = select_precision(options.precision, model.device)
            say(console, f"Scale {start} is trained anew on {wanted.colours} colours")
            model, stage = quantized(
                model,
                start,
                wanted.colours,
                seed=options.seed,
                precision=precision,
                callbacks=[
                    Progress(Console(stderr=True, highlight=False)),
                    MetricsLogger(folder.metrics_path),
                ],
            )
            palette = stage.palette
            write_image(pictures / "photo-in-these-colours.png", stage.quantized, like=trained.like)
            flat = nearest_colours(resize(painting, stage.size), palette.cpu())
            write_image(pictures / "painting-in-these-colours.png", flat, like=trained.like)
        for index, seed in enumerate(seeds):
            image = model.inject(painting, start, size=size, seed=seed, palette=palette)
            write_image(pictures / f"{index:03d}.png", image, like=trained.like)
        say(console, chosen("paint", start, len(strip), wanted.start_scale))
    return folder.path


def quantized(
    model: SinGAN,
    start_scale: int,
    colours: int = 8,
    *,
    seed: int = 0,
    precision: torch.dtype = torch.float32,
    callbacks: Sequence[Callback] = (),
) -> tuple[SinGAN, QuantizedStage]:
    """A model whose start scale has learnt to draw on a few flat colours.

    Args:
        model: a finished model; it stays as it is.
        start_scale: the scale to train anew, 1 to the finest, for as many steps as it had.
        colours: how many colours of the photo, 2 to 256.

    Returns:
        The copy, for ``copy.paint(painting, start_scale, palette=stage.palette)``, and the stage.

    Raises:
        UserError: a start scale that the model does not have, or a loss that is not finite.
    """
    model = copy.deepcopy(model)
    rng = torch.Generator(model.device).manual_seed(seed)
    stage = QuantizedStage(model, start_scale, colours, rng)
    try:
        train_stage(
            model,
            stage,
            model.steps[start_scale],
            rng,
            precision=precision,
            callbacks=callbacks,
        )
    finally:
        for callback in callbacks:
            callback.close()
    return model, stage
