"""task=preview: pictures made of a photo's patches alone, without any training."""

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor

from internal_gan.config.catalogue import TABLE
from internal_gan.config.fields import AUTO, LARGEST_SEED
from internal_gan.config.options import Options
from internal_gan.config.record import save_options
from internal_gan.errors import UserError
from internal_gan.finishing.filling import completed
from internal_gan.finishing.layout import layout
from internal_gan.finishing.masked import check_inside, rebuilt_inside
from internal_gan.images.files.image import write_image
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize, size_of
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.places import new_run_path
from internal_gan.runs.source import Source
from internal_gan.tasks.base import Context, Picture, gray
from internal_gan.tasks.inpaint.holes import Case, holes_of
from internal_gan.tasks.reporting import announce, end_run, enough_memory, new_console, recorded
from internal_gan.tasks.runner import mark_of, write
from internal_gan.units import counted

TASK = "preview"
# The size of the photo at which its layout is made, in pixels: SinGAN's default long side, or a
# longer one if the short side would be less than this.
LONGEST, SHORTEST = 60, 14
NOTE = "A preview made of the photo's patches, without a trained network"


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
        drawn = pictures(context, learnt)
        # Draw the first picture before creating the folder, so that an error leaves none behind.
        drawn = chain([next(drawn)], drawn)
    folder = RunFolder.create(new_run_path(options, options.photo, TASK))
    with recorded(folder):
        save_options(replace(options, model={}), folder.config_path)
        announce(context.console, folder, [NOTE])
        source.keep(folder.path, TABLE[TASK].reads)
        write_image(folder.path / "photo.png", learnt)
        with enough_memory(memory):
            results = write(drawn, folder, mark=mark_of(options, TASK, None))
        folder.write_status("running", results=results, **context.facts)
        made = counted(options.preview.count, TASK)
        end_run(context.console, folder, made, started, task=TASK)
    return folder.path


def small(source: Source) -> Tensor:
    """The photo at the size of its layout, (1, 3, h, w)."""
    pixels = source.photo().pixels
    sides = size_of(pixels)
    longest = max(LONGEST, round(SHORTEST * max(sides) / min(sides)))
    return resize(pixels, fit_size(sides, longest)).clamp(-1, 1)


def pictures(context: Context, learnt: Tensor) -> Iterator[Picture]:
    """Draw ``preview/000.png`` and so on: fillings of the hole if there is one, else variations.

    Args:
        learnt: see :func:`small`.
    """
    options = context.options
    holes = holes_of(options.inpaint, context)
    if not holes.is_named:
        idle = {
            "mask.invert": options.mask.invert,
            "mask.dilate": options.mask.dilate is not None,
            "inpaint.source": options.inpaint.source is not None,
        }
        for option in (name for name, is_given in idle.items() if is_given):
            raise UserError(f"{option}: there is no hole; give mask=FILE or inpaint.box")
        return previews(context, learnt)
    if options.preview.size is not None:
        raise UserError("preview.size: filling a hole keeps the photo's size")
    if options.finish.resolution not in (None, AUTO, "photo"):
        raise UserError("finish.resolution: filling a hole keeps the photo's size")
    return fillings(context, holes.case(0, context.given.photo(), "", warn=True))


def fillings(context: Context, case: Case) -> Iterator[Picture]:
    """Fill a hole with the photo's patches; results after the first are random."""
    photo, hole = case.photo, case.hole
    check_inside("image", hole)
    for number, seed in enumerate(seeds(context.options)):
        rng = torch.Generator().manual_seed(seed) if number else None
        drawing, scale = completed(photo.pixels, hole, case.unknown, rng)
        done = rebuilt_inside(photo, drawing, hole, case.unknown, scale=scale, reporter=context)
        yield Picture.of(f"{TASK}/{number:03d}.png", done.finished(photo, hole))
    yield Picture(f"{TASK}/before.png", photo.pixels, "before", photo)
    yield gray(f"{TASK}/mask.png", hole, "mask")


def seeds(options: Options) -> Iterator[int]:
    """The seed of each picture."""
    first = options.seed if options.preview.seed is None else options.preview.seed
    return ((first + number) % (LARGEST_SEED + 1) for number in range(options.preview.count))


def previews(context: Context, learnt: Tensor) -> Iterator[Picture]:
    """Draw variations and their layouts.

    Args:
        learnt: see :func:`small`.
    """
    wanted = context.options.preview
    size = wanted.size
    finisher = context.finisher(learnt, (size[0], size[1]) if size else None)
    finisher.check("finish.resolution" if size is None else f"preview.size=[{size[0]},{size[1]}]")
    for number, seed in enumerate(seeds(context.options)):
        rng = torch.Generator().manual_seed(seed)
        shape = finisher.drawing_size or size_of(learnt)
        drawing = layout(learnt, shape, rng, freedom=wanted.freedom)
        yield Picture.of(f"{TASK}/{number:03d}.png", finisher(drawing))
