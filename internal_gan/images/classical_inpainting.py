"""Classical inpainting with OpenCV, as a baseline."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

import torch

from internal_gan.errors import UserError
from internal_gan.images.files.image import to_uint8
from internal_gan.shapes import Mask, Pixels

INSTALL = "pip install 'internal-gan[inpainting]'"
# In pixels, as in OpenCV's own examples.
NEIGHBOURHOOD_RADIUS = 3.0


def has_opencv() -> bool:
    return find_spec("cv2") is not None


def inpaint_by_opencv(
    image: Pixels, hole: Mask, method: Literal["TELEA", "NS"] = "TELEA"
) -> Pixels:
    """Fill a hole, in 8 bits, by Telea's fast marching (2004) or Navier-Stokes (Bertalmio 2001).

    The image is kept bit for bit outside the hole. Without OpenCV this is a UserError.
    """
    try:
        import cv2
    except ImportError as error:
        raise UserError(f"classical inpainting needs OpenCV: {INSTALL}") from error
    emptied = torch.where(hole > 0, -torch.ones_like(image), image)
    pixels = to_uint8(emptied)[0].permute(1, 2, 0).cpu().contiguous().numpy()
    mask = (hole[0, 0] > 0).byte().cpu().numpy()
    filled = torch.from_numpy(
        cv2.inpaint(pixels, mask, NEIGHBOURHOOD_RADIUS, getattr(cv2, f"INPAINT_{method}"))
    )
    filled = filled.permute(2, 0, 1)[None] / 127.5 - 1.0
    return torch.where(hole > 0, filled.to(image), image)
