"""task=paint on a trained model."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from internal_gan.images.files.image import read_image, to_uint8
from tests.commands import Shell
from tests.tiny import picture


@pytest.fixture
def checkpoint(model: str) -> str:
    """The checkpoint option, with a painting of 70 x 50 pixels in the working folder."""
    painting = np.zeros((70, 50, 3), np.uint8)
    painting[:40] = (40, 90, 200)
    painting[40:, 10:30] = (220, 160, 60)
    Image.fromarray(painting).save("art.png")
    return f"checkpoint={model}"


def test_a_painting_becomes_a_photo_with_its_aspect_ratio(shell: Shell, checkpoint: str) -> None:
    shell.done("task=paint", checkpoint, "paint.image=art.png", "paint.count=2")
    (folder,) = Path("runs/photo-singan").iterdir()
    names = sorted(path.name for path in (folder / "paint").iterdir())
    assert names == ["000.png", "001.png", "before.png"]
    size = read_image(folder / "paint" / "000.png").size
    assert size[0] * size[1] == pytest.approx(20 * 28, rel=0.05)
    assert size[0] / size[1] == pytest.approx(1.4, rel=0.05)


def test_a_gray_models_results_are_gray(shell: Shell, checkpoint: str) -> None:
    gray = to_uint8(picture(20, 28))[0].float().mean(0).byte().numpy()
    Image.fromarray(gray).save("model/photo.png")
    shell.done("task=paint", checkpoint, "paint.image=art.png", "output=out")
    assert read_image("out/paint/000.png").is_gray


def test_a_result_has_the_paintings_aspect_ratio_and_the_photos_resolution(
    shell: Shell, checkpoint: str, photo: str
) -> None:
    finish = ("finish.detail=patches", "output=out")
    shell.done("task=paint", checkpoint, "paint.image=art.png", "paint.start_scale=1", *finish)
    drawn, done = (read_image(f"out/paint/{name}000.png").size for name in ("drawn/", ""))
    # The model was trained at 20 x 28 on a photo of 40 x 56 pixels.
    assert done == (2 * drawn[0], 2 * drawn[1])


@pytest.mark.parametrize("given", ["finish.resolution=model", "finish.detail=network"])
def test_finishing_a_painting_follows_detail_and_resolution(
    shell: Shell, checkpoint: str, photo: str, given: str
) -> None:
    detail = "finish.detail=patches" if "resolution" in given else "finish.resolution=photo"
    shell.done("task=paint", checkpoint, "paint.image=art.png", given, detail, "output=out")
    size = read_image("out/paint/000.png").size
    assert size == read_image("out/paint/before.png").size
    assert Path("out/paint/drawn").is_dir() == ("resolution" in given)
