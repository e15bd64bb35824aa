"""task=graft: defects of photos with masks, put onto sound photos, without any training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from internal_gan.config.task_options import GraftOptions
from internal_gan.errors import UserError
from internal_gan.finishing.finisher import AT_ONCE, MIN_SIDE, Finished
from internal_gan.finishing.graft import cut_out, graft, laid, moved, place
from internal_gan.finishing.layers import Layer
from internal_gan.images.files.image import read_image
from internal_gan.images.files.names import is_picture
from internal_gan.images.masks import FAINT, read_mask
from internal_gan.images.photo import check_trainable
from internal_gan.images.windows import bounds, extent, parts
from internal_gan.tasks.base import Item, Task
from internal_gan.tasks.dataset import Labelled, labelled, thing
from internal_gan.units import by

# Parts of a mask farther apart than this share of its long side are several defects.
APART = 1 / 32
# Scales and turns that are drawn before the smallest scale is taken, with one of these turns.
TRIES, TURNS = 20, (0.0, 90.0, 45.0, 135.0)
_FILES = ("graft.defect", "graft.mask")


class Defect(NamedTuple):
    """A defect, and the names of its file and of its class."""

    file: str
    label: str
    cut: Tensor


class Graft(Task[GraftOptions]):
    """Writes a data set into ``graft``: sound photos with a defect each."""

    result_name = "sheet of pictures"
    about = ("Defects put onto photos, without a trained network",)

    def draw(self, model: None, preview: bool = False) -> Iterator[Item]:
        wanted, given, defects = self.wanted, self.context.given, self._defects()
        (low, high), seeds = wanted.scale, self.seeds(wanted.count)
        classes = sorted({defect.label for defect in defects})
        sure = [(low, turn) for turn in TURNS if turn <= wanted.turn]
        for which, one in {(n % given.count, n % len(defects)) for n in range(wanted.count)}:
            self._check_room(which, [moved(defects[one].cut, *how) for how in sure])

        def made(number: int) -> Labelled:
            which, defect = number % given.count, defects[number % len(defects)]
            photo, about = given.photo(which), {"photo": Path(given.called(which)).name}
            if number >= wanted.count:
                return Labelled(Finished(photo.pixels, like=photo), [], [], about)
            rng, allowed = np.random.default_rng(seeds[number]), self._allowed(which)
            drawn = rng.uniform((low, -wanted.turn), (high, wanted.turn), (TRIES, 2))
            for scale, turn in [*drawn.round(3).tolist(), *sure]:
                cut = moved(defect.cut, scale, turn)
                if at := place(cut, allowed, rng):
                    break
            assert at is not None  # one of those that are sure fits
            inside = laid(cut, *at, photo.size)[0, 3].numpy() > 0
            white = 255 if len(classes) == 1 else 1 + classes.index(defect.label)
            number_of, mode = (np.uint16, "I;16") if len(classes) > 255 else (np.uint8, "L")
            mask = Layer("defect", inside * number_of(white), mode, labels=True)
            one = thing(defect.label, inside, file=defect.file, scale=scale, turn=turn)
            return Labelled(graft(photo, cut, *at), [mask], [one], about | {"seed": seeds[number]})

        yield None
        # The sound photos belong to MVTec's form.
        sound = given.count if self.context.options.dataset.form == "mvtec" else 0
        yield from labelled(self, classes, wanted.count + sound, made, AT_ONCE)

    def _defects(self) -> list[Defect]:
        """The defects of all masks; a UserError if a file is missing or not usable."""
        wanted, given, found = self.wanted, self.context.given, list[Defect]()
        if wanted.defect is None or wanted.mask is None:
            raise UserError(
                "task=graft needs graft.defect=FILE, a photo with a defect, and graft.mask=FILE, "
                "white in the defect; or folders of them"
            )
        folder = Path(wanted.defect)
        for files in _pairs(folder, Path(wanted.mask)) if folder.is_dir() else [()]:
            photo, mask = map(read_image, files) if files else map(given.read, _FILES)
            assert photo
            assert mask
            if mask.bit_depth == 16:  # labels are small numbers
                mask = replace(mask, pixels=(mask.pixels > -1) * 2.0 - 1.0)
            inside = read_mask(mask, photo.size, option="graft.mask", white="is the defect") > FAINT
            name = photo.path.stem if photo.path else "defect"
            label, gap = files[0].absolute().parent.name if files else name, APART * max(photo.size)
            for part in parts(inside.float(), max(1, round(gap))):
                found.append(Defect(name, label, cut_out(photo, part, wanted.scale[0])))
        return found

    def _allowed(self, number: int) -> NDArray[np.bool_]:
        """Where a defect may lie in a photo."""
        given, size = self.context.given, self.context.given.photo(number).size
        if (mask := given.read("graft.where", number)) is None:
            return np.ones(size, np.bool_)
        white = "is where defects may lie"
        return (read_mask(mask, size, option="graft.where", white=white) > 0.5)[0, 0].numpy()

    def _check_room(self, number: int, cuts: list[Tensor]) -> None:
        """Raise a UserError if none of some cut-outs has a place in a photo."""
        given, where, rng = self.context.given, self.wanted.where, np.random.default_rng(0)
        check_trainable(given.photo(number), MIN_SIDE)
        allowed = self._allowed(number)
        if all(place(cut, allowed, rng) is None for cut in cuts):
            raise UserError(
                f"{f'graft.where={where}' if where else f'image={given.called(number)}'}: has no "
                f"room for a defect of {by(extent(bounds(cuts[0][:, 3:])))} pixels; allow a "
                "larger area, or a smaller graft.scale"
            )


def _pairs(folder: Path, masks: Path) -> list[tuple[Path, Path]]:
    """The pictures in a folder and its subfolders that have a mask of the same name, or of one that
    ends in ``_mask``; a UserError if there is none."""
    named = []
    for root in (folder, masks):
        files = sorted(path for path in root.rglob("*") if is_picture(path.name))
        keys = (file.relative_to(root).with_suffix("").as_posix() for file in files)
        named.append(dict(zip((key.removesuffix("_mask") for key in keys), files, strict=True)))
    if not named[0].keys() & named[1].keys():
        raise UserError(
            f"graft.mask={masks}: has no mask with the name of an image in graft.defect={folder}"
        )
    return [(file, named[1][key]) for key, file in named[0].items() if key in named[1]]


TASK = Graft
