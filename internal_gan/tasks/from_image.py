"""What painting, editing and harmonization share: an image injected into a trained pyramid."""

from typing import ClassVar, TypeVar

from internal_gan.config.fields import AUTO
from internal_gan.config.task_options import PaintOptions, RedrawOptions
from internal_gan.errors import UserError
from internal_gan.images.photo import Photo
from internal_gan.models.abilities import Redraws
from internal_gan.models.redrawing import start_scale_for
from internal_gan.tasks.base import Task

Wanted = TypeVar("Wanted", bound=PaintOptions | RedrawOptions)


class FromImage(Task[Wanted]):
    """Redraws ``TASK.image`` from a start scale, and shows the results of the other start scales.

    Attributes:
        what: the image that it needs, in words.
        injected_at: size at which ``start_scale=auto`` injects the image: the root of its area, in
            pixels.
    """

    what: ClassVar[str]
    injected_at: ClassVar[float]

    def _read(self, longest: int | None = None) -> Photo:
        """The image; ``longest`` as in :func:`internal_gan.images.files.image.read_image`."""
        option = f"{self.name}.image"
        photo = self.context.given.read(option, longest=longest)
        if photo is None:
            raise UserError(f"{option}=FILE is missing: {self.what}. See --help")
        return photo

    def _start_scale(self, model: Redraws) -> int:
        auto, wanted = start_scale_for(model, self.injected_at), self.wanted.start_scale
        if wanted == AUTO:
            return auto
        self.check_start_scale(model, int(wanted), 1, f", or {AUTO} (here {auto})")
        return int(wanted)

    def _tell(self, start: int, last: int) -> None:
        """Print which start scale was used, and where to see the others."""
        by = f" ({AUTO})" if self.wanted.start_scale == AUTO else ""
        self.context.say(
            f"Start scale {start}{by} of 1 to {last}; start-scale-1.png to "
            f"start-scale-{last}.png show them all; choose another with {self.name}.start_scale=N"
        )
