"""Run folders of earlier versions can be used, resumed and repeated.

Training again with the current code gives the same weights and pictures. Tolerances are needed
because processors differ in the last digits and Adam turns even the smallest gradient into a whole
step, most of all with batch norms. A different order of random numbers exceeds the tolerances: it
moves the weights of SinGAN as published by 0.11 of their norm, and the others' by 0.008 to 1.5.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import internal_gan
from tests.commands import ROOT, Shell
from tests.runs.make import COMMON, RUNS

RUNS_OF_0_1_0 = ROOT / "tests" / "runs" / "0.1.0"
# Settings that 0.1.0 implied by the name of the model or experiment.
AS_IT_WAS = {
    "edgeconnect": ("model.lines_first=false", "model.weights.edge_entropy=0"),
    "ingan": (
        "model/adversarial_loss=wgan_gp_light",
        "model.discriminator.depth=5",
        "model.widths.every=3",
        "model.cycle_weight=0",
        "model.cycle_interval=1",
    ),
    "singan_paper": ("model.scale_count=fewest",),
    "ingan_unet": (
        "model.adversarial_weight=1.8",
        "model.noise=0.00392157",
        "model.noise_on=[real,input,drawing]",
        "model.same_scales=false",
        "model.generator.downscale=stride",
        "model.generator.statistics=running",
        "model.generator.output_gain=null",
        "model.discriminator.coarse_weight=2",
        "model.discriminator.schedule=linear",
    ),
}
# The picture in each run, and the command that makes it again.
SAMPLE = ["task=sample", "sample.count=1", "finish.detail=network"]
RETARGET = ["task=retarget", "retarget.scale=[1,1.5]", "finish.detail=network"]
PICTURES = {
    "singan": ("sample/000.png", SAMPLE),
    "singan_paper": ("sample/000.png", SAMPLE),
    "ingan": ("retarget/20x42.png", RETARGET),
    "ingan_unet": ("retarget/20x42.png", RETARGET),
    "edgeconnect": ("inpaint/000.png", ["task=inpaint", "inpaint.box=[10,12,8,9]"]),
}
MEAN_LEVELS, FARTHEST_LEVELS = 0.5, 8
# Largest allowed change of a tensor, relative to its norm.
DISTANCE = 0.004
DISTANCE_BEHIND_BATCH_NORM = 0.05


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a writable copy of the runs."""
    shutil.copytree(RUNS_OF_0_1_0, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def assert_same_picture(found: Path, name: str) -> None:
    expected = RUNS_OF_0_1_0 / name / PICTURES[name][0]
    a, b = (np.asarray(Image.open(path)).astype(int) for path in (found, expected))
    assert a.shape == b.shape
    assert np.abs(a - b).mean() <= MEAN_LEVELS
    assert np.abs(a - b).max() <= FARTHEST_LEVELS


def assert_same_weights(found: Path, name: str) -> None:
    new, old = load_file(found), load_file(RUNS_OF_0_1_0 / name / "model.safetensors")
    assert new.keys() == old.keys()
    limit = DISTANCE_BEHIND_BATCH_NORM if name == "singan_paper" else DISTANCE
    for key in old:
        # The gradients of biases before a batch norm are pure rounding errors.
        if old[key].ndim > 1:
            assert torch.dist(new[key], old[key]) <= limit * old[key].norm(), key


@pytest.mark.parametrize("name", RUNS)
def test_an_old_model_gives_the_same_picture(name: str, place: Path, shell: Shell) -> None:
    picture, task = PICTURES[name]
    about = "photo.png" if name == "edgeconnect" else None
    given = [f"image={about}", "finish.detail=network"] if about else []
    answer = shell(*task, f"checkpoint={name}", "output=again", *given)
    assert answer.code == 0, answer.err
    assert_same_picture(place / "again" / picture, name)
    assert internal_gan.load(place / name).network.finished > 0


@pytest.mark.parametrize("name", RUNS)
def test_a_stopped_old_training_resumes_to_the_uninterrupted_result(
    name: str, place: Path, shell: Shell
) -> None:
    answer = shell(f"resume={name}-stopped")
    assert answer.code == 0, answer.err
    assert_same_weights(place / f"{name}-stopped" / "model.safetensors", name)


@pytest.mark.parametrize("name", RUNS)
def test_the_same_command_gives_the_same_model_and_picture(
    name: str, place: Path, shell: Shell
) -> None:
    answer = shell("image=photo.png", *COMMON, *RUNS[name], *AS_IT_WAS.get(name, ()), "output=anew")
    assert answer.code == 0, answer.err
    assert_same_weights(place / "anew" / "model.safetensors", name)
    assert_same_picture(place / "anew" / PICTURES[name][0], name)
