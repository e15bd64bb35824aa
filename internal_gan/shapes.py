"""Names for the tensors and arrays that images and masks are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

# An image (1, 3, H, W) in [-1, 1], RGB.
Pixels = Tensor
# Images of one size, (N, 3, H, W) in [-1, 1], RGB.
Pictures = Tensor
# (1, 1, H, W) in [0, 1], 1 inside. A hole is 0 or 1 everywhere.
Mask = Tensor
# Masks of one size, (N, 1, H, W) in [0, 1].
Masks = Tensor
# An image as whole numbers (H, W, C), from 0 to 255 (uint8) or 65535 (uint16).
Levels = NDArray[Any]
# The same of 8 bits, with any number of channels.
Image = NDArray[np.uint8]
# The row and the column of a pixel, (H, W, 2).
Places = NDArray[np.int32]
# Which pixels have a property, (H, W).
Flags = NDArray[np.bool_]
