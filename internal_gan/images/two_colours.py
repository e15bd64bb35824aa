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
CODES = 32**3  # the number of colours of 15 bits
# In levels of 255:
APART = 64  # the least distance between the two colours
THIRD = 64  # the distance from the line between them beyond which a colour is a third one
NOISE = 16  # the distance from that line beyond which a pixel is noise
BLACK = 24  # the brightest level of black
CONTRAST = 24  # the least difference of luminance that is used in a mask with noise
NEAR = 40  # pixels this near to one of the two colours have it
FLAT = 0.75  # the least share of such pixels in a mask; a photo has fewer
# Lossy files blur the colours of sharp edges more than their luminance, which therefore decides
# there. The next two are on a scale from 0, black, to 1, white.
SHARP = 0.8  # an edge is sharp if values nearby differ more
BETWEEN = 0.4  # luminance decides where a value is less than this from 0.5
CLEAR = 300  # levels of 255 to which a smaller contrast of luminance is raised, against the noise
CUT_OFF = 0.15  # the share of a colour by which luminance rises in black: below 0, it is cut off
_LUMA = torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64)  # of red, green and blue: Rec. 601


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
    way = white - black
    luma = float(_LUMA @ (white - black))

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
    total = torch.zeros(3, dtype=torch.float64)
    count = 0
    for _, part in parts():
        found = part.pixels[0][:, _codes(part) == code]
        total = total + found.sum(dim=1, dtype=torch.float64)
        count = count + found.shape[1]
    return (total / max(1, count) + 1.0) * 127.5
