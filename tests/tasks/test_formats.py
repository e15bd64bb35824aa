"""task=retarget without a model: the photo in other formats, by plans."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import internal_gan
from internal_gan.errors import UserError
from internal_gan.images.colours import to_uint8
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.masks import write_mask
from internal_gan.images.photo import Photo
from tests.commands import Shell
from tests.tiny import holes, picture


@pytest.fixture
def scene(shell: Shell) -> Photo:
    """photo.png: ground that hardly continues, a red thing at the left, a blue one at the right."""
    rng = torch.Generator().manual_seed(0)
    blocks = torch.tensor([-0.4, 0.2, -0.5])[:, None, None] + 0.4 * torch.randn(
        1, 1, 10, 20, generator=rng
    )
    colours = blocks.repeat_interleave(8, 2).repeat_interleave(8, 3)
    colours = colours + 0.05 * torch.randn(1, 3, 80, 160, generator=rng)
    colours[..., 30:50, 12:40] = torch.tensor([0.9, -0.8, -0.8])[:, None, None]
    colours[..., 34:46, 134:146] = torch.tensor([-0.7, -0.5, 0.9])[:, None, None]
    write_image("photo.png", colours.clamp(-1, 1))
    return read_image("photo.png")


def made(name: str) -> Photo:
    return read_image(f"out/retarget/{name}.png")


def has_red(colours: torch.Tensor) -> int:
    red, green, _ = to_uint8(colours)[0].int()
    return int(((red > 200) & (green < 80)).sum())


def test_a_ratio_crops_the_photo_to_what_matters_bit_for_bit(shell: Shell, scene: Photo) -> None:
    answer = shell.done("retarget", "photo.png", "retarget.shape=1:1", "output=out")
    picture = made("80x80")
    start = next(
        k for k in range(81) if torch.equal(picture.colours, scene.colours[..., k : k + 80])
    )
    assert has_red(picture.pixels) == has_red(scene.pixels)
    left, right = round(start / 1.6), round((80 - start) / 1.6)
    said = [f"cropped {left} % on the left"] * bool(left) + [f"cropped {right} % on the right"]
    assert f"80x80: {', '.join(said)}" in answer.out
    assert said[-1] in Path("out/index.html").read_text()
    answer = shell.done("verify", "out/retarget/80x80.png", "verify.photo=photo.png")
    assert "100 % of the pixels are exact copies" in answer.out


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ("[40,40]", (40, 40)),
        ("[200,100]", (200, 100)),
        ("[40,null]", (40, 80)),
        ("[50%,100%]", (40, 160)),
    ],
)
def test_sizes_are_exact_and_what_matters_is_there(
    shell: Shell, scene: Photo, shape: str, size: tuple[int, int]
) -> None:
    shell.done("retarget", "photo.png", f"retarget.shape={shape}", "output=out")
    picture = made(f"{size[0]}x{size[1]}")
    assert picture.size == size
    share = has_red(picture.pixels) / np.prod(size)
    assert share > 0.9 * has_red(scene.pixels) / np.prod(scene.size)


def test_without_a_size_there_are_three_formats(shell: Shell, scene: Photo) -> None:
    shell.done("retarget", "photo.png", "output=out")
    names = sorted(
        path.stem for path in Path("out/retarget").glob("*x*.png") if "origin" not in path.name
    )
    ratios = sorted(round(int(w) / int(h), 1) for h, w in (name.split("x") for name in names))
    assert ratios == [0.6, 1.0, 2.3]


def test_seeds_are_other_plans_and_then_other_canvas() -> None:
    photo = internal_gan.Patches(Image.fromarray(_sky()))
    plans = photo.plans("1:2")
    assert len(plans) > 1
    results = [np.asarray(photo.retarget("1:2", seed=seed)) for seed in range(2 * len(plans))]
    for number, plan in enumerate(plans):
        first, again = results[number], results[number + len(plans)]
        assert first.shape == again.shape
        assert np.array_equal(first, again) == (plan.before + plan.after == 0)
        assert not any(np.array_equal(first, other) for other in results[:number])
    assert any(plan.before for plan in plans)
    assert np.array_equal(results[0], np.asarray(internal_gan.retarget(photo.photo, "1:2")))


def _sky() -> np.ndarray:
    """A smooth sky above grainy ground with two things on it."""
    rng = np.random.default_rng(0)
    photo = np.empty((90, 150, 3))
    photo[:50] = np.array([120, 160, 220]) + np.linspace(0, 20, 50)[:, None, None]
    photo[50:] = np.array([70, 110, 50]) + rng.normal(0, 12, (40, 150, 1))
    photo[45:70, 20:40] = photo[45:70, 110:130] = 220, 40, 30
    return (photo + rng.normal(0, 1, photo.shape)).clip(0, 255).astype(np.uint8)


def test_what_is_given_as_important_is_kept(shell: Shell, scene: Photo) -> None:
    write_mask("important.png", holes((80, 160), (30, 130, 20, 20)))
    options = "retarget.shape=1:1", "retarget.importance=important.png"
    shell.done("retarget", "photo.png", *options, "output=out")
    assert has_red(made("80x80").pixels) == 0
    # What is found can be changed, and given back.
    found = internal_gan.importance("photo.png")
    assert (found.size, found.mode) == ((160, 80), "L")
    assert np.asarray(found)[30:50, 12:40].mean() > 2 * np.asarray(found)[:, 60:120].mean()
    assert internal_gan.retarget("photo.png", "1:1", importance=found) == internal_gan.retarget(
        "photo.png", "1:1"
    )


def test_what_is_protected_is_whole_in_any_format(scene: Photo) -> None:
    protect = np.zeros((80, 160), np.uint8)
    protect[20:60, 100:158] = 255
    own = np.asarray(Image.open("photo.png"))[:, 100:158]
    for shape in ("1:1", (80, 90), "4:5"):
        result = np.asarray(internal_gan.retarget("photo.png", shape, protect=protect))
        assert any(
            np.array_equal(result[-80:, k : k + 58], own) for k in range(result.shape[1] - 57)
        ), shape


def test_protected_parts_make_room_for_themselves(scene: Photo) -> None:
    protect = np.zeros((80, 160), np.uint8)
    protect[20:60, 4:156] = 255
    result = internal_gan.retarget("photo.png", "1:1", protect=protect)
    assert min(result.size) >= 152


def test_more_than_the_photo_has_is_redrawn(scene: Photo) -> None:
    photo = internal_gan.Patches("photo.png")
    assert photo.plans(("100%", "200%")) == []
    assert photo.retarget(("100%", "200%")).size == (320, 80)
    assert photo.plans((80, 320))
    grains = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).repeat(4, 0).repeat(4, 1)
    texture = internal_gan.Patches(grains.astype(np.uint8))
    assert texture.plans((100, 120)) == []
    assert texture.plans((60, 80))


def test_masks_are_of_the_photos_size_at_any_resolution(shell: Shell, scene: Photo) -> None:
    write_mask("keep.png", holes((80, 160), (20, 100, 40, 58)))
    options = "retarget.shape=1:1", "retarget.protect=keep.png", "finish.resolution=80"
    shell.done("retarget", "photo.png", *options, "output=out")
    assert made("40x40").size == (40, 40)


def test_a_result_a_little_smaller_than_the_photo_is_verified(shell: Shell, scene: Photo) -> None:
    shell.done("retarget", "photo.png", "retarget.shape=[78,70]", "output=out")
    answer = shell.done("verify", "out/retarget/78x70.png", "verify.photo=photo.png")
    assert "The origin holds" in answer.out


def test_two_results_of_one_size_are_both_kept(shell: Shell, scene: Photo) -> None:
    shell.done("retarget", "photo.png", "retarget.shape=[1:1,[80,80]]", "output=out")
    assert {"80x80.png", "80x80-2.png"} <= {path.name for path in Path("out/retarget").iterdir()}


def test_plans_are_those_of_what_is_planned(scene: Photo) -> None:
    photo = internal_gan.Patches("photo.png")
    assert photo.plans(None) == photo.plans("1:1")
    assert photo.plans("1:1", detail="network") == []


def test_importance_is_for_photos_that_are_not_redrawn(scene: Photo) -> None:
    found = internal_gan.importance("photo.png")
    outline = Image.new("L", (60, 60), 255)
    outline.putpixel((0, 0), 0)
    for how in (
        {"outline": outline},
        {"size": ("100%", "200%")},
        {"size": (9, 9), "detail": "network"},
    ):
        with pytest.raises(UserError, match=r"retarget\.importance: .*redrawn"):
            internal_gan.retarget("photo.png", importance=found, **how)


@pytest.mark.parametrize("shape", ["21:9", "4:5"])
def test_a_frame_is_left_out_of_every_format(scene: Photo, shape: str) -> None:
    framed = Image.new("RGB", (200, 120), "white")
    framed.paste(Image.open("photo.png"), (20, 20))
    assert internal_gan.retarget(framed, shape) == internal_gan.retarget("photo.png", shape)


def test_a_preview_shows_the_plan_of_the_result() -> None:
    large = to_uint8(picture(700, 1100))[0].permute(1, 2, 0).numpy()
    photo, previews = internal_gan.Patches(large), internal_gan.Previews(large)
    for shape in ("1:1", [300, 800]):
        for seed in range(2):
            result = photo.retarget("1:1" if shape == "1:1" else (300, 800), seed=seed)
            small = previews("retarget", shape=shape, seed=seed)
            assert small.size[0] / small.size[1] == pytest.approx(
                result.size[0] / result.size[1], rel=0.02
            )
            apart = np.asarray(result.resize(small.size)).astype(float) - np.asarray(small)
            assert np.abs(apart).mean() < 8
