"""Trained models: loading, saving, moving, sharing and drawing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Literal, Self, TypedDict, TypeVar

import torch
from PIL import Image
from torch import Tensor

from internal_gan import hub
from internal_gan.api.pictures import Given, in_memory, name_of, seed_of
from internal_gan.config.catalogue import TABLE
from internal_gan.config.compose import options_of
from internal_gan.config.options import Options
from internal_gan.config.record import load_options
from internal_gan.device import prepare_device
from internal_gan.errors import UserError
from internal_gan.files import is_file
from internal_gan.images.files.image import write_image
from internal_gan.images.files.memory import check_output_type, to_memory, to_pil
from internal_gan.images.photo import Photo, drawn_like
from internal_gan.models.base import Model as Network
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.model_file import load_model
from internal_gan.runs.source import IN_MEMORY, Source
from internal_gan.tasks.base import Context, Picture, Work
from internal_gan.tasks.reporting import enough_memory
from internal_gan.tasks.runner import work_of

T = TypeVar("T")

# Possible dtypes of a model's convolutions.
DTYPES = (torch.float32, torch.bfloat16, torch.float16)


class How(TypedDict, total=False):
    """How to draw and finish results, and what to return; see :class:`Model`."""

    seed: int | None
    generator: torch.Generator | None
    output_type: Literal["pil", "np", "pt"]
    detail: Literal["patches", "network"] | None
    resolution: int | Literal["auto", "photo", "model"] | None


class Masked(How, total=False):
    """Also how to prepare a mask: ``invert`` it, then grow it and blur its border, in pixels."""

    invert: bool
    dilate: float | None
    feather: float | None


class Model:
    """A trained model, as returned by ``load``, ``fit`` and :meth:`from_pretrained`.

    The methods of each family's class take and return pictures. An input picture is a file name, a
    Pillow image, an array (H, W) or (H, W, C), or a tensor (C, H, W) or (1, C, H, W) of uint8,
    uint16 or floats in [0, 1], with C = 1 (gray), 3 (RGB) or 4 (RGBA). Masks are such pictures,
    white or 1 where the method acts; they may also be boolean or tensors (H, W). ``output_type``
    chooses the output pictures:

    * ``"pil"``: Pillow images with the photo's gray or transparency and colour profile;
    * ``"np"``: float32 RGB arrays (H, W, 3) in [0, 1];
    * ``"pt"``: a float32 tensor (N, 3, H, W) in [0, 1] on the CPU.

    Randomness comes from ``seed``, by default 0, or from one number drawn from ``generator``. Sizes
    are (height, width) in pixels. ``detail`` and ``resolution`` are ``finish.detail`` and
    ``finish.resolution``, by default the training's: whether a result is made of the photo's own
    pixels, and at which resolution. Methods that do not finish their results refuse them. Other
    arguments are options of the corresponding task; invalid ones raise its ``UserError``.

    Attributes:
        network: the ``torch.nn.Module`` that draws tensors in [-1, 1].
        folder: the model's run folder; None for a model file outside a run folder.
    """

    family: ClassVar[str] = ""
    classes: ClassVar[dict[str, type[Model]]] = {}

    def __init_subclass__(cls) -> None:
        # A user's subclass of a family's class is not what load returns.
        if "family" in cls.__dict__:
            Model.classes[cls.family] = cls

    def __init__(self, network: Network, file: Path, source: Source) -> None:
        """For ``load`` and ``fit``; ``source`` holds the training's photos."""
        self.network = network
        self.folder = source.folder
        self._file = file
        self._source = source

    def __repr__(self) -> str:
        height, width = self.network.image.shape[-2:]
        stages = f"{self.network.finished} of {self.network.num_stages} stages"
        return f"<{self.network.family}: a photo of {height}x{width}, {stages}, {self.device}>"

    @staticmethod
    def _class_of(network: Network) -> type[Model]:
        return Model.classes.get(network.family, Model)

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
            source = Source(Options(), photos=[Photo(image) for image in network.images])
            model = Model._class_of(network)(network, path, source)
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
            licence: the photo's licence, as a Hub identifier such as ``cc0-1.0``; by default the
                training's ``hub.licence``.

        Raises:
            UserError: ``licence`` is not an identifier, the folder holds anything but a model
                saved there earlier, or it cannot be written.
        """
        folder = Path(folder)
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
            precision = self._source.options.precision
            self.network.to(prepare_device(str(device), precision)[0])
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
        """The (first) photo as given, or at its training size if the original was not kept."""
        photo = self._source.photo()
        return to_pil(photo.pixels, photo)

    @cached_property
    def _like(self) -> Photo | None:
        """The properties of the photo that results share; None if the photo is gone."""
        if self.folder is not None and not self._source.learnt_path().is_file():
            return None
        return drawn_like(self._source.learnt() if self.folder else self._source.photo())[0]

    def _one(self, *asked: Any, **how: Any) -> Any:
        """The first picture of :meth:`_each`."""
        return next(self._each(*asked, **how))

    def _several(self, *asked: Any, **how: Any) -> Any:
        """All pictures of :meth:`_each`: a list, or with ``pt`` one tensor."""
        found = list(self._each(*asked, **how))
        return torch.cat(found) if isinstance(found[0], Tensor) else found

    def _each(
        self,
        task: str,
        wanted: Mapping[str, Any],
        pictures: Mapping[str, Given | None] | None = None,
        of_kind: str = "result",
        /,
        *,
        output_type: str = "pil",
        seed: int | None = None,
        generator: torch.Generator | None = None,
        detail: str | None = None,
        resolution: int | str | None = None,
        **others: Any,
    ) -> Iterator[Any]:
        """Yield a task's pictures of one kind, without a run folder.

        Args:
            wanted: the task's own options.
            pictures: input pictures, by the full names of their options.
            others: options of the group ``mask``, for tasks that take them.
        """
        check_output_type(output_type)
        options = {f"{task}.{name}": value for name, value in wanted.items()}
        for name in others:
            if f"mask.{name}" not in TABLE[task].takes:
                raise UserError(f"{name}: task={task} has no such argument")
        options |= {f"mask.{name}": value for name, value in others.items()}
        finish = {"finish.detail": detail, "finish.resolution": resolution}
        for name, value in finish.items():
            if value is not None and name not in TABLE[task].takes:
                argument = name.removeprefix("finish.")
                keeps = "finish.detail" in TABLE[task].takes
                what = "keeps the photo's size" if keeps else "does not finish its results"
                raise UserError(f"{argument}={value}: task={task} {what}")
        options |= finish
        chosen = seed_of(seed, generator)
        if chosen is not None and not hasattr(getattr(self._source.options, task), "seed"):
            raise UserError(f"seed={chosen}: task={task} draws nothing at random")
        options |= {"task": task, f"{task}.seed": chosen}
        work = self._work(task, options, pictures or {})
        with enough_memory(TABLE[task].memory):
            work.check(self.network)
        drawn = self._computed(work.draw(self.network), TABLE[task].memory)
        return (
            to_memory(one.pixels, output_type, one.like or self._like, one.alpha)
            for one in drawn
            if isinstance(one, Picture) and one.kind == of_kind
        )

    def _work(
        self, task: str, options: dict[str, Any], pictures: Mapping[str, Given | None]
    ) -> Work[Any]:
        files: dict[str, Photo] = {}
        for option, given in pictures.items():
            options[option] = None if given is None else name_of(given) or IN_MEMORY
            if options[option] == IN_MEMORY:
                files[option] = in_memory(given, option.removesuffix(".file"))
        photos = [files.pop("image")] if "image" in files else []
        if photos:
            options["image"] = None
        checked = options_of({key: value for key, value in options.items() if value is not None})
        source = Source(
            checked, photos=photos, names=checked.photos or self._source.names, files=files
        )
        return work_of(task, Context(source, self._source, asides=False))

    def _computed(self, items: Iterator[T], memory: str = "") -> Iterator[T]:
        """Yield items; ``memory`` is the option to reduce if memory runs out."""
        while True:
            # The yield is outside, since the caller's code runs there.
            with enough_memory(memory):
                item = next(items, None)
            if item is None:
                return
            yield item


def opened(network: Network | None, folder: RunFolder) -> Model:
    """The model of a run folder, with ``network`` if it is already in memory."""
    network = load_model(folder.model_path) if network is None else network
    source = Source(load_options(folder.config_path), folder.path)
    return Model._class_of(network)(network, folder.model_path, source)
