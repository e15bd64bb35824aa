"""SinGAN: a pyramid of small GANs from noise to one image (Shaham, Dekel, Michaeli, ICCV 2019)."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.periodic import Wrap, axes, pad_periodic, resize_periodic
from internal_gan.images.pyramid import build_pyramid
from internal_gan.images.windows import tiles, widened
from internal_gan.models.base import Model, freeze
from internal_gan.models.ladder import After, Ladder, Widths
from internal_gan.nn.blocks import pad
from internal_gan.nn.generators.residual_patch import ResidualPatchGenerator
from internal_gan.units import Size

Noise = Callable[[int, Size], Tensor]


class SinGAN(Model):
    """Unconditional generative model of one image: every scale adds detail to what the coarser
    ones made (Shaham et al. 2019, equations 2 and 3).

    Args:
        generator: called with ``width`` and ``rng`` to make a scale's network.
        widths: channels by scale.
        noise_padding: ``zero`` pads the noise with zeros beyond the border, ``random`` draws it
            there too.

    Attributes:
        generators: of the finished scales, coarsest first.
        reconstruction_noise: z*, (1, 1, h, w) at the size of the coarsest scale; a buffer.
        noise_std: sigma_n of every scale; a buffer.
        tile_pixels: maps of more pixels than this are computed in tiles.
    """

    family: ClassVar[str] = "singan"
    reconstruction_noise: Tensor
    noise_std: Tensor
    tile_pixels: int = 2**18  # 64 channels of them are 64 MiB

    def __init__(
        self,
        *,
        generator: Callable[..., ResidualPatchGenerator],
        widths: Widths,
        noise_padding: Literal["zero", "random"],
    ) -> None:
        super().__init__()
        self.make_generator = generator
        self.noise_padding = noise_padding
        self.ladder = Ladder(widths)
        self.generators = self.ladder.generators

    @property
    def sizes(self) -> list[Size]:  # type: ignore[override]
        return self.ladder.sizes

    @property
    def finished(self) -> int:  # type: ignore[override]
        return self.ladder.finished

    @cached_property
    def margin(self) -> int:
        """How far a generator sees beyond a pixel, in pixels."""
        return int(self.make_generator(width=1).margin)

    def new_generator(
        self, scale: int, rng: torch.Generator | None = None
    ) -> ResidualPatchGenerator:
        """A generator for a scale, as it is before its training."""
        return self.make_generator(width=self.ladder.widths.at(scale), rng=rng)

    def allocate(self, sizes: Sequence[Size], device: torch.device | None = None) -> None:
        """Set the sizes of all scales, with room for the image and its noise."""
        self.ladder.sizes = [(int(h), int(w)) for h, w in sizes]
        for name, shape in (
            ("image", (1, 3, *self.sizes[-1])),
            ("reconstruction_noise", (1, 1, *self.sizes[0])),
            ("noise_std", (len(sizes),)),
        ):
            self.register_buffer(name, torch.zeros(shape, device=device))

    def metadata(self) -> dict[str, Any]:
        return {"sizes": self.sizes, "finished": self.finished}

    def restore(self, metadata: Mapping[str, Any]) -> None:
        self.allocate(metadata["sizes"])
        self.generators.extend(self.new_generator(n) for n in range(metadata["finished"]))
        freeze(self)

    def real(self, scale: int) -> Tensor:
        """The image at a scale, (1, 3, h, w)."""
        return build_pyramid(self.image, [self.sizes[scale]])[0]

    @torch.no_grad()
    def reconstruct(self) -> Tensor:
        """The image as the finished scales rebuild it from {z*, 0, ..., 0}.

        Returns:
            (1, 3, H, W) in [-1, 1] at the size of the finest finished scale.

        Raises:
            UserError: no scale is finished.
        """
        self.ladder.check_finished()
        last = self.finished - 1
        return self.synthesise(self.sizes, self.fixed_noise, last=last).clamp(-1, 1)

    def preview(self) -> Tensor:
        return self.reconstruct()

    @torch.no_grad()
    def example(self) -> Tensor:
        rng = torch.Generator().manual_seed(sample_seed(0, 0))
        return self.draw(self.sizes[: self.finished], rng).clamp(-1, 1).cpu()

    def draw(
        self,
        sizes: Sequence[Size],
        rng: torch.Generator,
        *,
        first: int = 0,
        image: Tensor | None = None,
        wrap: Wrap = (False, False),
        after: After | None = None,
    ) -> Tensor:
        """Run the scales from ``first`` on, one for each of ``sizes``, on random noise; the other
        arguments are those of :meth:`synthesise`."""
        return self.synthesise(
            sizes,
            lambda scale, size: self.random_noise(scale, size, 1, rng),
            first=first,
            last=len(sizes) - 1,
            image=image,
            wrap=wrap,
            after=after,
        )

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

        def refine(scale: int, coarser: Tensor | None) -> Tensor:
            size = sizes[scale]
            base = None if coarser is None else resize_periodic(coarser, size, wrap)
            return self.refine(scale, noise(scale, size), base, wrap)

        return self.ladder.synthesise(refine, first=first, last=last, image=image, after=after)

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

    def fixed_noise(self, scale: int, size: Size) -> Tensor:
        """The noise of the reconstruction, (1, 3, h + 2 margin, w + 2 margin): z* at the coarsest
        scale, zeros elsewhere."""
        if scale == 0:
            return F.pad(self.reconstruction_noise, (self.margin,) * 4).expand(-1, 3, -1, -1)
        height, width = (side + 2 * self.margin for side in size)
        return torch.zeros(1, 3, height, width, device=self.device)


def sample_seed(seed: int, sample: int) -> int:
    """A seed of its own for every sample, unlike ``seed`` as it is: that one draws z* in training,
    and a sample from the same numbers would be the reconstruction."""
    return (seed * 0x9E3779B97F4A7C15 + sample * 0xBF58476D1CE4E5B9 + 0x94D049BB133111EB) % 2**63
