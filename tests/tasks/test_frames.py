"""A frame around the photo is no part of new pictures, and stays where a photo is changed."""

import numpy as np
import pytest
from PIL import Image, ImageOps

import internal_gan
from internal_gan.finishing.layers import read_layer
from internal_gan.finishing.origin import EXACT, OTHER, read_origin
from tests.commands import Shell
from tests.tiny import labels

FRAME, LEFT_OUT = 6, "framed.png: its frame (top 6, right 6, bottom 6, left 6) is not used"


@pytest.fixture(autouse=True)
def framed(gravel: None) -> None:
    with Image.open("photo.png") as photo:
        ImageOps.expand(photo.convert("RGB"), FRAME, "white").save("framed.png")


def whites(path: str) -> int:
    return int((np.asarray(Image.open(path).convert("RGB")) > 250).all(axis=2).sum())


@pytest.mark.parametrize(
    ("options", "result"),
    [
        (("extend", "extend.margins=[0,30,0,30]"), "extend/000.png"),
        (("retarget", "retarget.shape=[60,130]"), "retarget/60x130.png"),
        (("sample", "sample.count=1"), "sample/000.png"),
        (("make_tileable",), "make_tileable/000.png"),
    ],
    ids=lambda one: one[0] if isinstance(one, tuple) else "",
)
def test_new_pictures_have_nothing_of_the_frame(
    shell: Shell, caplog: pytest.LogCaptureFixture, options: tuple[str, ...], result: str
) -> None:
    shell.done(*options, "framed.png", "output=out")
    assert [LEFT_OUT in line for line in caplog.messages if "frame" in line] == [True]
    assert whites(f"out/{result}") <= whites("photo.png")


def test_a_frame_may_be_kept(shell: Shell, caplog: pytest.LogCaptureFixture) -> None:
    shell.done("sample", "framed.png", "sample.count=1", "output=kept", "keep_frame=true")
    assert "frame (" not in caplog.text
    assert whites("kept/sample/000.png") > whites("photo.png") + 200


def test_an_extended_photo_is_inside_bit_for_bit_and_can_be_verified(shell: Shell) -> None:
    shell.done("extend", "framed.png", "extend.margins=[0,20,0,20]", "output=out")
    made, photo = (
        np.asarray(Image.open(name).convert("RGB")) for name in ("out/extend/000.png", "photo.png")
    )
    assert np.array_equal(made[:, 20:-20], photo)
    shell.done("verify", "out/extend/000.png", "verify.photo=framed.png", "output=check")


def test_masks_and_layers_of_the_whole_picture_fit(shell: Shell) -> None:
    with Image.open("framed.png") as framed:
        width, height = framed.size
    protect = Image.new("L", (width, height))
    protect.paste(255, (30, 20, 50, 40))
    protect.save("protect.png")
    rows, columns = np.mgrid[0:height, 0:width]
    labels(2 * rows + columns).save("depth.png")
    shell.done(
        *("retarget", "framed.png", "retarget.shape=[60,130]", "retarget.protect=protect.png"),
        *("layers=depth.png", "output=out"),
    )
    origin = read_origin("out/retarget/60x130.origin.png")
    depth = np.asarray(Image.open("out/retarget/layers/depth/60x130.png")).astype(int)
    rows, columns = origin.places[..., 0] + FRAME, origin.places[..., 1] + FRAME
    assert np.array_equal(depth, 2 * rows + columns)


def test_a_filled_photo_keeps_its_frame_and_takes_nothing_from_it(shell: Shell) -> None:
    shell.done("fill", "framed.png", "mask.box=[6,6,20,20]", "output=out")
    made, framed = (
        np.asarray(Image.open(name).convert("RGB")) for name in ("out/fill/000.png", "framed.png")
    )
    inside = np.zeros(made.shape[:2], bool)
    inside[6:26, 6:26] = True
    assert np.array_equal(made[~inside], framed[~inside])
    origin = read_origin("out/fill/000.origin.png")
    taken = origin.places[inside & (origin.kinds != OTHER)]
    assert (taken >= FRAME).all()
    assert (taken < np.array(made.shape[:2]) - FRAME).all()


def test_an_edited_photo_keeps_its_frame_and_its_origin(shell: Shell) -> None:
    with Image.open("framed.png") as framed:
        edited = framed.copy()
    edited.paste((200, 30, 30), (8, 8, 23, 23))
    edited.save("edited.png")
    mask = Image.new("L", edited.size)
    mask.paste(255, (2, 2, 25, 25))  # reaches into the frame
    mask.save("mask.png")
    values = np.random.default_rng(0).integers(1, 200, edited.size[::-1])
    labels(values).save("values.png")
    files = "edit.image=edited.png", "mask=mask.png", "layers=values.png"
    shell.done("edit", "framed.png", *files, "output=out")
    made, given = (
        np.asarray(Image.open(name).convert("RGB")) for name in ("out/edit/000.png", "edited.png")
    )
    rim = np.ones(made.shape[:2], bool)
    rim[FRAME:-FRAME, FRAME:-FRAME] = False
    assert np.array_equal(made[rim], given[rim])
    origin = read_origin("out/edit/000.origin.png")
    moved = read_layer("out/edit/layers/values/000.png").values
    exact = origin.kinds == EXACT
    assert not exact[rim].any()
    assert exact[~rim].mean() > 0.3
    rows, columns = (origin.places[..., axis] + FRAME for axis in (0, 1))
    assert np.array_equal(moved[exact], values[rows, columns][exact])


def test_from_python_the_frame_is_left_out_and_can_be_kept() -> None:
    with Image.open("photo.png") as photo:
        size = photo.size
    assert internal_gan.Patches("framed.png").photo.size == size
    kept = internal_gan.Patches("framed.png", keep_frame=True)
    assert kept.photo.size == (size[0] + 2 * FRAME, size[1] + 2 * FRAME)
