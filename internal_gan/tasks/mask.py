"""task=mask: a random hole for a photo, for experiments with task=inpaint."""

from collections.abc import Iterator
from pathlib import Path

import torch

from internal_gan.config.task_options import MaskOptions
from internal_gan.errors import UserError
from internal_gan.images.random_holes import random_hole
from internal_gan.tasks.base import Picture, Task, gray

FOLDER = "masks"


class Mask(Task[MaskOptions]):
    """Draws a mask of each photo's size, white in the hole.

    For one photo, ``output`` may be a name that ends in ``.png``; else it is a folder, by default
    ``masks``, for files with the photos' names. The seed grows by 1 from photo to photo.
    """

    def check(self, model: None) -> None:
        paths = self._paths()
        for path in paths:
            if paths.count(path) > 1:
                raise UserError(
                    f"image: two photos are named {path.stem}; masks need different names"
                )
            if path.exists():
                raise UserError(f"{path} already exists; choose another output=NAME.png or FOLDER")
            if any(place.exists() and not place.is_dir() for place in path.parents):
                raise UserError(
                    f"output={self.context.options.output}: a file of that name is in the way; "
                    "choose another folder"
                )

    def draw(self, model: None, preview: bool = False) -> Iterator[Picture]:
        wanted, given = self.wanted, self.context.given
        sizes = [given.photo(number).size for number in range(given.count)]
        seeds = self.seeds(len(sizes))
        for size, seed, path in zip(sizes, seeds, self._paths(), strict=True):
            rng = torch.Generator().manual_seed(seed)
            hole = random_hole(wanted.kind, size, wanted.ratio, rng)
            yield gray(str(path), hole, "result")
            self.context.say(
                f"{path}: {wanted.kind} covering {100 * float(hole.mean()):.1f} % of "
                f"{size[0]} x {size[1]} pixels (height x width)"
            )

    def _paths(self) -> list[Path]:
        """A file for each photo."""
        given, output = self.context.given, Path(self.context.options.output or FOLDER)
        if output.suffix.lower() == ".png" and given.count == 1:
            return [output]
        names = [given.called(number) for number in range(given.count)]
        return [output / f"{Path(name).stem}.png" for name in names]


TASK = Mask
