"""task=make_tileable: a photo that repeats without a seam."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from internal_gan.config.fields import AUTO
from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.evaluation.seams import seams, told
from internal_gan.files import is_file
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.photo import Photo, drawn_like
from internal_gan.models.ladder import wrap_of
from internal_gan.models.singan.tileable import Tiling
from internal_gan.tasks.proof import proof_name, write_proof
from internal_gan.tasks.reporting import enough_memory, say
from internal_gan.tasks.trained import Trained, load_trained, results


def make_tileable(options: Options, family: str | None = None) -> Path:
    """Change the borders of a photo so that they meet; write it, and copies side by side.

    Args:
        family: refuse a model of another family; null takes any.

    Returns:
        The new run folder.

    Raises:
        UserError: the checkpoint, the device, the photo, a band or a scale will not do. No folder
            is left behind.
    """
    wanted = options.make_tileable
    trained = load_trained(options, family, Tiling)
    photo, note = _photo(trained)
    tileable: Any = True if wanted.axes == "both" else wanted.axes
    with enough_memory("make_tileable.image"):
        try:
            made = trained.model.make_tileable(
                photo.pixels,
                tileable,
                band=wanted.band,
                start_scale=None if wanted.start_scale == AUTO else int(wanted.start_scale),
                seed=options.seed if wanted.seed is None else wanted.seed,
            )
        except UserError as error:
            raise UserError(f"make_tileable.{error}") from error
    wrap, like = wrap_of(tileable), drawn_like(photo)[0]
    before, after = seams(photo.pixels, wrap), seams(made, wrap)
    with results(trained, "1 result") as (folder, console):
        pictures = folder.path / "make_tileable"
        pictures.mkdir()
        write_image(pictures / "000.png", made, like=photo)
        write_proof(pictures / f"{proof_name(wrap)}-before.png", photo.pixels, wrap, like)
        write_proof(pictures / f"{proof_name(wrap)}-after.png", made, wrap, like)
        folder.write_status("running", seams_before=before, seams=after)
        say(console, note)
        say(console, "Step over the border, as a multiple of the steps inside:")
        say(console, f"  before: {told(before)}")
        say(console, f"  after:  {told(after)}")
    return folder.path


def _photo(trained: Trained) -> tuple[Photo, str]:
    """The photo to change, and a line about it.

    Raises:
        UserError: it cannot be read.
    """
    given = trained.options.make_tileable.image
    path, what = trained.options.image, "the photo of the training"
    if given is not None:
        path, what = given, "make_tileable.image"
    elif path is None or not is_file(path):
        path, what = str(trained.source.path / "photo.png"), "the training's own copy of its photo"
    try:
        photo = read_image(path)
    except UserError as error:
        raise UserError(f"make_tileable.image={error}") from error
    return photo, f"Photo {path}, {photo.size[0]} x {photo.size[1]} pixels: {what}"
