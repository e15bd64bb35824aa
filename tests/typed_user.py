"""What a user writes. `mypy` checks it as a part of the tests, and as it checks a user's code."""

from collections.abc import Iterator
from typing import Literal, assert_type

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

import internal_gan

Array = NDArray[np.float32]


def draw(
    name: str, image: Image.Image, pixels: NDArray[np.uint8], form: Literal["np", "pt"]
) -> None:
    assert_type(internal_gan.fill(name, pixels > 0, seed=None), Image.Image)
    assert_type(internal_gan.retarget(image, "16:9", output_type="np"), Array)
    assert_type(internal_gan.sample(pixels, 4, size=(300, 900)), list[Image.Image])
    assert_type(internal_gan.extend(name, output_type=form), Array | torch.Tensor)
    photo = internal_gan.Patches(image, device="cuda")
    assert_type(photo.sample(output_type="np"), list[Array])
    assert_type(photo.sample(2, output_type="pt"), torch.Tensor)
    assert_type(photo.animate(2, output_type="np"), Iterator[Array])
    assert_type(internal_gan.Previews(name)("extend", shape="2:1"), Image.Image)
    internal_gan.fill(name, msak=pixels)  # type: ignore[call-overload]
    internal_gan.make_tileable(name, axes="z")  # type: ignore[call-overload]
    photo.sample(output_type="jpg")  # type: ignore[call-overload]
    internal_gan.fitt(name)  # type: ignore[attr-defined]


def train(name: str) -> internal_gan.Run:
    run = internal_gan.fit(name, "ingan_unet", overrides=["trainer.time=40s"])
    assert_type(run.model.retarget((None, 80)), Image.Image)
    run.model.animate()  # type: ignore[attr-defined]
    singan = internal_gan.SinGAN.from_pretrained(run.folder)
    assert_type(singan.to("cpu").reconstruct(output_type="pt"), torch.Tensor)
    return run
