"""A photo, and models that are trained once."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from internal_gan.cli import main
from internal_gan.config.compose import save_options
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.resize import resize
from tests.commands import ROOT, TINY_RUN, Shell
from tests.tiny import Run, picture, trained

# Samples close to the photo, so that some pixels are far from seams.
FINISHED = (
    *TINY_RUN,
    *("sample.count=1", "sample.start_scale=2"),
    *("finish.detail=patches", "finish.resolution=photo"),
)


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training on a photo of 120 x 168 pixels."""
    folder = tmp_path_factory.mktemp("finished")
    write_image(folder / "photo.png", picture(120, 168))
    main(["model=singan", f"image={folder / 'photo.png'}", f"output={folder / 'run'}", *FINISHED])
    return folder / "run"


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A trained model of three scales, (20, 28) pixels at the finest. Tests leave it as it is."""
    return trained(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture
def model(tmp_path: Path, shell: Shell, tiny_run: Run) -> str:
    """The folder of that run, copied, as that of a training on ``photo.png``."""
    copy_of(tiny_run, tmp_path / "model", str(tmp_path / "photo.png"))
    write_image(tmp_path / "model" / "photo.png", tiny_run.model.image)
    return "model"


def copy_of(run: Run, path: Path, image: str | None = None) -> Path:
    """Copy a run folder to ``path``, as that of a training on ``image``."""
    shutil.copytree(run.folder.path, path)
    save_options(replace(run.options, image=image), path / "config.yaml")
    return path


@pytest.fixture(scope="session")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The run folder of a model trained at 20 x 28 on a photo of 40 x 56 pixels."""
    folder = tmp_path_factory.mktemp("learnt")
    write_image(folder / "photo.png", picture())
    asked = (f"image={folder / 'photo.png'}", "sample.count=1", f"output={folder / 'run'}")
    main([*TINY_RUN, "finish.detail=patches", "finish.resolution=auto", *asked])
    return str(folder / "run")


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """A photo of 40 x 56 pixels in the working folder."""
    write_image(tmp_path / "photo.png", picture())
    return "photo.png"


@pytest.fixture
def gravel(shell: Shell) -> None:
    """``photo.png`` of 60 x 84 pixels in the working folder, the bundled photo of gravel."""
    photo = read_image(ROOT / "examples" / "photos" / "gravel.jpg").pixels
    write_image("photo.png", resize(photo, (60, 84)).clamp(-1, 1))


@pytest.fixture
def large(tmp_path: Path) -> str:
    """A photo of 120 x 168 pixels in the working folder."""
    write_image(tmp_path / "photo.png", picture(120, 168))
    return "photo.png"


@pytest.fixture
def run(shell: Shell, large: str, finished_run: Path) -> Path:
    """A training on the same photo, with a finished sample."""
    return Path(shutil.copytree(finished_run, "run"))


def layers(kind: str) -> NDArray[Any]:
    """The picture's values, of 60 x 84 pixels, as stored in a file of this kind."""
    rgb = (picture(60, 84)[0].permute(1, 2, 0).numpy() + 1) / 2
    alpha = np.linspace(0.2, 1, 84)[None, :, None].repeat(60, 0)
    channels = {"RGB": rgb, "RGBA": np.dstack([rgb, alpha]), "L": rgb[..., 0]}[kind.rstrip("16")]
    deep = kind.endswith("16")
    return (channels * (65535 if deep else 255)).round().astype(np.uint16 if deep else np.uint8)


def numbers(path: str | Path) -> NDArray[Any]:
    """All channels of a file as whole numbers of its depth, (C, H, W)."""
    photo = read_image(path)
    channels = [(photo.pixels[0] + 1) / 2] + ([] if photo.alpha is None else [photo.alpha[0]])
    return np.concatenate([(c * (2**photo.bit_depth - 1)).round().numpy() for c in channels])
