"""task=super_resolution by SinGAN."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import internal_gan
from internal_gan.images.files.image import read_image, read_mark, write_image
from internal_gan.images.files.marks import xmp
from internal_gan.images.periodic import resize_periodic
from internal_gan.runs.folder import RunFolder
from tests.commands import TINY_RUN, Shell
from tests.tiny import SRGB, network_of, picture

ENLARGED = "super_resolution/enlarged.png"
pytestmark = pytest.mark.usefixtures("photo")


def size_of(folder: str, name: str = ENLARGED) -> tuple[int, int]:
    return read_image(Path(folder, name)).size


@pytest.mark.parametrize(("factor", "size"), [("4", (160, 224)), ("2.5", (100, 140))])
def test_a_model_enlarges_its_whole_photo(shell: Shell, model: str, factor: str, size: Any) -> None:
    wanted = f"super_resolution.factor={factor}"
    answer = shell.done("task=super_resolution", f"checkpoint={model}", "output=out", wanted)
    assert size_of("out") == size
    assert f"photo.png from 40x56 to {size[0]}x{size[1]} pixels" in answer.out
    assert "Enlarged" in Path("out/index.html").read_text(encoding="utf-8")


def test_a_model_enlarges_another_photo(shell: Shell, model: str) -> None:
    write_image("other.png", picture(21, 33, seed=5))
    shell.done("task=super_resolution", f"checkpoint={model}", "image=other.png", "output=out")
    assert size_of("out") == (84, 132)
    expected = network_of(model).super_resolve(4, read_image("other.png").pixels)
    assert (read_image(Path("out", ENLARGED)).pixels - expected).abs().max() <= 1.01 / 255


def test_a_model_may_be_trained_for_it(shell: Shell) -> None:
    training = ("task=super_resolution", "model=singan", "image=photo.png", *TINY_RUN)
    answer = shell.done(*training, "output=out")
    assert size_of("out") == (160, 224)
    assert not Path("out/sample").exists()
    changed = xmp("compositeWithTrainedAlgorithmicMedia", "super_resolution", "singan")
    assert read_mark(Path("out", ENLARGED)) == changed
    assert RunFolder(Path("out")).status()["state"] == "finished"
    assert "task=super_resolution checkpoint=out" in answer.out
    shell.done("task=super_resolution", "checkpoint=out", "output=again")
    assert Path("again", ENLARGED).read_bytes() == Path("out", ENLARGED).read_bytes()
    # Resumed without its photo, as a published model is, it enlarges what it learnt.
    shutil.rmtree("out/super_resolution")
    Path("out/inputs.json").unlink()
    RunFolder(Path("out")).write_status("stopped")
    Path("photo.png").unlink()
    assert "photo.png is gone" in shell.done("resume=out").out
    assert size_of("out") == (80, 112)


def test_the_result_keeps_depth_transparency_profile_and_exif(shell: Shell, model: str) -> None:
    gray = (picture(24, 30).mean(dim=1)[0].numpy() + 1) / 2
    exif = Image.Exif()
    exif[0x010F] = "maker"
    rgba = np.dstack([np.uint8(255 * gray)] * 3 + [np.uint8(255 * (gray > gray.mean()))])
    Image.fromarray(np.uint16(65535 * gray)).save("deep.png")
    Image.fromarray(rgba).save("rgba.png", icc_profile=SRGB, exif=exif)
    for name in ("deep", "rgba"):
        files = f"image={name}.png", f"output={name}"
        shell.done("task=super_resolution", f"checkpoint={model}", *files)
    deep = read_image(Path("deep", ENLARGED))
    assert (deep.is_gray, deep.bit_depth, deep.size) == (True, 16, (96, 120))
    clear: Any = read_image(Path("rgba", ENLARGED))
    assert clear.alpha.shape == (1, 1, 96, 120)
    assert 0.2 < clear.alpha.mean() < 0.8
    assert (clear.icc_profile, clear.exif is None) == (SRGB, False)


def test_a_file_is_enlarged_by_its_compression_and_sharper_on_request(tmp_path: Path) -> None:
    file = tmp_path / "small.jpg"
    levels = ((picture(64, 80)[0].permute(1, 2, 0).numpy() + 1) * 127.5).astype(np.uint8)
    Image.fromarray(levels).save(file, quality=30)
    read: Any = np.asarray(Image.open(file))
    made, without, sharp = (
        np.asarray(internal_gan.super_resolve(photo, factor=2, detail=detail)).astype(float)
        for photo, detail in ((file, None), (read, None), (read, 1.0))
    )
    rough = [np.abs(np.diff(one, axis=1)).mean() for one in (made, without, sharp)]
    assert rough[0] < 0.98 * rough[1]  # blocks are left out
    assert not np.array_equal(without, sharp)


def test_a_tile_stays_a_tile_in_its_place() -> None:
    rng = np.random.default_rng(0)
    waves = np.add.outer(np.arange(50) * 2 * np.pi / 50 * 3, np.arange(60) * 2 * np.pi / 60 * 5)
    tile = (128 + 80 * np.sin(waves) + rng.normal(0, 3, (50, 60))).clip(0, 255).astype(np.uint8)
    pixels = torch.from_numpy(tile).float()[None, None]
    for factor in (1.3, 2.5):
        made = np.asarray(internal_gan.super_resolve(tile, factor=factor)).astype(float)
        assert made.shape == (round(50 * factor), round(60 * factor))
        plain = resize_periodic(pixels, made.shape, (True, True))[0, 0].numpy()
        assert np.abs(made - plain).mean() < 3
        for axis in range(2):
            inside = np.abs(np.diff(made, axis=axis)).mean()
            across = np.abs(made.take(0, axis) - made.take(-1, axis)).mean()
            assert across < 1.2 * inside
