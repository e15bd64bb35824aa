"""task=fill: by the photo's own patches, on a trained model, and at the end of a training."""

import base64
import io
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from PIL.ExifTags import Base

import internal_gan
from internal_gan.config.compose import compose, load_options, save_options
from internal_gan.finishing import seams
from internal_gan.finishing.filling import draw_filling
from internal_gan.finishing.origin import EXACT, read_origin
from internal_gan.images.colours import to_uint8
from internal_gan.images.files.image import read_image, read_mark, write_image
from internal_gan.images.files.marks import xmp
from internal_gan.images.masks import write_mask
from internal_gan.images.photo import Photo
from internal_gan.images.resize import resize
from internal_gan.images.smooth_fill import fill_smoothly
from internal_gan.models.patches.model import Patches
from internal_gan.report.page import read_picture
from internal_gan.runs.source import Source
from internal_gan.tasks.crops import around_holes
from tests import tiny
from tests.commands import ROOT, Shell, pixels
from tests.tasks.conftest import layers
from tests.tiny import EDGECONNECT, holes, network_of, picture, rng, same_weights

SIZE = HEIGHT, WIDTH = 60, 84


def at_once(shell: Shell, *options: str) -> Path:
    shell.done("task=fill", "image=photo.png", "output=out", *options)
    return Path("out/fill")


def holed() -> Any:
    """Write a mask, and return where it is white."""
    write_mask("hole.png", holes(SIZE, (20, 30, 12, 16)))
    return pixels("hole.png") > 0


@pytest.mark.usefixtures("gravel")
def test_a_photo_is_filled_with_its_own_pixels_at_once(shell: Shell) -> None:
    hole = holed()
    folder = at_once(shell, "mask=hole.png", "fill.count=2")
    photo, *made = (pixels(path) for path in ("photo.png", folder / "000.png", folder / "001.png"))
    own = {tuple(pixel) for pixel in photo[~hole]}
    for drawn in made:
        assert np.array_equal(drawn[~hole], photo[~hole])
        assert (drawn[hole] != photo[hole]).any(axis=1).mean() > 0.5
        assert np.mean([tuple(pixel) in own for pixel in drawn[hole]]) > 0.1
    assert (made[0] != made[1]).any()
    assert read_mark(folder / "000.png") == xmp("compositeCapture", "fill", None)
    origin = read_origin(folder / "000.origin.png")
    places = origin.places[hole & (origin.kinds == EXACT)]
    assert not hole[places[:, 0], places[:, 1]].any()
    assert {path.name for path in folder.iterdir()} >= {"before.png", "mask.png"}


@pytest.mark.usefixtures("gravel")
def test_the_photo_is_shown_as_it_was_given(shell: Shell) -> None:
    holed()
    given = Image.open("photo.png").convert("RGB")
    exif = Image.Exif()
    exif[Base.Orientation] = 6  # to be turned to the right
    given.transpose(Image.Transpose.ROTATE_90).save("turned.jpg", exif=exif)
    shell.done("task=fill", "image=turned.jpg", "mask=hole.png", "output=out")
    assert Path("out/fill/before.jpg").read_bytes() == Path("turned.jpg").read_bytes()
    assert pixels("out/fill/000.png").shape == (*SIZE, 3)
    shown: Any = read_picture(Path("out"), "fill/before.jpg")
    assert (shown.height, shown.width) == SIZE
    data = base64.b64decode(str(shown.data).partition(",")[2])
    assert Image.open(io.BytesIO(data)).size == SIZE[::-1]


@pytest.mark.usefixtures("gravel")
@pytest.mark.parametrize("kind", ["tiff", "moving"])
def test_other_photos_are_shown_as_png(kind: str, shell: Shell) -> None:
    given = Image.open("photo.png").convert("RGB").crop((0, 0, 36, 28))
    if kind == "tiff":
        given.save("named.png", format="TIFF")
    else:
        given.save("named.png", save_all=True, append_images=[ImageOps.invert(given)])
    shell.done("task=fill", "image=named.png", "mask.box=[10,12,4,5]", "output=out")
    before = Path("out/fill/before.png")
    assert before.read_bytes() != Path("named.png").read_bytes()
    with Image.open(before) as image:
        assert (image.format, getattr(image, "n_frames", 1)) == ("PNG", 1)
    assert np.array_equal(pixels(before), np.asarray(given))


def test_colours_of_a_smooth_photo_change_across_a_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, columns = np.mgrid[0:1:96j, 0:1:144j]
    sky = (120 + 60 * np.sin(9 * columns) + 20 * rows)[..., None]
    photo = (sky + np.random.default_rng(1).normal(0, 2, (96, 144, 3))).astype(np.uint8)

    def off() -> float:
        made = np.asarray(internal_gan.fill(photo, box=(30, 50, 36, 44)))
        return float(np.abs((made - sky)[30:66, 50:94].mean(axis=(0, 2))).mean())

    reaching = off()
    monkeypatch.setattr(Patches, "hold", seams.HOLD)
    assert reaching < 0.7 * off()


@pytest.mark.parametrize("kind", ["sign", "gradient", "grain", "border", "narrow", "drawn"])
def test_a_hole_in_one_colour_gets_that_colour_and_its_grain(kind: str) -> None:
    """Text on it, and pieces of what is beside it, came in."""
    random = np.random.default_rng(0)
    photo = random.integers(0, 256, (96, 144, 1)).repeat(3, axis=2)
    flat = np.full((96, 144, 3), (220.0, 190, 60))
    if kind == "gradient":
        flat -= np.linspace(0, 50, 144)[:, None]
    if kind == "grain":
        flat += random.normal(0, 4, flat.shape)
    rows, columns = {"border": (70, 96), "narrow": (33, 66)}.get(kind, (20, 76)), (10, 134)
    sign, hole = np.s_[slice(*rows), slice(*columns)], np.zeros((96, 144), np.bool_)
    photo[sign] = flat[sign]
    hole[rows[0] + 6 : rows[1] - 6, 30:114] = True
    photo[hole] = 0
    photo[rows[0] + 10, 14:26] = 0  # a rule, which is not repeated
    detail: Any = "network" if kind == "drawn" else "patches"
    made = np.asarray(internal_gan.fill(photo.astype(np.uint8), hole, detail=detail))[hole]
    assert np.abs(made - flat[hole]).max() < 40
    assert np.abs(made - flat[hole]).mean() < (5 if kind == "grain" else 1.5)
    assert kind != "grain" or (made - flat[hole]).std() > 2


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("shade", [0.0, 0.5, 2.5])
@pytest.mark.parametrize("kind", ["rim of a thing", "line along the border"])
def test_what_is_thin_beside_a_hole_stays_alone(width: int, shade: float, kind: str) -> None:
    """All of the filling took its brightness, as that of a soft edge, which is half as bright."""
    photo = np.random.default_rng(0).integers(60, 100, (90, 120, 3))
    rows, columns = np.indices((90, 120))
    away = np.hypot(rows - 45, columns - 60)
    hole = away < 20
    rim = (away < 20 + width) & ~hole
    if "line" in kind:
        hole, rim = (rows > 20) & (columns > 80) & (columns < 120 - width), columns >= 120 - width
    photo[rim] = photo[rim] * shade
    photo[hole] = 0
    made = np.asarray(internal_gan.fill(photo.astype(np.uint8), hole))
    assert np.array_equal(made[~hole], photo[~hole])
    assert made[hole].mean() == pytest.approx(80, abs=5)


@pytest.mark.parametrize("detail", ["patches", "network"])
def test_a_rim_stays_alone_where_little_lies_beyond_it(
    detail: Literal["patches", "network"],
) -> None:
    photo, hole = np.random.default_rng(0).integers(60, 100, (60, 80, 3)), np.zeros((60, 80), bool)
    hole[5:-5, 5:-5] = True
    photo[4:-4, 4:-4] = 10
    made = np.asarray(internal_gan.fill(photo.astype(np.uint8), hole, detail=detail))
    assert np.array_equal(made[~hole], photo[~hole])
    assert made[hole].mean() == pytest.approx(80, abs=5)


def test_a_thin_hole_and_one_far_away_are_filled_with_patches() -> None:
    photo = read_image(ROOT / "examples" / "photos" / "gravel.jpg").pixels[..., :90, :].contiguous()
    hole = torch.zeros(1, 1, 90, 250)
    hole[..., 20:23, 4:200] = 1
    hole[..., 80:86, 240:246] = 1
    drawn = (draw_filling(Photo(photo), hole, None, rng(seed))[0] for seed in (1, 2))
    made = [Photo(photo).with_drawn(one).colours for one in drawn]
    smooth = fill_smoothly(photo, hole)
    for rows in (slice(0, 60), slice(60, 90)):
        part = torch.zeros_like(hole)
        part[..., rows, :] = hole[..., rows, :]
        where = part.expand(-1, 3, -1, -1) > 0
        assert (made[0][where] - smooth[where]).abs().mean() > 0.05
    assert not torch.equal(made[0], made[1])
    assert torch.equal(made[0] * (1 - hole), photo * (1 - hole))


@pytest.mark.usefixtures("gravel")
def test_a_box_is_a_hole_and_a_mask_says_where_patches_come_from(shell: Shell) -> None:
    write_mask("right.png", holes(SIZE, (0, 40, 60, 44)))
    folder = at_once(shell, "mask.box=[20,50,12,16]", "fill.avoid=right.png")
    assert read_origin(folder / "000.origin.png").places[20:32, 50:66, 1].max() < 40


@pytest.mark.usefixtures("gravel")
@pytest.mark.parametrize("named", [False, True], ids=["in-part", "where-a-mask-is"])
def test_transparent_parts_are_the_hole_unless_one_is_named(shell: Shell, named: bool) -> None:
    photo = np.dstack([pixels("photo.png"), np.full((HEIGHT, WIDTH), 255, np.uint8)])
    photo[:20, :20] = 0
    Image.fromarray(photo).save("photo.png")
    inside = holed() if named else photo[..., 3] == 0
    made = pixels(at_once(shell, *(["mask=hole.png"] if named else [])) / "000.png")
    assert np.array_equal(made[~inside], photo[~inside])
    assert (made[inside][:, 3] == 255).all()
    assert made[inside][:, :3].std() > 10
    again = internal_gan.fill("photo.png", "hole.png" if named else None)
    assert np.array_equal(made, np.asarray(again))


@pytest.mark.usefixtures("gravel")
def test_a_photo_that_is_more_hole_than_picture_is_said(
    shell: Shell, caplog: pytest.LogCaptureFixture
) -> None:
    photo = np.dstack([pixels("photo.png"), np.full((HEIGHT, WIDTH), 255, np.uint8)])
    photo[:, :60] = 0
    Image.fromarray(photo).save("photo.png")
    at_once(shell)
    assert "image: 71 % of it is the hole, filled from the rest" in caplog.text


@pytest.mark.usefixtures("gravel")
@pytest.mark.parametrize("detail", ["patches", "network"])
def test_a_filled_hole_is_opaque_and_its_soft_rim_stays(shell: Shell, detail: str) -> None:
    photo = np.dstack([pixels("photo.png"), np.full((HEIGHT, WIDTH), 255, np.uint8)])
    photo[17:43, 27:53, 3] = 100
    photo[20:40, 30:50, 3] = 0
    Image.fromarray(photo).save("photo.png")
    write_mask("hole.png", holes(SIZE, (20, 30, 20, 20)))
    asked = ("mask=hole.png", f"finish.detail={detail}")
    alpha = pixels(at_once(shell, *asked) / "000.png")[..., 3]
    assert (alpha[20:40, 30:50] == 255).all()
    assert alpha[19, 40] == 100


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a tiny model trained around a hole in a photo that no longer exists."""
    path = tmp_path_factory.mktemp("trained") / "model"
    tiny.trained_edgeconnect(path, pixels=picture(*SIZE), hole=holes(SIZE, (20, 30, 12, 14)))
    options = load_options(path / "config.yaml")
    options.image = "photo.png"
    options.mask.box = [20, 30, 12, 14]
    save_options(options, path / "config.yaml")
    return path


@pytest.fixture
def checkpoint(run: Path, shell: Shell) -> str:
    """The checkpoint option, with the photo and a mask in the working folder."""
    write_image("photo.png", picture(*SIZE))
    write_mask("hole.png", holes(SIZE, (10, 50, 15, 20)))
    return f"checkpoint={run}"


def test_the_hole_of_a_mask_is_filled_and_nothing_else(shell: Shell, checkpoint: str) -> None:
    shell.done("task=fill", checkpoint, "mask=hole.png", "output=out")
    folder, names = Path("out/fill"), ["000.png", "before.png", "edges.png", "hole.png", "mask.png"]
    assert sorted(p.name for p in folder.iterdir()) == names
    changed = (pixels(folder / "000.png") != pixels("photo.png")).any(axis=2)
    inside = pixels("hole.png") > 0
    assert not changed[~inside].any()
    assert changed[inside].mean() > 0.5
    assert np.array_equal(pixels(folder / "mask.png") > 0, inside)
    mark = xmp("compositeWithTrainedAlgorithmicMedia", "fill", "edgeconnect")
    assert read_mark(folder / "000.png") == mark
    assert read_mark(folder / "before.png") is None
    assert "edges.png" in Path("out/index.html").read_text(encoding="utf-8")


def test_what_the_network_drew_is_saved_beside_the_filling(shell: Shell, checkpoint: str) -> None:
    for detail in ("patches", "network"):
        how = (f"finish.detail={detail}", f"output={detail}")
        shell.done("task=fill", checkpoint, "mask=hole.png", *how)
    drawn = read_image("patches/fill/drawn/000.png")
    files = ("network/fill/000.png", "photo.png")
    alone, photo = (resize(read_image(file).pixels, drawn.size) for file in files)
    assert max(drawn.size) == 28
    assert (drawn.pixels - alone).abs().mean() < 0.2 * (drawn.pixels - photo).abs().mean()
    assert not Path("network/fill/drawn").exists()


def test_a_mask_is_dilated(shell: Shell, checkpoint: str) -> None:
    shell("task=fill", checkpoint, "mask=hole.png", "mask.dilate=4", "output=dilated")
    mask, made, photo = map(pixels, ("dilated/fill/mask.png", "dilated/fill/000.png", "photo.png"))
    assert (mask > 0).sum() > (pixels("hole.png") > 0).sum() + 200
    assert np.array_equal(made[mask == 0], photo[mask == 0])


def test_the_users_edges_change_what_fills_the_hole(shell: Shell, checkpoint: str) -> None:
    drawing = torch.zeros(1, 1, HEIGHT, WIDTH)
    drawing[..., 17, :] = 1
    write_mask("drawn.png", drawing)
    shell("task=fill", checkpoint, "mask=hole.png", "output=own")
    shell.done("task=fill", checkpoint, "mask=hole.png", "edges=drawn.png", "output=drawn")
    assert (pixels("drawn/fill/edges.png")[10:25, 50:70][7] == 255).all()
    assert not np.array_equal(pixels("own/fill/000.png"), pixels("drawn/fill/000.png"))


def test_pixels_in_a_hole_do_not_matter_beside_transparency(shell: Shell, checkpoint: str) -> None:
    """For a model and for a training, where a transparent strip overlaps the hole."""
    hole, made, learnt = pixels("hole.png") > 0, list[Any](), list[Any]()
    for value in (0, 200):
        array = np.dstack([layers("RGB"), np.full(SIZE, 255, np.uint8)])
        array[hole, :3] = value
        array[:, 65:78] = (1, 2, 3, 0)
        Image.fromarray(array).save("cut.png")
        shell.done("task=fill", checkpoint, "image=cut.png", "mask=hole.png", f"output={value}")
        made.append(pixels(f"{value}/fill/000.png"))
        photo, _ = training_crop("image=cut.png", "mask.file=hole.png")
        learnt.append(photo.pixels[..., ~torch.from_numpy(hole)])
    assert np.array_equal(*made)
    assert torch.equal(*learnt)
    # Outside the hole, all values are the file's, even hidden ones; inside, all is opaque.
    assert np.array_equal(made[1][~hole], array[~hole])
    assert (made[1][hole][:, 3] == 255).all()


def test_folders_of_photos_and_masks_are_as_many_runs(shell: Shell, checkpoint: str) -> None:
    for folder in ("photos", "holes"):
        Path(folder).mkdir()
    for seed, name in enumerate(("one", "two")):
        photo = to_uint8(picture(40 + 8 * seed, 50, seed))[0].permute(1, 2, 0).numpy()
        Image.fromarray(photo).save(f"photos/{name}.jpg", quality=95)
        write_mask(f"holes/{name}.png", holes((40 + 8 * seed, 50), (5, 5, 10, 12)))
    many = ("-m", "task=fill", checkpoint, "image=photos/", "mask=holes/")
    shell.done(*many, "finish.detail=patches", "layers=photos/", "output=out")
    assert pixels("out/two/fill/000.png").shape == (48, 50, 3)
    for name in ("one", "two"):  # each photo's layer is the photo itself
        layer = pixels(f"out/{name}/fill/layers/photos/000.png")
        outside = pixels(f"holes/{name}.png") == 0
        assert np.array_equal(layer[outside], pixels(f"photos/{name}.jpg")[outside])
    Path("holes/two.png").unlink()
    answer = shell(*many, "output=again")
    assert answer.code == 2
    assert "mask=holes/: no image named after photos/two.jpg" in answer.err
    assert [path.name for path in Path("again").glob("*/fill/000.png")] == ["000.png"]


TINY_TRAINING = (*EDGECONNECT, "precision=fp32", "device=cpu")


def training_crop(*options: str, size: int | None = None) -> tuple[Photo, list[str]]:
    """What a training with these options would learn, and say of it."""
    source = Source(compose([*TINY_TRAINING, *options]))
    return around_holes(source, source.photo(), size)


def train(shell: Shell, *arguments: str, output: str = "trained") -> Any:
    return shell.done(*TINY_TRAINING, f"output={output}", *arguments)


def spoil(shell: Shell, where: Any, *arguments: str) -> None:
    """Train on the photo and on one with noise somewhere, which must give the same weights."""
    spoilt = pixels("photo.png").copy()
    spoilt[where] = np.random.default_rng(0).integers(0, 256, spoilt[where].shape)
    Image.fromarray(spoilt).save("spoilt.png")
    for name in ("photo", "spoilt"):
        train(shell, f"image={name}.png", *arguments, output=name)
    assert same_weights(network_of("photo"), network_of("spoilt"))


def test_a_training_ends_with_a_hole_filled_whatever_it_hid(shell: Shell, checkpoint: str) -> None:
    inside = pixels("hole.png") > 0
    spoil(shell, inside, "mask=hole.png")
    for name in ("fill/000.png", "photo.png", "scales/00.png", "scales/03.png"):
        assert np.array_equal(pixels(f"photo/{name}"), pixels(f"spoilt/{name}")), name
    changed = (pixels("photo/fill/000.png") != pixels("photo.png")).any(axis=2)
    assert not changed[~inside].any()
    assert changed.any()
    assert load_options(Path("photo/config.yaml")).mask.file == str(Path("hole.png").absolute())
    shell.done("task=fill", "checkpoint=photo", "output=again")
    assert np.array_equal(pixels("photo/fill/000.png"), pixels("again/fill/000.png"))
    # Without its mask or a copy of it, as a published model is, the training image is filled.
    for name in ("hole.png", "photo/inputs.json"):
        Path(name).unlink()
    shell.done("task=fill", "checkpoint=photo", "output=published")
    assert pixels("published/fill/000.png").shape == (28, 28, 3)


@pytest.mark.slow
def test_what_is_to_be_avoided_is_not_learnt(shell: Shell, checkpoint: str) -> None:
    write_mask("avoid.png", 1 - holes(SIZE, (0, 0, 60, 48)))
    right = np.s_[:, 49:]
    spoil(shell, right, "mask.box=[20,10,10,10]", "fill.avoid=avoid.png", "model.max_size=84")


@pytest.mark.slow
def test_nothing_comes_from_what_was_avoided_in_training(shell: Shell, checkpoint: str) -> None:
    write_mask("avoid.png", 1 - holes(SIZE, (0, 0, 60, 40)))
    train(shell, "image=photo.png", "fill.avoid=avoid.png", "model.max_size=84", output="limited")
    hole = ("mask.box=[20,50,16,16]",)
    for name, wish in (
        ("all", (checkpoint, *hole)),
        ("part", (checkpoint, *hole, "fill.avoid=avoid.png")),
        ("kept", ("checkpoint=limited", *hole)),
        ("named", ("checkpoint=limited", *hole, "fill.avoid=avoid.png")),
        ("other", ("checkpoint=limited", *hole, "image=photo.png")),
    ):
        shell.done("task=fill", *wish, f"output={name}")
    found = {name: pixels(f"{name}/fill/000.png") for name in ("all", "part", "kept", "named")}
    assert not np.array_equal(found["all"], found["part"])
    # What was avoided in the training is, too, but only in its own photo.
    assert np.array_equal(found["kept"], found["named"])
    assert not np.array_equal(found["kept"], pixels("other/fill/000.png"))


def test_a_training_without_a_mask_shows_a_random_hole(shell: Shell, checkpoint: str) -> None:
    assert "No mask=FILE" in train(shell, "image=photo.png").out
    assert (pixels("trained/fill/mask.png") > 0).mean() == pytest.approx(0.3, abs=0.02)


def test_a_large_photo_is_trained_on_around_its_hole(shell: Shell, checkpoint: str) -> None:
    answer = train(shell, "image=photo.png", "mask.box=[30,40,8,10]")
    assert "Trains on a window around the hole" in answer.out
    model = network_of("trained")
    assert model.image.shape[-2:] == (28, 28)
    assert model.scale == 1.0
    write_mask("two.png", holes(SIZE, (4, 6, 6, 8), (44, 60, 10, 12)))
    _, said = training_crop("image=photo.png", "mask.file=two.png", size=28)
    assert "Trains on a window around the largest hole, rows 32 to 60" in said[-1]
