"""task=export: one file that gives the model's results without this package."""

import math
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import onnxruntime
import pytest
import torch
from torch import Tensor

from internal_gan.config.record import save_options
from internal_gan.errors import UserError
from internal_gan.images.files.image import read_image, read_mark
from internal_gan.runs.model_file import save_model
from internal_gan.tasks import export
from internal_gan.tasks.export.graphs import RepaintExport, SamplerExport
from tests.commands import Shell
from tests.tiny import (
    INGAN_FAST,
    INGAN_PAPER,
    LEAN,
    PAPER,
    finish_stages,
    network_of,
    picture,
    recipe_of,
    tiny_options,
    trained_edgeconnect,
    untrained,
)

SINGAN = (*LEAN, "model.min_size=17", "model.scale_factor=0.8")
INGAN = (*INGAN_FAST, "model.min_size=17", "model.scale_factor=0.8")


def lively(model: Any) -> Any:
    """An untrained model with weights large enough that every scale changes its input visibly."""
    rng = torch.Generator().manual_seed(0)
    for parameter in model.generators.parameters():
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter, generator=rng)
    if hasattr(model, "noise_std"):
        model.noise_std.uniform_(0.1, 0.5, generator=rng)
    return model.eval()


def kept(path: Path, model: Any, base: Sequence[str]) -> Path:
    """Save a model; return its run folder."""
    path.mkdir()
    options = tiny_options(base=base)
    save_options(options, path / "config.yaml")
    save_model(lively(model), path / "model.safetensors", options.model)
    return path


def repaints(base: Sequence[str], *overrides: str) -> Any:
    """An InGAN whose stages are finished untrained."""
    recipe = recipe_of(*overrides, base=base)
    model = recipe.prepare(picture())
    finish_stages(recipe, model, model.num_stages)
    return model


@pytest.fixture(scope="module")
def sampler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a SinGAN with two scales."""
    return kept(tmp_path_factory.mktemp("sampler") / "model", untrained(base=SINGAN), SINGAN)


@pytest.fixture(scope="module")
def repainter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a fast InGAN with two scales."""
    return kept(tmp_path_factory.mktemp("repainter") / "model", repaints(INGAN), INGAN)


def exported(shell: Shell, run: Path, *options: str) -> Path:
    answer = shell("task=export", f"checkpoint={run}", "output=out", *options)
    assert answer.code == 0, answer.err
    assert "matches the model: at " in answer.out
    return Path("out/export")


def used(folder: Path) -> tuple[int, int]:
    """Run the exported program in a separate folder; return the size of the picture it draws."""
    elsewhere = Path("elsewhere")
    shutil.copytree(folder, elsewhere)
    process = subprocess.run(
        [sys.executable, "use.py"], cwd=elsewhere, capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr
    return read_image(elsewhere / "picture.png").size


def run_onnx(file: Path, inputs: tuple[Tensor, ...]) -> Tensor:
    session = onnxruntime.InferenceSession(str(file))
    names = [given.name for given in session.get_inputs()]
    arrays = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
    return torch.from_numpy(session.run(None, arrays)[0])


def test_onnx_runtime_gives_the_samples_of_singan(shell: Shell, sampler: Path) -> None:
    folder = exported(shell, sampler)
    names = ["000.png", "README.md", "sampler.onnx", "use.py"]
    assert sorted(path.name for path in folder.iterdir()) == names
    made = SamplerExport(network_of(sampler), 0)
    for size in [(20, 28), (50, 31), (11, 90)]:
        inputs = made.inputs(size)
        drawn = run_onnx(folder / "sampler.onnx", inputs)
        assert drawn.shape == (1, 3, *size)
        assert (drawn - made.ours(inputs, size)).abs().max() < 1e-4
    assert used(folder) == (20, 28)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    row = "| `noise_1` | standard normal noise at the size of scale 1, 20x28, 3 channels |"
    assert row in readme
    assert read_mark(folder / "000.png") is not None


def test_onnx_runtime_gives_the_results_of_ingan(shell: Shell, repainter: Path) -> None:
    folder = exported(shell, repainter)
    made = RepaintExport(network_of(repainter))
    for image in (made.model.image, picture(33, 47)):
        for size in [(20, 28), (50, 31), (11, 60)]:
            inputs = image, torch.tensor(size)
            drawn = run_onnx(folder / "repaint.onnx", inputs)
            assert drawn.shape == (1, 3, *size)
            assert (drawn - made.ours(inputs, size)).abs().max() < 1e-4
    assert used(folder) == (20, 56)


@pytest.mark.slow
def test_a_start_scale_takes_an_image(shell: Shell, sampler: Path) -> None:
    folder = exported(shell, sampler, "export.format=torch", "export.start_scale=1")
    assert used(folder) == (20, 28)
    network = torch.export.load(folder / "sampler.pt2").module()
    noise = torch.zeros(1, 3, 30, 40)
    drawn = [network(image, noise) for image in (picture(17, 24), picture(17, 24, seed=1))]
    assert drawn[0].shape == (1, 3, 30, 40)
    assert (drawn[0] - drawn[1]).abs().mean() > 0.05


@pytest.mark.slow
def test_the_papers_ingan_has_one_size(shell: Shell, tmp_path: Path) -> None:
    run = kept(tmp_path / "model", repaints(INGAN_PAPER), INGAN_PAPER)
    folder = exported(shell, run, "export.format=torch", "export.size=[24,40]")
    assert used(folder) == (24, 40)
    assert "24x40" in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "options",
    [
        ["model.noise_padding=random"],
        ["model.handover=levels", "model.generator.padding=reflect"],
        ["model.handover=clipped", "model.generator.padding=circular"],
    ],
)
@torch.no_grad()
def test_variants_of_singan_are_exported_correctly(options: list[str]) -> None:
    for start in (0, 2):
        made = SamplerExport(lively(untrained(*options, base=PAPER)), start)
        for size in ((20, 28), (31, 19)):
            inputs = made.inputs(size)
            ours = made.ours(inputs, size)
            assert ours.std() > 0.01
            assert (made.graph(*inputs) - ours).abs().max() < 1e-4


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("export.start_scale=2", "start_scale is 2; allowed: 0 to 1 (finest)"),
        ("export.size=[40,60]", "export.size=[40,60]: this model's file generates any size"),
        ("export.format=tflite", "export.format=tflite: needs one of onnx, torch"),
        ("sample.count=2", "sample.count"),
    ],
)
def test_unsuitable_export_options_give_a_one_line_error(
    shell: Shell, sampler: Path, option: str, said: str
) -> None:
    answer = shell("task=export", f"checkpoint={sampler}", "output=out", option)
    assert answer.code == 2
    assert len(answer.lines) == 1
    assert said in answer.err
    assert not Path("out").exists()


def test_ingan_has_no_start_scale_and_edgeconnect_no_export(
    shell: Shell, repainter: Path, tmp_path: Path
) -> None:
    answer = shell("task=export", f"checkpoint={repainter}", "export.start_scale=1")
    assert answer.code == 2
    assert "generates nothing from noise; allowed: 0" in answer.err
    trained_edgeconnect(tmp_path / "lines")
    answer = shell("task=export", f"checkpoint={tmp_path / 'lines'}")
    assert answer.code == 2
    assert "task=export does not work with a model of edgeconnect" in answer.err


def rounding() -> Any:
    """The paper's SinGAN, untrained and large enough that float errors change rounded values."""
    recipe = recipe_of("model.max_size=140", base=PAPER)
    model = recipe.prepare(picture(100, 140))
    finish_stages(recipe, model, model.num_stages)
    return lively(model)


@torch.no_grad()
def test_a_rounded_value_may_fall_on_either_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Any = SamplerExport(rounding(), 0)
    monkeypatch.setattr(export, "_loaded", lambda file: lambda inputs: made.graph(*inputs))
    file = tmp_path / "sampler.pt2"
    file.touch()
    found, _ = export._compared(file, made)
    assert found.most > 1e-3, "no value was rounded differently"
    assert found.share < 0.4
    assert file.exists()
    made.graph.noise_std = 0.9 * made.graph.noise_std
    with pytest.raises(UserError, match=r"allowed: at most 0.25, and 50 % of them"):
        export._compared(file, made)
    assert not file.exists()


@pytest.mark.slow
def test_the_papers_singan_is_exported(shell: Shell, tmp_path: Path) -> None:
    run = kept(tmp_path / "model", rounding(), PAPER)
    folder = exported(shell, run, "export.format=torch")
    assert used(folder) == (100, 140)
    assert "rounds pictures to 256 levels" in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("wrong", [math.nan, 2e-4])
def test_an_export_that_differs_from_the_model_is_deleted(
    wrong: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Any = SimpleNamespace(
        rounds=False,
        sizes=[(2, 3), (4, 5)],
        inputs=lambda size: (torch.zeros(1, 3, *size),),
        ours=lambda inputs, size: inputs[0],
    )

    def drawn(inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0] + (wrong if inputs[0].shape[-1] == 5 else 0)

    monkeypatch.setattr(export, "_loaded", lambda file: drawn)
    file = tmp_path / "sampler.pt2"
    file.touch()
    with pytest.raises(
        UserError, match=r"sampler.pt2 is deleted: at 4x5, .* allowed: at most 0.0001$"
    ) as caught:
        export._compared(file, made)
    assert "\n" not in str(caught.value)
    assert not file.exists()


def test_a_missing_package_is_named(
    shell: Shell, sampler: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    answer = shell("task=export", f"checkpoint={sampler}", "output=out")
    assert answer.lines == [
        "error: export.format=onnx needs onnxscript; pip install 'internal-gan[export]', "
        "or choose export.format=torch"
    ]
    assert not Path("out").exists()
