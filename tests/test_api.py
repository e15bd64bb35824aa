"""The Python API: fit and load."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import internal_gan
from internal_gan.errors import UserError
from internal_gan.images.files.from_memory import to_photo
from internal_gan.images.files.image import to_uint8
from internal_gan.images.resize import resize
from internal_gan.models.singan.model import SinGAN
from internal_gan.models.singan.sampling import sample
from tests.commands import TINY_RUN
from tests.tiny import INGAN_FAST, picture, same_weights

ARRAY = to_uint8(picture())[0].permute(1, 2, 0).numpy()


def fit(image: Any, folder: Path, *overrides: str) -> SinGAN:
    return internal_gan.fit(
        image,
        overrides=[*TINY_RUN, *overrides],
        output=folder,
        quiet=True,
    )


def test_a_file_an_array_and_a_pillow_image_are_learnt_alike(tmp_path: Path) -> None:
    path = tmp_path / "a b (1).png"
    Image.fromarray(ARRAY).save(path)
    images = [path, str(path), ARRAY, ARRAY.astype(np.float32) / 255, Image.fromarray(ARRAY)]
    first, *others = [fit(image, tmp_path / str(i)) for i, image in enumerate(images)]
    for other in others:
        assert torch.allclose(other.image, first.image, atol=1e-6)
    assert same_weights(first, others[0])


def test_a_model_is_the_same_after_loading(tmp_path: Path) -> None:
    model = fit(ARRAY, tmp_path / "run")
    loaded = internal_gan.load(tmp_path / "run", "singan")
    assert same_weights(model, loaded)
    samples = sample(loaded, 2, size=(31, 17), seed=3)
    assert samples.shape == (2, 3, 31, 17)
    assert samples.abs().max() <= 1
    assert torch.equal(samples, sample(model, 2, size=(31, 17), seed=3))
    assert torch.equal(loaded.reconstruct(), model.reconstruct())


@pytest.mark.parametrize("family", ["singan", "ingan", "edgeconnect"])
def test_the_networks_as_they_are_learn_in_half_precision(tmp_path: Path, family: str) -> None:
    photo = resize(picture(), (40, 56))
    overrides = ["trainer.max_steps=2", "precision=bf16", "device=cpu"]
    pixels = to_uint8(photo)[0].permute(1, 2, 0).numpy()
    model = internal_gan.fit(pixels, family, overrides, tmp_path, quiet=True)
    assert all(weights.isfinite().all() for weights in model.parameters())


def test_a_tensor_is_learnt_as_the_array_of_the_same_pixels() -> None:
    levels = torch.from_numpy(ARRAY).permute(2, 0, 1)
    expected = to_photo(ARRAY).pixels
    for tensor in (levels, levels / 255, (levels / 255)[None], (levels.double() / 255)):
        assert torch.allclose(
            to_photo(tensor.requires_grad_(tensor.is_floating_point())).pixels, expected, atol=1e-6
        )
    assert torch.equal(to_photo(levels).pixels, expected)
    gray, faint = levels[:1] / 255, torch.cat([levels / 255, torch.full((1, 40, 56), 0.5)])
    assert to_photo(gray).is_gray
    alpha = to_photo(faint).alpha
    assert alpha is not None
    assert (alpha == 0.5).all()


def test_a_tensor_is_learnt(tmp_path: Path) -> None:
    model = fit(torch.from_numpy(ARRAY).permute(2, 0, 1) / 255, tmp_path / "run")
    assert model.image.shape == (1, 3, 20, 28)


FLOATS = np.linspace(0, 1, 40 * 56 * 3, dtype=np.float32).reshape(40, 56, 3)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 5, 2), np.uint8), r"an array of shape \(4, 5, 2\)"),
        (np.zeros((0, 5, 3), np.uint8), r"an array of shape"),
        (np.zeros((40, 56, 3), np.int64), "numbers of type int64"),
        (np.zeros((40, 56, 3), np.complex64), "numbers of type complex64"),
        (np.array([["a"]]), "numbers of type <U1"),
        (FLOATS * 255, r"from 0 to 255; floats must be in \[0, 1\].* x / 255, or uint8"),
        (FLOATS * 2 - 1, r"from -1 to 1; floats must be in \[0, 1\].*\(x \+ 1\) / 2"),
        (FLOATS * 999, r"from 0 to 999; floats must be in \[0, 1\], 0 black and 1 white$"),
        (np.full((40, 56), np.nan), "NaN or infinite"),
        (np.zeros((40, 56), np.uint8), "one flat colour"),
        (torch.full((3, 40, 56), torch.nan), "NaN or infinite"),
        (torch.rand(3, 40, 56) * 2 - 1, r"must be in \[0, 1\]"),
        (torch.rand(40, 56), r"a tensor of shape \(40, 56\); allowed: \(C, H, W\)"),
        (torch.rand(40, 56, 3), r"a tensor of shape \(40, 56, 3\); allowed: \(C, H, W\)"),
        (torch.rand(2, 3, 40, 56), r"a tensor of shape \(2, 3, 40, 56\)"),
        (torch.rand(1, 3, 0, 56), r"a tensor of shape"),
        (torch.rand(()), r"a tensor of shape \(\)"),
        (torch.zeros(3, 40, 56, dtype=torch.bool), "numbers of type bool"),
        (torch.zeros(3, 40, 56, dtype=torch.int64), "numbers of type int64"),
        (None, "of type NoneType; allowed: a Pillow image, a NumPy array, a tensor or the name"),
        (7, "of type int"),
        (b"photo.jpg", "of type bytes"),
        ({"a": 1}, "of type dict"),
        ([], "the list of images is empty"),
        ((), "the list of images is empty"),
        ([ARRAY, None], "image 2: of type NoneType"),
        (Image.new("LAB", (40, 56)), "colour mode LAB is not supported"),
    ],
    ids=lambda value: None,
)
def test_what_is_no_photo_is_refused_by_name(tmp_path: Path, image: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        fit(image, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_image_that_breaks_off_is_refused(tmp_path: Path) -> None:
    Image.fromarray(ARRAY).save(tmp_path / "whole.png")
    (tmp_path / "half.png").write_bytes((tmp_path / "whole.png").read_bytes()[:300])
    with (
        Image.open(tmp_path / "half.png") as half,
        pytest.raises(UserError, match="cannot be read"),
    ):
        fit(half, tmp_path / "run")


def test_gray_and_transparent_arrays_are_photos(tmp_path: Path) -> None:
    assert fit(ARRAY[..., 0], tmp_path / "gray").image.shape == (1, 3, 20, 28)
    transparent = np.concatenate([ARRAY, np.full_like(ARRAY[..., :1], 255)], axis=2)
    assert fit(transparent, tmp_path / "rgba").image.shape == (1, 3, 20, 28)


def test_several_photos_are_learnt_by_one_model(tmp_path: Path) -> None:
    Image.fromarray(ARRAY).save(tmp_path / "a.png")
    photos: list[Any] = [tmp_path / "a.png", ARRAY[:36, ::-1]]
    folder, options = tmp_path / "run", [*INGAN_FAST[1:], "model.steps=1", "device=cpu"]
    model = internal_gan.fit(photos, "ingan", options, output=folder, quiet=True)
    assert [image.shape[-2:] for image in model.images] == [(20, 28), (18, 28)]
    loaded = internal_gan.load(folder, "ingan")
    assert all(map(torch.equal, loaded.images, model.images))
    second = loaded.retarget((20, 40), image=loaded.images[1])
    assert torch.equal(second, model.retarget((20, 40), image=model.images[1]))
    assert not torch.equal(second, model.retarget((20, 40)))
    with pytest.raises(UserError, match="a model of ingan, not of singan"):
        internal_gan.load(folder, "singan")
    with pytest.raises(UserError, match="2 photos, while a model of singan learns one"):
        internal_gan.fit(photos, overrides=TINY_RUN, quiet=True)  # type: ignore[call-overload]
    with pytest.raises(UserError, match="the list of images is empty"):
        internal_gan.fit([], "ingan")


def test_mistakes_are_one_kind_of_value_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        fit(tmp_path / "missing.png", tmp_path / "run")
    with pytest.raises(ValueError, match=r"did you mean 'sample\.count'"):
        fit(ARRAY, tmp_path / "run", "sample.cuont=3")
    with pytest.raises(UserError, match="did you mean 'singan'"):
        internal_gan.fit(ARRAY, model="singn")
    with pytest.raises(UserError, match="does not exist"):
        internal_gan.load(tmp_path / "missing")
