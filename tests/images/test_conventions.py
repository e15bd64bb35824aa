"""One test for each convention of docs/conventions.md, which names it."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

from internal_gan.errors import UserError
from internal_gan.images.colours import to_uint8
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import fit_size, pyramid_sizes
from internal_gan.images.resize import resize
from tests import tiny
from tests.commands import ROOT
from tests.images.conftest import Said, Save
from tests.tiny import SRGB


def test_every_convention_has_a_test_and_every_test_a_convention() -> None:
    page = (ROOT / "docs" / "conventions.md").read_text(encoding="utf-8")
    named = re.findall(r"`(test_\w+)`", page)
    here = {name for name in globals() if name.startswith("test_")}
    assert len(named) == len(set(named))
    assert {*named, "test_every_convention_has_a_test_and_every_test_a_convention"} == here


def test_tensors_are_nchw_float32_in_minus_one_to_one_rgb(saved: Save) -> None:
    pixels = saved(Image.new("RGB", (5, 4), (255, 0, 0))).pixels
    assert (pixels.shape, pixels.dtype) == ((1, 3, 4, 5), torch.float32)
    assert pixels[0, :, 0, 0].tolist() == [1.0, -1.0, -1.0]


def test_sizes_are_height_then_width(saved: Save) -> None:
    assert saved(Image.new("RGB", (30, 20))).size == (20, 30)
    assert resize(torch.zeros(1, 3, 8, 8), (20, 30)).shape[-2:] == (20, 30)
    assert fit_size((20, 30), 15) == (10, 15)
    with pytest.raises(UserError, match="20x30"):
        pyramid_sizes((20, 30), num_scales=2)


def test_every_scale_is_made_from_the_photo() -> None:
    model = tiny.model_of()
    torch.testing.assert_close(model.real(0), resize(model.image, model.sizes[0]).clamp(-1, 1))


def test_bytes_are_rounded_and_clipped() -> None:
    levels = torch.tensor([-9.0, 0.0, 127.4, 127.6, 255.0, 300.0])
    assert to_uint8(levels / 127.5 - 1.0).tolist() == [0, 0, 127, 128, 255, 255]


def test_a_palette_becomes_colours(picture: Image.Image, saved: Save) -> None:
    palette = picture.quantize(8)
    photo = saved(palette, transparency=2)
    seen = np.array(palette) != 2
    colours = to_uint8(photo.pixels)[0].permute(1, 2, 0).numpy()
    assert np.array_equal(colours[seen], np.array(palette.convert("RGB"))[seen])
    assert np.array_equal(photo.alpha[0, 0].numpy() == 1.0, seen)


def test_cmyk_becomes_rgb(saved: Save, said: Said) -> None:
    photo = saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "tif")
    assert to_uint8(photo.pixels)[0, :, 0, 0].tolist() == [255, 0, 0]
    assert "CMYK is converted to RGB" in said()[0]


def test_transparent_pixels_continue_the_visible_colours(saved: Save) -> None:
    image = np.zeros((16, 16, 4), np.uint8)
    image[:, :9] = (200, 100, 50, 255)
    colours = to_uint8(saved(Image.fromarray(image)).pixels)
    assert (colours == torch.tensor([200, 100, 50]).view(1, 3, 1, 1)).all()


def test_transparent_pixels_keep_the_numbers_of_the_file(saved: Save, tmp_path: Path) -> None:
    image = np.zeros((16, 16, 4), np.uint8)
    image[:, :9] = (200, 100, 50, 255)
    image[:, 9:, 1] = 77
    image[:4, :9, 3] = 1
    photo = saved(Image.fromarray(image))
    photo.colours[..., :4, :] = 1.0
    image[:4, :9, :3] = 255  # what can be seen, if only faintly, changes
    write_image(tmp_path / "out.png", photo.pixels, like=photo)
    with Image.open(tmp_path / "out.png") as out:
        assert np.array_equal(np.asarray(out), image)


def test_a_colour_profile_is_kept_and_not_applied(picture: Image.Image, saved: Save) -> None:
    photo = saved(picture, icc_profile=SRGB)
    assert photo.icc_profile == SRGB
    assert torch.equal(photo.pixels, saved(picture, "bmp").pixels)


def test_the_first_of_several_frames_is_read(picture: Image.Image, saved: Save, said: Said) -> None:
    photo = saved(picture, "tif", save_all=True, append_images=[Image.new("RGB", picture.size)])
    assert torch.equal(photo.pixels, saved(picture).pixels)
    assert said() == ["has 2 frames or pages; the first one is used"]


@pytest.mark.parametrize(
    ("mode", "written"),
    [*((mode, mode) for mode in ("1", "L", "LA", "I;16", "P", "RGB", "RGBA")), ("CMYK", "RGB")],
)
def test_the_output_has_the_mode_of_the_input(
    mode: str, written: str, picture: Image.Image, saved: Save, tmp_path: Path
) -> None:
    image = picture.convert("L" if mode == "I;16" else "RGBA" if "A" in mode else "RGB")
    image = image.convert(mode)
    photo = saved(image, "tif")
    write_image(tmp_path / "out.png", photo.pixels, like=photo)
    with Image.open(tmp_path / "out.png") as out:
        assert out.mode == written
        if mode != "CMYK":
            assert out.convert("RGBA").tobytes() == image.convert("RGBA").tobytes()


def test_nothing_is_lost_silently(tmp_path: Path, said: Said) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "A. Nother" * 8000
    photo = Photo(tiny.picture(), torch.ones(1, 1, 40, 56), mode="RGBA", bit_depth=16)
    photo = replace(photo, icc_profile=SRGB, exif=exif.tobytes())
    write_image(tmp_path / "out.jpg", photo.pixels, like=photo)
    lost = ("transparency", "16 bits", "EXIF")
    assert all(word in line for word, line in zip(lost, said(), strict=True))


def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.png"
    write_image(path, tiny.picture())
    before = path.read_bytes()

    def stop(temporary: Path, *_: object) -> None:
        temporary.write_bytes(b"half a file")
        raise KeyboardInterrupt

    monkeypatch.setattr("internal_gan.images.files.image.encode", stop)
    with pytest.raises(KeyboardInterrupt):
        write_image(path, -tiny.picture())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"no image", None])
def test_bad_input_is_one_line_that_names_it(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "a b=(1).png"
    if content is not None:
        path.write_bytes(content)
    assert tiny.complaint(read_image, path).startswith(f"{path}: ")
