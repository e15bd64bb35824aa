"""The scripts under examples/ do what they say, on a tiny model."""

import json
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from torch.testing import assert_close

from internal_gan.images.resize import resize
from tests.tiny import INGAN_FAST, network_of, picture, trained

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def test_nodes_of_comfyui_fill_extend_vary_and_tile_a_batch() -> None:
    nodes = runpy.run_path(str(EXAMPLES / "comfyui_node.py"))["NODE_CLASS_MAPPINGS"]
    # As ComfyUI has them: images (N, H, W, C) and masks (N or 1, H, W), in [0, 1].
    images = (picture().clamp(-1, 1).movedim(1, -1) + 1) / 2
    images = torch.cat([images, images.flip(2)])
    mask = torch.zeros(1, 40, 56)
    mask[:, 20:24, 30:35] = 1
    given: dict[str, dict[str, Any]] = {
        "Fill": {"mask": mask},
        "Extend": {"top": 2, "right": 5, "bottom": 0, "left": 3},
        "Vary": {"count": 1, "start_scale": 1},
        "MakeTileable": {"axes": "x"},
    }
    made = {}
    with torch.inference_mode():
        for name, arguments in given.items():
            node = nodes[f"InternalGan{name}"]
            assert set(node.INPUT_TYPES()["required"]) == {"image", "seed", *arguments}
            made[name] = getattr(node(), node.FUNCTION)(image=images, seed=0, **arguments)
            assert len(made[name]) == len(node.RETURN_TYPES)
    kept = mask[0] == 0
    assert_close(made["Fill"][0][:, kept], images[:, kept])
    assert (made["Fill"][0][:, ~kept] != images[:, ~kept]).any()
    wide, new = made["Extend"]
    assert wide.shape == (2, 42, 64, 3)
    assert_close(wide[new == 0].reshape(images.shape), images)
    assert [made[name][0].shape[0] for name in ("Vary", "MakeTileable")] == [2, 2]
    with pytest.raises(ValueError, match="mask: 40x50"):
        nodes["InternalGanFill"]().draw(images, mask[..., :50], 0)


def exported(run: Path, file: Path) -> Any:
    """An ONNX session of the network of a run."""
    pytest.importorskip("onnxscript")
    command = [sys.executable, str(EXAMPLES / "export_onnx.py"), str(run), str(file)]
    process = subprocess.run(command, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    assert "14x20 17x23 20x28\nAt 20x4" in process.stdout
    return pytest.importorskip("onnxruntime").InferenceSession(file)


@pytest.mark.slow
def test_the_onnx_file_of_a_singan_draws_its_samples(tmp_path: Path) -> None:
    trained(tmp_path / "model", "model.generator.output_std=null")
    session = exported(tmp_path / "model", tmp_path / "network.onnx")
    model = network_of(tmp_path / "model").requires_grad_(False)
    sizes = model.sizes_for((31, 25), 2)
    noises = [model.random_noise(n, sizes[n], 1, torch.Generator()) for n in range(3)]
    ours = model.synthesise(sizes, lambda scale, size: noises[scale]).clamp(-1, 1)
    inputs = {}
    for scale, noise in enumerate(noises):
        margin = model.margins[scale]
        inside = noise[:, : 3 if scale else 1, margin:-margin, margin:-margin]
        inputs[f"noise_{scale}"] = (inside / model.noise_std[scale]).numpy()
    (drawn,) = session.run(["picture"], inputs)
    assert ours.shape == (1, 3, 31, 25)
    assert ours.std() > 0.1
    assert_close(torch.from_numpy(drawn), ours, atol=1e-4, rtol=0)


@pytest.mark.slow
def test_the_onnx_file_of_an_ingan_redraws_the_photo(tmp_path: Path) -> None:
    trained(tmp_path / "model", "model.generator.output_std=null", base=INGAN_FAST)
    session = exported(tmp_path / "model", tmp_path / "network.onnx")
    model = network_of(tmp_path / "model").requires_grad_(False)
    (drawn,) = session.run(["picture"], {"coarse": resize(model.real(0), (28, 20)).numpy()})
    ours = model.repaint(model.image, (40, 28), None, None, 0)
    assert_close(torch.from_numpy(drawn), ours, atol=1e-4, rtol=0)


@pytest.mark.slow
def test_the_tour_runs_from_its_first_cell_to_its_last(tmp_path: Path) -> None:
    notebook = nbformat.read(EXAMPLES / "tour.ipynb", 4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    small = '"trainer": "debug", "model.max_size": 48'
    for cell in notebook.cells:
        cell.source = cell.source.replace('"trainer.time": "40s"', small)
    assert any(small in cell.source for cell in notebook.cells)
    kept = [_pictures(cell) for cell in notebook.cells]
    shutil.copytree(EXAMPLES / "photos", tmp_path / "photos")
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    # The notebook stores a picture, possibly smaller, for each one its cells draw.
    assert [_pictures(cell) for cell in notebook.cells] == kept
    assert sum(kept) == 7
    printed = json.dumps([cell.get("outputs", []) for cell in notebook.cells])
    # Output of a tqdm bar, of progress=True, and of the figures.
    for shown in ("100 %", "scale 3 (4 of 4)", "Done in", "sharpness"):
        assert shown in printed
    assert len(list((tmp_path / "runs").iterdir())) == 3


def _pictures(cell: Any) -> int:
    return sum("image/jpeg" in output.get("data", {}) for output in cell.get("outputs", []))
