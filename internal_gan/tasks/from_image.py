"""What painting, editing and harmonization share: an image that is put into a trained pyramid."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, TypeVar

from internal_gan.config.fields import AUTO, LARGEST_SEED
from internal_gan.config.task_options import PaintOptions, RedrawOptions
from internal_gan.errors import UserError
from internal_gan.images.photo import Photo
from internal_gan.models.singan.injection import start_scale_for
from internal_gan.models.singan.model import SinGAN
from internal_gan.tasks.base import Picture, Work

Wanted = TypeVar("Wanted", bound=PaintOptions | RedrawOptions)


class FromImage(Work[Wanted]):
    """Redraws ``TASK.image`` from a start scale on, and shows what the other scales make of it.

    Attributes:
        task: its name.
        what: what it asks for.
        fraction: where ``start_scale=auto`` puts the image in, as a fraction of the finest size.
    """

    task: ClassVar[str]
    what: ClassVar[str]
    fraction: ClassVar[float]

    @abstractmethod
    def draw(self, model: SinGAN, preview: bool = False) -> Iterator[Picture]: ...

    def _read(self, longest: int | None = None) -> Photo:
        """The image; ``longest`` is that of :func:`internal_gan.images.files.image.read_image`."""
        option = f"{self.task}.image"
        photo = self.context.given.read(option, longest=longest)
        if photo is None:
            raise UserError(f"{option}=FILE is missing: {self.what}. See --help")
        return photo

    def _start_scale(self, model: SinGAN) -> int:
        auto, wanted = start_scale_for(model, self.fraction), self.wanted.start_scale
        if wanted == AUTO:
            return auto
        last = model.finished - 1
        if int(wanted) > last:
            raise UserError(
                f"{self.task}.start_scale={wanted}: {model.finished} of the model's "
                f"{model.num_stages} scales are finished; allowed: 1 to {last}, or {AUTO} "
                f"(here {auto})"
            )
        return int(wanted)

    @property
    def _seeds(self) -> list[int]:
        """One for each of the results that are wanted."""
        first = self.context.seed if self.wanted.seed is None else self.wanted.seed
        return [(first + k) % (LARGEST_SEED + 1) for k in range(self.wanted.count)]

    def _tell(self, start: int, last: int) -> None:
        """Say which start scale was used, and where to see the others."""
        by = f" ({AUTO})" if self.wanted.start_scale == AUTO else ""
        self.context.say(
            f"Start scale {start}{by} of 1 to {last}; start-scale-1.png to "
            f"start-scale-{last}.png show them all: for another, {self.task}.start_scale=N"
        )
