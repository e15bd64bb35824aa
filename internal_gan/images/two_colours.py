"""Masks of two colours, neither of which need be black or white, also in lossy files."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.colours import to_uint8
from internal_gan.images.photo import Photo
from internal_gan.images.windows import Window
from internal_gan.shapes import Mask

Parts = Callable[[], Iterable[tuple[Window, Photo]]]
CODES = 32**3  # of colours of 15 bits
# In levels: how far two colours are apart, or a third one from the line between them; noise is at
# least so far from it. The brightest level of black, and the least contrast of luminance in noise.
APART, THIRD, NOISE, BLACK, CONTRAST = 64, 64, 16, 24, 24
NEAR, FLAT = 40, 0.75  # such a share of a mask is so near to one of its colours; a photo has more
# Lossy files blur sharp edges' colours, so where these are between, luminance decides; with this
# contrast, it is told from noise. So much of a colour that blurs into black is cut off below 0.
SHARP, BETWEEN, CLEAR, CUT_OFF = 0.8, 0.4, 300, 0.15
_LUMA = torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64)


def two_colours(
    parts: Parts, is_lossy: bool
) -> tuple[Callable[[Photo], Mask], str | None, bool] | None:
    """What reads an opaque mask of two colours, the one that is white unless the other is black,
    and whether it has noise; None if it has more colours, or only grays, or is plain on black.

    Black is black, and of two others the one that most of the border has.
    """
    counts, border = torch.zeros(2, CODES, dtype=torch.float64)
    for (rows, _), part in parts():
        codes = _codes(part)
        counts += codes.flatten().bincount(minlength=CODES)
        border += codes[:, [0, -1]].flatten().bincount(minlength=CODES)
        if rows.start == 0:
            border += codes[0].bincount(minlength=CODES)
    border += codes[-1].bincount(minlength=CODES)
    colours = torch.cartesian_prod(*3 * [torch.arange(4.0, 256, 8, dtype=torch.float64)])
    first = int(counts.argmax())
    others = counts * ((colours - colours[first]).norm(dim=1) > APART)
    black, white = (_mean(parts, code) for code in (first, int(others.argmax())))
    is_gray = max(float(one.max() - one.min()) for one in (black, white)) <= BLACK
    if is_gray or not others.any():
        return None
    way = white - black
    at = (colours - black) @ way / (way @ way)
    off = (colours - black - at[:, None] * way).norm(dim=1).where((at - 0.5).abs() < 0.8, 256.0)
    third = counts.where(off > THIRD, 0.0)
    is_third = 4 * third.max() > max(third.sum(), others.max() / 2)
    near = [(colours - one).norm(dim=1) < NEAR for one in (black, white)]
    if is_third or counts[near[0] | near[1]].sum() < FLAT * counts.sum():
        return None
    has_noise = is_lossy or bool((counts[off > NOISE] > 0).any())
    has_black = [bool(one.max() <= BLACK) for one in (black, white)]
    if any(has_black) and not has_noise:
        return None
    ahead = [float(some @ (at - 0.5).sign()) for some in (border, counts)]
    if has_black[1] or (not has_black[0] and ahead > [0.0, 0.0]):
        black, white = white, black
    name = None if any(has_black) else "#" + bytes(white.round().int().tolist()).hex()
    return _between(black, white, has_noise), name, has_noise


def _between(black: Tensor, white: Tensor, has_noise: bool) -> Callable[[Photo], Mask]:
    way, luma = white - black, float(_LUMA @ (white - black))

    def read(part: Photo) -> Mask:
        levels = (part.pixels + 1.0).mul_(127.5).sub_(black.float().view(1, 3, 1, 1))
        found = _sum(levels, way / (way @ way))
        if has_noise and abs(luma) >= CONTRAST:
            exact = _sum(levels, _LUMA / luma)
            if black.max() <= BLACK:
                exact -= CUT_OFF * found
            exact = (exact - 0.5) * max(1.0, CLEAR / abs(luma)) + 0.5
            is_sharp = F.max_pool2d(found, 5, 1, 2) + F.max_pool2d(-found, 5, 1, 2) > SHARP
            found = torch.where(is_sharp & ((found - 0.5).abs() < BETWEEN), exact, found)
        return found.clamp_(0.0, 1.0).mul_(255.0).round_().div_(255.0)

    return read


def _sum(levels: Tensor, weights: Tensor) -> Tensor:
    return (levels * weights.float().view(1, 3, 1, 1)).sum(dim=1, keepdim=True)


def _codes(part: Photo) -> Tensor:
    colours = part.colours if part.colours.dtype == torch.uint8 else to_uint8(part.pixels)
    red, green, blue = (channel.int() // 8 for channel in colours[0])
    return torch.add(blue, green, alpha=32).add(red, alpha=1024)


def _mean(parts: Parts, code: int) -> Tensor:
    total, count = torch.zeros(3, dtype=torch.float64), 0
    for _, part in parts():
        found = part.pixels[0][:, _codes(part) == code]
        total, count = total + found.sum(dim=1, dtype=torch.float64), count + found.shape[1]
    return (total / max(1, count) + 1.0) * 127.5
