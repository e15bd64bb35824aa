"""task=sample: random pictures with the patches of the photo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from statistics import fmean
from typing import Any

from torch import Tensor

from internal_gan.config.options import Options
from internal_gan.config.task_options import ALL_SCALES
from internal_gan.errors import UserError
from internal_gan.evaluation.seams import seams, told
from internal_gan.files import make_folder
from internal_gan.images.files.image import write_image
from internal_gan.images.photo import Photo, drawn_like
from internal_gan.models.base import Model
from internal_gan.models.singan.sampling import samples, sampling_memory, wrap_of
from internal_gan.runs.folder import RunFolder
from internal_gan.tasks.own import OwnTask
from internal_gan.tasks.proof import proof, proof_name
from internal_gan.tasks.reporting import check_memory, enough_memory, say
from internal_gan.tasks.trained import load_trained, results

# Pictures of a model that is not finished yet are for a look; the last ones are counted.
ON_THE_WAY = 8


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
    model = trained.model
    _check_memory(model, options)
    drawn = draw(model, options)
    count = options.sample.count
    what = "1 sample" if count == 1 else f"{count} samples"
    if len(drawn) > 1:
        what += f" from each of {len(drawn)} start scales"
    name, images = next(iter(drawn.items()))
    with enough_memory("sample.size"):
        # Whatever can go wrong does so before there is a folder.
        drawn[name] = chain([next(images)], images)
    with results(trained, what) as (folder, console):
        found = _write(drawn, options, folder, trained.like)
        if found:
            say(console, f"Step over the border, as a multiple of the steps inside: {told(found)}")
    return folder.path


def draw(model: Any, options: Options, at_most: int | None = None) -> dict[str, Iterator[Tensor]]:
    """The samples that ``options.sample`` asks for, by the folder that they belong in.

    Each is (1, 3, H, W) in [-1, 1], drawn when it is asked for. From all start scales there is a
    folder for each, as in figure 8 of Shaham et al. 2019.

    Args:
        at_most: for a look while the model is being trained: no more samples than this, at the
            size of the finest finished scale, and from one start scale that is finished.

    Raises:
        UserError: a start scale that the model does not have, or that is not finished.
    """
    wanted, finished = options.sample, model.finished
    count, size, start_scale = wanted.count, wanted.size, wanted.start_scale
    if start_scale == ALL_SCALES:
        folders = {f"sample/scale-{scale}": scale for scale in range(finished)}
    else:
        folders = {"sample": int(start_scale)}
    if at_most is not None:
        count, size = min(count, at_most), None
        name, scale = next(iter(folders.items()))
        folders = {name: min(scale, finished - 1)}
    elif max(folders.values()) >= finished:
        raise UserError(
            f"sample.start_scale={start_scale}: {finished} of the model's "
            f"{model.num_stages} scales are finished; allowed: 0 to {finished - 1}"
        )
    tileable: Any = wanted.tileable
    return {
        name: samples(
            model,
            count,
            (size[0], size[1]) if size else None,
            start_scale=scale,
            tileable=tileable,
            seed=options.seed if wanted.seed is None else wanted.seed,
        )
        for name, scale in folders.items()
    }


def write_samples(
    model: Model, options: Options, folder: RunFolder, photo: Photo, *, on_the_way: bool = False
) -> None:
    """Write ``sample/000.png`` and so on into a run folder, in place of older ones.

    From all start scales it is ``sample/scale-0/000.png`` and so on.
    """
    drawn = draw(model, options, ON_THE_WAY if on_the_way else None)
    _write(drawn, options, folder, drawn_like(photo)[0])


def check(model: Any, options: Options) -> None:
    """Refuse a start scale that the model is not going to have, or a size beyond the memory.

    Raises:
        UserError: names it and what is allowed.
    """
    start_scale = options.sample.start_scale
    if isinstance(start_scale, int) and start_scale >= model.num_stages:
        raise UserError(
            f"sample.start_scale={start_scale}: this model has "
            f"{model.num_stages} scales; allowed: 0 to {model.num_stages - 1}"
        )
    _check_memory(model, options)


def _check_memory(model: Any, options: Options) -> None:
    if options.sample.size is not None:
        height, width = options.sample.size
        needed = sampling_memory(model, (height, width))
        check_memory(needed, model.device, f"sample.size=[{height},{width}]")


def _write(
    drawn: Mapping[str, Iterator[Tensor]], options: Options, folder: RunFolder, like: Photo | None
) -> dict[str, float]:
    """Write the pictures, and proofs of those that tile.

    Returns:
        The steps over their borders, on average; see :func:`internal_gan.evaluation.seams.seams`.
    """
    wrap = wrap_of(options.sample.tileable)
    found: dict[str, list[float]] = {}
    for name, images in drawn.items():
        pictures = make_folder(folder.path / name)
        for index, image in enumerate(images):
            write_image(pictures / f"{index:03d}.png", image, like=like)
            if any(wrap):
                proofs = folder.path / "sample" / f"{pictures.name}-{proof_name(wrap)}"
                if name == "sample":
                    proofs = pictures / proof_name(wrap)
                write_image(make_folder(proofs) / f"{index:03d}.png", proof(image, wrap), like=like)
            for axis, step in seams(image, wrap).items():
                found.setdefault(axis, []).append(step)
    steps = {axis: fmean(ratios) for axis, ratios in found.items()}
    if steps:
        folder.write_status("running", seams=steps)
    return steps


OWN = OwnTask("sample", check, write_samples, "sample.size", ("sample.count=16",))
