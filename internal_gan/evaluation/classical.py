"""Classical inpainting, to stand beside: no learning, what is around a hole is drawn into it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.files.image import to_uint8

INSTALL = "pip install 'internal-gan[inpainting]'"
# Of the neighbourhood that OpenCV looks at, in pixels; the value in its own examples.
RADIUS = 3.0


def has_opencv() -> bool:
    """Whether :func:`telea` and :func:`navier_stokes` can run."""
    return find_spec("cv2") is not None


def telea(image: Tensor, hole: Tensor) -> Tensor:
    """Fast marching from the border inwards, by OpenCV; in 8 bits.

    Args:
        image: (1, 3, H, W) in [-1, 1]; what it has inside of the hole is of no account.
        hole: (1, 1, H, W), 1 inside and else 0.

    Returns:
        (1, 3, H, W) in [-1, 1], outside of the hole ``image`` bit for bit.

    Raises:
        UserError: OpenCV is not installed.

    Source: Telea, "An image inpainting technique based on the fast marching method", Journal of
    Graphics Tools, 2004.
    """
    return _opencv(image, hole, "INPAINT_TELEA")


def navier_stokes(image: Tensor, hole: Tensor) -> Tensor:
    """Lines of equal brightness continued as a fluid flows, by OpenCV; otherwise as :func:`telea`.

    Source: Bertalmio, Bertozzi, Sapiro, "Navier-Stokes, fluid dynamics, and image and video
    inpainting", CVPR 2001.
    """
    return _opencv(image, hole, "INPAINT_NS")


def biharmonic(image: Tensor, hole: Tensor) -> Tensor:
    """The smoothest continuation, by scikit-image; otherwise as :func:`telea`.

    Raises:
        UserError: scikit-image is not installed.

    Source: Chui and Mhaskar, "MRA contextual-recovery extension of smooth functions on manifolds",
    Applied and Computational Harmonic Analysis, 2010.
    """
    try:
        from skimage.restoration import inpaint_biharmonic
    except ImportError as error:
        raise UserError(
            "biharmonic inpainting needs scikit-image: pip install 'internal-gan[benchmarks]'"
        ) from error
    pixels = _blackened(image, hole)[0].permute(1, 2, 0).double().numpy()
    made = inpaint_biharmonic(pixels, hole[0, 0].cpu().numpy() > 0, channel_axis=-1)
    return _inside(torch.from_numpy(made).permute(2, 0, 1)[None].clamp(-1, 1), image, hole)


def _opencv(image: Tensor, hole: Tensor, method: str) -> Tensor:
    try:
        import cv2
    except ImportError as error:
        raise UserError(f"this inpainting needs OpenCV: {INSTALL}") from error
    pixels = to_uint8(_blackened(image, hole))[0].permute(1, 2, 0).numpy()
    mask = (hole[0, 0].cpu().numpy() > 0).astype(np.uint8)
    made: Any = cv2.inpaint(np.ascontiguousarray(pixels), mask, RADIUS, getattr(cv2, method))
    return _inside(torch.from_numpy(made).permute(2, 0, 1)[None] / 127.5 - 1.0, image, hole)


def _blackened(image: Tensor, hole: Tensor) -> Tensor:
    """So that what is under the hole cannot matter."""
    return torch.where(hole > 0, -torch.ones_like(image), image).detach().cpu()


def _inside(made: Tensor, image: Tensor, hole: Tensor) -> Tensor:
    return torch.where(hole > 0, made.to(image), image)
