"""Results consist of the photo's pixels, also inside a mask: origins, layers, 16 bits and alpha."""

import shutil
from pathlib import Path
from unittest.mock import DEFAULT, Mock

import numpy as np
import pytest
from PIL import Image

import internal_gan
from internal_gan.finishing.layers import read_layer
from internal_gan.finishing.origin import BLENDED, EXACT, OTHER, Origin, read_origin
from internal_gan.finishing.part import finish_inside
from internal_gan.finishing.seams import seam_figure
from internal_gan.images.files.image import read_image
from internal_gan.images.masks import write_mask
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.records import read_results
from tests.commands import Shell
from tests.tasks.conftest import FINISHED, copy_of, layers, numbers
from tests.tiny import Run, holes, picture, trained_edgeconnect, write_png

SIZE = (60, 84)
# Where the edited photo differs from the photo, and where the mask is white.
PASTED, MASK = (slice(20, 32), slice(30, 45)), (slice(16, 36), slice(26, 49))
OPTIONS = {
    "edit": ("edit.image=edited.png", "mask=mask.png", "mask.dilate=1"),
    "harmonize": ("edit.image=edited.png", "mask=mask.png"),
    "make_tileable": ("make_tileable.axes=x",),
    "fill": ("mask=mask.png",),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, tiny_run: Run) -> Path:
    """The run folders ``singan`` and ``edgeconnect``, trained on ``photo.png``."""
    folder = tmp_path_factory.mktemp("trained")
    copy_of(tiny_run, folder / "singan", "photo.png")
    trained_edgeconnect(folder / "edgeconnect", "image=photo.png", pixels=picture(*SIZE))
    return folder


def write(deep: bool = False) -> None:
    """Write ``photo.png``, ``edited.png`` with one part rotated, and ``mask.png`` around it."""
    own = layers("RGBA16" if deep else "RGB")
    edited = own.copy()
    edited[PASTED] = edited[PASTED][::-1, ::-1]
    for name, array in (("photo", own), ("edited", edited)):
        write_png(f"{name}.png", array)
    write_mask("mask.png", holes(SIZE, (16, 26, 20, 23)))


def asked(runs: Path, task: str, *more: str) -> list[str]:
    """The options of a task."""
    family = "edgeconnect" if task == "fill" else "singan"
    where = [f"checkpoint={runs / family}", "finish.detail=patches"]
    if task == "make_tileable":
        where = ["image=photo.png"]
    return [f"task={task}", *where, "output=out", *OPTIONS[task], *more]


def of(task: str) -> Origin:
    return read_origin(f"out/{task}/000.origin.png")


@pytest.mark.parametrize("task", OPTIONS)
def test_the_origin_is_verified_and_layers_follow_it(shell: Shell, runs: Path, task: str) -> None:
    write()
    depth = np.random.default_rng(0).normal(25000, 4500, SIZE).astype(np.uint16)
    labels = np.random.default_rng(1).integers(1, 7, SIZE).astype(np.uint8)
    Image.fromarray(depth).save("depth.png")
    Image.fromarray(labels).save("labels.png")
    shell.done(*asked(runs, task, "layers=[labels.png,depth.png]"))
    result = f"out/{task}/000.png"
    found = internal_gan.verify(result, "photo.png")
    assert found.holds
    assert found.change[0] < 50  # where seams are hidden; the drawings differ by more
    origin, own = found.origin, np.moveaxis(np.indices(SIZE), 0, -1)
    made, source = (np.asarray(Image.open(file)) for file in (result, "photo.png"))
    same = (made == source[origin.places[..., 0], origin.places[..., 1]]).all(axis=2)
    known = origin.kinds != OTHER
    assert (same[known] == (origin.kinds[known] == EXACT)).all()
    if task == "harmonize":
        inside = np.zeros(SIZE, np.bool_)
        inside[MASK] = True
        assert (known == ~inside).all()
    elif task == "edit":
        assert known[PASTED].all()
    else:
        assert known.all()
    kept = (made == source).all(axis=2) & (origin.places == own).all(axis=2) & known
    assert 0.5 < kept.mean() < 1
    assert task == "harmonize" or (origin.places != own).any(axis=2)[known].mean() > 0.02

    far = np.zeros(SIZE, np.bool_)
    far[:10, 35:50] = True
    for file, values in (("labels/000.png", labels), ("depth/000.png", depth)):
        there = values[origin.places[..., 0], origin.places[..., 1]]
        along = read_layer(f"out/{task}/layers/{file}").values
        same = along == np.where(known, there, 0)
        assert same.all() == (file == "labels/000.png" or task == "harmonize")
        assert same[far].all()
    # Seams of depth are hidden; there is none if the object stays as it is drawn.
    after, before = (
        seam_figure(one[..., None], origin.places, values[..., None]) for one in (along, there)
    )
    assert after < 0.9 * before or task == "harmonize"


@pytest.mark.parametrize("task", ["edit", "make_tileable", "fill"])
def test_sixteen_bits_and_transparency_are_kept(shell: Shell, runs: Path, task: str) -> None:
    write(deep=True)
    shell.done(*asked(runs, task))
    origin, made, source = of(task), numbers(f"out/{task}/000.png"), numbers("photo.png")
    assert read_image(f"out/{task}/000.png").bit_depth == 16
    there = source[:, origin.places[..., 0], origin.places[..., 1]]
    exact = origin.kinds == EXACT
    assert (made[:, exact] == there[:, exact]).all()
    moved = (origin.places != np.moveaxis(np.indices(SIZE), 0, -1)).any(axis=2)
    moved &= origin.kinds != OTHER
    assert moved.any()
    assert (made[3, moved] == there[3, moved]).all()


def test_colours_of_fully_transparent_pixels_do_not_matter(shell: Shell, runs: Path) -> None:
    write(deep=True)
    own = layers("RGBA16")
    own[:, -20:, 3] = 0
    own[:, -10:, :3] = 7
    write_png("photo.png", own)
    shell.done(*asked(runs, "fill"))
    assert (of("fill").kinds[:, -20:] == EXACT).all()


def test_with_another_photo_only_pixels_inside_have_origins(shell: Shell, runs: Path) -> None:
    write()
    Image.fromarray(255 - np.asarray(Image.open("edited.png"))).resize((42, 30)).save("edited.png")
    Image.open("mask.png").resize((42, 30)).save("mask.png")
    shell.done(*asked(runs, "edit"))
    origin = of("edit")
    assert origin.photo_size == (30, 42)
    assert (origin.kinds[:5] == OTHER).all()
    assert (origin.kinds[11:15, 17:21] != OTHER).all()
    assert internal_gan.verify("out/edit/000.png", "photo.png").holds


def test_enlarged_pixels_do_not_count_as_exact(shell: Shell, runs: Path) -> None:
    write()
    for name in ("edited.png", "mask.png"):
        Image.open(name).resize((168, 120)).save(name)
    shell.done(*asked(runs, "edit"))
    origin = of("edit")
    assert origin.photo_size == SIZE
    assert (origin.kinds[44:60, 64:86] == BLENDED).mean() > 0.9
    assert internal_gan.verify("out/edit/000.png", "photo.png").holds


def test_results_outlive_ctrl_c(shell: Shell, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write()
    interrupted = Mock(wraps=finish_inside, side_effect=[DEFAULT, KeyboardInterrupt])
    monkeypatch.setattr("internal_gan.finishing.part_finisher.finish_inside", interrupted)
    answer = shell(*asked(runs, "edit", "edit.count=2"))
    assert answer.code != 0
    assert "Traceback" not in answer.err
    assert internal_gan.verify("out/edit/000.png", "photo.png").holds
    assert not Path("out/edit/001.png").exists()
    assert RunFolder(Path("out")).status()["state"] == "stopped"


def test_edges_guide_finishing(shell: Shell, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write()
    watched = Mock(wraps=finish_inside)
    monkeypatch.setattr("internal_gan.finishing.part_finisher.finish_inside", watched)
    write_mask("lines.png", holes(SIZE, (26, 20, 1, 40)))
    shell.done(*asked(runs, "fill", "fill.edges=lines.png"))
    watched.assert_called_once()
    guide = watched.call_args.kwargs["guide"]
    assert guide.shape == SIZE
    assert (guide[26, MASK[1]] > 0).all()
    assert (guide[MASK] == 0).any()


def sample(shell: Shell, *options: str) -> None:
    shell.done("task=sample", "checkpoint=run", "output=out", *options)


def test_every_result_comes_with_every_layer(run: Path, shell: Shell) -> None:
    rng = np.random.default_rng(0)
    depth = rng.normal(25000, 4500, (120, 168)).astype(np.uint16)
    mask = rng.integers(0, 7, (120, 168)).astype(np.uint8)
    Image.fromarray(depth).save("depth.tif")
    Image.fromarray(mask).save("mask.png")
    sample(shell, "layers=[mask.png,depth.tif]", "sample.count=2")
    for number in ("000", "001"):
        places = read_origin(f"out/sample/{number}.origin.png").places
        # Few values are labels.
        found = read_layer(f"out/sample/layers/mask/{number}.png").values
        assert (found == mask[places[..., 0], places[..., 1]]).all()
        there = read_layer(f"out/sample/layers/depth/{number}.png").values
        copied = depth[places[..., 0], places[..., 1]]
        assert abs(there - copied.astype(float)).mean() < depth.std() / 2
    results = read_results(Path("out"))
    assert {r.kind for r in results if "layers" in r.file} == {"aside"}
    assert len([r for r in results if r.kind == "result"]) == 2


def test_a_training_keeps_its_layers(shell: Shell, photo: str) -> None:
    mask = np.random.default_rng(1).integers(0, 7, (40, 56)).astype(np.uint8)
    Image.fromarray(mask).save("mask.png")
    shell.done("model=singan", f"image={photo}", "layers=mask.png", "output=run", *FINISHED)
    assert Path("run/sample/layers/mask/000.png").is_file()
    sample(shell, "sample.count=1", "finish.resolution=30")
    found = read_layer("out/sample/layers/mask/000.png").values
    assert set(np.unique(found)) <= set(np.unique(mask))
    own = read_layer("mask.png")
    Path("mask.png").unlink()
    shutil.move("run", "moved")
    shell.done("task=sample", "checkpoint=moved", "output=again", "sample.count=1")
    places = read_origin("again/sample/000.origin.png").places
    there = read_layer("again/sample/layers/mask/000.png").values
    assert (there == mask[places[..., 0], places[..., 1]]).all()
    # A changed photo may have another size.
    Image.fromarray(np.zeros((24, 32, 3), np.uint8)).save("small.png")
    Image.fromarray(np.eye(24, 32, dtype=np.uint8) * 255).save("where.png")
    edited = ("task=edit", "edit.image=small.png", "mask=where.png", "output=edited")
    shell.done("checkpoint=moved", *edited)
    origin = read_origin("edited/edit/000.origin.png")
    there = read_layer("edited/edit/layers/mask/000.png").values
    assert (there == own.shrunk_to(origin.photo_size).along(origin).values).all()


def test_a_layer_that_is_the_photo_is_the_result(shell: Shell, large: str) -> None:
    """The strictest test of seams: they are hidden as those of the colours were."""
    shutil.copy(large, "same.png")
    asked = ("image=photo.png", "layers=same.png")
    for task, more in (("sample", "sample.count=1"), ("make_tileable", "seed=0")):
        shell.done(f"task={task}", *asked, more, f"output={task}")
        made = read_layer(f"{task}/{task}/000.png").values
        layer = read_layer(f"{task}/{task}/layers/same/000.png").values
        assert (made != read_layer(large).values).any()
        assert (made == layer).all()
