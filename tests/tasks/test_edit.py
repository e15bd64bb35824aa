"""task=edit, task=harmonize and task=paint on a trained model."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import internal_gan
from internal_gan.images.colours import to_uint8
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.files.profiles import adobe_rgb, in_profile
from internal_gan.images.masks import write_mask
from internal_gan.images.photo import Drawn, Margins, Photo
from internal_gan.models import redrawing
from internal_gan.tasks.edit import NOTICED, _narrowed
from tests.commands import TINY_RUN, Shell, pixels
from tests.tasks.conftest import layers, numbers
from tests.tiny import Run, holes, picture, write_png

SMALL = ("mask.dilate=2",)


@pytest.fixture
def checkpoint(model: str) -> str:
    """The checkpoint option, with a photo and a mask of 60 x 84 pixels in the working folder."""
    write_image("edited.png", picture(60, 84))
    write_mask("mask.png", holes((60, 84), (20, 30, 12, 15)))
    return f"checkpoint={model}"


def used(name: str, mask: str = "mask.png") -> Sequence[str]:
    return (f"task={name}", "edit.image=edited.png", f"mask={mask}")


@pytest.mark.parametrize("task", ["edit", "harmonize", "paint"])
def test_given_pictures_are_brought_into_the_photos_colours(shell: Shell, task: str) -> None:
    photo = Photo(to_uint8(picture(60, 84)), icc_profile=adobe_rgb())
    write_image("photo.png", photo.colours, like=photo)
    inside = in_profile(replace(photo, icc_profile=None, path=Path("x")), adobe_rgb())
    write_image("srgb.png", photo.colours)
    write_image("adobe.png", inside.colours, like=inside)
    write_mask("mask.png", holes((60, 84), (20, 30, 12, 15)))
    for name in ("srgb", "adobe"):
        given = f"{'paint' if task == 'paint' else 'edit'}.image={name}.png"
        options = () if task == "paint" else ("mask=mask.png",)
        out = shell.done(task, "photo.png", given, *options, f"output={name}").out
        assert ("brought into the photo's colour profile" in out) == (name == "srgb")
    made = [Path(name, task, "000.png") for name in ("srgb", "adobe")]
    assert np.array_equal(pixels(made[0]), pixels(made[1]))
    assert all(read_image(path).icc_profile == adobe_rgb() for path in made)


def test_results_are_random(shell: Shell, checkpoint: str) -> None:
    shell.done(*used("harmonize"), checkpoint, "edit.count=2", *SMALL, "output=out")
    made = sorted(Path("out/harmonize").iterdir())
    assert [p.name for p in made] == ["000.png", "001.png", "before.png", "mask.png"]
    assert made[0].read_bytes() != made[1].read_bytes()


def test_what_is_shown_as_given_is_the_users_file(shell: Shell, checkpoint: str) -> None:
    Image.open("edited.png").save("edited.jpg")
    shell.done("task=edit", "edit.image=edited.jpg", "mask=mask.png", checkpoint, "output=out")
    assert Path("out/edit/before.jpg").read_bytes() == Path("edited.jpg").read_bytes()


def test_a_model_is_trained_first_if_one_is_named(shell: Shell, checkpoint: str) -> None:
    """While the same command without one edits at once."""
    for name, training in (("trained", ("model=singan", *TINY_RUN)), ("photo", ())):
        shell.done(*used("edit"), "image=edited.png", f"output={name}", *SMALL, *training)
        assert Path(name, "edit/000.png").is_file()
        assert Path(name, "model.safetensors").is_file() == (name == "trained")
    shell.done(*used("edit"), "checkpoint=trained", "output=again", *SMALL)
    made = [Path(name, "edit/000.png").read_bytes() for name in ("trained", "again", "photo")]
    assert made[0] == made[1] != made[2]


def test_a_harmonised_object_keeps_its_detail_and_outline(shell: Shell, checkpoint: str) -> None:
    pasted = np.array(Image.open("edited.png"))
    stripes = np.indices((12, 15)).sum(axis=0) % 2 * 80
    pasted[20:32, 30:45] = (100 + stripes)[..., None]
    Image.fromarray(pasted).save("edited.png")
    shell.done(*used("harmonize"), checkpoint, "finish.detail=patches", "output=out")
    made, inside = pixels("out/harmonize/000.png").astype(int), pixels("mask.png") > 0
    assert np.array_equal(made[~inside], pasted[~inside])
    detail = np.diff(made[20:32, 30:45].mean(axis=2), axis=1)
    assert np.corrcoef(detail.ravel(), np.diff(stripes.astype(float), axis=1).ravel())[0, 1] > 0.9


@pytest.mark.parametrize(
    ("task", "kind"),
    [*(("edit", kind) for kind in ("RGB", "RGBA", "L16", "RGBA16", "P")), ("harmonize", "RGB16")],
)
def test_outside_all_is_the_photos(shell: Shell, checkpoint: str, task: str, kind: str) -> None:
    if kind == "P":
        Image.fromarray(layers("RGB")).quantize(40).save("edited.png")
    else:
        write_png("edited.png", layers(kind))
    shell.done(*used(task), checkpoint, "output=out", *SMALL)
    depth = 16 if kind.endswith("16") else 8
    original, result = read_image("edited.png"), read_image(f"out/{task}/000.png")
    assert result.bit_depth == original.bit_depth == depth
    assert result.is_gray == original.is_gray
    assert (result.alpha is None) == (original.alpha is None)
    a, b = numbers("edited.png"), numbers(f"out/{task}/000.png")
    mask = numbers(f"out/{task}/mask.png")[0]
    outside = mask == 0
    assert 0.5 < outside.mean() < 0.95
    assert np.array_equal(a[:, outside], b[:, outside])
    inside = mask == 255
    assert (a[:3, inside] != b[:3, inside]).mean() > 0.5


def test_without_a_mask_everything_is_edited(shell: Shell, checkpoint: str) -> None:
    shell.done("task=edit", "edit.image=edited.png", checkpoint, "output=out")
    assert not Path("out/edit/mask.png").exists()
    a, b = map(numbers, ("edited.png", "out/edit/000.png"))
    assert (a != b).mean() > 0.8


def test_an_inverted_mask_warns(
    shell: Shell, checkpoint: str, caplog: pytest.LogCaptureFixture
) -> None:
    write_mask("mask.png", holes((60, 84), (20, 0, 40, 84)))
    shell.done(*used("edit"), checkpoint, *SMALL)
    assert "covers 67 % of the image" in caplog.text
    assert "if you meant the rest, invert it" in caplog.text
    caplog.clear()
    shell.done("task=fill", "image=edited.png", "mask=mask.png")
    assert caplog.text.count("of the image") == 1


def test_what_nobody_changed_is_not_edited(shell: Shell, checkpoint: str, tiny_run: Run) -> None:
    write_image("photo.png", tiny_run.model.image)
    photo = read_image("photo.png").pixels
    changed = photo.clone()
    changed[..., 4:9, 8:15] = torch.tensor([1.0, -1.0, 1.0]).view(3, 1, 1)
    write_image("changed.png", changed)
    write_mask("wide.png", holes((20, 28), (0, 0, 20, 27)))
    options = ("edit.image=changed.png", "mask=wide.png", "finish.detail=patches")
    answer = shell.done("task=edit", checkpoint, *options, "mask.dilate=1", "output=narrow")
    assert "The photo has nothing like" in answer.out
    made = read_image("narrow/edit/000.png").pixels
    assert made[..., 12:, :].equal(photo[..., 12:, :])
    assert not made[..., 4:9, 8:15].equal(changed[..., 4:9, 8:15])


def test_no_haze_is_rebuilt(shell: Shell, checkpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    redrawn, bring_back = list[torch.Tensor](), redrawing.bring_back

    def noted(photo: Photo, change: redrawing.Change, mask: torch.Tensor) -> list[Drawn]:
        redrawn.append(mask[0, 0])
        return bring_back(photo, change, mask)

    monkeypatch.setattr(redrawing, "bring_back", noted)
    shell.done(*used("edit"), checkpoint, "finish.detail=patches", "mask.dilate=3", "output=out")
    changed, grown = pixels("mask.png") > 127, pixels("out/edit/mask.png") > 127
    weights = redrawn[0].numpy()
    assert (weights[grown & ~changed] == 0).all()
    assert (weights[changed] > 0.5).all()
    assert grown.sum() > changed.sum()


@pytest.mark.parametrize("shade", [0.1, 2.4])
@pytest.mark.parametrize("kind", ["line", "rim"])
def test_a_line_and_a_rim_beside_a_change_stay_alone(kind: str, shade: float) -> None:
    """One along the border, which stays; and one that a mask has left, which is redrawn."""
    photo = np.random.default_rng(0).integers(60, 100, (90, 120, 3))
    away = np.hypot(*(np.indices((90, 120)) - np.array([45, 60])[:, None, None]))
    mask, thin = away < 20, (away >= 20) & (away < 22)
    if kind == "line":
        mask, thin = np.zeros((2, 90, 120), np.bool_)
        mask[30:70, 80:117] = thin[:, 117:] = True
    photo[thin] = photo[thin] * shade
    changed = photo.copy()
    changed[mask] = np.roll(photo, 45, 1)[mask]
    given, edited = photo.astype(np.uint8), changed.astype(np.uint8)
    made = np.asarray(internal_gan.edit(given, edited, mask)).astype(float)
    assert made[mask].mean() == pytest.approx(80, abs=3)
    if kind == "line":
        assert np.array_equal(made[thin], photo[thin])
        assert made[30:70, 110:117].mean() == pytest.approx(80, abs=4)
    else:
        assert made[thin].mean() == pytest.approx(80, abs=6)


def test_a_frame_that_was_not_learnt_moves_no_change() -> None:
    frame, mask = Margins(2, 5, 3, 4), holes((30, 40), (0, 3, 25, 30))
    before = Photo(picture(30, 40))
    photo = replace(before, colours=before.copied())
    photo.pixels[..., 8:12, 20:26] *= -1
    narrow = _narrowed(mask, photo, before.without(frame))
    assert narrow.equal(mask * ((photo.pixels - before.pixels).abs().amax(1)[None] > NOTICED))
    assert narrow.any()
    for same in (mask, mask * 0):  # nothing is narrower
        assert _narrowed(same, before, before.without(frame)) is same


@pytest.fixture
def painting(checkpoint: str, photo: str) -> tuple[str, ...]:
    """The command that paints a picture of 70 x 50 pixels, by a model of a photo of 40 x 56."""
    art = np.zeros((70, 50, 3), np.uint8)
    art[:40] = (40, 90, 200)
    art[40:, 10:30] = (220, 160, 60)
    Image.fromarray(art).save("art.png")
    return ("task=paint", checkpoint, "paint.image=art.png", "output=out")


@pytest.mark.parametrize(
    ("options", "times"),
    [
        (("finish.detail=patches", "paint.start_scale=1"), 2),  # the photo's resolution
        (("finish.detail=patches", "finish.resolution=model"), 1),
        (("finish.detail=network", "finish.resolution=photo"), 1),
    ],
)
def test_a_painting_becomes_a_photo_with_its_aspect_ratio(
    shell: Shell, painting: tuple[str, ...], options: tuple[str, ...], times: int
) -> None:
    shell.done(*painting, *options)
    height, width = read_image("out/paint/before.png").size  # as the network gets it
    assert height * width == pytest.approx(20 * 28, rel=0.05)
    assert height / width == pytest.approx(1.4, rel=0.05)
    assert read_image("out/paint/000.png").size == (times * height, times * width)
    assert Path("out/paint/drawn").is_dir() == ("finish.detail=patches" in options)


def test_paintings_of_a_gray_models_are_gray(shell: Shell, painting: tuple[str, ...]) -> None:
    gray = to_uint8(picture(20, 28))[0].float().mean(0).byte().numpy()
    Image.fromarray(gray).save("model/photo.png")
    shell.done(*painting, "paint.count=2")
    assert read_image("out/paint/001.png").is_gray
