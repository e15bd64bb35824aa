"""Models: loading, saving, sharing and drawing; what their methods take: pictures and options."""

from collections.abc import Callable, Iterator, Mapping
from os import PathLike, fspath
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Self

import numpy as np
import torch
from PIL import Image

from internal_gan import hub
from internal_gan.config.arguments import SHORT
from internal_gan.config.catalogue import SPECS
from internal_gan.config.compose import load_options, options_of
from internal_gan.config.options import PATHS, Options, taken_by
from internal_gan.device import prepare_device
from internal_gan.errors import UserError
from internal_gan.files import is_file
from internal_gan.images.files.image import write_image
from internal_gan.images.files.memory import check_output_type, to_mask, to_memory, to_photo, to_pil
from internal_gan.images.files.names import local
from internal_gan.images.photo import Photo
from internal_gan.models.base import Model as Network
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.model_file import load_model
from internal_gan.runs.source import IN_MEMORY, Source
from internal_gan.stopping import stopping
from internal_gan.tasks.items import Picture
from internal_gan.tasks.recorder import Recorder
from internal_gan.tasks.runner import Work

Given = str | PathLike[str] | Image.Image | np.ndarray[Any, Any] | torch.Tensor

# Possible dtypes of a model's convolutions.
DTYPES = (torch.float32, torch.bfloat16, torch.float16)


class Model:
    """A model: a trained one of ``load``, ``fit`` or :meth:`from_pretrained`, or :class:`Patches`.

    The methods of each family's class take and return pictures. A given picture (``Given``) is a
    file name, a Pillow image, an array (H, W) or (H, W, C), or a tensor (C, H, W) or (1, C, H, W)
    of uint8, uint16 or floats in [0, 1], with C = 1 (gray), 3 (RGB) or 4 (RGBA). Masks are such,
    white or 1 where the method acts; they may also be boolean or tensors (H, W). ``output_type``
    chooses the output pictures:

    * ``"pil"``: Pillow images with the photo's gray or transparency and colour profile;
    * ``"np"``: float32 RGB arrays (H, W, 3) in [0, 1];
    * ``"pt"``: a float32 tensor (N, 3, H, W) in [0, 1] on the CPU.

    Sizes are (height, width) in pixels. Most arguments are options of the method's task
    (docs/options.md); with None, the option's default holds, too.

    Attributes:
        network: the ``torch.nn.Module`` that draws tensors in [-1, 1].
        folder: the model's run folder; None for a model file outside a run folder.
    """

    family: ClassVar[str] = ""
    classes: ClassVar[dict[str, "type[Model]"]] = {}

    def __init_subclass__(cls, family: str | None = None) -> None:
        """``load`` returns the class of a ``family``, and not a user's subclass of it."""
        if family is not None:
            cls.family = family
            Model.classes[family] = cls

    def __init__(self, network: Network, file: Path | None, source: Source) -> None:
        """For ``load`` and ``fit``; ``source`` holds the training's photo."""
        self.network = network
        self.folder = source.folder
        self._file = file
        self._source = source

    def __repr__(self) -> str:
        height, width = self.network.image.shape[-2:]
        stages = f"{self.network.finished} of {self.network.num_stages} stages"
        return f"<{self.network.family}: a photo of {height}x{width}, {stages}, {self.device}>"

    @classmethod
    def from_pretrained(
        cls,
        name: str | PathLike[str],
        *,
        device: str | torch.device | None = None,
        dtype: torch.dtype | None = None,
        **of_hub: Any,
    ) -> Self:
        """Read a model, by default onto the CPU, without running code from the file.

        Args:
            name: a run folder with at least one finished stage, a model file, or ``owner/name`` on
                the Hugging Face Hub.
            device, dtype: see :meth:`to`.
            of_hub: arguments of ``huggingface_hub.snapshot_download``, such as ``revision``,
                ``token`` and ``local_files_only``.

        Raises:
            UserError: there is no such model, or the file is truncated, not a model, of a newer
                format or of another family.
        """
        path = hub.local(name, **of_hub)
        if is_file(path):
            network = load_model(path)
            source = Source(Options(), files={"image": Photo(network.image)})
            model = Model.classes.get(network.family, Model)(network, path, source)
        else:
            model = opened(None, RunFolder.open(path, needs=["model.safetensors"]))
        if not isinstance(model, cls):
            raise UserError(f"{path}: a model of {model.network.family}, not of {cls.family}")
        return model.to(device, dtype)

    def save_pretrained(self, folder: str | PathLike[str], *, licence: str | None = None) -> None:
        """Save the model as a run folder, for ``checkpoint=`` and :meth:`from_pretrained`.

        It includes the photo at its training size, which the model itself also contains, some
        pictures from the training, and a model card, but no paths of the user's files.

        Args:
            licence: the photo's licence, as a Hub identifier such as ``cc0-1.0``.

        Raises:
            UserError: ``licence`` is not an identifier, the folder holds anything but a model
                saved there earlier, or it cannot be written; always for :class:`Patches`.
        """
        folder = Path(folder)
        if self._file is None:
            raise UserError("a photo's patches are not saved: keep the photo")
        hub.save(self._file, folder, self.network, licence)
        if not (folder / "photo.png").is_file():
            write_image(folder / "photo.png", self.network.image)

    def push_to_hub(
        self,
        name: str,
        *,
        private: bool = False,
        licence: str | None = None,
        token: str | None = None,
        message: str = "Model",
    ) -> str:
        """Upload to the Hugging Face Hub what :meth:`save_pretrained` writes; returns the address.

        Args:
            name: repository ``owner/name``, created if needed.
            private: whether a new repository is private.
            licence: see :meth:`save_pretrained`.
            token: by default the one of ``huggingface-cli login``.
            message: commit message.

        Raises:
            UserError: huggingface_hub is not installed.
        """
        with TemporaryDirectory() as folder:
            self.save_pretrained(folder, licence=licence)
            return hub.upload(Path(folder), name, private=private, token=token, message=message)

    def to(
        self,
        device: str | torch.device | torch.dtype | None = None,
        dtype: torch.dtype | None = None,
    ) -> Self:
        """Set the device and dtype; returns the model itself.

        Args:
            device: ``cpu``, ``cuda``, ``cuda:1`` or similar, ``auto``, or a dtype.
            dtype: dtype of the convolutions: float32, bfloat16 or float16.

        Raises:
            UserError: this machine has no such device, or the dtype is not allowed.
        """
        if isinstance(device, torch.dtype):
            device, dtype = None, device
        if dtype is not None:
            if dtype not in DTYPES:
                raise UserError(f"dtype={dtype}: allowed: {', '.join(map(str, DTYPES))}")
            self.network.precision = dtype
        if device is not None:
            self.network.to(prepare_device(str(device))[0])
        return self

    @property
    def device(self) -> torch.device:
        """The network's device."""
        return self.network.device

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the network's convolutions. Weights, masks and searches stay in float32."""
        return self.network.precision

    @property
    def photo(self) -> Image.Image:
        """The photo as given, or at its training size if the original was not kept."""
        photo = self._source.photo()
        return to_pil(photo.colours, photo)

    def _one(self, task: str, /, **given: Any) -> Any:
        return next(self._each(task, **given))

    def _each(self, task: str, /, **given: Any) -> Iterator[Any]:
        return results(task, given, self.network, self._source)


def results(
    task: str, given: dict[str, Any], network: Network | None = None, trained: Source | None = None
) -> Iterator[Any]:
    """Yield a task's results, or a film's frames, in memory; ``given`` are ``output_type``,
    ``generator``, ``stop``, and what :func:`source_of` takes."""
    output_type = given.pop("output_type", "pil")
    check_output_type(output_type)
    if (rng := given.pop("generator", None)) is not None:
        if given.get("seed") is not None:
            raise UserError("seed, generator: both set the random numbers; give only one")
        given["seed"] = int(torch.randint(2**63 - 1, (), generator=rng, device=rng.device))
    stop = given.pop("stop", None)
    source = source_of(task, given, trained)
    source.options.confirm = "large"  # a program asks for what it wants
    work = Work(task, source, network, Recorder())
    like = trained.like if trained else None
    with work.enough_memory(), stopping(stop):
        items = work.begin()

    def in_memory() -> Iterator[Any]:
        while True:
            # The yield is outside, since the caller's code runs there.
            with work.enough_memory(), stopping(stop):
                item = next(items, None)
            if item is None:
                return
            if isinstance(item, Picture) and item.kind in ("result", "frame"):
                image = item.image
                yield to_memory(image.colours, output_type, image.like or like, image.alpha)

    return in_memory()


def opened(network: Network | None, folder: RunFolder) -> Model:
    """The model of a run folder, with ``network`` if it is already in memory."""
    network = load_model(folder.model_path) if network is None else network
    source = Source(load_options(folder.config_path), folder.path)
    return Model.classes.get(network.family, Model)(network, folder.model_path, source)


def source_of(task: str, arguments: Mapping[str, Any], trained: Source | None = None) -> Source:
    """A task's checked options, and its pictures in memory, from ``arguments`` by their options'
    names without the group; ``photo`` stands for ``image=``, and None for the option's default."""
    values, files = dict[str, Any](task=task), dict[str, Photo]()
    for argument, value in arguments.items():
        # None for a file that is missing is what OpenCV gives; only a model has a photo of its own.
        if value is None and (argument != "photo" or trained is not None):
            continue
        option = option_of(task, argument, value)
        if option in PATHS:
            plain = option.removesuffix(".file")
            value = picture_of(value, plain, to_photo if plain.endswith("image") else to_mask)
            if isinstance(value, Photo):
                files[option], value = value, IN_MEMORY
        values[option] = value
    if "image" in files:
        del values["image"]
    return Source(options_of(values), trained=trained, files=files)


def option_of(task: str, name: str, value: Any = None) -> str:
    """The option that an argument sets: the task's own, or one that it takes besides."""
    taken = taken_by(task)
    plain = [option for option in taken - {*PATHS} if option.rpartition(".")[2] == name]
    if name == "keep_frame" and name in SPECS[task].takes and not SPECS[task].needs:
        return name  # others have it from their photo's model
    own = f"{task}.{name}", f"edit.{name}", SHORT.get(name, ""), f"mask.{name}"
    for option in (*own, *plain):
        if option in taken:
            return option
    if name == "photo":
        return "image"
    why = "draws nothing at random" if name == "seed" else "has no such argument"
    raise UserError(f"{name}={value}: task={task} {why}")


def picture_of(
    given: Given, name: str = "the image", make: Callable[..., Photo] = to_photo
) -> Path | Photo:
    """A picture's file or, in memory, what ``make`` makes of it; UserErrors begin with ``name``."""
    return Path(local(fspath(given))) if isinstance(given, str | PathLike) else make(given, name)
