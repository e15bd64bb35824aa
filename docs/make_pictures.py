"""Make the images in README and docs/applications that show the bundled photos.

    python docs/make_pictures.py --runs runs/pictures [NAME ...]

Trains the models it needs into --runs, or loads those already there. Every function sets its
seed. Without names it makes all images, which takes about half an hour on two cores.
"""

import argparse
import contextlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

import internal_gan
from internal_gan.cli import main as internal_gan_command
from internal_gan.images.files.image import read_image
from internal_gan.images.files.memory import to_pil

ROOT = Path(__file__).resolve().parents[1]
PHOTOS = ROOT / "examples" / "photos" / "large"
SCENES = ROOT / "examples" / "photos" / "scenes"
IMAGES = ROOT / "docs" / "images"

WIDTH = 1200  # of an image, in pixels
GAP = 8
WHITE = (255, 255, 255)
FPS = 24
SMALL = "finish.resolution=800"
# (top, left, height, width) of a fir tree, a dandelion, six hikers, and a rag in the water.
HOLES = {
    "mountains.jpg": (740, 2190, 730, 470),
    "dandelions.jpg": (980, 1980, 320, 400),
    "dunes.jpg": (830, 455, 120, 245),
    "otters.jpg": (40, 130, 100, 220),
}

Pictures = Sequence[Image.Image]


class Models:
    """The models, each trained when it is first used."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        runs.mkdir(parents=True, exist_ok=True)

    def __call__(self, family: Any, photo: str, mask: Any = None) -> Any:
        """The model of a bundled photo with seed 0, by default of the default preset."""
        folder = self.runs / f"{Path(photo).stem}-{family}{'-mask' if mask else ''}"
        if (folder / "model.safetensors").is_file():
            return internal_gan.load(folder)
        options: dict[str, Any] = {"mask": mask} if mask else {}
        run = internal_gan.fit(PHOTOS / photo, family, seed=0, output=folder, **options)
        return run.model

    def task(self, name: str, family: str, photo: str, *overrides: str) -> Path:
        """The folder of the files that a task writes with the default model of a photo."""
        self(family, photo)
        run, output = self.runs / f"{Path(photo).stem}-{family}", self.runs / name
        shutil.rmtree(output, ignore_errors=True)
        given = [f"task={name.split('-')[0]}", f"checkpoint={run}", f"output={output}", *overrides]
        internal_gan_command(given)
        return output


def path_of(name: str) -> Path:
    """A bundled photo: a scene, or the larger file of the others."""
    return SCENES / name if (SCENES / name).is_file() else PHOTOS / name


def patches_of(name: str) -> Any:
    """A bundled photo as a model."""
    return internal_gan.Patches(path_of(name))


def photo_of(name: str, longest: int) -> Image.Image:
    return shrunk(to_pil(read_image(path_of(name)).pixels), longest)


def shrunk(picture: Image.Image, longest: int) -> Image.Image:
    ratio = longest / max(picture.size)
    size = (round(picture.width * ratio), round(picture.height * ratio))
    return picture.resize(size, Image.Resampling.LANCZOS)


def row(pictures: Pictures, height: int | None = None) -> Image.Image:
    """Images side by side at one height, on white, at most as wide as a page."""
    height = height or min(picture.height for picture in pictures)
    scaled = [
        p.convert("RGB").resize(
            (round(p.width * height / p.height), height), Image.Resampling.LANCZOS
        )
        for p in pictures
    ]
    width = sum(p.width for p in scaled) + GAP * (len(scaled) - 1)
    sheet = Image.new("RGB", (width, height), WHITE)
    left = 0
    for picture in scaled:
        sheet.paste(picture, (left, 0))
        left += picture.width + GAP
    return shrunk(sheet, WIDTH) if width > WIDTH and width >= height else sheet


def column(rows: Pictures) -> Image.Image:
    """Rows below each other, each scaled to the width of the widest."""
    width = max(r.width for r in rows)
    scaled = [
        r.resize((width, round(r.height * width / r.width)), Image.Resampling.LANCZOS) for r in rows
    ]
    sheet = Image.new("RGB", (width, sum(r.height for r in scaled) + GAP * (len(rows) - 1)), WHITE)
    top = 0
    for picture in scaled:
        sheet.paste(picture, (0, top))
        top += picture.height + GAP
    return sheet


def at_100_percent(
    picture: Image.Image, size: tuple[int, int], at: tuple[float, float]
) -> Image.Image:
    """A crop of an image, not resized."""
    left, top = (round((p - s) * a) for p, s, a in zip(picture.size, size, at, strict=True))
    return picture.crop((left, top, left + size[0], top + size[1]))


def full_resolution(models: Models) -> Image.Image:
    (drawn,) = models("singan", "mountains.jpg").sample(seed=3, resolution="photo")
    part = at_100_percent(drawn, (500, 500), (0.1, 0.62))
    return row([shrunk(drawn, 751), part], 500)


def before_after(models: Models) -> Image.Image:
    """Part of a photo of dunes with hikers, and without."""
    photo, hole, _ = holed("dunes.jpg")
    made = internal_gan.fill(path_of("dunes.jpg"), hole)
    return row([p.crop((200, 400, 1200, 1067)) for p in (photo, made)], 400)


def variations(models: Models) -> Image.Image:
    """Two pictures, each with two variations, and one of twice the width."""
    rows = []
    for name, seed in (("forget-me-nots.jpg", 2), ("waves.jpg", 4)):
        made = patches_of(name).sample(2, seed=seed, resolution=1000)
        rows.append(row([photo_of(name, 1000), *made]))
    photo = photo_of("forget-me-nots.jpg", 1000)
    model = patches_of("forget-me-nots.jpg")
    return column([*rows, row(model.sample(1, size=(photo.height, 2 * photo.width), seed=2))])


def extend(models: Models) -> Image.Image:
    """The photo, extended to 21:9, framed where it was."""
    photo = photo_of("tea.jpg", 1200)
    made = internal_gan.extend(photo, shape="21:9")
    left, top = (made.width - photo.width) // 2, (made.height - photo.height) // 2
    frame = (left, top, left + photo.width - 1, top + photo.height - 1)
    ImageDraw.Draw(made).rectangle(frame, outline="white", width=3)
    return row([made])


def samples(models: Models) -> Image.Image:
    drawn = models("singan", "mountains.jpg").sample(6, seed=0, resolution=800)
    return column([row(drawn[:3]), row(drawn[3:])])


def bundled(models: Models) -> Image.Image:
    """Every bundled photo with the first three samples of seed 0."""
    rows = []
    for name in ("mountains.jpg", "dandelions.jpg", "../gravel.jpg", "../peaks.jpg"):
        drawn = models("singan", name).sample(3, seed=0, resolution=800)
        rows.append(row([photo_of(name, 800), *drawn]))
    return column(rows)


def start_scales(models: Models) -> Image.Image:
    model = models("singan", "mountains.jpg")
    rows = [
        model.sample(3, start_scale=scale, seed=0, resolution=600)
        for scale in range(model.network.num_stages)
    ]
    return column([row([photo_of("mountains.jpg", 600), *drawn]) for drawn in rows])


def large(models: Models) -> Image.Image:
    (drawn,) = models("singan", "mountains.jpg").sample(size=(1024, 4096), seed=1)
    return shrunk(drawn, WIDTH)


def tileable(models: Models) -> Image.Image:
    (drawn,) = models("singan", "mountains.jpg").sample(tileable="x", seed=2, resolution=800)
    width, height = drawn.size
    return shrunk(_four(drawn).crop((0, 0, 2 * width, height)), WIDTH)


def make_tileable(models: Models) -> Image.Image:
    photo = photo_of("petals.jpg", 750)
    made = internal_gan.make_tileable(photo)
    return row([_four(photo), _four(made)], 320)


def _four(picture: Image.Image) -> Image.Image:
    """An image two by two times."""
    width, height = picture.size
    sheet = Image.new("RGB", (2 * width, 2 * height))
    for corner in ((0, 0), (width, 0), (0, height), (width, height)):
        sheet.paste(picture, corner)
    return sheet


def paint(models: Models) -> Image.Image:
    model = patches_of("forget-me-nots.jpg")
    drawing = painting()
    return row(
        [drawing, *(model.paint(drawing, start_scale=s, seed=3, resolution=900) for s in (1, 2))]
    )


def painting() -> Image.Image:
    """A heart of twelve blue spots on dark green, 900x600 pixels."""
    image = Image.new("RGB", (900, 600), (18, 30, 14))
    draw = ImageDraw.Draw(image)
    right = [(533, 87), (665, 110), (711, 235), (636, 352), (531, 445)]
    left = [(900 - x, y) for x, y in right]
    for x, y in [(450, 192), *right, (450, 555), *left]:
        draw.ellipse((x - 52, y - 40, x + 52, y + 40), (90, 140, 225))
    return image.filter(ImageFilter.GaussianBlur(2))


def edit(models: Models) -> Image.Image:
    edited, mask = with_copy()
    made = patches_of("wren.jpg").edit(edited, mask, seed=0)
    return row([edited, mask.convert("RGB"), made])


def with_copy() -> tuple[Image.Image, Image.Image]:
    """A photo with the wren copied to the right, and the mask of the copy."""
    photo = photo_of("wren.jpg", 1200)
    edited, mask = photo.copy(), Image.new("L", photo.size, 0)
    left, top = 645, 215
    piece = photo.crop((405, 140, 590, 310))
    edited.paste(piece, (left, top))
    mask.paste(255, (left, top, left + piece.width, top + piece.height))
    return edited, mask


def retarget(models: Models) -> Image.Image:
    """Hikers and a bird, each as 4:5, 9:16 and 21:9."""
    rows = []
    for name in ("dunes.jpg", "wren.jpg"):
        model = patches_of(name)
        made = [model.retarget(shape, resolution=1200) for shape in ("4:5", "9:16", "21:9")]
        rows.append(row([photo_of(name, 1200), *made], 300))
    return column(rows)


def formats(models: Models) -> Image.Image:
    """Bundled photos, each in four formats."""
    rows = []
    for name in ("dunes", "colosseum", "otters", "wren", "waves", "city", "mountains", "stream"):
        model = patches_of(f"{name}.jpg")
        made = [model.retarget(one, resolution=1000) for one in ("21:9", "9:16", "1:1", "4:5")]
        rows.append(row([photo_of(f"{name}.jpg", 1000), *made], 240))
    return column(rows)


def protect(models: Models) -> Image.Image:
    mask = Image.new("L", read_image(PHOTOS / "dandelions.jpg").size[::-1], 0)
    ImageDraw.Draw(mask).rectangle((340, 110, 1230, 1493), 255)
    model = models("ingan", "dandelions.jpg")
    made = model.retarget(("100%", "200%"), protect=mask, resolution=900)
    return shrunk(made, WIDTH)


def holed(name: str) -> tuple[Image.Image, Image.Image, Image.Image]:
    """A photo, the mask of one of HOLES, and the photo with the hole in white."""
    photo, hole = to_pil(read_image(path_of(name)).pixels), hole_in(name)
    seen = photo.copy()
    seen.paste(WHITE, mask=hole)
    return photo, hole, seen


def fill(models: Models) -> Image.Image:
    """The rag in the water."""
    photo, hole, seen = holed("otters.jpg")
    return row([photo, seen, internal_gan.fill(path_of("otters.jpg"), hole)], 300)


def fill_edgeconnect(models: Models) -> Image.Image:
    shown = []
    for name in ("mountains.jpg", "dandelions.jpg"):
        photo, hole, seen = holed(name)
        mask = models.runs / f"{name}.mask.png"
        hole.save(mask)
        try:
            made = models("edgeconnect", name, mask=mask).fill(PHOTOS / name, mask)
        finally:
            mask.unlink()
        shown.append(row([photo, seen, made], 300))
    return column(shown)


def hole_in(name: str) -> Image.Image:
    """The mask of one of HOLES, of the photo's size."""
    top, left, height, width = HOLES[name]
    hole = Image.new("L", read_image(path_of(name)).size[::-1], 0)
    hole.paste(255, (left, top, left + width, top + height))
    return hole


def animate(models: Models) -> list[Image.Image]:
    return list(patches_of("otters.jpg").animate(3.0, fps=FPS, seed=0, resolution=400))


def harmonize(models: Models) -> Image.Image:
    changed, mask = with_dandelion()
    made = patches_of("mountains.jpg").harmonize(changed, mask, seed=0)
    return row([p.convert("RGB").crop((250, 430, 750, 780)) for p in (changed, mask, made)])


def with_dandelion() -> tuple[Image.Image, Image.Image]:
    """The head of a dandelion in the evening, pasted into the meadow, and its mask."""
    photo = photo_of("mountains.jpg", 1200)
    head = photo_of("dandelions.jpg", 1200).crop((155, 30, 555, 430)).resize((200, 200))
    left, top = 420, 520
    mask = Image.new("L", photo.size, 0)
    ImageDraw.Draw(mask).ellipse((left + 8, top + 8, left + 192, top + 186), 255)
    pasted, changed = photo.copy(), photo.copy()
    pasted.paste(head, (left, top))
    changed.paste(pasted, mask=mask)
    return changed, mask


def super_resolution(models: Models) -> Image.Image:
    """A crop of the photo, shrunk to a quarter and enlarged four times."""
    true, small = enlarged_part()
    made = internal_gan.super_resolve(small, factor=4, seed=0)
    bicubic = small.resize(made.size, Image.Resampling.BICUBIC)
    return row([p.crop((50, 20, 450, 420)) for p in (bicubic, made, true.resize(made.size))])


def enlarged_part() -> tuple[Image.Image, Image.Image]:
    """A part of the photo, and the same at a quarter of its size."""
    part = photo_of("colosseum.jpg", 1200).crop((94, 94, 594, 530))
    return part, shrunk(part, part.width // 4)


def layers(models: Models) -> Image.Image:
    """Labels by colour: sky, rock, wood and meadow."""
    photo = to_pil(read_image(PHOTOS / "mountains.jpg").pixels)
    labels = models.runs / "labels.png"
    _labels(photo).save(labels)
    given = (f"layers=[{labels}]", "sample.count=2", "seed=1", SMALL)
    made = models.task("sample-layers", "singan", "mountains.jpg", *given)
    drawn = [Image.open(made / f"sample/00{n}.png") for n in range(2)]
    theirs = [Image.open(made / f"sample/layers/labels/00{n}.png") for n in range(2)]
    size = drawn[0].size
    return column([row([photo.resize(size), *drawn]), row([_labels(photo).resize(size), *theirs])])


def _labels(photo: Image.Image) -> Image.Image:
    soft = photo.filter(ImageFilter.GaussianBlur(photo.width / 300))
    red, green, blue = np.asarray(soft, dtype=np.int32).transpose(2, 0, 1)
    label = np.where(green > np.maximum(red, blue + 25), 3, np.where(red > blue + 25, 2, 1))
    label[(blue >= red) & (red + green + blue > 570)] = 0
    picture = Image.fromarray(label.astype(np.uint8))
    picture.putpalette([135, 180, 230, 130, 130, 140, 200, 130, 50, 80, 150, 60])
    return picture


def origin(models: Models) -> Image.Image:
    """A sample, its origin map, and the map after a part was painted over."""
    given = ("sample.count=1", "seed=3")
    drawn = models.task("sample-origin", "singan", "mountains.jpg", *given) / "sample" / "000.png"
    changed = models.runs / "changed.png"
    with Image.open(drawn) as picture:
        picture.paste((120, 120, 130), (1200, 860, 1300, 920))
        picture.save(changed)
    shutil.copyfile(drawn.with_suffix(".origin.png"), changed.with_suffix(".origin.png"))
    maps = [_map(models, picture) for picture in (drawn, changed)]
    return row([Image.open(drawn), *maps])


def _map(models: Models, picture: Path) -> Image.Image:
    output = models.runs / "verify"
    shutil.rmtree(output, ignore_errors=True)
    photo = f"verify.photo={PHOTOS / 'mountains.jpg'}"
    given = ("task=verify", f"image={picture}", photo)
    with contextlib.suppress(SystemExit):  # code 1: the origin is wrong
        internal_gan_command([*given, f"output={output}"])
    return Image.open(output / "verify" / "map.png").copy()


def drawn_edges(models: Models) -> Image.Image:
    """A hole over the summit, filled without lines, along a saddle and along a peak."""
    photo = to_pil(read_image(PHOTOS / "mountains.jpg").pixels)
    top, left, height, width = 100, 1140, 440, 790
    hole = Image.new("L", photo.size, 0)
    hole.paste(255, (left, top, left + width, top + height))
    model = internal_gan.Patches(PHOTOS / "mountains.jpg")
    part = (left - 500, 0, left + width + 500, 1000)
    shown = [model.fill(mask=hole).crop(part)]
    for middle in (top + 0.8 * height, top + 0.1 * height):
        lines = Image.new("L", photo.size, 0)
        bent = [(left, 420), (left + width / 2, middle), (left + width, 350)]
        ImageDraw.Draw(lines).line(bent, 255, 12)
        shown.append(model.fill(mask=hole, edges=lines).crop(part))
    return row(shown)


PICTURES: dict[str, Callable[[Models], Image.Image | list[Image.Image]]] = {
    "before-after": before_after,
    "full-resolution": full_resolution,
    "variations": variations,
    "samples": samples,
    "bundled": bundled,
    "start-scales": start_scales,
    "large": large,
    "tileable": tileable,
    "fill": fill,
    "extend": extend,
    "make-tileable": make_tileable,
    "paint": paint,
    "edit": edit,
    "retarget": retarget,
    "formats": formats,
    "protect": protect,
    "fill-edgeconnect": fill_edgeconnect,
    "animate": animate,
    "harmonize": harmonize,
    "super-resolution": super_resolution,
    "layers": layers,
    "origin": origin,
    "drawn-edges": drawn_edges,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PICTURES))
    parser.add_argument("--runs", type=Path, default=Path("runs/pictures"))
    parser.add_argument("--output", type=Path, default=IMAGES)
    wanted = parser.parse_args()
    if unknown := [name for name in wanted.names if name not in PICTURES]:
        parser.error(f"{unknown[0]}: allowed: {', '.join(PICTURES)}")
    models = Models(wanted.runs)
    for name in wanted.names or PICTURES:
        picture = PICTURES[name](models)
        if isinstance(picture, list):
            first, *others = picture
            film = {"save_all": True, "append_images": others, "duration": 1000 / FPS, "loop": 0}
            first.save(wanted.output / f"{name}.webp", quality=60, **film)
        else:
            picture.convert("RGB").save(wanted.output / f"{name}.jpg", quality=88, optimize=True)
        print(name, flush=True)


if __name__ == "__main__":
    main()
