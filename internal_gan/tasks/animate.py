"""task=animate: the photo in motion."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from torch import Tensor

from internal_gan.config.options import Options
from internal_gan.config.task_options import AnimateOptions
from internal_gan.errors import UserError
from internal_gan.images.files.video import check_format, write_frames, write_video
from internal_gan.models.singan.animation import Animation
from internal_gan.tasks.reporting import check_memory, enough_memory
from internal_gan.tasks.trained import load_trained, results
from internal_gan.training.progress import show_progress


def animate(options: Options, family: str | None = None) -> Path:
    """Write a moving picture by the model in ``options.checkpoint`` to a folder of its own.

    ``animate/frames/0000.png`` and so on are always written, and of them
    ``animate/animation.webp``, or another format.

    Args:
        family: refuse a model of another family; null takes any.

    Returns:
        The new run folder.

    Raises:
        UserError: the checkpoint, the device, a size, a scale or the format will not do. No
            folder is left behind.
    """
    wanted = options.animate
    check_format(wanted.format, wanted.fps, "animate")
    count = round(wanted.seconds * wanted.fps)
    if count < 2:
        raise UserError(
            f"animate.seconds={wanted.seconds:g}: that is less than two frames at "
            f"animate.fps={wanted.fps:g}; at least {2 / wanted.fps:.3g} seconds"
        )
    trained = load_trained(options, family, Animation)
    if wanted.size:
        height, width = wanted.size
        needed = trained.model.animating_memory((height, width))
        check_memory(needed, trained.model.device, f"animate.size=[{height},{width}]")
    with enough_memory("animate.size"):
        frames = _frames(trained.model, count, wanted, options.seed)
        # Whatever can go wrong does so at the first frame, when there is no folder yet.
        frames = chain([next(frames)], frames)
    with results(trained, f"{count} frames") as (folder, console):
        pictures = folder.path / "animate"
        shown = show_progress(frames, count, "frames", console)
        files = write_frames(pictures / "frames", shown, like=trained.like)
        if wanted.format != "png":
            write_video(pictures / f"animation.{wanted.format}", files, wanted.fps)
    return folder.path


def _frames(model: Animation, count: int, wanted: AnimateOptions, seed: int) -> Iterator[Tensor]:
    if wanted.start_scale >= model.finished:
        raise UserError(
            f"animate.start_scale={wanted.start_scale}: {model.finished} of the model's "
            f"{model.num_stages} scales are finished; allowed: 0 to {model.finished - 1}"
        )
    return model.animate(
        count,
        alpha=wanted.alpha,
        beta=wanted.beta,
        fps=wanted.fps,
        start_scale=wanted.start_scale,
        loop=wanted.loop,
        seed=seed if wanted.seed is None else wanted.seed,
        size=(wanted.size[0], wanted.size[1]) if wanted.size else None,
    )
