"""SinGAN: draws random images like one image, and redraws others (Shaham, Dekel, Michaeli, ICCV
2019)."""

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.periodic import Moves, Wrap, join_borders
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.models.abilities import Animates, Enlarges, Injects, Samples
from internal_gan.models.redrawing import last_start_scale, working_size
from internal_gan.models.singan import animation
from internal_gan.models.singan.pyramid import NoisePyramid, sample_seed
from internal_gan.patches.statistics import layout_distances
from internal_gan.shapes import Pixels
from internal_gan.units import Size

# Generating and writing images of 4 and 16 megapixels took 52 to 62.
BYTES_PER_PIXEL = 64
# Candidates are compared at a coarse scale, where patches show whole things.
JUDGED_SIDE = 32  # the finest scale up to this long side, in pixels
JUDGED_PATCH = 7  # pixels


class SinGAN(NoisePyramid, Samples, Injects, Animates, Enlarges):
    """Generative model of one image (Shaham et al. 2019)."""

    family: ClassVar[str] = "singan"

    animate = animation.animate

    def sampling_memory(self, size: Size) -> int:
        pixels = size[0] * size[1]
        width = max(self.widths.at(scale) for scale in range(len(self.sizes)))
        return BYTES_PER_PIXEL * pixels + 4 * 4 * width * min(pixels, self.tile_pixels)

    def animating_memory(self, size: Size) -> int:
        return self.sampling_memory(size) + animation.BYTES_PER_PIXEL * size[0] * size[1]

    def inject(
        self, image: Tensor, start_scale: int, *, size: Size | None = None, seed: int = 0
    ) -> Tensor:
        last = last_start_scale(self)
        sizes = self.sizes_for(size or working_size(self, size_of(image)), last)
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
    def super_resolve(self, factor: float, image: Pixels, *, seed: int = 0) -> Pixels:
        """See :meth:`internal_gan.models.abilities.Enlarges.super_resolve`.

        Each of k passes enlarges by factor^(1/k) and runs the finest generator on the enlarged
        output of the last (Shaham et al. 2019, section 4). The paper enlarges by a given ratio,
        that of neighbouring scales. Without one, k is chosen for the square of the ratio of the two
        finest scales, since many passes oversharpen; and each is followed by a back-projection,
        which shrinks the result to the size of ``image`` and adds the enlarged difference (Irani
        and Peleg, "Improving resolution by image registration", 1991). Large images are computed
        in tiles.
        """
        enlarged = given = image.to(self.device)
        rng = torch.Generator().manual_seed(seed)
        for size in self.enlarged_sizes(factor, size_of(given)):
            base = self.hand_over(enlarged, size)
            noise = self.random_noise(self.finished - 1, size, 1, rng)
            enlarged = self.refine(self.finished - 1, noise, base)
            if self.enlarging_ratio is None:
                enlarged = enlarged + resize(given - resize(enlarged, size_of(given)), size)
        return enlarged.clamp(-1, 1)

    def enlarged_sizes(self, factor: float, size: Size) -> list[Size]:
        """The sizes of an image of ``size`` after each pass of :meth:`super_resolve`, which raises
        UserError for fewer than two finished scales."""
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
        moves, share = Moves(wrap, rng), 1.0 if start_scale else self.detail_noise

        def drawn(sizes: Sequence[Size], count: int, first: int, image: Tensor | None) -> Tensor:
            noise, moved = self.noise_from(rng, count, share), lambda _, made: moves.on(made)
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
