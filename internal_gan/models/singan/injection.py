"""Paint-to-image, editing and harmonization: an image put into the pyramid in place of the output
of its coarse scales (Shaham et al. 2019, section 4)."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import UserError
from internal_gan.images.colours import match_colours
from internal_gan.images.composite import bring_back
from internal_gan.images.masks import FAINT, soften
from internal_gan.images.masks import dilate as dilated
from internal_gan.images.palette import nearest_colours
from internal_gan.images.resize import resize
from internal_gan.models.singan.model import SinGAN
from internal_gan.units import Size

# How much of the image the finer scales are given to keep: the size at which it is put in, as a
# fraction of the finest scale's. Chosen by looking at the results from every start scale.
PAINT, EDIT, HARMONIZE = 0.14, 0.14, 0.2
# In pixels at the model's size; of the authors' released configuration.
EDIT_DILATE, HARMONIZE_DILATE, FEATHER = 20.0, 7.0, 5.0

# A mask grown or softened by more covers any picture that a model works on.
LONGEST = 1000.0


def start_scale_for(model: SinGAN, fraction: float) -> int:
    """The start scale at which an image is put in at about ``fraction`` of the finest size.

    Args:
        fraction: in (0, 1]; the smaller, the freer the scales above it are. Whatever the
            number of scales, the same fraction leaves the same structures to them.

    Raises:
        UserError: fewer than two scales are finished.
    """
    last = _last_start_scale(model)
    sides = [math.sqrt(h * w) for h, w in model.sizes[: last + 1]]

    def distance(start: int) -> float:
        return abs(math.log(sides[start - 1] / sides[last] / fraction))

    return min(range(1, last + 1), key=distance)


def working_size(model: SinGAN, size: Size) -> Size:
    """The size at which the model works on an image of ``size``: its aspect ratio, and as
    many pixels as the finest finished scale has."""
    height, width = model.sizes[model.finished - 1]
    factor = math.sqrt(height * width / (size[0] * size[1]))
    found = max(1, round(size[0] * factor)), max(1, round(size[1] * factor))
    is_photo = abs(found[0] - height) <= 1 and abs(found[1] - width) <= 1
    return (height, width) if is_photo else found


@torch.no_grad()
def inject(
    model: SinGAN,
    image: Tensor,
    start_scale: int,
    *,
    size: Size | None = None,
    seed: int = 0,
    palette: Tensor | None = None,
) -> Tensor:
    """Let the scales from ``start_scale`` on draw over an image, which takes the place of what
    the coarser ones would have made.

    Args:
        image: (1, 3, h, w) in [-1, 1], of any size.
        start_scale: 1 to the finest; the higher, the closer to the image.
        size: (height, width) of the result in pixels; by default :func:`working_size`.
        seed: other details for another seed.
        palette: (K, 3) in [-1, 1]: the image gets these colours before it is put in.

    Returns:
        (1, 3, height, width) in [-1, 1], on the CPU.

    Raises:
        UserError: a start scale or a size out of range, or fewer than two finished scales.
    """
    last = _last_start_scale(model)
    model.ladder.check_scale(start_scale, first=1)
    sizes = model.ladder.sizes_for(size or working_size(model, _size(image)), last)
    start = resize(image.to(model.device), sizes[start_scale - 1]).clamp(-1, 1)
    if palette is not None:
        start = nearest_colours(start, palette)
    rng = torch.Generator().manual_seed(seed)
    drawn = model.draw(
        sizes,
        rng,
        first=start_scale,
        image=start,
        # Values beyond those of images, which no scale has learnt from, would grow.
        after=lambda scale, made: made.clamp(-1, 1),
    )
    return drawn.cpu()


def edit(
    model: SinGAN,
    image: Tensor,
    mask: Tensor | None = None,
    start_scale: int | None = None,
    *,
    dilate: float = EDIT_DILATE,
    feather: float = FEATHER,
    seed: int = 0,
) -> Tensor:
    """Make a photo with patches moved, copied or painted over look like one photo again.

    Args:
        image: the edited photo, (1, 3, H, W) in [-1, 1], of any size.
        mask: (1, 1, H, W) in [0, 1], 1 where it was edited; by default everywhere.
        start_scale: a middle one by default; see :func:`inject`.
        dilate: radius of the disk by which the mask grows, in pixels at the model's size.
        feather: standard deviation of the Gaussian that softens it, in the same pixels.
        seed: other details for another seed.

    Returns:
        (1, 3, H, W) in [-1, 1], on the CPU; outside of the mask, as it has become, it is the
        image bit for bit.

    Raises:
        UserError: as :func:`inject`.
        ValueError: a mask of another size.
    """
    start_scale = start_scale_for(model, EDIT) if start_scale is None else start_scale
    before = _at_working_size(model, image)
    after = inject(model, before, start_scale, size=_size(before), seed=seed)
    if mask is None:
        used = image.new_ones(1, 1, *_size(image))
    else:
        _check_mask(mask, image)
        used = soft_mask(model, mask, dilate, feather)
    return bring_back(image.cpu(), before.cpu(), after, used.cpu())


def harmonize(
    model: SinGAN,
    image: Tensor,
    mask: Tensor,
    start_scale: int | None = None,
    *,
    dilate: float = HARMONIZE_DILATE,
    feather: float = FEATHER,
    seed: int = 0,
    match: bool = True,
) -> Tensor:
    """Give an object that was pasted into the photo the photo's look.

    Args:
        image: the photo with the object, (1, 3, H, W) in [-1, 1], of any size.
        mask: (1, 1, H, W) in [0, 1], 1 on the object.
        start_scale: by default one that leaves the object its shape and redraws its surface.
        dilate, feather, seed: as for :func:`edit`.
        match: give the object the photo's mean colour and contrast first.

    Returns:
        As :func:`edit`.

    Raises:
        As :func:`edit`.
    """
    start_scale = start_scale_for(model, HARMONIZE) if start_scale is None else start_scale
    _check_mask(mask, image)
    before = _at_working_size(model, image)
    pasted = before
    if match:
        pasted = match_colours(before, shrink_mask(model, mask).to(before), model.image.to(before))
    after = inject(model, pasted, start_scale, size=_size(before), seed=seed)
    used = soft_mask(model, mask, dilate, feather)
    return bring_back(image.cpu(), before.cpu(), after, used.cpu())


def soft_mask(model: SinGAN, mask: Tensor, dilate: float, feather: float) -> Tensor:
    """A mask grown and softened by pixels of the model's size, at its own size.

    Args:
        mask: (1, 1, H, W) in [0, 1].
        dilate: radius of the disk, in pixels.
        feather: standard deviation of the Gaussian, in pixels.

    Returns:
        (1, 1, H, W) in [0, 1]; 0 wherever a picture of it with 8 bits is black.

    Raises:
        UserError: a length below 0 or above ``LONGEST``.
    """
    for name, length in (("dilate", dilate), ("feather", feather)):
        if not 0 <= length <= LONGEST:
            raise UserError(f"{name} is {length}; allowed: 0 to {LONGEST:g} pixels")
    used = mask
    if dilate or feather:
        grown = soften(dilated(shrink_mask(model, mask), dilate), feather)
        used = resize(grown, _size(mask)).clamp(0, 1)
    return torch.where(used > FAINT, used, 0.0)


def shrink_mask(model: SinGAN, mask: Tensor) -> Tensor:
    """A mask (1, 1, H, W) at the working size; a thin stroke in a large one counts in full."""
    size = _size(mask)
    at = working_size(model, size)
    if at[0] > size[0]:
        return resize(mask, at).clamp(0, 1)
    return F.adaptive_max_pool2d(mask, at)


def _at_working_size(model: SinGAN, image: Tensor) -> Tensor:
    return resize(image, working_size(model, _size(image))).clamp(-1, 1)


def _last_start_scale(model: SinGAN) -> int:
    model.ladder.check_finished()
    if model.finished < 2:
        raise UserError(
            "this model has one finished scale, and an image is put in between two; train "
            "more of them"
        )
    return model.finished - 1


def _size(image: Tensor) -> Size:
    if image.ndim != 4 or image.shape[0] != 1:
        raise ValueError(f"expected one image (1, C, H, W), got {tuple(image.shape)}")
    return image.shape[-2], image.shape[-1]


def _check_mask(mask: Tensor, image: Tensor) -> None:
    if mask.shape != (1, 1, *_size(image)):
        raise ValueError(f"a mask of {tuple(mask.shape)} for an image of {tuple(image.shape)}")
