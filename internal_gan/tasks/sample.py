"""task=sample: random pictures with the patches of the photo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from internal_gan.errors import UserError
from internal_gan.images.io import write_image
from internal_gan.images.photo import Photo
from internal_gan.models.base import Model
from internal_gan.options import Options
from internal_gan.tasks.reporting import enough_memory
from internal_gan.tasks.trained import load_trained, results
from internal_gan.training.run_folder import RunFolder


def sample(options: Options, family: str | None = None) -> Path:
    """Write samples of the model in the run folder ``options.checkpoint`` to a folder of their own.

    Args:
        family: refuse a model of another family; null takes any.

    Returns:
        The new run folder.

    Raises:
        UserError: the checkpoint, the device, a size or a scale will not do. No folder is left
            behind.
    """
    trained = load_trained(options, family)
    with enough_memory("sample.size"):
        images = draw(trained.model, options)
    with results(trained, f"{len(images)} samples") as (folder, _):
        _write(images, folder, trained.like)
    return folder.path


def draw(model: Any, options: Options, at_most: int | None = None) -> Any:
    """The samples that ``options.sample`` asks for, (count, 3, H, W) in [-1, 1].

    Args:
        at_most: for a look while the model is being trained: no more samples than this, at the
            size of the finest finished scale, and from a start scale that is finished.

    Raises:
        UserError: a start scale that the model does not have, or that is not finished.
    """
    wanted = options.sample
    count, size, start_scale = wanted.count, wanted.size, wanted.start_scale
    if at_most is not None:
        count, size, start_scale = min(count, at_most), None, min(start_scale, model.finished - 1)
    elif start_scale >= model.finished:
        raise UserError(
            f"sample.start_scale={start_scale}: {model.finished} of the model's "
            f"{model.num_stages} scales are finished; allowed: 0 to {model.finished - 1}"
        )
    return model.sample(
        count,
        tuple(size) if size else None,
        start_scale=start_scale,
        seed=options.seed if wanted.seed is None else wanted.seed,
    )


def write_samples(
    model: Model, options: Options, folder: RunFolder, like: Photo, at_most: int | None = None
) -> None:
    """Write ``sample/000.png`` and so on into a run folder, in place of older ones."""
    _write(draw(model, options, at_most), folder, like)


def _write(images: Any, folder: RunFolder, like: Photo | None) -> None:
    pictures = folder.path / "sample"
    pictures.mkdir(exist_ok=True)
    for index, image in enumerate(images):
        write_image(pictures / f"{index:03d}.png", image, like=like)
