"""Generative models learnt from a single image.

``fit`` learns a photo and ``load`` reads a model back. Importing the package loads nothing heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from internal_gan import environment

environment.prepare()

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image
    from torch import Tensor

    from internal_gan.models.base import Model
    from internal_gan.models.edgeconnect.model import EdgeConnect
    from internal_gan.models.ingan.retargeting import RetargetModel
    from internal_gan.models.singan.model import SinGAN

    Picture = str | PathLike[str] | Image | np.ndarray[Any, Any] | Tensor

__version__ = "0.1.0"
__all__ = ["__version__", "fit", "load"]


@overload
def fit(
    image: Picture,
    model: Literal["singan"] = "singan",
    overrides: Sequence[str] = (),
    output: str | PathLike[str] | None = None,
    *,
    quiet: bool = False,
) -> SinGAN: ...
@overload
def fit(
    image: Picture | Sequence[Picture],
    model: Literal["ingan", "ingan_unet"],
    overrides: Sequence[str] = (),
    output: str | PathLike[str] | None = None,
    *,
    quiet: bool = False,
) -> RetargetModel: ...
@overload
def fit(
    image: Picture | Sequence[Picture],
    model: Literal["edgeconnect"],
    overrides: Sequence[str] = (),
    output: str | PathLike[str] | None = None,
    *,
    quiet: bool = False,
) -> EdgeConnect: ...
@overload
def fit(
    image: Picture | Sequence[Picture],
    model: str,
    overrides: Sequence[str] = (),
    output: str | PathLike[str] | None = None,
    *,
    quiet: bool = False,
) -> Model: ...
def fit(
    image: Picture | Sequence[Picture],
    model: str = "singan",
    overrides: Sequence[str] = (),
    output: str | PathLike[str] | None = None,
    *,
    quiet: bool = False,
) -> Model:
    """Learn a generative model from one photo; what ``python -m internal_gan image=...`` does.

    Args:
        image: an image file; a Pillow image; an array (H, W), (H, W, 3) or (H, W, 4), or a tensor
            (C, H, W) or (1, C, H, W) with C 1, 3 or 4, gray, RGB or RGBA, of uint8, of uint16 or
            of floats in [0, 1]. Of InGAN and EdgeConnect also a list of several, which one model
            learns together.
        model: the method, as in ``model=singan``, ``model=ingan`` or ``model=edgeconnect``.
        overrides: options as on the command line, such as ``["trainer=preview", "seed=3"]``.
        output: run folder for the model, its samples and its page; by default a new
            ``runs/<image>-<model>/<time>``.
        quiet: print neither what is done nor how long it still takes.

    Returns:
        The trained model, on the device it was trained on. What it can do are functions of the
        model beside it, such as :func:`internal_gan.models.singan.sampling.sample`.

    Raises:
        internal_gan.errors.UserError: the image, an option or the output folder will not do.

    >>> import tempfile
    >>> from PIL import Image
    >>> import internal_gan
    >>> from internal_gan.models.singan.sampling import sample
    >>> photo = Image.radial_gradient("L").resize((48, 40))
    >>> folder = tempfile.mkdtemp()
    >>> model = internal_gan.fit(photo, overrides=["trainer=debug"], output=folder, quiet=True)
    >>> sample(model, 2, size=(30, 90), seed=0).shape
    torch.Size([2, 3, 30, 90])
    >>> model.reconstruct().shape
    torch.Size([1, 3, 40, 48])
    """
    from internal_gan.config.arguments import prepare
    from internal_gan.config.compose import compose
    from internal_gan.errors import UserError
    from internal_gan.images.files.from_memory import to_photo
    from internal_gan.images.files.image import read_image
    from internal_gan.tasks.train import longest_learnt, train

    options = compose([f"model={model}", *prepare(overrides)])
    if output is not None:
        options.output = str(output)
    images = cast("list[Picture]", [*image] if isinstance(image, list | tuple) else [image])
    names = [str(one) for one in images if isinstance(one, str | PathLike)]
    if not images:
        raise UserError("fit: the list of images is empty")
    longest = longest_learnt(options)
    photos = [
        read_image(str(one), longest=longest)
        if isinstance(one, str | PathLike)
        else to_photo(one, "the image" if len(images) == 1 else f"image {number}", longest)
        for number, one in enumerate(images, 1)
    ]
    # The names are of use only together: a photo in memory has none.
    if len(names) == len(images):
        options.image = names if len(names) > 1 else names[0]
    return train(options, photos, quiet=quiet)


@overload
def load(run: str | PathLike[str]) -> Model: ...
@overload
def load(run: str | PathLike[str], model: Literal["singan"]) -> SinGAN: ...
@overload
def load(run: str | PathLike[str], model: Literal["ingan", "ingan_unet"]) -> RetargetModel: ...
@overload
def load(run: str | PathLike[str], model: Literal["edgeconnect"]) -> EdgeConnect: ...
def load(run: str | PathLike[str], model: str | None = None) -> Model:
    """Read the model of a run folder, on the CPU. Runs no code from the file.

    Args:
        run: the run folder of a training, finished or stopped after a scale.
        model: the family that it must be of, by which type checkers know what it can do;
            by default any.

    Raises:
        internal_gan.errors.UserError: no such folder, or its model is missing, truncated, foreign,
            of a newer format or of another family.

    >>> import tempfile
    >>> from PIL import Image
    >>> import internal_gan
    >>> from internal_gan.models.singan.sampling import sample
    >>> photo = Image.radial_gradient("L").resize((48, 40))
    >>> folder = tempfile.mkdtemp()
    >>> model = internal_gan.fit(photo, overrides=["trainer=debug"], output=folder, quiet=True)
    >>> bool((sample(internal_gan.load(folder, "singan")) == sample(model)).all())
    True
    """
    from pathlib import Path

    from internal_gan.errors import UserError
    from internal_gan.runs.folder import RunFolder
    from internal_gan.runs.model_file import load_model

    folder = RunFolder.open(Path(run), needs=["model.safetensors"])
    found = load_model(folder.model_path)
    # The name of a family's other form begins with the family's.
    if model is not None and not model.startswith(found.family):
        raise UserError(f"{folder.path}: a model of {found.family}, not of {model}")
    return found
