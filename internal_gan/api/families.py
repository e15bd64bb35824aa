"""What models can draw, and the families' classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal, Unpack

from internal_gan.api.model import How, Masked, Model
from internal_gan.api.pictures import Given
from internal_gan.config.families import FAMILIES
from internal_gan.images.files.memory import check_output_type, to_memory
from internal_gan.units import Size

Factors = tuple[float, float]


class Samples(Model):
    """Draws random pictures like its photo."""

    def sample(
        self,
        count: int = 1,
        *,
        size: Size | None = None,
        start_scale: int = 0,
        tileable: bool | Literal["x", "y"] = False,
        candidates: int = 6,
        matching: int = 100,
        **how: Unpack[How],
    ) -> Any:
        """Draw random pictures: a list, or with ``pt`` a tensor. No picture depends on ``count``.

        Args:
            size: by default the photo's at ``resolution``.
            start_scale: 0 draws everything anew; higher scales keep more of the photo.
            tileable: whether opposite borders match; ``x`` left and right, ``y`` top and bottom.
            candidates: layouts drawn for each picture, the best of which is kept; more vary less.
            matching: steps that adjust the sample's mix of patches to the photo's.
        """
        wanted = {
            "count": count,
            "size": size,
            "start_scale": start_scale,
            "tileable": tileable,
            "candidates": candidates,
            "matching": matching,
        }
        return self._several("sample", wanted, **how)


class Redraws(Model):
    """Gives other pictures its photo's look, and shows the photo changed."""

    def reconstruct(self, *, output_type: str = "pil") -> Any:
        """The model's reconstruction of the photo, at the size of its training.

        Raises:
            internal_gan.UserError: ``output_type`` is unknown.
        """
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
        """Turn a painting or clip-art into a photo: its shapes with the photo's textures.

        Args:
            quantize: reduce it to ``colours`` colours of the photo, and retrain the start scale on
                them.
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
        """Blend a photo in which parts were moved, copied or painted over.

        Args:
            mask: the changed area, by default everything; the rest stays the same bit for bit.
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
        """Give an object pasted into the photo the photo's look.

        Args:
            mask: the object; the rest stays the same bit for bit.
            match: first give the object the photo's mean colour and contrast.
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
        """Animate the photo; returns an iterator that draws each frame on demand.

        Args:
            fps: frames per second.
            loop: whether the last frame leads back to the first.
            alpha: pull towards the photo, in (0, 1].
            beta: smoothness, in [0, 1).
            start_scale: 0 moves everything, higher scales only smaller structures.
            size: by default the photo's at ``resolution``.
        """
        wanted: dict[str, Any] = {"seconds": seconds, "fps": fps, "loop": loop, "alpha": alpha}
        wanted |= {"beta": beta, "start_scale": start_scale, "size": size, "format": "png"}
        return self._each("animate", wanted, None, "frame", **how)

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
        """Enlarge a photo, by default the model's own, with detail in the style of the model's.

        Args:
            factor: above 1.
            noise: strength of the noise added in each pass, relative to training.
            back_projection: back-projection rounds per pass.
            passes: by default chosen to suit the factor.
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
        """Change the borders of a photo, by default the model's own, so that it repeats seamlessly.

        Args:
            axes: borders to match: ``x`` left and right, ``y`` top and bottom.
            band: width of the border that may change, in pixels or, below 1, as a fraction of the
                side.
        """
        wanted = {"axes": axes, "band": band, "start_scale": start_scale}
        return self._one("make_tileable", wanted, {"make_tileable.image": image}, **how)


class Retargets(Model):
    """Draws its photo in other sizes and shapes."""

    def retarget(
        self,
        size: tuple[int | None, int | None] | str | None = None,
        *,
        scale: Factors | None = None,
        zoom: float | Literal["auto"] = "auto",
        transform: Literal["homography", "trapezoid", "bend", "wave"] | None = None,
        amount: float = 0.3,
        periods: float = 2.0,
        corners: Sequence[Factors] | None = None,
        outline: Given | None = None,
        protect: Given | None = None,
        image: int | str | None = None,
        **how: Unpack[How],
    ) -> Any:
        """Draw the photo in another size or shape, using its own patches; takes no seed.

        Args:
            size: one side may be None to keep the photo's aspect ratio. A string such as "16:9"
                gives width:height, with the photo's area. By default the size of the photo at
                ``resolution``, or of ``outline``.
            scale: factors of the height and width of the photo at ``resolution``, instead of
                ``size``.
            zoom: size of objects relative to the photo, at most 1, instead of ``resolution``;
                ``auto``: a ``size`` shows about as much as the photo.
            transform: shape of the frame, of strength ``amount`` in (-1, 1); a wave has
                ``periods`` crests.
            corners: a homography's corners, (row, column) as fractions of the frame, clockwise from
                top left.
            outline: a picture whose white or opaque part is the shape.
            protect: a mask of what keeps its size and shape.
            image: which of several photos, by number (from 1) or name.
        """
        if size is None and scale is None and outline is None:
            scale = (1.0, 1.0)
        wanted: dict[str, Any] = {"shape": size, "scale": scale, "transform": transform}
        wanted |= {"zoom": zoom}
        wanted |= {"amount": amount, "periods": periods, "corners": corners}
        wanted |= {"image": None if image is None else str(image), "compare": False}
        pictures = {"retarget.mask": outline, "retarget.protect": protect}
        return self._one("retarget", wanted, pictures, **how)


class Fills(Model):
    """Fills holes in its photo and in similar ones."""

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
        """Fill a hole in a photo, by default the model's own; the rest stays the same bit for bit.

        Without a seed the result is deterministic; each seed gives another variant.

        Args:
            mask: the hole, of the photo's size.
            box: the hole as (top, left, height, width) in pixels, instead of ``mask``.
            edges: white lines on black, of the photo's size, that the filling follows.
            source: a mask of where patches may be taken from, by default all except the hole.
        """
        pictures = {"image": photo, "mask.file": mask}
        pictures |= {"inpaint.edges": edges, "inpaint.source": source}
        return self._one("inpaint", {"box": box, "compare": False}, pictures, **how)


class SinGAN(Samples, Redraws):
    """Draws pictures like its photo, and gives other pictures its look (Shaham et al. 2019).

    Only scales from ``start_scale`` on run: the higher it is, the closer the result stays to its
    input. None chooses a suitable one.
    """

    family: ClassVar[str] = "singan"


class InGAN(Retargets):
    """Draws its photo in other sizes and shapes (Shocher et al. 2019)."""

    family: ClassVar[str] = "ingan"


class EdgeConnect(Fills):
    """Fills holes in its photo and in similar ones (Nazeri et al. 2019)."""

    family: ClassVar[str] = "edgeconnect"


# Other families' classes, made of their abilities.
_KINDS = {kind.__name__.lower(): kind for kind in (Samples, Redraws, Retargets, Fills)}
for _name, _family in FAMILIES.items():
    if _name not in Model.classes:
        type(_family.title, tuple(_KINDS[a] for a in _family.abilities), {"family": _name})
