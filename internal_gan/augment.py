"""Variations of labelled photos, for the training of other networks."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from internal_gan.api.keywords import Given, name_of, source_of
from internal_gan.api.methods import SinGAN
from internal_gan.errors import UserError
from internal_gan.finishing.layers import read_layer
from internal_gan.process_settings import mind_forks
from internal_gan.runs.source import Source
from internal_gan.tasks.base import Context, Picture
from internal_gan.tasks.runner import task_of
from internal_gan.units import Size, by


class FromOnePhoto(Dataset[tuple[Tensor, Tensor]]):
    """New pictures of a photo's pixels, as task=preview or task=sample makes them, with its masks.

    Item n is a picture, float32 (3, H, W) in [0, 1] at the photo's scale, and its masks. It depends
    only on n and the seed, and takes seconds: keep what every epoch needs.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        masks: of the photo's size, copied and never mixed: an array or a tensor (H, W) or
            (N, H, W) of any type, a Pillow image or the name of a file.
        count: the number of items.
        size: (height, width) in pixels, by default the photo's.
        model: trained on this photo; None draws layouts without training.
        how: other arguments of :func:`internal_gan.preview`, or of the model's ``sample``.

    Raises:
        UserError: a picture cannot be read, a mask has another size, or an argument is not allowed.
    """

    def __init__(
        self,
        photo: Given,
        masks: Given,
        count: int,
        size: Size | None = None,
        seed: int = 0,
        model: SinGAN | None = None,
        **how: Any,
    ) -> None:
        self._network = None if model is None else model.network
        given = dict(photo=photo, count=1, size=size, resolution="photo", **how)
        source = source_of("preview" if model is None else "sample", given)
        self._options, self._photo = source.options, source.photo()
        file, allowed = name_of(masks), self._photo.size
        self._masks = np.asarray(masks) if file is None else read_layer(file).values
        if (shape := self._masks.shape)[-2:] != allowed or len(shape) > 3:
            found = "x".join(map(str, shape))
            raise UserError(f"masks: {found} numbers; the photo has {by(allowed)} pixels")
        self._count, self._seed = count, seed

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        if not 0 <= number < self._count:
            raise IndexError(f"{number}: there are {self._count} items")
        mind_forks()
        options = deepcopy(self._options)
        vars(options)[options.task].seed = Random(f"{self._seed} {number}").getrandbits(63)
        source = Source(options, photos=[self._photo])
        work = task_of(options.task, Context(source, source, asides=False))
        made = cast("Picture", next(work.draw(self._network))).image
        if made.origin is None:
            raise UserError("detail=network: draws other pixels than the photo's; allowed: patches")
        rows, columns = np.moveaxis(made.origin.places, -1, 0)
        return (made.pixels[0] + 1) / 2, torch.from_numpy(self._masks[..., rows, columns])


class Vary:
    """A transform by the conventions of torchvision's v2: of an image and its mask, new ones.

    It takes (C, H, W), C of 1 or 3, uint8 or floats in [0, 1], and (H, W) or (N, H, W), and returns
    both in their own types and classes, by the chance of torch's global generator and in the time
    of an item of :class:`FromOnePhoto`, which tells about ``size`` and ``how``.
    """

    def __init__(self, **how: Any) -> None:
        self._how = how

    def __call__(self, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        seed = int(torch.randint(2**63 - 1, ()))
        made, moved = FromOnePhoto(image, mask, 1, seed=seed, **self._how)[0]
        made = made[: image.shape[-3]]
        made = made if image.is_floating_point() else (255 * made).round()
        return made.to(image).as_subclass(type(image)), moved.to(mask).as_subclass(type(mask))
