"""task=retarget: the photo in other sizes and shapes, with its own patches."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from torch import Tensor

from internal_gan.config.task_options import RetargetOptions
from internal_gan.images.resize import resize
from internal_gan.images.seam_carving import seam_carve
from internal_gan.models.ingan.retargeting import RetargetModel
from internal_gan.tasks.base import Film, Picture, Work
from internal_gan.tasks.retarget.size_tour import breathing, collage, frames
from internal_gan.tasks.retarget.targets import Target, photo_of, targets
from internal_gan.units import Size

# The time of seam carving grows with seams times pixels; this takes about ten seconds.
MOST_SEAM_PIXELS = 60_000_000


class Retarget(Work[RetargetOptions]):
    """Draws ``retarget/300x800.png`` and so on; beside them plain resizing and seam carving in
    ``compare/``, a sheet of all sizes, and a film of the photo going through them."""

    noun = "picture"

    def check(self, model: RetargetModel) -> None:
        for _ in targets(self.wanted, model, self.context):
            pass

    def draw(self, model: RetargetModel, preview: bool = False) -> Iterator[Picture | Film]:
        photo = photo_of(self.wanted, model, self.context)
        wanted = list(targets(self.wanted, model, self.context))
        for target in wanted:
            image, alpha = self._paint(model, photo, target)
            yield Picture(f"retarget/{target.name}.png", image, alpha=alpha)
            if self.wanted.compare and alpha is None and not preview:
                yield from _compared(f"compare/{target.name}", image, photo.cpu())
        if not preview:
            yield from self._tour(model, photo, wanted)

    def _paint(
        self, model: RetargetModel, photo: Tensor, target: Target, *, moving: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """A picture (1, 3, H, W) in [-1, 1] and its alpha (1, 1, H, W), if any.

        Args:
            moving: it is a frame of a film, in which voting patches would jump.
        """
        vote = False if moving and self.wanted.vote == "auto" else self.wanted.vote
        if target.mask is None:
            painted = model.retarget(
                target.size,
                transform=target.transform,
                image=photo,
                protect=target.protect,
                vote=vote,
                seed=self.seed,
            )
            cover = None if target.transform is None else target.transform.coverage(target.size)
            return painted, cover
        # The photo fills the bounding box of the outline, so that little of it is cut off.
        rows, columns = (target.mask[0, 0] > 0).nonzero().unbind(dim=1)
        top, left = int(rows.min()), int(columns.min())
        box = (int(rows.max()) - top + 1, int(columns.max()) - left + 1)
        canvas = target.mask.new_zeros(1, 3, *target.size)
        inside = (..., slice(top, top + box[0]), slice(left, left + box[1]))
        canvas[inside] = model.retarget(box, image=photo, vote=vote, seed=self.seed)
        return canvas, target.mask

    def _tour(
        self, model: RetargetModel, photo: Tensor, wanted: Sequence[Target]
    ) -> Iterator[Picture | Film]:
        """The sheet and the film of the photo's own size and the wanted ones."""
        asked = self.wanted
        stops = [(photo.shape[-2], photo.shape[-1]), *(target.size for target in wanted)]

        def painted(size: Size, moving: bool = False) -> Tensor:
            return self._paint(model, photo, replace(wanted[0], size=size), moving=moving)[0]

        if asked.collage:
            yield Picture("retarget/collage.png", collage(stops, painted), "aside")
        if asked.video is not None:
            sizes = breathing(stops, round(asked.seconds * asked.fps))
            shown = frames(sizes, lambda size: painted(size, moving=True))
            for index, frame in enumerate(self.context.progress(shown, len(sizes), "frames")):
                yield Picture(f"retarget/frames/{index:04d}.png", frame, "frame")
            if asked.video != "png":
                yield Film(f"retarget/sizes.{asked.video}", asked.fps)


def _compared(folder: str, image: Tensor, photo: Tensor) -> Iterator[Picture]:
    """The result, plain resizing and seam carving in the same size."""
    size = (image.shape[-2], image.shape[-1])
    yield Picture(f"{folder}/ingan.png", image, "aside")
    yield Picture(f"{folder}/plain-resizing.png", resize(photo, size).clamp(-1, 1), "aside")
    seams = sum(abs(new - old) for new, old in zip(size, photo.shape[-2:], strict=True))
    if seams * max(size[0] * size[1], photo[0, 0].numel()) <= MOST_SEAM_PIXELS:
        yield Picture(f"{folder}/seam-carving.png", seam_carve(photo, size), "aside")


WORK = Retarget
