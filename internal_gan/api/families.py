"""The models of each family, with what they draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal, Unpack

from internal_gan.api.model import How, Masked, Model
from internal_gan.api.pictures import Given
from internal_gan.images.files.memory import check_output_type, to_memory
from internal_gan.units import Size

Factors = tuple[float, float]


class SinGAN(Model):
    """Draws pictures like its photo, and other pictures in the photo's look (Shaham et al. 2019).

    Where a ``start_scale`` is asked for, the scales from there on draw; the higher it is, the
    closer the result is to what it is made from. None is one that suits.
    """

    family: ClassVar[str] = "singan"

    def sample(
        self,
        count: int = 1,
        *,
        size: Size | None = None,
        start_scale: int = 0,
        tileable: bool | Literal["x", "y"] = False,
        **how: Unpack[How],
    ) -> Any:
        """Draw random pictures: a list, of ``pt`` a tensor. None depends on how many there are.

        Args:
            size: by default the photo's.
            start_scale: 0 draws everything; from higher ones on it is the photo that is redrawn.
            tileable: whether the borders meet: ``x`` left and right, ``y`` top and bottom.
        """
        wanted = {"count": count, "size": size, "start_scale": start_scale, "tileable": tileable}
        return self._several("sample", wanted, **how)

    def reconstruct(self, *, output_type: str = "pil") -> Any:
        """The photo as the model rebuilds it."""
        check_output_type(output_type)
        drawn = self._computed(self.network.preview() for _ in range(1))
        return to_memory(next(drawn), output_type, self._like)

    def paint(
        self,
        image: Given,
        *,
        start_scale: int | None = None,
        quantize: bool = False,
        colours: int = 8,
        **how: Unpack[How],
    ) -> Any:
        """Make a photo of a painting or clip-art: its shapes, the photo's textures.

        Args:
            quantize: reduce it to so many ``colours`` of the photo, on which the start scale is
                trained anew.
        """
        wanted = {"start_scale": start_scale, "quantize": quantize, "colours": colours}
        return self._one("paint", wanted, {"paint.image": image}, **how)

    def edit(
        self,
        image: Given,
        mask: Given | None = None,
        *,
        start_scale: int | None = None,
        **how: Unpack[Masked],
    ) -> Any:
        """Make one photo again of one in which patches were moved, copied or painted over.

        Args:
            mask: where it was changed, by default everywhere; the rest is kept bit for bit.
        """
        pictures = {"edit.image": image, "edit.mask": mask}
        return self._one("edit", {"start_scale": start_scale}, pictures, **how)

    def harmonize(
        self,
        image: Given,
        mask: Given,
        *,
        start_scale: int | None = None,
        match: bool = True,
        **how: Unpack[Masked],
    ) -> Any:
        """Give an object that was pasted into the photo the photo's look.

        Args:
            mask: where the object is; the rest is kept bit for bit.
            match: give it the photo's mean colour and contrast first.
        """
        pictures = {"harmonize.image": image, "harmonize.mask": mask}
        return self._one("harmonize", {"start_scale": start_scale, "match": match}, pictures, **how)

    def animate(
        self,
        seconds: float = 4.0,
        *,
        fps: float = 24.0,
        loop: bool = False,
        alpha: float = 0.1,
        beta: float = 0.9,
        start_scale: int = 0,
        size: Size | None = None,
        **how: Unpack[How],
    ) -> Iterator[Any]:
        """Let the photo move: an iterator of frames, each drawn when it is asked for.

        Args:
            fps: frames a second that they will be shown at.
            loop: whether the last frame leads to the first.
            alpha: pull towards the photo, above 0 and up to 1.
            beta: smoothness, from 0 to below 1.
            start_scale: 0 moves everything; the higher, the smaller what moves.
            size: by default the photo's.
        """
        wanted: dict[str, Any] = {"seconds": seconds, "fps": fps, "loop": loop, "alpha": alpha}
        wanted |= {"beta": beta, "start_scale": start_scale, "size": size, "format": "png"}
        return self._each("animate", wanted, kind="frame", **how)

    def super_resolve(
        self,
        image: Given | None = None,
        *,
        factor: float = 4.0,
        noise: float = 1.0,
        back_projection: int = 1,
        passes: int | None = None,
        **how: Unpack[How],
    ) -> Any:
        """Enlarge a photo, by default the model's own, with detail as that has it.

        Args:
            factor: above 1.
            noise: strength of the noise that each pass adds, times that of the training.
            back_projection: how often each pass is compared with the photo.
            passes: by default as many as suit the factor.
        """
        wanted: dict[str, Any] = {"factor": factor, "noise": noise, "passes": passes}
        wanted |= {"back_projection": back_projection}
        return self._one("super_resolution", wanted, {"image": image}, **how)

    def make_tileable(
        self,
        image: Given | None = None,
        *,
        axes: Literal["both", "x", "y"] = "both",
        band: float = 0.15,
        start_scale: int | None = None,
        **how: Unpack[How],
    ) -> Any:
        """Change the borders of a photo, by default the model's own, so that they meet.

        Args:
            axes: which of them: ``x`` left and right, ``y`` top and bottom.
            band: how far from a border pixels may change: below 1 as a fraction of the side, from
                1 on in pixels.
        """
        wanted = {"axes": axes, "band": band, "start_scale": start_scale}
        return self._one("make_tileable", wanted, {"make_tileable.image": image}, **how)


class InGAN(Model):
    """Draws its photo in other sizes and shapes (Shocher et al. 2019)."""

    family: ClassVar[str] = "ingan"

    def retarget(
        self,
        size: tuple[int | None, int | None] | None = None,
        *,
        scale: Factors | None = None,
        transform: Literal["homography", "trapezoid", "bend", "wave"] | None = None,
        amount: float = 0.3,
        periods: float = 2.0,
        corners: Sequence[Factors] | None = None,
        outline: Given | None = None,
        protect: Given | None = None,
        image: int | str | None = None,
        vote: bool | Literal["auto"] = "auto",
        **how: Unpack[How],
    ) -> Any:
        """Draw the photo with its own patches in another size or shape.

        Args:
            size: one side may be None, to follow from the photo's aspect; by default the size in
                which the photo was learnt, or that of ``outline``.
            scale: in its place, factors of the photo's height and width.
            transform: bends the frame by ``amount``, from -1 to 1; a wave has ``periods``.
            corners: of a homography, (row, column) as fractions of the frame, from top left
                clockwise.
            outline: a picture whose white or opaque part is the shape.
            protect: a mask of the photo where it keeps its size and shape.
            image: which of several photos, its number (from 1) or its name.
            vote: whether scales are rebuilt from the photo's patches; ``auto``: where it is quick.
        """
        if size is None and scale is None and outline is None:
            scale = (1.0, 1.0)
        wanted: dict[str, Any] = {"shape": size, "scale": scale, "transform": transform}
        wanted |= {"amount": amount, "periods": periods, "corners": corners, "vote": vote}
        wanted |= {"image": None if image is None else str(image), "compare": False}
        pictures = {"retarget.mask": outline, "retarget.protect": protect}
        return self._one("retarget", wanted, pictures, **how)


class EdgeConnect(Model):
    """Fills holes in its photo, and in others like it (Nazeri et al. 2019)."""

    family: ClassVar[str] = "edgeconnect"

    def fill(
        self,
        photo: Given | None = None,
        mask: Given | None = None,
        *,
        box: tuple[int, int, int, int] | None = None,
        edges: Given | None = None,
        source: Given | None = None,
        **how: Unpack[Masked],
    ) -> Any:
        """Fill a hole in a photo, by default that of the training; the rest is kept bit for bit.

        Without a seed there is no chance; each seed draws a variant.

        Args:
            mask: where the hole is, a picture of the photo's size.
            box: in its place (top, left, height, width) in pixels.
            edges: a drawing of the photo's size, white lines on black, to fill the hole after.
            source: a mask of where patches may be taken from, by default everywhere else.
        """
        pictures = {"image": photo, "mask.file": mask}
        pictures |= {"inpaint.edges": edges, "inpaint.source": source}
        return self._one("inpaint", {"box": box, "compare": False}, pictures, **how)
