"""task=extend: more canvas around a photo, made of the photo's own patches."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from internal_gan.finishing.origin import BLENDED, EXACT, read_origin
from internal_gan.images.masks import write_mask
from tests.commands import Shell, pixels
from tests.patches.pictures import blobs
from tests.tiny import holes, labels

pytestmark = pytest.mark.usefixtures("gravel")


def extended(shell: Shell, *options: str, photo: str = "photo.png") -> Path:
    shell.done("task=extend", f"image={photo}", "output=out", *options)
    return Path("out/extend/000.png")


def mark(left: int, right: int) -> None:
    """Write the photo with a red mark between these columns, ``marked.png``."""
    marked = pixels("photo.png").copy()
    marked[25:35, left:right] = (255, 0, 0)
    Image.fromarray(marked).save("marked.png")


def test_the_photo_is_kept_and_the_margins_are_its_own_pixels(shell: Shell) -> None:
    path = extended(shell, "extend.margins=[6,25%,0,7]", "extend.count=2")
    photo, made = pixels("photo.png"), pixels(path)
    assert made.shape == (66, 112, 3)
    assert np.array_equal(made[6:, 7:-21], photo)
    origin = read_origin(path.with_suffix(".origin.png"))
    assert (origin.kinds[6:, 7:-21] == EXACT).all()
    assert np.isin(origin.kinds, (EXACT, BLENDED)).all()
    assert (made != pixels(path.with_name("001.png"))).any()
    assert made[:, -21:].reshape(-1, 3).astype(float).std() > 0.5 * photo.std()
    shell.done("task=verify", f"image={path}", "verify.photo=photo.png", "output=check")


def test_nothing_from_the_middle_is_repeated(shell: Shell) -> None:
    mark(36, 48)
    made = pixels(extended(shell, "extend.margins=[0,20,0,20]", photo="marked.png"))
    red = (made[..., 0] > 200) & (made[..., 1] < 60)
    assert red[:, 20:-20].sum() == 120
    assert not red[:, :20].any()
    assert not red[:, -20:].any()


def test_nothing_is_taken_from_where_a_mask_forbids_it(shell: Shell) -> None:
    mark(66, 76)
    avoid = holes((60, 84), (23, 64, 14, 14))
    write_mask("avoid.png", avoid)
    options = "extend.margins=[0,24,0,0]", "extend.avoid=avoid.png"
    path = extended(shell, *options, photo="marked.png")
    made = pixels(path)
    assert not ((made[:, 84:, 0] > 200) & (made[:, 84:, 1] < 60)).any()
    places = read_origin(path.with_suffix(".origin.png")).places[:, 84:]
    assert not avoid[0, 0].numpy()[places[..., 0], places[..., 1]].any()


def test_a_horizon_goes_on(shell: Shell) -> None:
    noise = np.random.default_rng(0).normal(0, 4, (64, 96, 3))
    sea = np.where(np.arange(64)[:, None, None] < 24, 200, 60) + noise
    Image.fromarray(sea.clip(0, 255).astype(np.uint8)).save("sea.png")
    made = pixels(extended(shell, "extend.margins=[0,30,0,30]", photo="sea.png"))
    assert (np.abs((made.mean(axis=2) > 130).sum(axis=0) - 24) <= 2).all()


@pytest.mark.parametrize(
    ("options", "size", "corner"),
    [
        (["extend.shape=16:9"], (60, 107), (0, 12)),
        (["extend.shape=[64,84]", "extend.anchor=bottom"], (64, 84), (4, 0)),
        (["extend.shape=[70,90]", "extend.anchor=top_left"], (70, 90), (0, 0)),
    ],
)
def test_a_shape(
    shell: Shell, options: list[str], size: tuple[int, int], corner: tuple[int, int]
) -> None:
    made = pixels(extended(shell, *options))
    assert made.shape[:2] == size
    top, left = corner
    assert np.array_equal(made[top : top + 60, left : left + 84], pixels("photo.png"))


def test_sixteen_bits_and_layers_go_along(shell: Shell) -> None:
    gray = np.asarray(Image.open("photo.png").convert("L")).astype(np.uint16) * 257 + 3
    Image.fromarray(gray).save("deep.png")
    columns = np.repeat(np.arange(84)[None], 60, 0)
    labels(columns).save("labels.png")
    path = extended(shell, "extend.margins=[0,0,12,0]", "layers=labels.png", photo="deep.png")
    made, along = pixels(path), pixels("out/extend/layers/labels/000.png")
    assert made.dtype == np.uint16
    assert np.array_equal(made[:60], gray)
    assert np.array_equal(along[:60], columns)
    assert np.array_equal(along, read_origin(path.with_suffix(".origin.png")).places[..., 1])


def test_a_mark_beside_the_border_is_not_repeated(shell: Shell) -> None:
    mark(58, 68)
    made = pixels(extended(shell, "extend.margins=[0,24,0,0]", photo="marked.png"))
    assert not ((made[:, 84:, 0] > 200) & (made[:, 84:, 1] < 60)).any()


def test_the_origin_and_the_layers_of_a_sky_hold(shell: Shell) -> None:
    noise = np.random.default_rng(0).normal(0, 2, (64, 96, 3))
    rows = np.arange(64)[:, None, None]
    sky = np.where(rows < 30, 150 + rows, 60) + noise
    Image.fromarray(sky.clip(0, 255).astype(np.uint8)).save("sky.png")
    labels(np.where(rows[..., 0] < 30, 1, 2).repeat(96, 1)).save("labels.png")
    options = "extend.margins=[40,0,0,0]", "layers=labels.png"
    path = extended(shell, *options, photo="sky.png")
    assert (pixels("out/extend/layers/labels/000.png")[:40] == 1).all()
    assert np.abs(np.diff(pixels(path)[:42].mean(axis=(1, 2)))).max() < 2
    shell.done("task=verify", f"image={path}", "verify.photo=sky.png", "output=check")


def test_a_photo_that_is_hard_to_continue_says_what_does_better(shell: Shell) -> None:
    busy = np.random.default_rng(0).integers(0, 2, (6, 9, 3)).repeat(10, 0).repeat(10, 1) * 255
    Image.fromarray(busy.astype(np.uint8)).save("busy.png")
    said = shell.done("task=extend", "image=busy.png", "output=a", "extend.shape=9:16").out
    better = "internal-gan retarget busy.png retarget.shape=9:16"
    assert f"not continue easily above and below; for another format try: {better}" in " ".join(
        said.split()
    )
    for photo, options in (("busy.png", "[6,0,0,0]"), ("photo.png", "[40,0,40,0]")):
        said = shell.done(
            "task=extend", f"image={photo}", f"output=of-{photo[:-4]}", f"extend.margins={options}"
        ).out
        assert "easily" not in said


@pytest.mark.parametrize("across", [False, True])
def test_borders_that_meet_do_so_where_a_tile_is_extended(across: bool, shell: Shell) -> None:
    """Left and right of a panorama, or of a tile, in what is new above it; or its top and bottom in
    what is new beside it. The origin holds there, too."""
    tile = blobs(32, 48)
    tile = tile.swapaxes(0, 1) if across else tile
    Image.fromarray(tile).save("tile.png")
    margins, named = ("[0,9,0,0]", "top and bottom") if across else ("[9,0,0,0]", "left and right")
    answer = shell.done("extend", "tile.png", f"extend.margins={margins}", "output=out")
    assert f"has no seam at {named}; nor has the result\n" in answer.out
    made = pixels("out/extend/000.png").astype(int)
    new = made[:, 32:].swapaxes(0, 1)[::-1] if across else made[:9]
    assert np.array_equal(made[:, :32] if across else made[9:], tile)
    over, inside = np.abs(new[:, 0] - new[:, -1]).mean(), np.abs(np.diff(new, axis=1)).mean()
    assert over < 1.5 * inside
    shell.done("verify", "out/extend/000.png", "verify.photo=tile.png", "output=check")
    answer = shell.done("extend", "tile.png", "extend.margins=[9,9,0,0]", "output=corner")
    assert "no seam" not in answer.out
