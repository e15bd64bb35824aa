"""A frame around the photo is no part of new pictures, and stays where a photo is changed."""

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

import internal_gan
from internal_gan.finishing.layers import read_layer
from internal_gan.finishing.origin import EXACT, OTHER, read_origin
from internal_gan.images.masks import write_mask
from internal_gan.tasks import retarget
from tests.commands import Shell, pixels
from tests.tiny import INGAN_FAST, holes, labels

FRAME, LEFT_OUT = 6, "framed.png: its frame (top 6, right 6, bottom 6, left 6) is not used"


@pytest.fixture(autouse=True)
def framed(gravel: None) -> None:
    with Image.open("photo.png") as photo:
        ImageOps.expand(photo.convert("RGB"), FRAME, "white").save("framed.png")


def whites(path: str) -> int:
    return int((pixels(path) > 250).all(axis=2).sum())


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
    if options[0] == "extend":  # the photo is inside bit for bit
        assert np.array_equal(pixels(f"out/{result}")[:, 30:-30], pixels("photo.png"))
        shell.done("verify", f"out/{result}", "verify.photo=framed.png", "output=check")


def test_a_frame_may_be_kept(shell: Shell, caplog: pytest.LogCaptureFixture) -> None:
    shell.done("sample", "framed.png", "sample.count=1", "output=kept", "keep_frame=true")
    assert "frame (" not in caplog.text
    assert whites("kept/sample/000.png") > whites("photo.png") + 200
    assert internal_gan.Patches("framed.png", keep_frame=True).photo.size == (96, 72)
    assert internal_gan.Patches("framed.png").photo.size == (84, 60)


def test_masks_and_layers_of_the_whole_picture_fit(shell: Shell) -> None:
    size = pixels("framed.png").shape[:2]
    write_mask("protect.png", holes(size, (20, 30, 20, 20)))
    rows, columns = np.indices(size)
    labels(2 * rows + columns).save("depth.png")
    files = "retarget.protect=protect.png", "layers=depth.png", "output=out"
    shell.done("retarget", "framed.png", "retarget.shape=[60,130]", *files)
    origin = read_origin("out/retarget/60x130.origin.png")
    depth = np.asarray(Image.open("out/retarget/layers/depth/60x130.png")).astype(int)
    rows, columns = origin.places[..., 0] + FRAME, origin.places[..., 1] + FRAME
    assert np.array_equal(depth, 2 * rows + columns)


def test_a_filled_photo_keeps_its_frame_and_takes_nothing_from_it(shell: Shell) -> None:
    shell.done("fill", "framed.png", "mask.box=[6,6,20,20]", "output=out")
    made, framed = map(pixels, ("out/fill/000.png", "framed.png"))
    inside = np.zeros(made.shape[:2], bool)
    inside[6:26, 6:26] = True
    assert np.array_equal(made[~inside], framed[~inside])
    origin = read_origin("out/fill/000.origin.png")
    taken = origin.places[inside & (origin.kinds != OTHER)]
    assert (taken >= FRAME).all()
    assert (taken < np.array(made.shape[:2]) - FRAME).all()


def test_an_edited_photo_keeps_its_frame_and_its_origin(shell: Shell) -> None:
    edited = pixels("framed.png").copy()
    edited[8:23, 8:23] = (200, 30, 30)
    Image.fromarray(edited).save("edited.png")
    size = edited.shape[:2]
    write_mask("mask.png", holes(size, (2, 2, 23, 23)))  # reaches into the frame
    values = np.random.default_rng(0).integers(1, 200, size)
    labels(values).save("values.png")
    files = "edit.image=edited.png", "mask=mask.png", "layers=values.png"
    shell.done("edit", "framed.png", *files, "output=out")
    rim = np.ones(size, bool)
    rim[FRAME:-FRAME, FRAME:-FRAME] = False
    assert np.array_equal(pixels("out/edit/000.png")[rim], edited[rim])
    origin = read_origin("out/edit/000.origin.png")
    moved = read_layer("out/edit/layers/values/000.png").values
    exact = origin.kinds == EXACT
    assert not exact[rim].any()
    assert exact[~rim].mean() > 0.3
    rows, columns = (origin.places[..., axis] + FRAME for axis in (0, 1))
    assert np.array_equal(moved[exact], values[rows, columns][exact])


def test_protected_parts_are_found_in_frames(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where what a model draws is judged."""
    shell.done("image=framed.png", "output=run", "trainer=debug", *INGAN_FAST, "device=cpu")
    write_mask("protect.png", holes(pixels("framed.png").shape[:2], (20, 30, 20, 20)))
    seen, protected = list[Any](), retarget._protected

    def note(*how: Any) -> Any:
        seen.append(protected(*how))
        return seen[-1]

    monkeypatch.setattr(retarget, "_protected", note)
    for task in ("retarget", "evaluate"):
        options = "retarget.protect=protect.png", "retarget.shape=[60,130]", f"output={task}"
        shell.done(task, "checkpoint=run", *options)
    assert seen[0].equal(seen[1])


def test_functions_keep_the_frame_as_commands_do(
    shell: Shell, caplog: pytest.LogCaptureFixture
) -> None:
    shell.done("fill", "framed.png", "mask.box=[8,10,20,20]", "output=out")
    shell.done("super_resolution", "framed.png", "super_resolution.factor=2", "output=large")
    made = internal_gan.fill("framed.png", box=[8, 10, 20, 20])
    assert np.array_equal(np.asarray(made), pixels("out/fill/000.png"))
    large = internal_gan.super_resolve("framed.png", factor=2)
    assert np.array_equal(np.asarray(large), pixels("large/super_resolution/enlarged.png"))
    assert "not used" not in caplog.text
    of_model = internal_gan.Patches("framed.png").fill(box=[8, 10, 20, 20])
    assert np.array_equal(np.asarray(of_model), np.asarray(made))
    previewed = internal_gan.Previews("framed.png")("fill", box=[8, 10, 20, 20])
    assert np.array_equal(np.asarray(previewed), np.asarray(made))
    mask = holes(pixels("framed.png").shape[:2], (8, 10, 20, 20))[0, 0].numpy()
    assert np.array_equal(np.asarray(internal_gan.fill("framed.png", mask)), np.asarray(made))
    assert internal_gan.importance("framed.png").size == made.size
    assert internal_gan.Patches("framed.png").retarget(("100%", "100%")).size == (84, 60)
