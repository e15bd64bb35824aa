# Written by docs/list_signatures.py.

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Generic, Literal, overload

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import TypeVar

from internal_gan.api.functions import verify as verify
from internal_gan.api.model import Given
from internal_gan.api.model import Model as Model
from internal_gan.api.runs import Overrides, Progress, Stop
from internal_gan.api.runs import load as load
from internal_gan.config.conf import list_models as list_models
from internal_gan.config.conf import list_presets as list_presets
from internal_gan.errors import UserError as UserError
from internal_gan.finishing.plans import Plan
from internal_gan.judging.compare import compare as compare
from internal_gan.judging.verify import Verification as Verification
from internal_gan.stopping import Stopped as Stopped
from internal_gan.training.callbacks import Callback as Callback
from internal_gan.training.engine import TrainingStopped as TrainingStopped
from internal_gan.training.progress import TrainingProgress as TrainingProgress
from internal_gan.version import __version__ as __version__

__all__ = [
    "ZSSR",
    "Callback",
    "EdgeConnect",
    "InGAN",
    "Model",
    "Patches",
    "Previews",
    "Run",
    "SinGAN",
    "Stopped",
    "TrainingProgress",
    "TrainingStopped",
    "UserError",
    "Verification",
    "__version__",
    "animate",
    "compare",
    "edit",
    "evaluate",
    "extend",
    "fill",
    "fit",
    "harmonize",
    "importance",
    "list_models",
    "list_presets",
    "load",
    "make_tileable",
    "paint",
    "resume",
    "retarget",
    "sample",
    "super_resolve",
    "verify",
]

class _Fills(Model):
    """Fills holes in its photo and in similar ones."""
    @overload
    def fill(
        self,
        photo: Given | None = None,
        mask: Given | None = None,
        *,
        edges: Given | None = None,
        avoid: Given | None = None,
        box: Sequence[int] | None = None,
        dilate: float | None = None,
        detail: Literal["patches", "network"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["pil"] = "pil",
        stop: Callable[[], bool] | None = None,
    ) -> Image.Image:
        """Fill a hole in a photo; the rest stays the same bit for bit.

        With seed 0, the default, nothing is random; every other seed gives another variant.

        Args:
            photo: by default the model's own.
            mask: the hole, of the photo's size; by default the photo's transparent part.
            edges: white lines on black, of the photo's size, that the filling follows.
            avoid: mask of the photo's size, white where no pixel may be taken from or learnt.
            box: hole as a rectangle, instead of a mask. Allowed: four whole numbers
                [top,left,height,width] in pixels, such as [20,30,40,50].
            dilate: grow the mask by a disk of this radius, for fill in the photo's pixels; None:
                the task's default. Allowed: a number of pixels from 0 to 1000.
            detail: patches: made of the photo's own pixels; network: the network's output; None: as
                in training (by default patches).
            seed: of what is drawn at random, from 0 to 2**63 - 1.
            generator: one number drawn from it is the seed.
            output_type: form of the result; see :class:`internal_gan.Model`.
            stop: asked between two passes over a picture; once it returns true, the work ends.

        Raises:
            UserError: a picture cannot be read, or an argument is not allowed.
            Stopped: ``stop`` returned true.
        """
    @overload
    def fill(
        self,
        photo: Given | None = None,
        mask: Given | None = None,
        *,
        edges: Given | None = None,
        avoid: Given | None = None,
        box: Sequence[int] | None = None,
        dilate: float | None = None,
        detail: Literal["patches", "network"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["np"],
        stop: Callable[[], bool] | None = None,
    ) -> NDArray[np.float32]: ...
    @overload
    def fill(
        self,
        photo: Given | None = None,
        mask: Given | None = None,
        *,
        edges: Given | None = None,
        avoid: Given | None = None,
        box: Sequence[int] | None = None,
        dilate: float | None = None,
        detail: Literal["patches", "network"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["pt"],
        stop: Callable[[], bool] | None = None,
    ) -> torch.Tensor: ...

class EdgeConnect(_Fills):
    """Fills holes in its photo and in similar ones (Nazeri et al. 2019)."""

class _Retargets(Model):
    """Draws its photo in other sizes and shapes."""
    @overload
    def retarget(
        self,
        size: Sequence[int | str | None] | str | None = None,
        *,
        outline: Given | None = None,
        corners: Sequence[Sequence[float]] | None = None,
        protect: Given | None = None,
        importance: Given | None = None,
        detail: Literal["patches", "network"] | None = None,
        resolution: int | Literal["auto", "photo", "model"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["pil"] = "pil",
        stop: Callable[[], bool] | None = None,
    ) -> Image.Image:
        """Give the photo another format, or another shape.

        Without a trained model it is cropped, squeezed or extended, whichever loses least;
        ``seed`` chooses among the best ways, see :meth:`Patches.plans`. A trained model redraws it.

        Args:
            size: one side may be None to keep the photo's aspect ratio. A string such as "16:9"
                gives width:height, with what is kept at its size, and ("100%", "200%") is relative
                to the photo. By default the photo's size.
            outline: a picture whose white or opaque part is the shape, and its size the size by
                default; the photo is redrawn.
            corners: where a homography moves the corners; 0 to 1 is inside the frame; None: a
                rectangle. Allowed: four corners [row,column] from top left clockwise, as fractions
                of the frame, such as [[0.2,0],[0,1],[1,1],[0.8,0]].
            protect: mask of the photo; its white parts keep their size and shape.
            importance: a gray picture of what matters, white most; by default that of
                :func:`internal_gan.importance`.
            detail: patches: made of the photo's own pixels; network: the network's output; None: as
                in training (by default patches).
            resolution: long side of the photo in results made of patches; None: as in training (by
                default auto). Allowed: auto (the photo's own up to 2048, in films up to 1024, or
                what fits the requested size; in another format the photo's own), photo (the photo's
                own), model (that of the training), a number of pixels from 16 to 100000.
            seed: of what is drawn at random, from 0 to 2**63 - 1.
            generator: one number drawn from it is the seed.
            output_type: form of the result; see :class:`internal_gan.Model`.
            stop: asked between two passes over a picture; once it returns true, the work ends.

        Raises:
            UserError: a picture cannot be read, or an argument is not allowed.
            Stopped: ``stop`` returned true.
        """
    @overload
    def retarget(
        self,
        size: Sequence[int | str | None] | str | None = None,
        *,
        outline: Given | None = None,
        corners: Sequence[Sequence[float]] | None = None,
        protect: Given | None = None,
        importance: Given | None = None,
        detail: Literal["patches", "network"] | None = None,
        resolution: int | Literal["auto", "photo", "model"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["np"],
        stop: Callable[[], bool] | None = None,
    ) -> NDArray[np.float32]: ...
    @overload
    def retarget(
        self,
        size: Sequence[int | str | None] | str | None = None,
        *,
        outline: Given | None = None,
        corners: Sequence[Sequence[float]] | None = None,
        protect: Given | None = None,
        importance: Given | None = None,
        detail: Literal["patches", "network"] | None = None,
        resolution: int | Literal["auto", "photo", "model"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["pt"],
        stop: Callable[[], bool] | None = None,
    ) -> torch.Tensor: ...

class InGAN(_Retargets):
    """Draws its photo in other sizes and shapes (Shocher et al. 2019)."""

class _Samples(Model):
    """Draws random pictures like its photo."""
    @overload
    def sample(
        self,
        count: int = 1,
        *,
        size: Sequence[int] | None = None,
        start_scale: int | None = 0,
        tileable: bool | Literal["x", "y"] | None = False,
        candidates: int | None = None,
        detail: Literal["patches", "network"] | None = None,
        resolution: int | Literal["auto", "photo", "model"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["pil"] = "pil",
        stop: Callable[[], bool] | None = None,
    ) -> list[Image.Image]:
        """Draw random pictures (a list; ``pt``: a tensor), each the same for any ``count``.

        Args:
            count: number of samples. Allowed: a whole number from 1 to 1000000.
            size: size of the result; None: the photo's at ``resolution``. Allowed: two whole
                numbers [height,width] in pixels, such as [300,800].
            start_scale: 0 (the coarsest) varies everything, higher keeps more of the layout.
                Allowed: a whole number, 0 or more.
            tileable: samples that repeat without a seam; x: only left to right, y: only top to
                bottom.
            candidates: SinGAN: layouts per sample; the best is kept; more vary less; None: as in
                training (by default 4). Allowed: a whole number from 1 to 1000.
            detail: patches: made of the photo's own pixels; network: the network's output; None: as
                in training (by default patches).
            resolution: long side of the photo in results made of patches; None: as in training (by
                default auto). Allowed: auto (the photo's own up to 2048, in films up to 1024, or
                what fits the requested size; in another format the photo's own), photo (the photo's
                own), model (that of the training), a number of pixels from 16 to 100000.
            seed: of what is drawn at random, from 0 to 2**63 - 1.
            generator: one number drawn from it is the seed.
            output_type: form of the result; see :class:`internal_gan.Model`.
            stop: asked between two passes over a picture; once it returns true, the work ends.

        Raises:
            UserError: a picture cannot be read, or an argument is not allowed.
            Stopped: ``stop`` returned true.
        """
    @overload
    def sample(
        self,
        count: int = 1,
        *,
        size: Sequence[int] | None = None,
        start_scale: int | None = 0,
        tileable: bool | Literal["x", "y"] | None = False,
        candidates: int | None = None,
        detail: Literal["patches", "network"] | None = None,
        resolution: int | Literal["auto", "photo", "model"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["np"],
        stop: Callable[[], bool] | None = None,
    ) -> list[NDArray[np.float32]]: ...
    @overload
    def sample(
        self,
        count: int = 1,
        *,
        size: Sequence[int] | None = None,
        start_scale: int | None = 0,
        tileable: bool | Literal["x", "y"] | None = False,
        candidates: int | None = None,
        detail: Literal["patches", "network"] | None = None,
        resolution: int | Literal["auto", "photo", "model"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["pt"],
        stop: Callable[[], bool] | None = None,
    ) -> torch.Tensor: ...

class _Injects(Model):
    """Gives other pictures its photo's look."""
    @overload
    def reconstruct(
        self,
        *,
        output_type: Literal["pil"] = "pil",
    ) -> Image.Image:
        """The model's reconstruction of the photo, at the size of its training; a UserError if
        ``output_type`` is unknown.

        Args:
            output_type: form of the result; see :class:`internal_gan.Model`.
        """
    @overload
    def reconstruct(
        self,
        *,
        output_type: Literal["np"],
    ) -> NDArray[np.float32]: ...
    @overload
    def reconstruct(
        self,
        *,
        output_type: Literal["pt"],
    ) -> torch.Tensor: ...
    @overload
    def paint(
        self,
        image: Given,
        *,
        start_scale: int | Literal["auto"] | None = "auto",
        detail: Literal["patches", "network"] | None = None,
        resolution: int | Literal["auto", "photo", "model"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["pil"] = "pil",
        stop: Callable[[], bool] | None = None,
    ) -> Image.Image:
        """Turn a painting or clip-art into a photo: its shapes with the photo's textures.

        Args:
            image: painting to turn into a photo, of any size.
            start_scale: 1 keeps only rough shapes, higher stays closer to the painting; auto: the
                task's default. Allowed: a whole number, 1 (the second-coarsest scale) or more, or
                auto.
            detail: patches: made of the photo's own pixels; network: the network's output; None: as
                in training (by default patches).
            resolution: long side of the photo in results made of patches; None: as in training (by
                default auto). Allowed: auto (the photo's own up to 2048, in films up to 1024, or
                what fits the requested size; in another format the photo's own), photo (the photo's
                own), model (that of the training), a number of pixels from 16 to 100000.
            seed: of what is drawn at random, from 0 to 2**63 - 1.
            generator: one number drawn from it is the seed.
            output_type: form of the result; see :class:`internal_gan.Model`.
            stop: asked between two passes over a picture; once it returns true, the work ends.

        Raises:
            UserError: a picture cannot be read, or an argument is not allowed.
            Stopped: ``stop`` returned true.
        """
    @overload
    def paint(
        self,
        image: Given,
        *,
        start_scale: int | Literal["auto"] | None = "auto",
        detail: Literal["patches", "network"] | None = None,
        resolution: int | Literal["auto", "photo", "model"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["np"],
        stop: Callable[[], bool] | None = None,
    ) -> NDArray[np.float32]: ...
    @overload
    def paint(
        self,
        image: Given,
        *,
        start_scale: int | Literal["auto"] | None = "auto",
        detail: Literal["patches", "network"] | None = None,
        resolution: int | Literal["auto", "photo", "model"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["pt"],
        stop: Callable[[], bool] | None = None,
    ) -> torch.Tensor: ...
    @overload
    def edit(
        self,
        image: Given,
        mask: Given | None = None,
        *,
        start_scale: int | Literal["auto"] | None = "auto",
        dilate: float | None = None,
        detail: Literal["patches", "network"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["pil"] = "pil",
        stop: Callable[[], bool] | None = None,
    ) -> Image.Image:
        """Blend a photo in which parts were moved, copied or painted over.

        Args:
            image: changed photo, of any size.
            mask: the changed area, by default everything; the rest stays the same bit for bit.
            start_scale: higher stays closer to the changed photo; auto: the task's default.
                Allowed: a whole number, 1 (the second-coarsest scale) or more, or auto.
            dilate: grow the mask by a disk of this radius, for fill in the photo's pixels; None:
                the task's default. Allowed: a number of pixels from 0 to 1000.
            detail: patches: made of the photo's own pixels; network: the network's output; None: as
                in training (by default patches).
            seed: of what is drawn at random, from 0 to 2**63 - 1.
            generator: one number drawn from it is the seed.
            output_type: form of the result; see :class:`internal_gan.Model`.
            stop: asked between two passes over a picture; once it returns true, the work ends.

        Raises:
            UserError: a picture cannot be read, or an argument is not allowed.
            Stopped: ``stop`` returned true.
        """
    @overload
    def edit(
        self,
        image: Given,
        mask: Given | None = None,
        *,
        start_scale: int | Literal["auto"] | None = "auto",
        dilate: float | None = None,
        detail: Literal["patches", "network"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["np"],
        stop: Callable[[], bool] | None = None,
    ) -> NDArray[np.float32]: ...
    @overload
    def edit(
        self,
        image: Given,
        mask: Given | None = None,
        *,
        start_scale: int | Literal["auto"] | None = "auto",
        dilate: float | None = None,
        detail: Literal["patches", "network"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["pt"],
        stop: Callable[[], bool] | None = None,
    ) -> torch.Tensor: ...
    @overload
    def harmonize(
        self,
        image: Given,
        mask: Given,
        *,
        match: bool | None = None,
        start_scale: int | Literal["auto"] | None = "auto",
        dilate: float | None = None,
        detail: Literal["patches", "network"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["pil"] = "pil",
        stop: Callable[[], bool] | None = None,
    ) -> Image.Image:
        """Give an object pasted into the photo the photo's look.

        Args:
            image: changed photo, of any size.
            mask: the object; the rest stays the same bit for bit.
            match: first give the object the photo's mean colour, and at most its contrast; None: as
                in training (by default True).
            start_scale: higher stays closer to the changed photo; auto: the task's default.
                Allowed: a whole number, 1 (the second-coarsest scale) or more, or auto.
            dilate: grow the mask by a disk of this radius, for fill in the photo's pixels; None:
                the task's default. Allowed: a number of pixels from 0 to 1000.
            detail: patches: made of the photo's own pixels; network: the network's output; None: as
                in training (by default patches).
            seed: of what is drawn at random, from 0 to 2**63 - 1.
            generator: one number drawn from it is the seed.
            output_type: form of the result; see :class:`internal_gan.Model`.
            stop: asked between two passes over a picture; once it returns true, the work ends.

        Raises:
            UserError: a picture cannot be read, or an argument is not allowed.
            Stopped: ``stop`` returned true.
        """
    @overload
    def harmonize(
        self,
        image: Given,
        mask: Given,
        *,
        match: bool | None = None,
        start_scale: int | Literal["auto"] | None = "auto",
        dilate: float | None = None,
        detail: Literal["patches", "network"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["np"],
        stop: Callable[[], bool] | None = None,
    ) -> NDArray[np.float32]: ...
    @overload
    def harmonize(
        self,
        image: Given,
        mask: Given,
        *,
        match: bool | None = None,
        start_scale: int | Literal["auto"] | None = "auto",
        dilate: float | None = None,
        detail: Literal["patches", "network"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["pt"],
        stop: Callable[[], bool] | None = None,
    ) -> torch.Tensor: ...

class _Animates(Model):
    """Shows its photo in motion."""
    @overload
    def animate(
        self,
        seconds: float | None = 4.0,
        *,
        fps: float | None = 24.0,
        loop: bool | None = False,
        alpha: float | None = 0.1,
        start_scale: int | Literal["auto"] | None = "auto",
        size: Sequence[int] | None = None,
        mask: Given | None = None,
        detail: Literal["patches", "network"] | None = None,
        resolution: int | Literal["auto", "photo", "model"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["pil"] = "pil",
        stop: Callable[[], bool] | None = None,
    ) -> Iterator[Image.Image]:
        """Animate the photo; returns an iterator that draws each frame on demand.

        Args:
            seconds: length of the animation in seconds. Allowed: a number of seconds above 0, at
                most 3600.
            fps: frames per second; the motion is the same at any rate. Allowed: a number of frames
                per second, above 0, at most 120.
            loop: make the last frame of SinGAN's film lead to the first; films by patches always
                loop.
            alpha: pull towards the photo; smaller lets the motion stray farther, 1 stands still.
                Allowed: a number above 0, at most 1.
            start_scale: coarsest scale that moves; 0: everything, higher scales: little; auto: all,
                but a large thing stays. Allowed: a whole number, 0 (the coarsest scale) or more, or
                auto.
            size: size of the result; None: the photo's at ``resolution``. Allowed: two whole
                numbers [height,width] in pixels, such as [200,300].
            mask: mask of the photo's size; only what is white moves.
            detail: patches: made of the photo's own pixels; network: the network's output; None: as
                in training (by default patches).
            resolution: long side of the photo in results made of patches; None: as in training (by
                default auto). Allowed: auto (the photo's own up to 2048, in films up to 1024, or
                what fits the requested size; in another format the photo's own), photo (the photo's
                own), model (that of the training), a number of pixels from 16 to 100000.
            seed: of what is drawn at random, from 0 to 2**63 - 1.
            generator: one number drawn from it is the seed.
            output_type: form of the result; see :class:`internal_gan.Model`.
            stop: asked between two passes over a picture; once it returns true, the work ends.

        Raises:
            UserError: a picture cannot be read, or an argument is not allowed.
            Stopped: ``stop`` returned true.
        """
    @overload
    def animate(
        self,
        seconds: float | None = 4.0,
        *,
        fps: float | None = 24.0,
        loop: bool | None = False,
        alpha: float | None = 0.1,
        start_scale: int | Literal["auto"] | None = "auto",
        size: Sequence[int] | None = None,
        mask: Given | None = None,
        detail: Literal["patches", "network"] | None = None,
        resolution: int | Literal["auto", "photo", "model"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["np"],
        stop: Callable[[], bool] | None = None,
    ) -> Iterator[NDArray[np.float32]]: ...
    @overload
    def animate(
        self,
        seconds: float | None = 4.0,
        *,
        fps: float | None = 24.0,
        loop: bool | None = False,
        alpha: float | None = 0.1,
        start_scale: int | Literal["auto"] | None = "auto",
        size: Sequence[int] | None = None,
        mask: Given | None = None,
        detail: Literal["patches", "network"] | None = None,
        resolution: int | Literal["auto", "photo", "model"] | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["pt"],
        stop: Callable[[], bool] | None = None,
    ) -> Iterator[torch.Tensor]: ...

class _Enlarges(Model):
    """Enlarges its photo and similar ones."""
    @overload
    def super_resolve(
        self,
        image: Given | None = None,
        *,
        factor: float | None = 4.0,
        detail: float | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["pil"] = "pil",
        stop: Callable[[], bool] | None = None,
    ) -> Image.Image:
        """Enlarge a photo with detail in the style of the model's.

        Args:
            image: by default the model's own photo.
            factor: factor of height and width, such as 4 or 2.5. Allowed: a number above 1.
            detail: patches: 0 is most like the original, 1 is sharpest; None is 0.3. Allowed: a
                number from 0 to 1.
            seed: of what is drawn at random, from 0 to 2**63 - 1.
            generator: one number drawn from it is the seed.
            output_type: form of the result; see :class:`internal_gan.Model`.
            stop: asked between two passes over a picture; once it returns true, the work ends.

        Raises:
            UserError: a picture cannot be read, or an argument is not allowed.
            Stopped: ``stop`` returned true.
        """
    @overload
    def super_resolve(
        self,
        image: Given | None = None,
        *,
        factor: float | None = 4.0,
        detail: float | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["np"],
        stop: Callable[[], bool] | None = None,
    ) -> NDArray[np.float32]: ...
    @overload
    def super_resolve(
        self,
        image: Given | None = None,
        *,
        factor: float | None = 4.0,
        detail: float | None = None,
        seed: int | None = 0,
        generator: torch.Generator | None = None,
        output_type: Literal["pt"],
        stop: Callable[[], bool] | None = None,
    ) -> torch.Tensor: ...

class Patches(_Samples, _Retargets, _Fills, _Injects, _Animates, _Enlarges):
    """A photo as a model: its own patches, put together by a formula; nothing is trained.

    >>> import internal_gan
    >>> from PIL import Image
    >>> photo = internal_gan.Patches(Image.radial_gradient("L").resize((48, 40)))
    >>> photo.retarget((40, 90)).size
    (90, 40)
    """
    def __init__(
        self,
        photo: Given,
        *,
        device: str | torch.device = "cpu",
        keep_frame: bool = False,
    ) -> None:
        """Args:
            photo: a picture as in :class:`Model`.
            device: where layouts are drawn, ``cpu``, ``cuda``, ``cuda:1`` or similar, or ``auto``.
            keep_frame: whether a frame around the photo is a part of it.

        Raises:
            UserError: the photo cannot be read, or this machine has no such device.
        """
    def plans(
        self,
        size: Sequence[int | str | None] | str | None = None,
        *,
        outline: Given | None = None,
        corners: Sequence[Sequence[float]] | None = None,
        protect: Given | None = None,
        importance: Given | None = None,
        detail: Literal["patches", "network"] | None = None,
        resolution: int | Literal["auto", "photo", "model"] | None = None,
        seed: int | None = 0,
    ) -> list[Plan]:
        """The ways to give the photo another format, the best first; none if it is redrawn.

        :meth:`retarget` with seed 0 takes the first, with seed 1 the second, and so on.

        >>> import internal_gan
        >>> from PIL import Image
        >>> photo = internal_gan.Patches(Image.radial_gradient("L").resize((48, 40)))
        >>> photo.plans("1:1")[0].in_words()
        'cropped 8 % on the left, cropped 8 % on the right'

        Args:
            size: one side may be None to keep the photo's aspect ratio. A string such as "16:9"
                gives width:height, with what is kept at its size, and ("100%", "200%") is relative
                to the photo. By default the photo's size.
            outline: a picture whose white or opaque part is the shape, and its size the size by
                default; the photo is redrawn.
            corners: where a homography moves the corners; 0 to 1 is inside the frame; None: a
                rectangle. Allowed: four corners [row,column] from top left clockwise, as fractions
                of the frame, such as [[0.2,0],[0,1],[1,1],[0.8,0]].
            protect: mask of the photo; its white parts keep their size and shape.
            importance: a gray picture of what matters, white most; by default that of
                :func:`internal_gan.importance`.
            detail: patches: made of the photo's own pixels; network: the network's output; None: as
                in training (by default patches).
            resolution: long side of the photo in results made of patches; None: as in training (by
                default auto). Allowed: auto (the photo's own up to 2048, in films up to 1024, or
                what fits the requested size; in another format the photo's own), photo (the photo's
                own), model (that of the training), a number of pixels from 16 to 100000.
            seed: of what is drawn at random, from 0 to 2**63 - 1.

        Raises:
            UserError: an argument is not allowed.
        """

class SinGAN(_Samples, _Injects, _Animates, _Enlarges):
    """Draws pictures like its photo, and gives other pictures its look (Shaham et al. 2019).

    Only scales from ``start_scale`` on run: the higher it is, the closer the result stays to its
    input. None chooses a suitable one.
    """

class ZSSR(_Enlarges):
    """Enlarges its photo by a network that has learnt from it alone (Shocher et al. 2018)."""

@overload
def animate(
    photo: Given,
    /,
    seconds: float | None = 4.0,
    *,
    fps: float | None = 24.0,
    loop: bool | None = False,
    alpha: float | None = 0.1,
    start_scale: int | Literal["auto"] | None = "auto",
    size: Sequence[int] | None = None,
    mask: Given | None = None,
    detail: Literal["patches", "network"] | None = None,
    resolution: int | Literal["auto", "photo", "model"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pil"] = "pil",
    stop: Callable[[], bool] | None = None,
) -> Iterator[Image.Image]:
    """Animate the photo; returns an iterator that draws each frame on demand.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        seconds: length of the animation in seconds. Allowed: a number of seconds above 0, at
            most 3600.
        fps: frames per second; the motion is the same at any rate. Allowed: a number of frames
            per second, above 0, at most 120.
        loop: make the last frame of SinGAN's film lead to the first; films by patches always
            loop.
        alpha: pull towards the photo; smaller lets the motion stray farther, 1 stands still.
            Allowed: a number above 0, at most 1.
        start_scale: coarsest scale that moves; 0: everything, higher scales: little; auto: all,
            but a large thing stays. Allowed: a whole number, 0 (the coarsest scale) or more, or
            auto.
        size: size of the result; None: the photo's at ``resolution``. Allowed: two whole
            numbers [height,width] in pixels, such as [200,300].
        mask: mask of the photo's size; only what is white moves.
        detail: patches: made of the photo's own pixels; network: the network's output; None: as
            in training (by default patches).
        resolution: long side of the photo in results made of patches; None: as in training (by
            default auto). Allowed: auto (the photo's own up to 2048, in films up to 1024, or
            what fits the requested size; in another format the photo's own), photo (the photo's
            own), model (that of the training), a number of pixels from 16 to 100000.
        keep_frame: whether a frame around the photo is a part of it, and not left out.
        seed: of what is drawn at random, from 0 to 2**63 - 1.
        generator: one number drawn from it is the seed.
        output_type: form of the result; see :class:`internal_gan.Model`.
        stop: asked between two passes over a picture; once it returns true, the work ends.

    Raises:
        UserError: a picture cannot be read, or an argument is not allowed.
        Stopped: ``stop`` returned true.
    """

@overload
def animate(
    photo: Given,
    /,
    seconds: float | None = 4.0,
    *,
    fps: float | None = 24.0,
    loop: bool | None = False,
    alpha: float | None = 0.1,
    start_scale: int | Literal["auto"] | None = "auto",
    size: Sequence[int] | None = None,
    mask: Given | None = None,
    detail: Literal["patches", "network"] | None = None,
    resolution: int | Literal["auto", "photo", "model"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["np"],
    stop: Callable[[], bool] | None = None,
) -> Iterator[NDArray[np.float32]]: ...
@overload
def animate(
    photo: Given,
    /,
    seconds: float | None = 4.0,
    *,
    fps: float | None = 24.0,
    loop: bool | None = False,
    alpha: float | None = 0.1,
    start_scale: int | Literal["auto"] | None = "auto",
    size: Sequence[int] | None = None,
    mask: Given | None = None,
    detail: Literal["patches", "network"] | None = None,
    resolution: int | Literal["auto", "photo", "model"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pt"],
    stop: Callable[[], bool] | None = None,
) -> Iterator[torch.Tensor]: ...
@overload
def edit(
    photo: Given,
    /,
    image: Given,
    mask: Given | None = None,
    *,
    start_scale: int | Literal["auto"] | None = "auto",
    dilate: float | None = None,
    detail: Literal["patches", "network"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pil"] = "pil",
    stop: Callable[[], bool] | None = None,
) -> Image.Image:
    """Blend a photo in which parts were moved, copied or painted over.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        image: changed photo, of any size.
        mask: the changed area, by default everything; the rest stays the same bit for bit.
        start_scale: higher stays closer to the changed photo; auto: the task's default.
            Allowed: a whole number, 1 (the second-coarsest scale) or more, or auto.
        dilate: grow the mask by a disk of this radius, for fill in the photo's pixels; None:
            the task's default. Allowed: a number of pixels from 0 to 1000.
        detail: patches: made of the photo's own pixels; network: the network's output; None: as
            in training (by default patches).
        keep_frame: whether a frame around the photo is a part of it, and not left out.
        seed: of what is drawn at random, from 0 to 2**63 - 1.
        generator: one number drawn from it is the seed.
        output_type: form of the result; see :class:`internal_gan.Model`.
        stop: asked between two passes over a picture; once it returns true, the work ends.

    Raises:
        UserError: a picture cannot be read, or an argument is not allowed.
        Stopped: ``stop`` returned true.
    """

@overload
def edit(
    photo: Given,
    /,
    image: Given,
    mask: Given | None = None,
    *,
    start_scale: int | Literal["auto"] | None = "auto",
    dilate: float | None = None,
    detail: Literal["patches", "network"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["np"],
    stop: Callable[[], bool] | None = None,
) -> NDArray[np.float32]: ...
@overload
def edit(
    photo: Given,
    /,
    image: Given,
    mask: Given | None = None,
    *,
    start_scale: int | Literal["auto"] | None = "auto",
    dilate: float | None = None,
    detail: Literal["patches", "network"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pt"],
    stop: Callable[[], bool] | None = None,
) -> torch.Tensor: ...
def evaluate(
    photo: Given,
    samples: str | PathLike[str] | Sequence[Given],
    *,
    mask: Given | None = None,
    inception: str | PathLike[str] | None = None,
) -> dict[str, Any]:
    """Compare pictures with a photo by figures, as task=evaluate does.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        samples: the pictures, or the name of a file or a folder of them.
        mask: where to compare pixel by pixel, in white; of the photo's size, as all samples.
        inception: as ``evaluate.inception``.

    Returns:
        What the task writes into ``evaluation.json``: ``samples`` is a list with the ``figures`` of
        each picture, ``groups`` has their means, and ``meaning`` says what they mean.

    Raises:
        UserError: a file cannot be read, pictures are missing or too small, or an option is wrong.
    """

@overload
def extend(
    photo: Given,
    *,
    margins: Sequence[int | str] | None = None,
    shape: Sequence[int] | str | None = None,
    anchor: Literal[
        "centre",
        "top",
        "bottom",
        "left",
        "right",
        "top_left",
        "top_right",
        "bottom_left",
        "bottom_right",
    ]
    | None = "centre",
    avoid: Given | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pil"] = "pil",
    stop: Callable[[], bool] | None = None,
) -> Image.Image:
    """Add canvas around a photo, filled with the photo's own patches, as task=extend does; every
    pixel of the photo is kept, bit for bit.

    >>> from PIL import Image
    >>> extend(Image.radial_gradient("L").resize((48, 40)), margins=(0, 8, 0, 8)).size
    (64, 40)

    Args:
        photo: as given to :func:`internal_gan.fit`.
        margins: (top, right, bottom, left), each in pixels or, such as ``"10%"``, of the side.
        shape: (height, width) in pixels, or width to height such as ``"16:9"``.
        anchor: where the photo lies in that shape.
        avoid: mask of the photo's size, white where no pixel may be taken from.
        keep_frame: whether a frame around the photo is a part of it, and not left out.
        seed: 0 for the filling that fits best; others draw another.
        generator: one number drawn from it is the seed.
        output_type: form of the result; see :class:`internal_gan.Model`.
        stop: asked between two passes over a picture; once it returns true, the work ends.

    Raises:
        UserError: a picture cannot be read, or an argument is not allowed.
        Stopped: ``stop`` returned true.
    """

@overload
def extend(
    photo: Given,
    *,
    margins: Sequence[int | str] | None = None,
    shape: Sequence[int] | str | None = None,
    anchor: Literal[
        "centre",
        "top",
        "bottom",
        "left",
        "right",
        "top_left",
        "top_right",
        "bottom_left",
        "bottom_right",
    ]
    | None = "centre",
    avoid: Given | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["np"],
    stop: Callable[[], bool] | None = None,
) -> NDArray[np.float32]: ...
@overload
def extend(
    photo: Given,
    *,
    margins: Sequence[int | str] | None = None,
    shape: Sequence[int] | str | None = None,
    anchor: Literal[
        "centre",
        "top",
        "bottom",
        "left",
        "right",
        "top_left",
        "top_right",
        "bottom_left",
        "bottom_right",
    ]
    | None = "centre",
    avoid: Given | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pt"],
    stop: Callable[[], bool] | None = None,
) -> torch.Tensor: ...
@overload
def fill(
    photo: Given,
    mask: Given | None = None,
    *,
    edges: Given | None = None,
    avoid: Given | None = None,
    box: Sequence[int] | None = None,
    dilate: float | None = None,
    detail: Literal["patches", "network"] | None = None,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pil"] = "pil",
    stop: Callable[[], bool] | None = None,
) -> Image.Image:
    """Fill a hole in a photo, by default its transparent part; see :meth:`Patches.fill`.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        mask: the hole, of the photo's size; by default the photo's transparent part.
        edges: white lines on black, of the photo's size, that the filling follows.
        avoid: mask of the photo's size, white where no pixel may be taken from or learnt.
        box: hole as a rectangle, instead of a mask. Allowed: four whole numbers
            [top,left,height,width] in pixels, such as [20,30,40,50].
        dilate: grow the mask by a disk of this radius, for fill in the photo's pixels; None:
            the task's default. Allowed: a number of pixels from 0 to 1000.
        detail: patches: made of the photo's own pixels; network: the network's output; None: as
            in training (by default patches).
        seed: of what is drawn at random, from 0 to 2**63 - 1.
        generator: one number drawn from it is the seed.
        output_type: form of the result; see :class:`internal_gan.Model`.
        stop: asked between two passes over a picture; once it returns true, the work ends.

    Raises:
        UserError: a picture cannot be read, or an argument is not allowed.
        Stopped: ``stop`` returned true.
    """

@overload
def fill(
    photo: Given,
    mask: Given | None = None,
    *,
    edges: Given | None = None,
    avoid: Given | None = None,
    box: Sequence[int] | None = None,
    dilate: float | None = None,
    detail: Literal["patches", "network"] | None = None,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["np"],
    stop: Callable[[], bool] | None = None,
) -> NDArray[np.float32]: ...
@overload
def fill(
    photo: Given,
    mask: Given | None = None,
    *,
    edges: Given | None = None,
    avoid: Given | None = None,
    box: Sequence[int] | None = None,
    dilate: float | None = None,
    detail: Literal["patches", "network"] | None = None,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pt"],
    stop: Callable[[], bool] | None = None,
) -> torch.Tensor: ...
@overload
def harmonize(
    photo: Given,
    /,
    image: Given,
    mask: Given,
    *,
    match: bool | None = None,
    start_scale: int | Literal["auto"] | None = "auto",
    dilate: float | None = None,
    detail: Literal["patches", "network"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pil"] = "pil",
    stop: Callable[[], bool] | None = None,
) -> Image.Image:
    """Give an object pasted into the photo the photo's look.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        image: changed photo, of any size.
        mask: the object; the rest stays the same bit for bit.
        match: first give the object the photo's mean colour, and at most its contrast; None: as
            in training (by default True).
        start_scale: higher stays closer to the changed photo; auto: the task's default.
            Allowed: a whole number, 1 (the second-coarsest scale) or more, or auto.
        dilate: grow the mask by a disk of this radius, for fill in the photo's pixels; None:
            the task's default. Allowed: a number of pixels from 0 to 1000.
        detail: patches: made of the photo's own pixels; network: the network's output; None: as
            in training (by default patches).
        keep_frame: whether a frame around the photo is a part of it, and not left out.
        seed: of what is drawn at random, from 0 to 2**63 - 1.
        generator: one number drawn from it is the seed.
        output_type: form of the result; see :class:`internal_gan.Model`.
        stop: asked between two passes over a picture; once it returns true, the work ends.

    Raises:
        UserError: a picture cannot be read, or an argument is not allowed.
        Stopped: ``stop`` returned true.
    """

@overload
def harmonize(
    photo: Given,
    /,
    image: Given,
    mask: Given,
    *,
    match: bool | None = None,
    start_scale: int | Literal["auto"] | None = "auto",
    dilate: float | None = None,
    detail: Literal["patches", "network"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["np"],
    stop: Callable[[], bool] | None = None,
) -> NDArray[np.float32]: ...
@overload
def harmonize(
    photo: Given,
    /,
    image: Given,
    mask: Given,
    *,
    match: bool | None = None,
    start_scale: int | Literal["auto"] | None = "auto",
    dilate: float | None = None,
    detail: Literal["patches", "network"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pt"],
    stop: Callable[[], bool] | None = None,
) -> torch.Tensor: ...
@overload
def importance(
    photo: Given,
    *,
    output_type: Literal["pil"] = "pil",
) -> Image.Image:
    """What matters in a photo, as a gray picture of its size, white most.

    It decides what :func:`retarget` keeps. Changed, it can be given back as ``importance``.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        output_type: form of the result; see :class:`internal_gan.Model`.

    Raises:
        UserError: the photo cannot be read, or ``output_type`` is unknown.
    """

@overload
def importance(
    photo: Given,
    *,
    output_type: Literal["np"],
) -> NDArray[np.float32]: ...
@overload
def importance(
    photo: Given,
    *,
    output_type: Literal["pt"],
) -> torch.Tensor: ...
@overload
def make_tileable(
    photo: Given,
    *,
    axes: Literal["both", "x", "y"] | None = "both",
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pil"] = "pil",
    stop: Callable[[], bool] | None = None,
) -> Image.Image:
    """Make a photo repeat without a seam, as task=make_tileable does.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        axes: borders to join; x: left and right, y: top and bottom.
        keep_frame: whether a frame around the photo is a part of it, and not left out.
        seed: 0 for what fits best; others draw another.
        generator: one number drawn from it is the seed.
        output_type: form of the result; see :class:`internal_gan.Model`.
        stop: asked between two passes over a picture; once it returns true, the work ends.

    Returns:
        A picture of the photo's size; away from the borders it equals the photo, bit for bit.
        Borders that meet already stay as they are.

    Raises:
        UserError: a picture cannot be read, or an argument is not allowed.
        Stopped: ``stop`` returned true.
    """

@overload
def make_tileable(
    photo: Given,
    *,
    axes: Literal["both", "x", "y"] | None = "both",
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["np"],
    stop: Callable[[], bool] | None = None,
) -> NDArray[np.float32]: ...
@overload
def make_tileable(
    photo: Given,
    *,
    axes: Literal["both", "x", "y"] | None = "both",
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pt"],
    stop: Callable[[], bool] | None = None,
) -> torch.Tensor: ...
@overload
def paint(
    photo: Given,
    /,
    image: Given,
    *,
    start_scale: int | Literal["auto"] | None = "auto",
    detail: Literal["patches", "network"] | None = None,
    resolution: int | Literal["auto", "photo", "model"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pil"] = "pil",
    stop: Callable[[], bool] | None = None,
) -> Image.Image:
    """Turn a painting or clip-art into a photo: its shapes with the photo's textures.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        image: painting to turn into a photo, of any size.
        start_scale: 1 keeps only rough shapes, higher stays closer to the painting; auto: the
            task's default. Allowed: a whole number, 1 (the second-coarsest scale) or more, or
            auto.
        detail: patches: made of the photo's own pixels; network: the network's output; None: as
            in training (by default patches).
        resolution: long side of the photo in results made of patches; None: as in training (by
            default auto). Allowed: auto (the photo's own up to 2048, in films up to 1024, or
            what fits the requested size; in another format the photo's own), photo (the photo's
            own), model (that of the training), a number of pixels from 16 to 100000.
        keep_frame: whether a frame around the photo is a part of it, and not left out.
        seed: of what is drawn at random, from 0 to 2**63 - 1.
        generator: one number drawn from it is the seed.
        output_type: form of the result; see :class:`internal_gan.Model`.
        stop: asked between two passes over a picture; once it returns true, the work ends.

    Raises:
        UserError: a picture cannot be read, or an argument is not allowed.
        Stopped: ``stop`` returned true.
    """

@overload
def paint(
    photo: Given,
    /,
    image: Given,
    *,
    start_scale: int | Literal["auto"] | None = "auto",
    detail: Literal["patches", "network"] | None = None,
    resolution: int | Literal["auto", "photo", "model"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["np"],
    stop: Callable[[], bool] | None = None,
) -> NDArray[np.float32]: ...
@overload
def paint(
    photo: Given,
    /,
    image: Given,
    *,
    start_scale: int | Literal["auto"] | None = "auto",
    detail: Literal["patches", "network"] | None = None,
    resolution: int | Literal["auto", "photo", "model"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pt"],
    stop: Callable[[], bool] | None = None,
) -> torch.Tensor: ...
@overload
def retarget(
    photo: Given,
    /,
    size: Sequence[int | str | None] | str | None = None,
    *,
    outline: Given | None = None,
    corners: Sequence[Sequence[float]] | None = None,
    protect: Given | None = None,
    importance: Given | None = None,
    detail: Literal["patches", "network"] | None = None,
    resolution: int | Literal["auto", "photo", "model"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pil"] = "pil",
    stop: Callable[[], bool] | None = None,
) -> Image.Image:
    """Give the photo another format, or another shape.

    Without a trained model it is cropped, squeezed or extended, whichever loses least;
    ``seed`` chooses among the best ways, see :meth:`Patches.plans`. A trained model redraws it.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        size: one side may be None to keep the photo's aspect ratio. A string such as "16:9"
            gives width:height, with what is kept at its size, and ("100%", "200%") is relative
            to the photo. By default the photo's size.
        outline: a picture whose white or opaque part is the shape, and its size the size by
            default; the photo is redrawn.
        corners: where a homography moves the corners; 0 to 1 is inside the frame; None: a
            rectangle. Allowed: four corners [row,column] from top left clockwise, as fractions
            of the frame, such as [[0.2,0],[0,1],[1,1],[0.8,0]].
        protect: mask of the photo; its white parts keep their size and shape.
        importance: a gray picture of what matters, white most; by default that of
            :func:`internal_gan.importance`.
        detail: patches: made of the photo's own pixels; network: the network's output; None: as
            in training (by default patches).
        resolution: long side of the photo in results made of patches; None: as in training (by
            default auto). Allowed: auto (the photo's own up to 2048, in films up to 1024, or
            what fits the requested size; in another format the photo's own), photo (the photo's
            own), model (that of the training), a number of pixels from 16 to 100000.
        keep_frame: whether a frame around the photo is a part of it, and not left out.
        seed: of what is drawn at random, from 0 to 2**63 - 1.
        generator: one number drawn from it is the seed.
        output_type: form of the result; see :class:`internal_gan.Model`.
        stop: asked between two passes over a picture; once it returns true, the work ends.

    Raises:
        UserError: a picture cannot be read, or an argument is not allowed.
        Stopped: ``stop`` returned true.
    """

@overload
def retarget(
    photo: Given,
    /,
    size: Sequence[int | str | None] | str | None = None,
    *,
    outline: Given | None = None,
    corners: Sequence[Sequence[float]] | None = None,
    protect: Given | None = None,
    importance: Given | None = None,
    detail: Literal["patches", "network"] | None = None,
    resolution: int | Literal["auto", "photo", "model"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["np"],
    stop: Callable[[], bool] | None = None,
) -> NDArray[np.float32]: ...
@overload
def retarget(
    photo: Given,
    /,
    size: Sequence[int | str | None] | str | None = None,
    *,
    outline: Given | None = None,
    corners: Sequence[Sequence[float]] | None = None,
    protect: Given | None = None,
    importance: Given | None = None,
    detail: Literal["patches", "network"] | None = None,
    resolution: int | Literal["auto", "photo", "model"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pt"],
    stop: Callable[[], bool] | None = None,
) -> torch.Tensor: ...
@overload
def sample(
    photo: Given,
    /,
    count: int = 1,
    *,
    size: Sequence[int] | None = None,
    start_scale: int | None = 0,
    tileable: bool | Literal["x", "y"] | None = False,
    candidates: int | None = None,
    detail: Literal["patches", "network"] | None = None,
    resolution: int | Literal["auto", "photo", "model"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pil"] = "pil",
    stop: Callable[[], bool] | None = None,
) -> list[Image.Image]:
    """Draw random pictures (a list; ``pt``: a tensor), each the same for any ``count``.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        count: number of samples. Allowed: a whole number from 1 to 1000000.
        size: size of the result; None: the photo's at ``resolution``. Allowed: two whole
            numbers [height,width] in pixels, such as [300,800].
        start_scale: 0 (the coarsest) varies everything, higher keeps more of the layout.
            Allowed: a whole number, 0 or more.
        tileable: samples that repeat without a seam; x: only left to right, y: only top to
            bottom.
        candidates: SinGAN: layouts per sample; the best is kept; more vary less; None: as in
            training (by default 4). Allowed: a whole number from 1 to 1000.
        detail: patches: made of the photo's own pixels; network: the network's output; None: as
            in training (by default patches).
        resolution: long side of the photo in results made of patches; None: as in training (by
            default auto). Allowed: auto (the photo's own up to 2048, in films up to 1024, or
            what fits the requested size; in another format the photo's own), photo (the photo's
            own), model (that of the training), a number of pixels from 16 to 100000.
        keep_frame: whether a frame around the photo is a part of it, and not left out.
        seed: of what is drawn at random, from 0 to 2**63 - 1.
        generator: one number drawn from it is the seed.
        output_type: form of the result; see :class:`internal_gan.Model`.
        stop: asked between two passes over a picture; once it returns true, the work ends.

    Raises:
        UserError: a picture cannot be read, or an argument is not allowed.
        Stopped: ``stop`` returned true.
    """

@overload
def sample(
    photo: Given,
    /,
    count: int = 1,
    *,
    size: Sequence[int] | None = None,
    start_scale: int | None = 0,
    tileable: bool | Literal["x", "y"] | None = False,
    candidates: int | None = None,
    detail: Literal["patches", "network"] | None = None,
    resolution: int | Literal["auto", "photo", "model"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["np"],
    stop: Callable[[], bool] | None = None,
) -> list[NDArray[np.float32]]: ...
@overload
def sample(
    photo: Given,
    /,
    count: int = 1,
    *,
    size: Sequence[int] | None = None,
    start_scale: int | None = 0,
    tileable: bool | Literal["x", "y"] | None = False,
    candidates: int | None = None,
    detail: Literal["patches", "network"] | None = None,
    resolution: int | Literal["auto", "photo", "model"] | None = None,
    keep_frame: bool = False,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pt"],
    stop: Callable[[], bool] | None = None,
) -> torch.Tensor: ...
@overload
def super_resolve(
    photo: Given,
    /,
    image: Given | None = None,
    *,
    factor: float | None = 4.0,
    detail: float | None = None,
    keep_frame: bool = True,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pil"] = "pil",
    stop: Callable[[], bool] | None = None,
) -> Image.Image:
    """Enlarge a photo with detail in the style of the model's.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        image: by default the model's own photo.
        factor: factor of height and width, such as 4 or 2.5. Allowed: a number above 1.
        detail: patches: 0 is most like the original, 1 is sharpest; None is 0.3. Allowed: a
            number from 0 to 1.
        keep_frame: whether a frame around the photo is a part of it, and not left out.
        seed: of what is drawn at random, from 0 to 2**63 - 1.
        generator: one number drawn from it is the seed.
        output_type: form of the result; see :class:`internal_gan.Model`.
        stop: asked between two passes over a picture; once it returns true, the work ends.

    Raises:
        UserError: a picture cannot be read, or an argument is not allowed.
        Stopped: ``stop`` returned true.
    """

@overload
def super_resolve(
    photo: Given,
    /,
    image: Given | None = None,
    *,
    factor: float | None = 4.0,
    detail: float | None = None,
    keep_frame: bool = True,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["np"],
    stop: Callable[[], bool] | None = None,
) -> NDArray[np.float32]: ...
@overload
def super_resolve(
    photo: Given,
    /,
    image: Given | None = None,
    *,
    factor: float | None = 4.0,
    detail: float | None = None,
    keep_frame: bool = True,
    seed: int | None = 0,
    generator: torch.Generator | None = None,
    output_type: Literal["pt"],
    stop: Callable[[], bool] | None = None,
) -> torch.Tensor: ...

class Previews:
    """What tasks would make of a photo: the same calls, on a smaller copy.

    The photo's sides are halved until the longer has at most ``SMALL_SIDE`` pixels. Results are
    decided at such sizes, too, so a preview shows the picture that the task itself would make.

    >>> import internal_gan
    >>> from PIL import Image
    >>> photo = Image.radial_gradient("L").resize((1400, 1200))
    >>> internal_gan.Previews(photo)("retarget", shape=[1200, 2000]).size
    (1000, 600)
    """
    def __init__(
        self,
        photo: Given,
    ) -> None:
        """``photo`` is as given to :func:`internal_gan.fit`; a UserError if it cannot be read."""
    def copy(
        self,
        task: str,
        resolution: str | int | None = None,
    ) -> Image.Image:
        """The copy of the photo that a task works on, for a ``finish.resolution``."""
    @overload
    def __call__(
        self,
        task: str,
        /,
        *,
        output_type: Literal["pil"] = "pil",
        **given: Any,
    ) -> Image.Image:
        """A preview of a task's first result.

        Args:
            task: its name, such as ``retarget``.
            output_type: form of the result; see :class:`internal_gan.Model`.
            given: what the task's function takes, see :class:`internal_gan.Model`, by the names of
                its options, such as ``shape`` for ``retarget.shape``. Sizes are in the photo's
                pixels; pictures are of the photo's size, or of its :meth:`copy`'s.

        Raises:
            UserError: an argument is not allowed.
            Stopped: ``stop`` returned true.
        """
    @overload
    def __call__(
        self,
        task: str,
        /,
        *,
        output_type: Literal["np"],
        **given: Any,
    ) -> NDArray[np.float32]: ...
    @overload
    def __call__(
        self,
        task: str,
        /,
        *,
        output_type: Literal["pt"],
        **given: Any,
    ) -> torch.Tensor: ...
    def plans(
        self,
        **given: Any,
    ) -> list[Plan]:
        """What previews of ``retarget`` with seed 0, 1 and so on show, as
        :meth:`internal_gan.Patches.plans`; ``given`` and errors are as for a call.
        """

# A run that is not said to be of a family has any model.
_Trained = TypeVar("_Trained", bound=Model, covariant=True, default=Any)

@dataclass(frozen=True)
class Run(Generic[_Trained]):
    """A finished training.

    Attributes:
        folder: the run folder with model, photo, losses, log, pictures and a report page.
        model: the trained model, of its family's class, on the training device.
    """

    folder: Path
    model: _Trained

@overload
def fit(
    image: Given,
    model: Literal["edgeconnect"],
    *,
    mask: Given | None = None,
    overrides: Overrides = (),
    output: str | PathLike[str] | None = None,
    seed: int | None = None,
    device: str | torch.device | None = None,
    callbacks: Sequence[Callback] = (),
    stop: Stop = None,
    progress: Progress = None,
) -> Run[EdgeConnect]:
    """Train a generative model on one photo, like ``internal-gan image=...``.

    Several threads may train at the same time.

    Args:
        image: a picture as in :class:`internal_gan.Model`.
        model: the method, one of ``internal_gan.list_models()``; by default the one of an
            ``experiment=`` in ``overrides``, or else ``singan``.
        mask: for EdgeConnect, the hole in white, of the photo's size.
        overrides: further options as on the command line, ``["trainer=full"]``, or by name,
            ``{"trainer.time": "20s", "model.max_size": 60}``.
        output: the run folder; by default a new ``runs/<image>-<model>/<time>``.
        seed: seed of all random numbers, by default 0.
        device: ``cpu``, ``cuda``, ``cuda:1`` or similar; by default a GPU if there is one.
        callbacks: follow the training; see :class:`internal_gan.Callback`.
        stop: called at least once a step, also of those timed at first; true stops as Ctrl-C does.
        progress: True prints what the command line prints, including a bar with the time left; a
            function receives an :class:`internal_gan.TrainingProgress` after every step.

    Raises:
        internal_gan.TrainingStopped: after a request by ``stop`` or, in the main thread, Ctrl-C or
            SIGTERM. What was learnt is saved; :func:`resume` continues it from its ``folder``.
        internal_gan.UserError: the image, an option or the output folder is invalid.
    """

@overload
def fit(
    image: Given,
    model: Literal["ingan", "ingan_unet"],
    *,
    mask: Given | None = None,
    overrides: Overrides = (),
    output: str | PathLike[str] | None = None,
    seed: int | None = None,
    device: str | torch.device | None = None,
    callbacks: Sequence[Callback] = (),
    stop: Stop = None,
    progress: Progress = None,
) -> Run[InGAN]: ...
@overload
def fit(
    image: Given,
    model: Literal["singan"],
    *,
    mask: Given | None = None,
    overrides: Overrides = (),
    output: str | PathLike[str] | None = None,
    seed: int | None = None,
    device: str | torch.device | None = None,
    callbacks: Sequence[Callback] = (),
    stop: Stop = None,
    progress: Progress = None,
) -> Run[SinGAN]: ...
@overload
def fit(
    image: Given,
    model: Literal["zssr"],
    *,
    mask: Given | None = None,
    overrides: Overrides = (),
    output: str | PathLike[str] | None = None,
    seed: int | None = None,
    device: str | torch.device | None = None,
    callbacks: Sequence[Callback] = (),
    stop: Stop = None,
    progress: Progress = None,
) -> Run[ZSSR]: ...
@overload
def fit(
    image: Given,
    model: str | None = None,
    *,
    mask: Given | None = None,
    overrides: Overrides = (),
    output: str | PathLike[str] | None = None,
    seed: int | None = None,
    device: str | torch.device | None = None,
    callbacks: Sequence[Callback] = (),
    stop: Stop = None,
    progress: Progress = None,
) -> Run[Any]: ...
def resume(
    folder: str | PathLike[str],
    *,
    device: str | torch.device | None = None,
    callbacks: Sequence[Callback] = (),
    stop: Stop = None,
    progress: Progress = None,
) -> Run[Any]:
    """Continue a stopped or interrupted training with its original configuration.

    Args:
        folder: its run folder; a finished training is returned unchanged.
        device: see :func:`fit`; by default the training's.
        callbacks, stop, progress: see :func:`fit`.

    Raises:
        internal_gan.TrainingStopped: see :func:`fit`.
        internal_gan.UserError: the folder holds no training, is damaged or in use.
    """
