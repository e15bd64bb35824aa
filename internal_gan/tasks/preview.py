"""task=preview: pictures of a photo's patches alone, before any training."""

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor

from internal_gan.config.catalogue import TABLE
from internal_gan.config.fields import LARGEST_SEED
from internal_gan.config.options import Options
from internal_gan.config.record import save_options
from internal_gan.images.files.image import write_image
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize, size_of
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.places import new_run_path
from internal_gan.runs.source import Source
from internal_gan.tasks.base import Context, Picture
from internal_gan.tasks.finishing import Finishing
from internal_gan.tasks.reporting import announce, enough_memory, finish, new_console, recorded
from internal_gan.tasks.runner import mark_of, write
from internal_gan.units import counted

TASK = "preview"
# The sides of the photo where its layout is made, in pixels: the long one, as SinGAN's by default,
# unless the short one would have less.
LONGEST, SHORTEST = 60, 14
NOTE = "A preview of the photo's patches, with a layout that no network has learnt"


def preview(options: Options) -> Path:
    """Draw pictures of a photo's patches, and return the new run folder.

    Raises:
        UserError: the photo or a size is not usable; no folder is left behind.
    """
    started = time.monotonic()
    source = Source(options)
    context = Context(source, source, console=new_console())
    memory = TABLE[TASK].memory if options.preview.size is None else "preview.size"
    learnt = small(source)
    with enough_memory(memory):
        drawn = previews(context, learnt)
        # Whatever can go wrong does so before there is a folder.
        drawn = chain([next(drawn)], drawn)
    folder = RunFolder.create(new_run_path(options, options.photo, TASK))
    with recorded(folder):
        save_options(replace(options, model={}), folder.config_path)
        announce(context.console, folder, [NOTE])
        source.keep(folder.path)
        write_image(folder.path / "photo.png", learnt)
        with enough_memory(memory):
            results = write(drawn, folder, mark=mark_of(options, TASK, None))
        folder.write_status("running", results=results, **context.facts)
        made = counted(options.preview.count, TASK)
        finish(context.console, folder, made, started, task=TASK)
    return folder.path


def small(source: Source) -> Tensor:
    """The photo as its layout is made, (1, 3, h, w)."""
    pixels = source.photo().pixels
    sides = size_of(pixels)
    longest = max(LONGEST, round(SHORTEST * max(sides) / min(sides)))
    return resize(pixels, fit_size(sides, longest)).clamp(-1, 1)


def previews(context: Context, learnt: Tensor) -> Iterator[Picture]:
    """Draw ``preview/000.png`` and so on, and their layouts.

    Args:
        learnt: see :func:`small`.
    """
    from internal_gan.patches.layout import layout

    wanted = context.options.preview
    size = wanted.size
    finishing = Finishing(context, learnt, (size[0], size[1]) if size else None)
    finishing.check("finish.resolution" if size is None else f"preview.size=[{size[0]},{size[1]}]")
    seed = context.options.seed if wanted.seed is None else wanted.seed
    for number in range(wanted.count):
        rng = torch.Generator().manual_seed((seed + number) % (LARGEST_SEED + 1))
        shape = finishing.drawing_size or size_of(learnt)
        drawing = layout(learnt, shape, rng, freedom=wanted.freedom)
        yield from finishing(drawing).pictures(f"{TASK}/{number:03d}.png")
