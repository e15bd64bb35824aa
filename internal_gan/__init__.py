"""Generative models learnt from a single image.

``fit`` learns a photo and ``load`` reads a model back. Importing the package loads nothing heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    from internal_gan.models.singan import SinGAN

__version__ = "0.1.0"
__all__ = ["__version__", "fit", "load"]


def fit(
    image: str | PathLike[str] | Image | np.ndarray[Any, Any],
    model: str = "singan",
    overrides: Sequence[str] = (),
    output: str | PathLike[str] | None = None,
    *,
    quiet: bool = False,
) -> SinGAN:
    """Learn a generative model from one photo; what ``python -m internal_gan image=...`` does.

    Args:
        image: an image file, a Pillow image, or an array (H, W), (H, W, 3) or (H, W, 4) of uint8,
            of uint16 or of floats in [0, 1].
        model: the method, as in ``model=singan``.
        overrides: options as on the command line, such as ``["trainer=preview", "seed=3"]``.
        output: run folder for the model, its samples and its page; by default a new
            ``runs/<image>-<model>/<time>``.
        quiet: print neither what is done nor how long it still takes.

    Returns:
        The trained model, on the device it was trained on. ``model.sample(count, size, seed=0)``
        gives a float tensor (count, 3, H, W) in [-1, 1].

    Raises:
        internal_gan.errors.UserError: the image, an option or the output folder will not do.

    >>> import tempfile
    >>> from PIL import Image
    >>> import internal_gan
    >>> photo = Image.radial_gradient("L").resize((48, 40))
    >>> folder = tempfile.mkdtemp()
    >>> model = internal_gan.fit(photo, overrides=["trainer=debug"], output=folder, quiet=True)
    >>> model.sample(2, size=(30, 90), seed=0).shape
    torch.Size([2, 3, 30, 90])
    >>> model.reconstruct().shape
    torch.Size([1, 3, 40, 48])
    """
    from internal_gan.arguments import prepare
    from internal_gan.config import compose
    from internal_gan.images.io import read_image
    from internal_gan.images.memory import to_photo
    from internal_gan.tasks.train import train

    options = compose([f"model={model}", *prepare(overrides)])
    if output is not None:
        options.output = str(output)
    photo = None
    if isinstance(image, str | PathLike):
        options.image = str(image)
        photo = read_image(options.image)
    else:
        photo = to_photo(image)
    return cast("SinGAN", train(options, photo, quiet=quiet))


def load(run: str | PathLike[str]) -> SinGAN:
    """Read the model of a run folder, on the CPU. Runs no code from the file.

    Args:
        run: the run folder of a training, finished or stopped after a scale.

    Raises:
        internal_gan.errors.UserError: no such folder, or its model is missing, truncated, foreign
            or of a newer format.

    >>> import tempfile
    >>> from PIL import Image
    >>> import internal_gan
    >>> photo = Image.radial_gradient("L").resize((48, 40))
    >>> folder = tempfile.mkdtemp()
    >>> model = internal_gan.fit(photo, overrides=["trainer=debug"], output=folder, quiet=True)
    >>> bool((internal_gan.load(folder).sample(1) == model.sample(1)).all())
    True
    """
    from pathlib import Path

    from internal_gan.build import build
    from internal_gan.training.checkpoint import load_model
    from internal_gan.training.run_folder import RunFolder

    folder = RunFolder.open(Path(run), needs=["model.safetensors"])
    return cast("SinGAN", load_model(folder.model_path, build))
