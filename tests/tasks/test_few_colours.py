"""A picture of few colours gives results of these alone, stored as it was."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from internal_gan.finishing.origin import EXACT, read_origin
from internal_gan.images.files.image import read_image
from internal_gan.images.masks import write_mask
from tests.commands import ROOT, Shell
from tests.tiny import holes

COLOURS = [(100, 150, 255), (110, 190, 50), (140, 85, 60), (255, 240, 60)]


def pixel_art() -> Image.Image:
    rng, image = np.random.default_rng(3), Image.new("P", (48, 48))
    image.putpalette([level for colour in COLOURS for level in colour])
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 20, 47, 23), fill=1)
    draw.rectangle((0, 24, 47, 47), fill=2)
    for left in rng.integers(0, 44, 9):
        draw.rectangle((left, 12, left + 1, 19), fill=2)
        draw.rectangle((left - 2, 6, left + 3, 11), fill=1)
    draw.rectangle((36, 2, 39, 4), fill=3)
    return image


def see_through() -> Image.Image:
    image = pixel_art()
    image.info["transparency"] = 0
    return image


def screenshot() -> Image.Image:
    return pixel_art().convert("RGB").resize((144, 144), Image.Resampling.NEAREST)


def bilevel() -> Image.Image:
    return pixel_art().convert("L").point(lambda level: 255 * (level > 120)).convert("1")


KINDS: dict[str, Callable[[], Image.Image]] = {
    "palette": pixel_art,
    "transparent": see_through,
    "screenshot": screenshot,
    "two levels": bilevel,
}
# Each task with some of the kinds; what is transparent may be filled.
TASKS = {
    ("sample", "sample.count=2"): ("palette", "two levels"),
    ("sample", "sample.size=[40,60]", "sample.count=1"): ("transparent",),
    ("retarget", "retarget.shape=[40,70]"): ("palette", "transparent"),
    ("fill", "mask.box=[10,14,14,10]"): ("palette", "screenshot", "two levels"),
    ("extend", "extend.margins=[0,12,0,12]"): ("palette", "transparent"),
    ("make_tileable",): ("palette",),
    ("edit", "edit.image=given.png"): ("palette", "screenshot"),
}


def colours(path: str | Path) -> set[tuple[int, ...]]:
    with Image.open(path) as image:
        pixels = np.array(image.convert("RGBA")).reshape(-1, 4)
    pixels[pixels[:, 3] == 0] = 0
    return {tuple(colour.tolist()) for colour in np.unique(pixels, axis=0)}


@pytest.mark.parametrize(
    ("task", "kind"), [(task, kind) for task, kinds in TASKS.items() for kind in kinds], ids=str
)
def test_results_have_its_colours_and_mode(shell: Shell, kind: str, task: tuple[str, ...]) -> None:
    given = KINDS[kind]()
    given.save("given.png")
    shell.done(*task, "given.png", "output=out")
    results = [*Path("out", task[0]).glob("[0-9]*[0-9].png")]
    assert results
    for path in results:
        assert colours(path) <= colours("given.png")
        if task[0] == "sample":  # nothing is blended
            assert (read_origin(path.with_suffix(".origin.png")).kinds == EXACT).all()
        with Image.open(path) as result:
            assert result.mode == given.mode
            if given.mode == "P":
                assert result.getpalette("RGB")[:12] == given.getpalette("RGB")[:12]  # type: ignore[index]


@pytest.mark.parametrize(
    "command",
    [
        ("animate", "animate.seconds=0.5", "animate.fps=4"),
        ("super_resolution", "super_resolution.factor=1.5"),
        ("sample", "finish.detail=network", "sample.count=1"),
        ("retarget", "finish.detail=network", "retarget.shape=[40,70]"),
        ("fill", "finish.detail=network", "mask.box=[10,14,14,10]"),
        ("edit", "finish.detail=network", "edit.image=given.png"),
        ("harmonize", "edit.image=given.png", "mask.file=object.png"),
        ("paint", "finish.detail=network", "paint.image=given.png"),
    ],
    ids=" ".join,
)
def test_what_must_blend_says_so(shell: Shell, command: tuple[str, ...]) -> None:
    pixel_art().save("given.png")
    write_mask("object.png", holes((48, 48), (2, 36, 3, 4)))
    said = shell.done(*command, "given.png", "output=out").out
    assert "The photo has few colours; these results are drawn or blended, and have more" in said
    if command[0] == "animate":
        Image.effect_noise((48, 48), 60).convert("RGB").save("noise.png")
        assert "few colours" not in shell.done(*command, "noise.png", "output=noise").out


PHOTOS = sorted((ROOT / "examples" / "photos").glob("*.jpg"))


@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.stem)
def test_a_photo_has_many_colours(path: Path, tmp_path: Path) -> None:
    assert not read_image(path).has_few_colours
    with Image.open(path) as image:
        image.convert("L").save(tmp_path / "gray.png")
        image.convert("RGB").resize((24, 16)).save(tmp_path / "tiny.png")
        image.convert("L").point(lambda level: max(0, level - 190) * 3).save(tmp_path / "dark.png")
    for name in ("gray", "tiny", "dark"):
        assert not read_image(tmp_path / f"{name}.png").has_few_colours, name


@pytest.mark.parametrize("path", PHOTOS[:3], ids=lambda path: path.stem)
def test_a_photo_with_a_palette_is_a_photo(path: Path, tmp_path: Path) -> None:
    """As pngquant and GIF make them; pixel art with a palette of any length is not."""
    with Image.open(path) as image:
        small = image.convert("RGB").resize((240, 160))
    for count in (64, 256):
        for dither in (Image.Dither.NONE, Image.Dither.FLOYDSTEINBERG):
            made = small.quantize(count)
            small.quantize(palette=made, dither=dither).save(tmp_path / "few.png")
            assert not read_image(tmp_path / "few.png").has_few_colours
    small.save(tmp_path / "photo.gif")
    assert not read_image(tmp_path / "photo.gif").has_few_colours
    art = pixel_art()
    art.putpalette([*(art.getpalette() or [])[:12], *range(252), *range(252), *range(252)][:768])
    art.save(tmp_path / "art.png", transparency=0)
    assert read_image(tmp_path / "art.png").has_few_colours
