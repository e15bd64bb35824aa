"""Results are returned as Pillow images, arrays or a tensor."""

import numpy as np
import pytest
import torch
from PIL import Image

from internal_gan.images.files.memory import to_memory, to_photo
from tests.tiny import noise

PIXELS = noise(20, 30)
LEVELS = ((PIXELS[0] + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).numpy()
COLOUR = Image.fromarray(LEVELS)
ALPHA = Image.linear_gradient("L").resize(COLOUR.size)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "1", "I;16"])
def test_a_photo_survives_the_round_trip(mode: str) -> None:
    deep = Image.fromarray(LEVELS[..., 0] * np.uint16(257) + np.uint16(3))
    given = deep if mode == "I;16" else COLOUR.convert(mode.rstrip("A"))
    if "A" in mode:
        given.putalpha(ALPHA)
    photo = to_photo(given)
    made = to_memory(photo.pixels, like=photo)
    assert (made.mode, made.tobytes()) == (mode, given.tobytes())


def test_transparency_is_that_of_the_result_or_of_a_photo_of_its_size() -> None:
    transparent = COLOUR.copy()
    transparent.putalpha(ALPHA)
    photo = to_photo(transparent)
    assert to_memory(PIXELS[..., :25], like=photo).mode == "RGB"
    opaque = to_memory(photo.pixels, like=photo, alpha=torch.ones(1, 1, 20, 30))
    assert opaque.getchannel("A").getextrema() == (255, 255)
