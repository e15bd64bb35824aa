"""A network that learns to enlarge one photo."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

import internal_gan
from internal_gan.images.colours import luminance
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.judging.fidelity import psnr
from internal_gan.models.patches.enlarging import LEARNT, WINDOW_SIDE, enlarged, started
from internal_gan.models.zssr.model import UNTRAINED, VIEWS, turned, turned_back
from internal_gan.training.engine import TrainingStopped
from internal_gan.units import Size
from tests.commands import start_process
from tests.models.patches.test_enlarging import shapes
from tests.tiny import (
    ZSSR,
    SignalAt,
    contents,
    model_of,
    network_of,
    noise,
    picture,
    recipe_of,
    rng,
    same_weights,
    stage_of,
    trained,
    write_png,
)

LEARNS = ("model.width=8", "model.steps=300", "model.crop=24", "trainer.threads=1")


def learnt(photo: Tensor, path: Path, *more: str) -> Any:
    return trained(path, *LEARNS, *more, base=ZSSR, pixels=photo).model


def error(original: Tensor, made: Tensor) -> float:
    return float(psnr(original, made))


def test_it_is_closer_to_the_original_than_interpolation(tmp_path: Path) -> None:
    original = shapes(128)[:, :1].expand(-1, 3, -1, -1)
    photo = resize(original, (64, 64)).clamp(-1, 1)
    plain = started(photo, (128, 128)).clamp(-1, 1)
    made = learnt(photo, tmp_path).super_resolve(2.0, photo)
    assert error(original, made) > error(original, plain) + 1


def test_a_noisy_photo_is_no_worse_than_interpolated(tmp_path: Path) -> None:
    original, grain = picture(96, 112), torch.randn(1, 1, 48, 56, generator=rng())
    photo = (resize(original, (48, 56)) + 0.1 * grain).clamp(-1, 1)
    model = learnt(photo, tmp_path)
    assert model.noise == pytest.approx(0.1, rel=0.4)
    plain = resize(photo, (96, 112)).clamp(-1, 1)
    assert error(original, model.super_resolve(2.0, photo)) > error(original, plain)


@pytest.mark.parametrize("size", [(20, 28), (1, 1), (3, 2)])
@pytest.mark.parametrize("factor", [1.3, 2.0, 5.0])
def test_any_picture_is_enlarged_by_any_factor(factor: float, size: Size) -> None:
    photo = picture(*size)
    made = model_of(base=ZSSR, finished=1).super_resolve(factor, photo)
    assert size_of(made) == tuple(round(side * factor) for side in size)
    assert made.abs().max() <= 1
    if size == (20, 28):
        assert (resize(made, size) - photo).abs().mean() < 2e-3


def test_once_noise_is_gone_a_photos_patches_do_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    model, photo, sizes = model_of(base=ZSSR), picture(20, 28), list[Size]()

    def doubled(image: Tensor) -> Tensor:
        sizes.append(size_of(image))
        return resize(image, scaled(size_of(image), 2.0))

    monkeypatch.setattr(model, "doubled", doubled)
    model.super_resolve(5.0, photo)
    assert sizes == [(20, 28), (40, 56), (80, 112)]
    model.noise.fill_(0.1)
    made = model.super_resolve(3.0, photo)
    assert sizes[3:] == [(20, 28)]
    whole = resize(enlarged(doubled(photo), 2.0), (60, 84))
    assert torch.equal(made, whole.lerp(enlarged(photo, 3.0), UNTRAINED))
    assert torch.equal(model.super_resolve(2.0, photo), doubled(photo))


def test_tiles_meet_exactly() -> None:
    model = model_of(base=ZSSR, finished=1)
    whole = model.super_resolve(4, picture())
    model.tile_pixels = 300
    assert torch.allclose(model.super_resolve(4, picture()), whole, atol=1e-5)


def test_a_picture_that_is_turned_is_enlarged_alike() -> None:
    model, photo = model_of("model.networks=1", base=ZSSR, finished=1), picture()
    made = model.super_resolve(2, photo)
    views = [turned(photo, view) for view in range(VIEWS)]
    assert len({(size_of(view), float(view[0, 0, 0, 0])) for view in views}) >= VIEWS / 2
    for number in (1, 4, 7):
        assert torch.equal(turned_back(views[number], number), photo)
        again = turned_back(model.super_resolve(2, views[number]), number)
        assert torch.allclose(again, made, atol=1e-3)


def test_gray_stays_gray() -> None:
    photo = picture()[:, :1].expand(-1, 3, -1, -1)
    made = model_of(base=ZSSR, finished=1).super_resolve(2, photo)
    assert torch.allclose(made[:, :1].expand_as(made), made, atol=1e-5)


def test_crops_are_what_a_smaller_photo_becomes_and_what_it_was() -> None:
    """Each lies where the other does, so that they differ by little."""
    stage = stage_of("model.batch=8", base=ZSSR)
    given, wanted = stage.batch
    edge = stage.generator.margin
    assert size_of(wanted) == (16, 16)
    assert (given[..., edge:-edge, edge:-edge] - wanted).abs().mean() < 0.1 * wanted.std()
    assert not torch.equal(wanted[0], wanted[1])


def test_a_discriminator_moves_the_networks_by_its_weight() -> None:
    weights = ("model.adversarial_weight=3", "model.l1_weight=0")
    stage = stage_of("model/discriminator=patch", "model.crop=24", *weights, base=ZSSR)
    total, scalars = stage.generator_loss()
    assert float(total.detach()) == pytest.approx(3 * float(scalars["generator"]))
    total.backward()
    assert all(weight.grad.any() for weight in stage.generator.parameters())


def test_of_a_large_photo_windows_are_learnt() -> None:
    photo = noise(1, 1).expand(1, 3, 1500, 1300)
    model = recipe_of(base=ZSSR).prepare(photo)
    assert LEARNT / 2 < model.image[0, 0].numel() < 2 * LEARNT
    assert torch.equal(recipe_of(base=ZSSR).prepare(model.image).image, model.image)
    sides = {size_of(window) for window in model.grays}
    assert sides == {(WINDOW_SIDE, WINDOW_SIDE)}  # no crop lies across two of them
    assert torch.equal(torch.cat(model.grays, dim=-1), luminance(model.image))


@pytest.mark.parametrize("more", [[], ["model/discriminator=patch"]])
def test_a_resumed_training_ends_as_if_never_stopped(more: list[str], tmp_path: Path) -> None:
    whole = trained(tmp_path / "whole", *more, base=ZSSR)
    with pytest.raises(TrainingStopped):
        trained(tmp_path / "again", *more, base=ZSSR, callbacks=[SignalAt(0, 2)])
    again = trained(tmp_path / "again", *more, base=ZSSR, resume=True)
    assert same_weights(again.model, whole.model)
    files = [contents(run.folder.model_path) for run in (whole, again)]
    assert files[0] == files[1]


def test_a_resumed_training_knows_the_compression_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    levels = np.random.default_rng(0).integers(0, 255, (24, 32, 3), np.uint8)
    Image.fromarray(levels).save(file, quality=40)
    for name in ("whole", "again"):
        with suppress(TrainingStopped):
            stop = [SignalAt(0, 2)] if name == "again" else []
            how: Any = {"overrides": [*ZSSR, "trainer=debug"], "device": "cpu"}
            internal_gan.fit(file, output=tmp_path / name, callbacks=stop, **how)
    internal_gan.resume(tmp_path / "again")
    models = [contents(tmp_path / name / "model.safetensors") for name in ("whole", "again")]
    assert models[0] == models[1]
    assert network_of(tmp_path / "again").worn.tables


def test_a_command_trains_and_another_enlarges(tmp_path: Path) -> None:
    levels = np.random.default_rng(0).integers(0, 255, (20, 24, 3), np.uint8)
    write_png(tmp_path / "photo.png", levels)
    words = (*ZSSR, "trainer=debug", "device=cpu", "super_resolution.factor=2", "output=run")
    for command in (
        (*words, "super_resolution", "photo.png"),
        ("super_resolution", "checkpoint=run", "super_resolution.factor=3", "output=more"),
    ):
        process = start_process(*command, cwd=tmp_path)
        _, said = process.communicate()
        assert process.returncode == 0, said
    for run, size in (("run", (48, 40)), ("more", (72, 60))):
        with Image.open(tmp_path / run / "super_resolution" / "enlarged.png") as made:
            assert made.size == size
    assert isinstance(internal_gan.load(tmp_path / "run"), internal_gan.ZSSR)
