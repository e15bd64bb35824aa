"""What a pyramid of generators makes of noise, whatever it was trained for."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import UserError
from internal_gan.images.periodic import (
    Moves,
    Wrap,
    axes,
    join_borders,
    pad_periodic,
    resize_periodic,
)
from internal_gan.images.resize import resize
from internal_gan.images.windows import tiles, widened
from internal_gan.models.limits import check_count, check_result
from internal_gan.models.scales import ScalesModel
from internal_gan.nn.blocks import pad
from internal_gan.nn.generators.residual_patch import ResidualPatchGenerator
from internal_gan.units import Size

Tileable = bool | Literal["x", "y"]
Noise = Callable[[int, Size], Tensor]
After = Callable[[int, Tensor], Tensor]

# Drawing and writing images of 4 and 16 megapixels took 52 to 62.
BYTES_PER_PIXEL = 64
# The real image, put in at a start scale, is made to wrap over this fraction of its sides.
FADE = 0.15


class PyramidModel(ScalesModel):
    """A model whose scale n adds detail to what the coarser scales made (Shaham et al.
    2019, equations 2 and 3).

    Attributes:
        reconstruction_noise: z*, (1, 1, h, w) at the size of the coarsest scale; a buffer.
        noise_std: sigma_n of every scale; a buffer.
        noise_padding: ``zero`` or ``random``: the noise beyond the border.
        margin: how far a generator sees beyond a pixel, in pixels.
        tile_pixels: maps of more pixels than this are computed in tiles.
    """

    reconstruction_noise: Tensor
    noise_std: Tensor
    noise_padding: str
    margin: int
    tile_pixels: int = 2**18  # 64 channels of them are 64 MiB

    @torch.no_grad()
    def reconstruct(self) -> Tensor:
        """The image as the finished scales rebuild it from {z*, 0, ..., 0}.

        Returns:
            (1, 3, H, W) in [-1, 1] at the size of the finest finished scale.
        """
        self._require_finished()
        last = self.finished - 1
        image = self.synthesise(self.sizes, self.padded_reconstruction_noise, last=last)
        return image.clamp(-1, 1)

    def sample(
        self,
        count: int = 1,
        size: Size | None = None,
        *,
        start_scale: int = 0,
        seed: int = 0,
        tileable: Tileable = False,
    ) -> Tensor:
        """Draw random images.

        Args:
            count: number of images, at most ``MOST_RESULTS``; :meth:`samples` draws many in the
                memory of one.
            size: (height, width) in pixels, any; the size of the finest scale by default.
            start_scale: scales below this one are replaced by the real image, downsampled: the
                higher, the closer to the image. 0 draws everything.
            seed: sample k depends only on ``seed`` and k.
            tileable: draw images that go on without a seam where they meet themselves: ``x`` at
                the left and right borders, ``y`` at the top and bottom, True at all.

        Returns:
            (count, 3, height, width) in [-1, 1], on the CPU.

        Raises:
            UserError: a number out of range, or more than ``MOST_PIXELS`` in all.
        """
        drawn = self.samples(count, size, start_scale=start_scale, seed=seed, tileable=tileable)
        check_result(size or self.sizes[self.finished - 1], count)
        return torch.cat(list(drawn))

    def samples(
        self,
        count: int = 1,
        size: Size | None = None,
        *,
        start_scale: int = 0,
        seed: int = 0,
        tileable: Tileable = False,
    ) -> Iterator[Tensor]:
        """As :meth:`sample`, one image (1, 3, height, width) after the other.

        The arguments are checked at once; an image is drawn when it is asked for.
        """
        self._require_finished()
        last = self.finished - 1
        check_count("sample count", count)
        if not 0 <= start_scale <= last:
            raise UserError(f"start_scale is {start_scale}; allowed: 0 to {last} (finest)")
        if tileable not in (True, False, "x", "y"):
            raise UserError(f"tileable is {tileable}; allowed: True, False, 'x', 'y'")
        sizes = self._sizes_for(size, last)
        wrap = wrap_of(tileable)
        return (self._sample(sizes, start_scale, sample_seed(seed, k), wrap) for k in range(count))

    @torch.no_grad()
    def _sample(self, sizes: Sequence[Size], start_scale: int, seed: int, wrap: Wrap) -> Tensor:
        rng = torch.Generator().manual_seed(seed)
        image = None
        if start_scale > 0:
            height, width = sizes[start_scale - 1]
            image = resize(self.real(start_scale - 1), (height, width))
            image = join_borders(image, (FADE * height, FADE * width), wrap)
        moved = Moves(wrap, rng)
        image = self.synthesise(
            sizes,
            lambda scale, at: self.random_noise(scale, at, 1, rng),
            first=start_scale,
            last=len(sizes) - 1,
            image=image,
            wrap=wrap,
            after=lambda _, drawn: moved.on(drawn),
        )
        return moved.back(image).clamp_(-1, 1).cpu()

    def sampling_memory(self, size: Size) -> int:
        """About how many bytes it takes to draw and write an image of ``size``, at most."""
        pixels = size[0] * size[1]
        width = max(self.widths.at(scale) for scale in range(len(self.sizes)))
        return BYTES_PER_PIXEL * pixels + 4 * 4 * width * min(pixels, self.tile_pixels)

    def synthesise(
        self,
        sizes: Sequence[Size],
        noise: Noise,
        *,
        last: int,
        first: int = 0,
        image: Tensor | None = None,
        wrap: Wrap = (False, False),
        after: After | None = None,
    ) -> Tensor:
        """Run scales ``first`` to ``last``.

        Args:
            sizes: size of every scale.
            noise: ``noise(scale, size)`` gives the padded noise of a scale, already scaled.
            image: the output of scale ``first`` - 1, of any size.
            wrap: whether the top goes on at the bottom, and the left side at the right one.
            after: ``after(scale, image)`` takes each scale's output and gives what the next one
                starts from.

        Returns:
            (N, 3, height, width) at the size of ``last``, about in [-1, 1].
        """
        for scale in range(first, last + 1):
            if image is not None:
                image = resize_periodic(image, sizes[scale], wrap)
            image = self.refine(scale, noise(scale, sizes[scale]), image, wrap)
            if after is not None:
                image = after(scale, image)
        assert image is not None
        return image

    def refine(
        self, scale: int, noise: Tensor, base: Tensor | None = None, wrap: Wrap = (False, False)
    ) -> Tensor:
        """Run the generator of one scale, a large map tile by tile.

        A tile is computed with the margin that the generator sees, so that its pixels are what
        they are in one piece; only images of three channels are ever held whole.

        Args:
            noise: (N, 3, H + 2 margin, W + 2 margin), already scaled.
            base: (N, 3, H, W), the coarser scale's output at this size; None at the coarsest.
            wrap: as for :meth:`synthesise`; the noise beyond the border is replaced there.

        Returns:
            (N, 3, H, W), about in [-1, 1].
        """
        generator = cast(ResidualPatchGenerator, self.generators[scale])
        margin = generator.margin
        height, width = noise.shape[-2] - 2 * margin, noise.shape[-1] - 2 * margin
        in_one_piece = height * width <= self.tile_pixels or not generator.is_local
        if in_one_piece and not any(wrap):
            return generator(noise, base)  # type: ignore[no-any-return]
        seen = noise if base is None else noise + pad(base, margin, generator.padding)
        for axis in axes(wrap):
            inside = seen.narrow(axis, margin, seen.shape[axis] - 2 * margin)
            seen = pad_periodic(inside, margin, axis)
        if in_one_piece:
            detail = generator.detail(seen)
            return detail if base is None else base + detail
        image = seen.new_empty(*seen.shape[:2], height, width)
        for window in tiles((height, width), self.tile_pixels):
            detail = generator.detail(seen[(..., *widened(window, margin))])
            image[(..., *window)] = detail if base is None else base[(..., *window)] + detail
        return image

    def random_noise(self, scale: int, size: Size, count: int, rng: torch.Generator) -> Tensor:
        """sigma_n z_n for ``count`` images: (count, 3, h + 2 margin, w + 2 margin).

        One channel shared by the three colours at the coarsest scale, three elsewhere.
        """
        margin = self.margin
        channels = 1 if scale == 0 else 3
        height, width = size
        if self.noise_padding == "random":
            height, width = height + 2 * margin, width + 2 * margin
        noise = torch.randn(count, channels, height, width, device=rng.device, generator=rng)
        noise = noise.to(self.device).mul_(self.noise_std[scale])
        if self.noise_padding == "zero":
            noise = F.pad(noise, (margin,) * 4)
        return noise.expand(-1, 3, -1, -1)

    def padded_reconstruction_noise(self, scale: int, size: Size) -> Tensor:
        """z* at the coarsest scale, zeros elsewhere: (1, 3, h + 2 margin, w + 2 margin)."""
        if scale == 0:
            return F.pad(self.reconstruction_noise, (self.margin,) * 4).expand(-1, 3, -1, -1)
        height, width = (side + 2 * self.margin for side in size)
        return torch.zeros(1, 3, height, width, device=self.device)


def wrap_of(tileable: bool | str) -> Wrap:
    """The borders that meet: (top and bottom, left and right)."""
    return tileable in (True, "y"), tileable in (True, "x")


def sample_seed(seed: int, sample: int) -> int:
    """A seed of its own for every sample, unlike the seed as it is: that one draws z* in training,
    and a sample from the same numbers would be the reconstruction."""
    return (seed * 0x9E3779B97F4A7C15 + sample * 0xBF58476D1CE4E5B9 + 0x94D049BB133111EB) % 2**63
