"""SinGAN: draws images like one image, and redraws others (Shaham, Dekel, Michaeli, ICCV 2019)."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import ClassVar, Literal, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import UserError, check_range
from internal_gan.images.degradation import Tables
from internal_gan.images.periodic import (
    NO_WRAP,
    Moves,
    Wrap,
    axes,
    join_borders,
    pad_periodic,
    resize_periodic,
)
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.models.abilities import Animates, Enlarges, Injects, Motion, Samples
from internal_gan.models.ladder import After, LadderModel, Widths
from internal_gan.models.patches.enlarging import back_projected
from internal_gan.models.per_stage import PerStage
from internal_gan.models.redrawing import last_start_scale
from internal_gan.models.singan.animation import BETA, Fields, Walk, calmness
from internal_gan.nn.generators import ResidualPatchGenerator, in_tiles
from internal_gan.patches.statistics import layout_distances
from internal_gan.shapes import Pixels
from internal_gan.units import Size

Noise = Callable[[int, Size], Tensor]
Handover = Literal["as_drawn", "levels"]

# Memory for an image: generating and writing 4 and 16 megapixels took 52 to 62 bytes a pixel.
BYTES_PER_PIXEL = 64
# Memory for a film, measured at 1000x1500 pixels: it also holds two states of the walk and a step.
FILM_BYTES_PER_PIXEL = 180
# Candidates are compared at a coarse scale, where patches show whole things.
JUDGED_SIDE = 32  # the scale: the finest one up to this long side, in pixels
JUDGED_PATCH = 7  # the side of a patch, in pixels


class SinGAN(LadderModel, Samples, Injects, Animates, Enlarges):
    """Generative model of one image: every scale adds detail to the output of the coarser ones
    (Shaham et al. 2019, equations 2 and 3).

    Args:
        generator, widths, depths: see :class:`internal_gan.models.ladder.LadderRecipe`.
        detail_noise: share of the finer scales' noise in training that they get where the layout is
            random, or a given picture is followed.
        noise_padding: how the noise continues beyond the border, ``zero`` or ``random``.
        handover: how a scale's output reaches the next one: unchanged (``as_drawn``), or clipped to
            [-1, 1] and rounded to a file's 256 ``levels``.
        enlarging_ratio: of a pass of :meth:`super_resolve`, above 1; None: it chooses.

    Attributes:
        reconstruction_noise: z*, (1, 1, h, w) at the size of the coarsest scale; a buffer.
        noise_std: sigma_n of every scale; a buffer.
        margins: half the receptive field of each scale's generator, rounded down, in pixels.
        tile_pixels: larger maps are computed in tiles of this many pixels.
    """

    family: ClassVar[str] = "singan"
    reconstruction_noise: Tensor
    noise_std: Tensor
    tile_pixels: int = 2**18  # 64 MiB with 64 channels

    def __init__(
        self,
        *,
        generator: Callable[..., ResidualPatchGenerator],
        widths: Widths,
        depths: PerStage,
        detail_noise: float,
        noise_padding: Literal["zero", "random"],
        handover: Handover,
        enlarging_ratio: float | None,
    ) -> None:
        super().__init__()
        check_range(1.01, 100, enlarging_ratio=enlarging_ratio)
        self.make_generator = generator
        self.widths = widths
        self.depths = depths
        self.detail_noise = detail_noise
        self.noise_padding = noise_padding
        self.handover = handover
        self.enlarging_ratio = enlarging_ratio

    def allocate(self, sizes: Sequence[Sequence[int]], device: torch.device | None = None) -> None:
        super().allocate(sizes, device)
        depths = map(self.depth_at, range(len(sizes)))
        self.margins = [int(self.make_generator(width=1, depth=d).margin) for d in depths]
        noise = torch.zeros(1, 1, *self.sizes[0], device=device)
        self.register_buffer("reconstruction_noise", noise)
        self.register_buffer("noise_std", torch.zeros(len(sizes), device=device))

    def reconstruct(self) -> Tensor:
        """The finished scales' reconstruction of the image from the noise {z*, 0, ..., 0}, of shape
        (1, 3, h, w) in [-1, 1] at the finest one's size."""
        return self.synthesise(self.sizes[: self.finished], self.fixed_noise).clamp(-1, 1)

    @torch.no_grad()
    def synthesise(
        self,
        sizes: Sequence[Size],
        noise: Noise,
        *,
        first: int = 0,
        image: Tensor | None = None,
        wrap: Wrap = NO_WRAP,
        after: After | None = None,
    ) -> Tensor:
        """The output of the last scale, (N, 3, height, width), roughly in [-1, 1].

        Args:
            sizes: size of every scale up to the last.
            noise: called with (scale, size), returns the scale's noise, padded and scaled.
            image: the output of scale ``first`` - 1, of any size.
            wrap: whether the image wraps from bottom to top, and from right to left.
        """
        for scale, size in enumerate(sizes[first:], first):
            base = None if image is None else self.hand_over(image, size, wrap)
            image = self.refine(scale, noise(scale, size), base, wrap)
            if after is not None:
                image = after(scale, image)
        assert image is not None
        return image

    def hand_over(self, image: Tensor, size: Size, wrap: Wrap = NO_WRAP) -> Tensor:
        """A scale's output (N, 3, h, w) as the next scale gets it, (N, 3, height, width)."""
        if self.handover == "as_drawn":
            return resize_periodic(image, size, wrap)
        image = (127.5 * (image.clamp(-1, 1) + 1)).round() / 127.5 - 1
        # Resampling overshoots at edges.
        return resize_periodic(image, size, wrap).clamp(-1, 1)

    def refine(
        self, scale: int, noise: Tensor, base: Tensor | None = None, wrap: Wrap = NO_WRAP
    ) -> Tensor:
        """The output of one scale, (N, 3, H, W), roughly in [-1, 1].

        A large map is computed in tiles that overlap by the margin, so the result is the same as in
        one piece. Only images of three channels are held whole.

        Args:
            noise: (N, 3, H + 2 margin, W + 2 margin), already scaled.
            base: (N, 3, H, W), the coarser scale's output at this size; None at the coarsest.
            wrap: see :meth:`synthesise`; the wrapped input replaces the noise beyond the border.
        """
        generator = cast(ResidualPatchGenerator, self.generators[scale])
        margin = generator.margin
        height, width = noise.shape[-2] - 2 * margin, noise.shape[-1] - 2 * margin
        seen = noise if base is None else noise + F.pad(base, (margin,) * 4)
        for axis in axes(wrap):
            inside = seen.narrow(axis, margin, seen.shape[axis] - 2 * margin)
            seen = pad_periodic(inside, margin, axis)
        pixels = self.tile_pixels if generator.is_local else height * width
        detail = in_tiles(partial(self.run, generator.detail), seen, margin, pixels)
        return detail if base is None else detail.add_(base)

    def noise_from(self, rng: torch.Generator, count: int = 1, share: float = 1.0) -> Noise:
        """Random noise for :meth:`synthesise`; above scale 0, only a share of that in training."""

        def noise(scale: int, size: Size) -> Tensor:
            drawn = self.random_noise(scale, size, count, rng)
            return drawn * share if scale else drawn

        return noise

    def random_noise(self, scale: int, size: Size, count: int, rng: torch.Generator) -> Tensor:
        """sigma_n z_n, (count, 3, h + 2 margin, w + 2 margin); the coarsest scale's is gray."""
        margin = self.margins[scale]
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
        """The reconstruction's noise, (1, 3, h + 2 margin, w + 2 margin): z*, and zeros above."""
        if scale == 0:
            return F.pad(self.reconstruction_noise, (self.margins[0],) * 4).expand(-1, 3, -1, -1)
        height, width = (side + 2 * self.margins[scale] for side in size)
        return torch.zeros(1, 3, height, width, device=self.device)

    def sampling_memory(self, size: Size) -> int:
        pixels = size[0] * size[1]
        width = max(self.widths.at(scale) for scale in range(len(self.sizes)))
        return BYTES_PER_PIXEL * pixels + 4 * 4 * width * min(pixels, self.tile_pixels)

    def animating_memory(self, size: Size) -> int:
        return self.sampling_memory(size) + FILM_BYTES_PER_PIXEL * size[0] * size[1]

    def animate(
        self, frames: int, motion: Motion, *, seed: int = 0, size: Size | None = None
    ) -> Iterator[Pixels]:
        """From ``start_scale`` on, the noise starts at the reconstruction's and walks randomly
        around it. The coarser scales reconstruct the image.

        The generators were trained with noise of variance 1. A larger sum of the reconstruction's
        noise and the walk, as at scale 0 or with a small ``alpha``, is divided by its deviation.
        """
        calm = calmness(self.image) if motion.start_scale is None else 1.0
        start_scale = motion.start_scale or 0
        walk = Walk(motion.alpha, BETA, motion.fps)
        sizes = self.sizes_for(size, self.finished - 1)

        def innovations(t: int) -> Fields:
            rng = torch.Generator().manual_seed(sample_seed(seed, t))
            scales = range(start_scale, len(sizes))
            return [self.random_noise(scale, sizes[scale], 1, rng) for scale in scales]

        # What does not move: the output below the start scale, or the noise of scale 0.
        if start_scale > 0:
            below = self.synthesise(self.sizes[:start_scale], self.fixed_noise)
            rest = resize(below, sizes[start_scale - 1])
        elif sizes[0] == self.sizes[0]:
            rest = self.fixed_noise(0, sizes[0])
        else:
            # Frames are numbered from 0, so none of them uses this seed.
            rng = torch.Generator().manual_seed(sample_seed(seed, -1))
            rest = self.random_noise(0, sizes[0], 1, rng)

        def frame(fields: Fields, variance: float) -> Pixels:
            def noise(scale: int, _: Size) -> Tensor:
                field = fields[scale - start_scale]
                if scale > 0:
                    return field / math.sqrt(max(variance, 1.0))
                return (rest + calm * field) / math.sqrt(1.0 + calm**2 * variance)

            base = rest if start_scale > 0 else None
            return self.synthesise(sizes, noise, first=start_scale, image=base).clamp(-1, 1).cpu()

        period = frames if motion.loop else None
        steps = zip(walk.fields(innovations, period), walk.variances(period), strict=False)
        return (frame(*step) for step in islice(steps, frames))

    def inject(self, image: Tensor, start_scale: int, *, seed: int = 0) -> Tensor:
        sizes = self.sizes_for(size_of(image), last_start_scale(self))
        start = resize(image.to(self.device), sizes[start_scale - 1]).clamp(-1, 1)
        noise = self.noise_from(torch.Generator().manual_seed(seed), share=self.detail_noise)
        # No scale was trained on values outside [-1, 1], which would grow.
        return self.synthesise(
            sizes, noise, first=start_scale, image=start, after=lambda _, made: made.clamp(-1, 1)
        ).cpu()

    def check_enlarging(self) -> None:
        if self.num_stages < 2:
            raise UserError(
                "super-resolution needs a model of at least two scales, but this one has one; use "
                "a larger photo or a smaller model.min_size"
            )

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
        """Each of k passes enlarges by factor^(1/k) and runs the finest generator on the enlarged
        output of the last (Shaham et al. 2019, section 4). The paper enlarges by a given ratio,
        that of neighbouring scales. Without one, k is chosen for the square of the ratio of the two
        finest scales, since many passes oversharpen; and each is :func:`back_projected`."""
        enlarged = given = image.to(self.device)
        rng = torch.Generator().manual_seed(seed)
        for size in self.enlarged_sizes(factor, size_of(given)):
            base = self.hand_over(enlarged, size)
            noise = self.random_noise(self.finished - 1, size, 1, rng)
            enlarged = self.refine(self.finished - 1, noise, base)
            if self.enlarging_ratio is None:
                enlarged = back_projected(enlarged, given)
        return enlarged.clamp(-1, 1)

    def enlarged_sizes(self, factor: float, size: Size) -> list[Size]:
        """Sizes after each pass of :meth:`super_resolve`; UserError for fewer than two scales."""
        if self.finished < 2:
            raise UserError(
                f"{self.finished} of the model's {self.num_stages} scales are finished; "
                "super-resolution needs two"
            )
        coarse, fine = self.sizes[self.finished - 2 : self.finished]
        ratio = self.enlarging_ratio or fine[0] * fine[1] / (coarse[0] * coarse[1])
        passes = max(1, round(math.log(factor) / math.log(ratio)))
        steps = [factor ** (k / passes) for k in range(1, passes)] + [factor]
        return [scaled(size, step) for step in steps]

    def sample(
        self, size: Size, start_scale: int, candidates: int, seed: int, number: int, wrap: Wrap
    ) -> Tensor:
        sizes = self.sizes_for(size, self.finished - 1)
        rng = torch.Generator().manual_seed(sample_seed(seed, number))
        moves = Moves(wrap, rng)
        share = 1.0 if start_scale else self.detail_noise

        def drawn(sizes: Sequence[Size], count: int, first: int, image: Tensor | None) -> Tensor:
            noise = self.noise_from(rng, count, share)

            def moved(_: int, made: Tensor) -> Tensor:
                return moves.on(made)

            return self.synthesise(sizes, noise, first=first, image=image, wrap=wrap, after=moved)

        image = None
        if start_scale > 0:
            image = resize(self.real(start_scale - 1), sizes[start_scale - 1])
            image = join_borders(image, wrap)
        elif candidates > 1:
            small = [max(size) <= JUDGED_SIDE for size in self.sizes[: self.finished]]
            start_scale = max(1, sum(small))
            layouts = drawn(sizes[:start_scale], candidates, 0, None).float()
            real = self.real(start_scale - 1)
            image = min(torch.split(layouts, 1), key=lambda layout: layout_distance(real, layout))
        if start_scale < len(sizes):
            image = drawn(sizes, 1, start_scale, image)
        assert image is not None
        return moves.back(image).clamp_(-1, 1).cpu()


def layout_distance(real: Pixels, layout: Pixels) -> float:
    """What decides between candidates, the smaller the better: how far a layout's patches are from
    the photo's and the other way round, at a long side of about JUDGED_SIDE pixels."""
    return sum(layout_distances(real, layout.clamp(-1, 1), [JUDGED_PATCH]).values())


def sample_seed(seed: int, sample: int) -> int:
    """The random seed of one sample; unlike ``seed``, which draws z* in training, and with which
    the sample would be the reconstruction."""
    return (seed * 0x9E3779B97F4A7C15 + sample * 0xBF58476D1CE4E5B9 + 0x94D049BB133111EB) % 2**63
