"""Enlarges a photo by a network that has learnt from the photo alone."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from internal_gan.errors import check_range
from internal_gan.images.colours import luminance
from internal_gan.images.degradation import Degradation, Tables
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.models.abilities import Enlarges
from internal_gan.models.patches.enlarging import (
    AFTER,
    LEARNT,
    STEP,
    WINDOW_SIDE,
    Round,
    back_projected,
    enlarged,
    rounds_of,
    started,
    trust_in,
)
from internal_gan.nn.blocks import reflect
from internal_gan.nn.generators import ResidualPatchGenerator, in_tiles
from internal_gan.shapes import Mask, Pixels
from internal_gan.units import Size

# After the first step, the share in a result of the enlargement that needs no training: its errors
# are other ones.
UNTRAINED = 0.3
VIEWS = 8  # ways to turn and mirror a picture
PREVIEW = 192  # a preview enlarges a part of the photo of this side, in pixels


class ZSSR(Enlarges):
    """Learns what filters miss in the luminance of a photo that is enlarged by 2 (Shocher et al.
    2018, Sections 3 and 3.1).

    Args:
        generator: called with ``width``, ``depth``, ``channels`` and ``rng``.
        width, depth: channels of the hidden layers, and number of layers.
        networks: how many learn, each from other crops; their errors are not the same.

    Attributes:
        noise, tables: what the photo has suffered, see
            :class:`internal_gan.images.degradation.Degradation`; 0 if nothing.
        tile_pixels: larger maps are computed in tiles of this many pixels.
    """

    family: ClassVar[str] = "zssr"
    noise: Tensor
    tables: Tensor
    tile_pixels: int = 2**18

    def __init__(
        self,
        *,
        generator: Callable[..., ResidualPatchGenerator],
        width: int,
        depth: int,
        networks: int,
    ) -> None:
        super().__init__()
        check_range(1, VIEWS, networks=networks)
        self.make_generator = generator
        self.width = width
        self.depth = depth
        self.networks = networks

    def allocate(self, sizes: Sequence[Sequence[int]], device: torch.device | None = None) -> None:
        super().allocate(sizes, device)
        self.register_buffer("noise", torch.zeros((), device=device))
        self.register_buffer("tables", torch.zeros(64, dtype=torch.int32, device=device))

    def heed(self, photo: Photo) -> None:
        if photo.tables is not None:
            self.tables.copy_(torch.tensor(photo.tables[0]))

    @property
    def worn(self) -> Degradation:
        """What is done to the photo's shrunk copies."""
        tables = [self.tables.tolist()] if self.tables.any() else None
        return Degradation(float(self.noise), tables)

    def new_generator(self, stage: int, rng: torch.Generator | None = None) -> "Several":
        how = {"width": self.width, "depth": self.depth, "channels": 1, "rng": rng}
        return Several([self.make_generator(**how) for _ in range(self.networks)])

    def preview(self) -> Pixels:
        return self.super_resolve(STEP, self.image[..., :PREVIEW, :PREVIEW])

    @torch.no_grad()
    def super_resolve(
        self,
        factor: float,
        image: Pixels,
        *,
        seed: int = 0,
        detail: float = 0.0,
        tables: Tables | None = None,
    ) -> Pixels:
        """Enlarged by 2 until it is large enough, then shrunk. Once noise is gone, the photo's own
        patches do the rest, since the networks have learnt to remove some."""
        given = picture = image.cpu()
        size = scaled(size_of(given), factor)
        while any(side < wanted for side, wanted in zip(size_of(picture), size, strict=True)):
            if self.worn != Degradation() and picture is not given:
                picture = enlarged(picture, STEP)
            else:
                picture = self.doubled(picture)
        picture = resize(picture, size)
        if factor > STEP:
            picture = picture.lerp(enlarged(given, factor, tables=tables), UNTRAINED)
        if self.worn == Degradation():
            for _ in range(AFTER):
                picture = back_projected(picture, given).clamp(-1, 1)
        return picture.to(self.device)

    def doubled(self, picture: Pixels) -> Pixels:
        """A picture enlarged by 2: the mean over the eight ways to turn and mirror it, which the
        networks share among them."""
        begun = self.begun(picture, scaled(size_of(picture), STEP))
        detail = torch.zeros_like(begun[:, :1])
        for view in range(VIEWS):
            made = self.detail(turned(luminance(begun), view).to(self.device), view)
            detail += turned_back(made.cpu(), view) / VIEWS
        return back_projected(begun + detail, picture, self._trust).clamp(-1, 1)

    def begun(self, picture: Pixels, size: Size) -> Pixels:
        """What the network gets: a picture enlarged to a size by the photo's filters."""
        made = started(picture, size)
        for one in self._rounds:
            made = one(made, picture)
        return made

    @property
    def grays(self) -> list[Mask]:
        """The luminance of the photo or, if it is large, of the windows that lie side by side."""
        gray = luminance(self.image.cpu())
        return list(torch.split(gray, WINDOW_SIDE, dim=-1)) if self.has_windows else [gray]

    @property
    def has_windows(self) -> bool:
        """See :attr:`Model.has_windows`; a photo that merely has such sides is cut, too."""
        height, width = self.sizes[-1]
        is_cut = height <= WINDOW_SIDE and width % WINDOW_SIDE == 0
        return is_cut and height * width > LEARNT / 2

    @cached_property
    def _rounds(self) -> list[Round]:
        return rounds_of(self.grays, STEP, self.worn)

    @property
    def _trust(self) -> float:
        """How far a result shrinks to what it was made of."""
        return trust_in(self._rounds) if self.worn != Degradation() else 1.0

    def detail(self, gray: Mask, view: int = 0) -> Mask:
        """What a network adds to an enlarged picture (1, 1, H, W)."""
        generator = cast(Several, self.generators[0])
        padded = reflect(gray, generator.margin)
        network = generator.networks[view % self.networks]
        run = partial(self.run, cast(ResidualPatchGenerator, network).detail)
        return in_tiles(run, padded, generator.margin, self.tile_pixels)


class Several(nn.Module):
    """Networks that each get a part of a batch."""

    def __init__(self, networks: Sequence[ResidualPatchGenerator]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.margin = networks[0].margin

    def detail(self, padded: Tensor) -> Tensor:
        parts = padded.chunk(len(self.networks))
        pairs = zip(self.networks, parts, strict=True)
        return torch.cat([cast(ResidualPatchGenerator, one).detail(part) for one, part in pairs])


def turned(image: Tensor, view: int) -> Tensor:
    """An image (N, C, H, W) in one of the ways to turn and mirror it."""
    image = image.rot90(view // 2, (-2, -1))
    return image.flip(-1) if view % 2 else image


def turned_back(image: Tensor, view: int) -> Tensor:
    """The reverse of :func:`turned`."""
    return (image.flip(-1) if view % 2 else image).rot90(-(view // 2), (-2, -1))
