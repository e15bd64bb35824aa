"""task=super_resolution: a photo made larger, with detail learnt from the photo itself."""

from collections.abc import Iterator, Sequence

import torch

from internal_gan.config.task_options import SuperResolutionOptions
from internal_gan.device import check_memory
from internal_gan.finishing.finisher import Finished
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import fit_size, scaled
from internal_gan.images.resize import resize
from internal_gan.images.windows import most_detailed
from internal_gan.models.abilities import Enlarges
from internal_gan.runs.records import Result
from internal_gan.tasks.base import Context, Picture, Task
from internal_gan.units import Size

# Images of three float32 channels in memory at the same time, including for writing the file.
IMAGES_AT_ONCE = 7


class Enlarge(Task[SuperResolutionOptions]):
    """Draws the enlarged photo, ``super_resolution/enlarged.png``, and for comparison one enlarged
    by bicubic interpolation, both in the format of the photo's file."""

    def __init__(self, name: str, context: Context) -> None:
        super().__init__(name, context)
        self._size: Size | None = None

    def training_crop(
        self, photo: Photo, number: int, max_size: int | None
    ) -> tuple[Photo, list[str]]:
        """The photo, or its most detailed window of at most ``max_size`` a side.

        Shrinking the whole photo would lose the detail of its own resolution.
        """
        self._size = photo.size
        if max_size is None or fit_size(photo.size, max_size) == photo.size:
            return photo, [self._in_words(photo.size)]
        rows, columns = most_detailed(photo.pixels, (max_size, max_size))
        text = (
            f"Trains at the photo's own resolution on its most detailed window, rows {rows.start} "
            f"to {rows.stop} and columns {columns.start} to {columns.stop}; model.max_size=null "
            "trains on all of it"
        )
        return photo.crop(rows, columns), [self._in_words(photo.size), text]

    def check(self, model: Enlarges) -> None:
        model.check_enlarging()
        if self._size is not None:
            self._check_result(self._size, model.device)

    def draw(self, model: Enlarges, preview: bool = False) -> Iterator[Picture]:
        if preview:
            # Only the finest generator enlarges.
            return
        wanted, context = self.wanted, self.context
        photo = context.source.photo()
        self._size = photo.size
        self.about = [f"Photo {context.source.called}", self._in_words(photo.size)]
        self._check_result(photo.size, model.device)
        enlarged = model.super_resolve(
            wanted.factor,
            photo.pixels,
            seed=self.context.options.seed,
            back_projection=context.as_trained("super_resolution.back_projection"),
            passes=context.as_trained("super_resolution.passes"),
        ).cpu()
        size = (enlarged.shape[-2], enlarged.shape[-1])
        alpha = None if photo.alpha is None else resize(photo.alpha, size).clamp(0, 1)
        result = Finished(enlarged, alpha=alpha, like=photo)
        yield Picture("super_resolution/enlarged.png", result)
        plain = resize(photo.pixels, size).clamp(-1, 1)
        compared = Finished(plain, alpha=alpha, like=photo)
        yield Picture("super_resolution/bicubic.png", compared, "aside")

    def made(self, results: Sequence[Result]) -> str:
        assert self._size is not None
        height, width = scaled(self._size, self.wanted.factor)
        return f"{height} x {width} pixels"

    def _check_result(self, size: Size, device: torch.device) -> None:
        """Raise a UserError if the result does not fit into memory."""
        factor = self.wanted.factor
        height, width = scaled(size, factor)
        needed = IMAGES_AT_ONCE * 12 * height * width
        option = f"super_resolution.factor={factor:g}, {height}x{width} pixels,"
        check_memory(needed, device, option)
        self.context.check_size((height, width), f"super_resolution.factor={factor:g}")

    def _in_words(self, size: Size) -> str:
        height, width = scaled(size, self.wanted.factor)
        return (
            f"Enlarges {size[0]} x {size[1]} pixels (height x width) {self.wanted.factor:g} times "
            f"to {height} x {width}"
        )


TASK = Enlarge
