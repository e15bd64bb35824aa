"""Variations of labelled photos for training loops."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import internal_gan
from internal_gan.augment import FromOnePhoto, Vary
from internal_gan.errors import UserError
from tests.commands import ROOT, TINY_RUN

# A texture, of which there are many layouts.
BLOTS = torch.randint(256, (3, 16, 16), generator=torch.Generator().manual_seed(0))
PHOTO = BLOTS.repeat_interleave(2, 1).repeat_interleave(2, 2).byte()
RED, ROWS = PHOTO[0], torch.arange(32, dtype=torch.int32)[:, None].expand(-1, 32)


def same(one: tuple[torch.Tensor, ...], other: tuple[torch.Tensor, ...]) -> bool:
    return all(map(torch.equal, one, other))


def test_masks_move_along_with_the_pixels_of_a_picture() -> None:
    image, masks = FromOnePhoto(PHOTO, torch.stack([RED, ROWS]), 1, (28, 36))[0]
    assert (image.shape, image.dtype) == ((3, 28, 36), torch.float32)
    assert (masks.shape, masks.dtype) == ((2, 28, 36), torch.int32)
    # Seams are hidden in the picture only.
    together = torch.corrcoef(torch.stack([image[0].ravel(), masks[0].ravel()]))[0, 1]
    assert together > 0.9
    assert (masks[1].diff(dim=0) != 1).any()  # in another layout
    image, mask = FromOnePhoto(PHOTO, RED, 1, freedom=0)[0]
    assert torch.equal((255 * image[0]).round().byte(), mask)


def test_masks_are_files_and_pictures_too_and_keep_their_numbers(tmp_path: Path) -> None:
    deep = (np.arange(32 * 32) * 60).astype(np.uint16).reshape(32, 32)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    palette = Image.fromarray(deep.astype(np.uint8) % 3).convert("P")
    Image.fromarray(PHOTO.permute(1, 2, 0).numpy()).save(tmp_path / "photo.png")
    for mask, values in ((tmp_path / "deep.png", deep), (palette, np.array(palette))):
        data = FromOnePhoto(tmp_path / "photo.png", mask, 1, freedom=0)
        assert data[0][1].dtype == torch.from_numpy(values).dtype
        assert np.isin(data[0][1].numpy(), values).all()


def test_an_item_depends_on_its_number_and_the_seed_alone() -> None:
    data, other = FromOnePhoto(PHOTO, RED, 3), FromOnePhoto(PHOTO, RED, 3, seed=1)
    copy = pickle.loads(pickle.dumps(data))
    assert same(data[1], copy[1])
    assert not same(data[1], data[2])
    assert not same(data[1], other[1])
    assert not same(data[1], other[0])  # unlike seeds that count on
    assert len(data) == 3
    with pytest.raises(IndexError, match="3: there are 3 items"):
        data[3]


def test_a_trained_model_draws(tmp_path: Path) -> None:
    photo = PHOTO.permute(1, 2, 0).numpy()
    model = internal_gan.fit(photo, "singan", overrides=TINY_RUN, output=tmp_path / "run").model
    data = FromOnePhoto(PHOTO, RED, 2, model=model, candidates=1)
    assert same(data[1], pickle.loads(pickle.dumps(data))[1])
    assert not same(data[0], data[1])
    assert data[0][0].shape == PHOTO.shape
    with pytest.raises(UserError, match=r"^detail=network: .*; allowed: patches$"):
        FromOnePhoto(PHOTO, RED, 1, model=model, detail="network")[0]


@pytest.mark.slow
@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_make_the_same_items(tmp_path: Path, start: str) -> None:
    if start not in torch.multiprocessing.get_all_start_methods():
        pytest.skip(f"there is no {start}")
    script = tmp_path / "script.py"
    lines = (
        "import torch",
        "from torch.utils.data import DataLoader",
        "from internal_gan.augment import FromOnePhoto",
        "if __name__ == '__main__':",
        "    photo = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))",
        "    data = FromOnePhoto(photo, photo[0] > 0.5, 3)",
        "    here = [data[0], data[1], data[2]]",
        f"    loader = DataLoader(data, None, num_workers=2, multiprocessing_context='{start}')",
        "    for one, other in zip(here, loader, strict=True):",
        "        assert all(map(torch.equal, one, other))",
    )
    script.write_text("\n".join(lines))
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, str(script)], env=environment, check=True, timeout=300)


class OfClass(torch.Tensor):
    """Stands for torchvision's tensors with a meaning, which are of such classes."""


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", [torch.uint8, torch.float32])
def test_a_transform_keeps_types_and_classes(channels: int, kind: torch.dtype) -> None:
    image = (PHOTO[:channels] if kind == torch.uint8 else PHOTO[:channels] / 255).to(kind)
    mask = (RED > 99)[None].as_subclass(OfClass)
    torch.manual_seed(0)
    made, moved = Vary(size=(26, 26), freedom=0.5)(image.as_subclass(OfClass), mask)
    assert (made.shape, made.dtype) == ((channels, 26, 26), kind)
    assert (moved.shape, moved.dtype) == ((1, 26, 26), torch.bool)
    assert isinstance(made, OfClass)
    assert isinstance(moved, OfClass)
    assert made.as_subclass(torch.Tensor).float().std() > 0


def test_the_chance_of_a_transform_is_torchs() -> None:
    vary, made = Vary(), []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        made.append(vary(PHOTO, RED))
    assert same(made[0], made[1])
    assert not same(made[0], made[2])


def test_what_is_wrong_is_said_in_one_line() -> None:
    with pytest.raises(UserError, match=r"^masks: 32x31 numbers; the photo has 32x32 pixels$"):
        FromOnePhoto(PHOTO, RED[:, :31], 1)
    with pytest.raises(UserError, match=r"^preview.freedom=2"):
        FromOnePhoto(PHOTO, RED, 1, freedom=2)
    with pytest.raises(TypeError, match="resolution"):
        FromOnePhoto(PHOTO, RED, 1, resolution=16)  # at which masks would not fit
    with pytest.raises(UserError, match=r"^colour=red: task=preview has no such argument$"):
        Vary(colour="red")(PHOTO, RED)
