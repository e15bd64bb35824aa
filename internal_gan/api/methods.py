"""What models can draw, and the families' classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from internal_gan.api.model import Given, Model, source_of
from internal_gan.api.signatures import FRAMES, ONE, SEVERAL, takes
from internal_gan.config import catalogue
from internal_gan.finishing.plans import Plan
from internal_gan.images.files.memory import check_output_type, to_memory
from internal_gan.tasks.bind import call
from internal_gan.tasks.formats import plans_of
from internal_gan.tasks.runner import patches_of


class Samples(Model):
    """Draws random pictures like its photo."""

    @takes("sample", SEVERAL)
    def sample(self, count: int = 1, **how: Any) -> Any:
        """Draw random pictures (a list; ``pt``: a tensor), each the same for any ``count``."""
        drawn = list(self._each("sample", count=count, **how))
        return torch.cat(drawn) if how.get("output_type") == "pt" else drawn


class Injects(Model):
    """Gives other pictures its photo's look."""

    @takes(returns=ONE)
    def reconstruct(self, *, output_type: str = "pil") -> Any:
        """The model's reconstruction of the photo, at the size of its training; a UserError if
        ``output_type`` is unknown."""
        check_output_type(output_type)
        return to_memory(self.network.preview(), output_type, self._source.like)

    @takes("paint", ONE)
    def paint(self, image: Given, **how: Any) -> Any:
        """Turn a painting or clip-art into a photo: its shapes with the photo's textures."""
        return self._one("paint", image=image, count=1, **how)

    @takes("edit", ONE)
    def edit(self, image: Given, mask: Given | None = None, **how: Any) -> Any:
        """Blend a photo in which parts were moved, copied or painted over.

        Args:
            mask: the changed area, by default everything; the rest stays the same bit for bit.
        """
        return self._one("edit", image=image, mask=mask, count=1, **how)

    @takes("harmonize", ONE)
    def harmonize(self, image: Given, mask: Given, **how: Any) -> Any:
        """Give an object pasted into the photo the photo's look.

        Args:
            mask: the object; the rest stays the same bit for bit.
        """
        return self._one("harmonize", image=image, mask=mask, count=1, **how)


class Animates(Model):
    """Shows its photo in motion."""

    @takes("animate", FRAMES)
    def animate(self, seconds: float | None = None, **how: Any) -> Iterator[Any]:
        """Animate the photo; returns an iterator that draws each frame on demand."""
        return self._each("animate", seconds=seconds, format="png", **how)


class Enlarges(Model):
    """Enlarges its photo and similar ones."""

    @takes("super_resolution", ONE, image="photo")
    def super_resolve(self, image: Given | None = None, **how: Any) -> Any:
        """Enlarge a photo with detail in the style of the model's.

        Args:
            image: by default the model's own photo.
        """
        return self._one("super_resolution", photo=image, **how)


class Retargets(Model):
    """Draws its photo in other sizes and shapes."""

    @takes("retarget", ONE, size="shape", outline="mask")
    def retarget(
        self,
        size: Sequence[int | str | None] | str | None = None,
        *,
        outline: Given | None = None,
        **how: Any,
    ) -> Any:
        """Give the photo another format, or another shape.

        Without a trained model it is cropped, squeezed or extended, whichever loses least;
        ``seed`` chooses among the best ways, see :meth:`Patches.plans`. A trained model redraws it.

        Args:
            size: one side may be None to keep the photo's aspect ratio. A string such as "16:9"
                gives width:height, with what is kept at its size, and ("100%", "200%") is relative
                to the photo. By default the photo's size.
            outline: a picture whose white or opaque part is the shape, and its size the size by
                default; the photo is redrawn.
            importance: a gray picture of what matters, white most; by default that of
                :func:`internal_gan.importance`.
        """
        if size is None and outline is None:
            size = ("100%", "100%")
        return self._one("retarget", shape=size, mask=outline, **how)


class Fills(Model):
    """Fills holes in its photo and in similar ones."""

    @takes("fill", ONE)
    def fill(self, photo: Given | None = None, mask: Given | None = None, **how: Any) -> Any:
        """Fill a hole in a photo; the rest stays the same bit for bit.

        With seed 0, the default, nothing is random; every other seed gives another variant.

        Args:
            photo: by default the model's own.
            mask: the hole, of the photo's size; by default the photo's transparent part.
            edges: white lines on black, of the photo's size, that the filling follows.
        """
        return self._one("fill", photo=photo, mask=mask, count=1, **how)


class Patches(Samples, Retargets, Fills, Injects, Animates, Enlarges, family="patches"):
    """A photo as a model: its own patches, put together by a formula; nothing is trained.

    >>> import internal_gan
    >>> from PIL import Image
    >>> photo = internal_gan.Patches(Image.radial_gradient("L").resize((48, 40)))
    >>> photo.retarget((40, 90)).size
    (90, 40)
    """

    def __init__(
        self, photo: Given, *, device: str | torch.device = "cpu", keep_frame: bool = False
    ) -> None:
        """
        Args:
            photo: a picture as in :class:`Model`.
            device: where layouts are drawn, ``cpu``, ``cuda``, ``cuda:1`` or similar, or ``auto``.
            keep_frame: whether a frame around the photo is a part of it.

        Raises:
            UserError: the photo cannot be read, or this machine has no such device.
        """
        source = source_of("sample", {"photo": photo})  # which leaves a frame out
        source.options.keep_frame = keep_frame
        super().__init__(patches_of(source.photo(), str(device))[0], None, source)

    @takes("retarget", like=Retargets.retarget, size="shape", outline="mask")
    def plans(
        self,
        size: Sequence[int | str | None] | str | None = None,
        *,
        outline: Given | None = None,
        **how: Any,
    ) -> list[Plan]:
        """The ways to give the photo another format, the best first; none if it is redrawn.

        :meth:`retarget` with seed 0 takes the first, with seed 1 the second, and so on.

        >>> import internal_gan
        >>> from PIL import Image
        >>> photo = internal_gan.Patches(Image.radial_gradient("L").resize((48, 40)))
        >>> photo.plans("1:1")[0].in_words()
        'cropped 8 % on the left, cropped 8 % on the right'

        Raises:
            UserError: an argument is not allowed.
        """
        source = source_of("retarget", {"shape": size, "mask": outline, **how}, self._source)
        return call(plans_of, "retarget", source, model=self.network)


class SinGAN(Samples, Injects, Animates, Enlarges, family="singan"):
    """Draws pictures like its photo, and gives other pictures its look (Shaham et al. 2019).

    Only scales from ``start_scale`` on run: the higher it is, the closer the result stays to its
    input. None chooses a suitable one.
    """


class InGAN(Retargets, family="ingan"):
    """Draws its photo in other sizes and shapes (Shocher et al. 2019)."""


class EdgeConnect(Fills, family="edgeconnect"):
    """Fills holes in its photo and in similar ones (Nazeri et al. 2019)."""


class ZSSR(Enlarges, family="zssr"):
    """Enlarges its photo by a network that has learnt from it alone (Shocher et al. 2018)."""


# Other families' classes, made of their abilities.
_METHODS = {
    catalogue.SAMPLES: Samples,
    catalogue.RETARGETS: Retargets,
    catalogue.FILLS: Fills,
    catalogue.INJECTS: Injects,
    catalogue.ANIMATES: Animates,
    catalogue.ENLARGES: Enlarges,
}
for _name, _family in catalogue.FAMILIES.items():
    if _name not in Model.classes:
        type(_family.title, tuple(_METHODS[a] for a in _family.abilities), {}, family=_name)
