"""What models can draw, and the families' classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Unpack

from internal_gan.api.keywords import (
    Animating,
    Editing,
    Enlarging,
    Filling,
    Given,
    Harmonizing,
    Painting,
    Retargeting,
    Sampling,
)
from internal_gan.api.model import Model, together
from internal_gan.config.catalogue import FILLS, REDRAWS, RETARGETS, SAMPLES
from internal_gan.config.families import FAMILIES
from internal_gan.images.files.memory import check_output_type, to_memory


class Samples(Model):
    """Draws random pictures like its photo."""

    def sample(self, count: int = 1, **how: Unpack[Sampling]) -> Any:
        """Draw random pictures: a list, or with ``pt`` a tensor. No picture depends on ``count``.

        Args:
            size: by default the photo's at ``resolution``.
            start_scale: 0 draws everything anew; higher scales keep more of the photo.
            tileable: whether opposite borders match; ``x`` left and right, ``y`` top and bottom.
            candidates: layouts drawn for each picture, the best of which is kept; more vary less.
            keep: a mask of the photo's size, white where it stays as it is.
            matching: steps that adjust the sample's mix of patches to the photo's.
        """
        return together(self._each("sample", count=count, **how))


class Redraws(Model):
    """Gives other pictures its photo's look, and shows the photo changed."""

    def reconstruct(self, *, output_type: str = "pil") -> Any:
        """The model's reconstruction of the photo, at the size of its training.

        Raises:
            internal_gan.UserError: ``output_type`` is unknown.
        """
        check_output_type(output_type)
        return to_memory(self.network.preview(), output_type, self._like)

    def paint(self, image: Given, **how: Unpack[Painting]) -> Any:
        """Turn a painting or clip-art into a photo: its shapes with the photo's textures."""
        return self._one("paint", image=image, count=1, **how)

    def edit(self, image: Given, mask: Given | None = None, **how: Unpack[Editing]) -> Any:
        """Blend a photo in which parts were moved, copied or painted over.

        Args:
            mask: the changed area, by default everything; the rest stays the same bit for bit.
        """
        return self._one("edit", image=image, mask=mask, count=1, **how)

    def harmonize(self, image: Given, mask: Given, **how: Unpack[Harmonizing]) -> Any:
        """Give an object pasted into the photo the photo's look.

        Args:
            mask: the object; the rest stays the same bit for bit.
            match: first give the object the photo's mean colour and contrast.
        """
        return self._one("harmonize", image=image, mask=mask, count=1, **how)

    def animate(self, seconds: float | None = None, **how: Unpack[Animating]) -> Iterator[Any]:
        """Animate the photo; returns an iterator that draws each frame on demand.

        Args:
            fps: frames per second.
            loop: whether the last frame leads back to the first.
            alpha: pull towards the photo, in (0, 1].
            beta: smoothness, in [0, 1).
            start_scale: 0 moves everything, higher scales only smaller structures.
            size: by default the photo's at ``resolution``.
        """
        return self._each("animate", "frame", seconds=seconds, format="png", **how)

    def super_resolve(self, image: Given | None = None, **how: Unpack[Enlarging]) -> Any:
        """Enlarge a photo, by default the model's own, with detail in the style of the model's.

        Args:
            factor: above 1.
            back_projection: back-projection rounds per pass.
            passes: by default chosen to suit the factor.
        """
        return self._one("super_resolution", photo=image, **how)


class Retargets(Model):
    """Draws its photo in other sizes and shapes."""

    def retarget(
        self,
        size: tuple[int | None, int | None] | str | None = None,
        *,
        outline: Given | None = None,
        **how: Unpack[Retargeting],
    ) -> Any:
        """Draw the photo in another size or shape, using its own patches; takes no seed.

        Args:
            size: one side may be None to keep the photo's aspect ratio. A string such as "16:9"
                gives width:height, with the photo's area. By default the size of the photo at
                ``resolution``, or of ``outline``.
            outline: a picture whose white or opaque part is the shape.
            scale: factors of the height and width of the photo at ``resolution``, instead of
                ``size``.
            zoom: size of objects relative to the photo, at most 1, instead of ``resolution``;
                ``auto``: a ``size`` shows about as much as the photo.
            corners: where a homography moves the frame's corners, (row, column) as fractions of it,
                clockwise from top left.
            protect: a mask of what keeps its size and shape.
        """
        if size is None and outline is None and how.get("scale") is None:
            how["scale"] = (1.0, 1.0)
        return self._one("retarget", shape=size, mask=outline, compare=False, **how)


class Fills(Model):
    """Fills holes in its photo and in similar ones."""

    def fill(
        self, photo: Given | None = None, mask: Given | None = None, **how: Unpack[Filling]
    ) -> Any:
        """Fill a hole in a photo, by default the model's own; the rest stays the same bit for bit.

        With seed 0, the default, nothing is random; every other seed gives another variant.

        Args:
            mask: the hole, of the photo's size.
            box: the hole as (top, left, height, width) in pixels, instead of ``mask``.
            edges: white lines on black, of the photo's size, that the filling follows.
            source: a mask of where patches may be taken from, by default all except the hole.
        """
        return self._one("inpaint", photo=photo, mask=mask, count=1, **how)


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
_METHODS = {SAMPLES: Samples, REDRAWS: Redraws, RETARGETS: Retargets, FILLS: Fills}
for _name, _family in FAMILIES.items():
    if _name not in Model.classes:
        type(_family.title, tuple(_METHODS[a] for a in _family.abilities), {"family": _name})
