"""task=paint on a trained model."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from internal_gan.config.record import save_options
from internal_gan.errors import UserError
from internal_gan.files import read_json_lines
from internal_gan.images.files.image import read_image, to_uint8
from internal_gan.tasks.paint import quantized
from tests.commands import Shell
from tests.tiny import network_of, picture, recipe_of, same_weights, trained


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a trained model of three scales, (20, 28) pixels at the finest."""
    run = trained(tmp_path_factory.mktemp("trained") / "model", "finish.detail=network")
    run.options.image = "photo.png"
    save_options(run.options, run.folder.config_path)
    return run.folder.path


@pytest.fixture
def checkpoint(run: Path, shell: Shell) -> str:
    """The checkpoint option, with a painting of 70 x 50 pixels in the working folder."""
    painting = np.zeros((70, 50, 3), np.uint8)
    painting[:40] = (40, 90, 200)
    painting[40:, 10:30] = (220, 160, 60)
    Image.fromarray(painting).save("art.png")
    return f"checkpoint={run}"


def test_a_painting_becomes_a_photo_with_its_aspect_ratio(shell: Shell, checkpoint: str) -> None:
    answer = shell("task=paint", checkpoint, "paint.image=art.png", "paint.count=2")
    assert answer.code == 0, answer.err
    (folder,) = Path("runs/photo-singan").iterdir()
    assert sorted(p.name for p in (folder / "paint").iterdir()) == [
        *("000.png", "001.png", "before.png", "start-scale-1.png", "start-scale-2.png"),
    ]
    size = read_image(folder / "paint" / "000.png").size
    assert size[0] * size[1] == pytest.approx(20 * 28, rel=0.05)
    assert size[0] / size[1] == pytest.approx(1.4, rel=0.05)
    assert "(auto) of 1 to 2" in answer.out


def test_the_strip_shows_each_start_scale(shell: Shell, checkpoint: str) -> None:
    for scale in (1, 2):
        wanted = f"paint.start_scale={scale}"
        answer = shell("task=paint", checkpoint, "paint.image=art.png", wanted, f"output={scale}")
        assert answer.code == 0, answer.err
        result = Path(f"{scale}/paint/000.png").read_bytes()
        assert result == Path(f"{scale}/paint/start-scale-{scale}.png").read_bytes()
        other = Path(f"{scale}/paint/start-scale-{3 - scale}.png").read_bytes()
        assert result != other


def test_quantize_retrains_the_start_scale_with_progress(
    shell: Shell, run: Path, checkpoint: str
) -> None:
    model_file = (run / "model.safetensors").read_bytes()
    wanted = ("paint.image=art.png", "paint.quantize=true", "paint.colours=3")
    answer = shell("task=paint", checkpoint, *wanted, "paint.start_scale=1", "output=out")
    assert answer.code == 0, answer.err
    assert "scale 1, 17 x 23, done in" in answer.err
    assert (run / "model.safetensors").read_bytes() == model_file
    rows = read_json_lines(Path("out/metrics.jsonl"))
    assert rows[0]["event"] == "plan"
    assert "step" in rows[-1]
    colours = [
        {tuple(c) for c in read_image(f"out/paint/{name}.png").pixels[0].flatten(1).T.tolist()}
        for name in ("photo-in-these-colours", "painting-in-these-colours")
    ]
    assert len(colours[0]) == 3
    assert colours[1] <= colours[0]
    plain = Path("out/paint/start-scale-1.png").read_bytes()
    assert Path("out/paint/000.png").read_bytes() != plain


def test_a_quantized_model_is_a_copy_that_differs_at_one_scale(run: Path) -> None:
    model = network_of(run)
    before = network_of(run)
    recipe = recipe_of()
    other, stage = quantized(recipe, model, 2, 4, seed=1)
    assert same_weights(model, before)
    assert [
        same_weights(*pair) for pair in zip(model.generators, other.generators, strict=True)
    ] == [*(True, True, False)]
    assert torch.equal(model.noise_std[:2], other.noise_std[:2])
    assert model.noise_std[2] != other.noise_std[2]
    assert stage.palette.shape == (4, 3)
    assert not any(p.requires_grad for p in other.parameters())
    again, _ = quantized(recipe, model, 2, 4, seed=1)
    assert same_weights(other, again)
    assert other.inject(picture(), 2, palette=stage.palette).shape == (1, 3, 20, 28)


def test_a_scale_learns_to_undo_the_quantization(run: Path) -> None:
    """Longer training brings the reconstruction from few colours closer to the photo."""
    errors = []
    for steps in (1, 120):
        recipe = recipe_of(f"model.steps={steps}", "model.reconstruction_weight=100")
        copy, stage = quantized(recipe, network_of(run), 1, 3)
        noise = copy.fixed_noise(1, stage.size)
        with torch.no_grad():
            rebuilt = copy.generators[1](noise, stage.reconstruction_base)
        errors.append(float((rebuilt - copy.real(1)).square().mean()))
    assert errors[1] < 0.8 * errors[0]


def test_a_start_scale_that_the_model_lacks_is_refused(run: Path) -> None:
    with pytest.raises(UserError, match=r"allowed: 1 to 2 \(finest\)"):
        quantized(recipe_of(), network_of(run), 3)


@pytest.mark.parametrize(
    ("arguments", "pieces"),
    [
        ([], ["paint.image=FILE is missing"]),
        (["paint.image=at.png"], ["paint.image=at.png", "did you mean art.png"]),
        (
            ["paint.image=art.png", "paint.start_scale=7"],
            ["start_scale=7", "1 to 2, or auto"],
        ),
        (["paint.image=art.png", "paint.colours=1"], ["paint.colours=1", "2 to 256"]),
        (
            ["paint.image=art.png", "paint.quantize=maybe"],
            ["quantize=maybe", "true or false"],
        ),
        (["paint.image=art.png", "mask.invert=true"], ["mask.invert", "task=paint"]),
    ],
    ids=" ".join,
)
def test_a_mistake_is_one_line_and_leaves_no_folder(
    shell: Shell, checkpoint: str, arguments: list[str], pieces: list[str]
) -> None:
    answer = shell("task=paint", checkpoint, *arguments)
    assert answer.code == 2
    assert len(answer.lines) == 1
    assert [piece for piece in pieces if piece not in answer.lines[0]] == []
    assert [p.name for p in Path.cwd().iterdir()] == ["art.png"]


def test_a_gray_models_results_are_gray(shell: Shell, run: Path, checkpoint: str) -> None:
    gray = to_uint8(picture(20, 28))[0].float().mean(0).byte().numpy()
    kept = (run / "photo.png").read_bytes() if (run / "photo.png").exists() else None
    Image.fromarray(gray).save(run / "photo.png")
    try:
        answer = shell("task=paint", checkpoint, "paint.image=art.png", "output=out")
        assert answer.code == 0, answer.err
        assert read_image("out/paint/000.png").is_gray
    finally:
        (run / "photo.png").unlink()
        if kept is not None:
            (run / "photo.png").write_bytes(kept)


def test_a_result_has_the_paintings_aspect_ratio_and_the_photos_resolution(
    shell: Shell, checkpoint: str, photo: str
) -> None:
    finish = ("finish.detail=patches", "output=out")
    answer = shell("task=paint", checkpoint, "paint.image=art.png", "paint.start_scale=1", *finish)
    assert answer.code == 0, answer.err
    drawn, done = (read_image(f"out/paint/{name}000.png").size for name in ("drawn/", ""))
    # The model was trained at 20 x 28 on a photo of 40 x 56 pixels.
    assert done == (2 * drawn[0], 2 * drawn[1])


@pytest.mark.parametrize("given", ["finish.resolution=model", "finish.detail=network"])
def test_finishing_a_painting_follows_detail_and_resolution(
    shell: Shell, checkpoint: str, photo: str, given: str
) -> None:
    detail = "finish.detail=patches" if "resolution" in given else "finish.resolution=photo"
    answer = shell("task=paint", checkpoint, "paint.image=art.png", given, detail, "output=out")
    assert answer.code == 0, answer.err
    size = read_image("out/paint/000.png").size
    assert size == read_image("out/paint/before.png").size
    assert Path("out/paint/drawn").is_dir() == ("resolution" in given)
