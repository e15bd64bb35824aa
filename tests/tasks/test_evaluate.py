"""task=evaluate: figures and a page, of a model and of files."""

import csv
import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import internal_gan
from internal_gan import UserError
from internal_gan.finishing.origin import Origin, write_origin
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.masks import write_mask
from internal_gan.patches.statistics import patch_panel
from tests.commands import Shell
from tests.judging.stand_in import weights_file
from tests.tiny import INGAN_PAPER, Run, holes, picture, trained


@pytest.fixture
def files(shell: Shell, tmp_path: Path) -> list[str]:
    """A photo of 44 x 60 pixels, two samples of the same size and a wider one."""
    (tmp_path / "drawn").mkdir()
    write_image(tmp_path / "photo.png", picture(44, 60))
    for seed in (1, 2):
        write_image(tmp_path / "drawn" / f"{seed}.png", picture(44, 60, seed))
    write_image(tmp_path / "drawn" / "wide.png", picture(44, 90, 4))
    return ["task=evaluate", "image=photo.png", "evaluate.samples=drawn"]


def record() -> Any:
    return json.loads(Path("out/evaluation.json").read_text(), parse_constant=pytest.fail)


def test_files_get_the_figures_of_the_panel(shell: Shell, files: list[str]) -> None:
    shell.done(*files, "output=out")
    assert record()["real"] == {"file": "photo.png", "size": [44, 60]}
    group = record()["groups"]["samples"]
    same = torch.cat([read_image(f"drawn/{seed}.png").pixels for seed in (1, 2)])
    panel = patch_panel(read_image("photo.png").pixels, same)
    assert group["diversity"] == pytest.approx(panel["diversity"], rel=1e-5)
    assert group["figures"]["copy"]["mean"] == pytest.approx(panel["copy"], rel=1e-5)
    assert group["figures"]["copy"]["count"] == 2
    assert group["figures"]["swd1"]["count"] == 3
    low, high = group["figures"]["coherence"]["interval"]
    assert low < group["figures"]["coherence"]["mean"] < high
    alone = patch_panel(read_image("photo.png").pixels, same[:1])
    assert record()["samples"][0]["figures"]["swd2"] == pytest.approx(alone["swd2"], rel=1e-4)
    with Path("out/evaluation.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["width"] for row in rows] == ["60", "60", "90"]
    assert float(rows[1]["coherence"]) == record()["samples"][1]["figures"]["coherence"]
    assert rows[2]["copy"] == ""
    assert float(rows[2]["layout_coherence_21"]) > 0
    assert record()["meaning"]["layout_coherence_21"]["best"] == "0"
    page = Path("out/index.html").read_text()
    assert "sliced Wasserstein distance" in page
    assert "coherence of the layout" in page
    assert "SinGAN" not in page


def test_from_python_figures_are_the_same(shell: Shell, files: list[str]) -> None:
    write_mask("hole.png", holes((44, 60), (0, 30, 44, 30)))
    for name in ("2", "wide"):
        Path(f"drawn/{name}.png").unlink()
    shell.done(*files, "evaluate.mask=hole.png", "output=out")
    expected = record()
    assert internal_gan.evaluate("photo.png", "drawn", mask="hole.png") == expected
    photo, drawn, mask = map(Image.open, ("photo.png", "drawn/1.png", "hole.png"))
    found = internal_gan.evaluate(photo, [drawn], mask=np.asarray(mask))
    assert found["groups"] == expected["groups"]
    with pytest.raises(UserError, match=r"evaluate\.samples=no\.png: no such file"):
        internal_gan.evaluate("photo.png", ["no.png"])
    with pytest.raises(UserError, match=r"^samples: there is no picture"):
        internal_gan.evaluate("photo.png", [])


def test_a_folder_of_folders_is_a_group_each(shell: Shell, files: list[str]) -> None:
    for name, seed in (("few", 1), ("more", 2)):
        Path("groups", name).mkdir(parents=True)
        Path(f"drawn/{seed}.png").rename(f"groups/{name}/{seed}.png")
    shell.done(*files[:2], "evaluate.samples=groups", "output=out")
    counts = {name: group["count"] for name, group in record()["groups"].items()}
    assert counts == {"few": 1, "more": 1}


def test_sifid_names_its_weights_and_layers(shell: Shell, files: list[str]) -> None:
    path = weights_file(Path("inception.pth"))
    weights, samples = f"evaluate.inception={path}", "evaluate.samples=drawn/1.png"
    shell.done(*files[:2], samples, weights, "output=out")
    figures = record()["groups"]["samples"]["figures"]
    assert figures["sifid_64"]["mean"] > 0 < figures["sifid_192"]["mean"]
    named = record()["inception"]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert named == {"file": "inception.pth", "sha256": digest}
    assert "released code" in record()["meaning"]["sifid_64"]["meaning"]
    assert named["sha256"] in Path("out/index.html").read_text()


def test_a_photo_larger_than_its_samples_is_shrunk_to_them(shell: Shell, files: list[str]) -> None:
    Path("drawn/wide.png").unlink()
    write_image("photo.png", picture(88, 120))
    answer = shell.done(*files, "output=out")
    assert record()["real"]["size"] == [44, 60]
    said = "shrunk from 88x120 to its samples' size, 44x60"
    assert said in answer.out.partition("Run folder")[2]
    assert said in Path("out/log.txt").read_text()


def test_inside_a_mask_pixels_are_compared(shell: Shell, files: list[str]) -> None:
    filled = picture(44, 60)
    filled[..., 20:40, 25:55] += 0.2
    write_image("filled.png", filled.clamp(-1, 1))
    write_mask("hole.png", holes((44, 60), (20, 25, 20, 30)))
    mask, samples = "evaluate.mask=hole.png", "evaluate.samples=filled.png"
    shell.done(*files[:2], samples, mask, "output=out")
    figures = record()["samples"][0]["figures"]
    share = 20 * 30 / (44 * 60)
    assert figures["l1_inside"] == pytest.approx(figures["l1"] / share)
    assert figures["psnr_inside"] == pytest.approx(figures["psnr"] + 10 * math.log10(share))
    assert figures["ssim_inside"] < figures["ssim"] < 1


def test_samples_of_a_singan_are_evaluated_not_their_copies(shell: Shell, tiny_run: Run) -> None:
    model = f"checkpoint={tiny_run.folder.path}"
    shell.done("task=evaluate", model, "sample.count=3", "sample.tileable=true", "output=out")
    found = record()
    assert found["model"]["family"] == "singan"
    assert found["reconstruction"]["psnr"] > 0
    assert list(found["groups"]) == ["samples"]
    assert found["groups"]["samples"]["count"] == len(found["samples"]) == 3
    assert list(Path("out/sample").glob("tiled-*"))
    assert "swd1" in found["groups"]["samples"]["figures"]
    assert Path("out/sample/002.png").is_file()
    assert "The model's reconstruction of the photo" in Path("out/index.html").read_text()


def test_what_the_network_draws_is_evaluated(shell: Shell, files: list[str]) -> None:
    for detail in ("patches", "network"):
        how = f"finish.detail={detail}", f"output={detail}"
        shell.done("task=evaluate", "image=photo.png", "sample.count=1", *how)
        assert len(list(Path(detail).rglob("*.origin.png"))) == (detail == "patches")


def test_an_ingan_is_evaluated_by_size(shell: Shell, tmp_path: Path) -> None:
    trained(tmp_path / "run", base=INGAN_PAPER)
    shapes = "retarget.shape=[[100%,200%],[100%,100%]]"
    shell.done("task=evaluate", "checkpoint=run", shapes, "output=out")
    assert [sample["size"] for sample in record()["samples"]] == [[20, 28], [20, 56]]
    assert not Path("out/compare").exists()


def test_finished_pictures_get_piece_and_seam_figures(shell: Shell, files: list[str]) -> None:
    """One picture is the photo in two pieces; the others are of another photo, or another size."""
    photo = read_image("photo.png").pixels
    places = np.ascontiguousarray(np.moveaxis(np.indices((44, 60), np.int32), 0, -1))
    swapped = np.roll(places, 20, axis=1)
    write_image("drawn/1.png", photo.roll(20, -1))
    kinds = np.zeros((44, 60), np.uint8)
    write_origin(Path("drawn/1.origin.png"), Origin(swapped, kinds, (44, 60)))
    write_origin(Path("drawn/2.origin.png"), Origin(places, kinds, (600, 900)))
    write_origin(Path("drawn/wide.origin.png"), Origin(places, kinds, (44, 60)))
    answer = shell.done(*files, "output=out")
    first, *others = (sample["figures"] for sample in record()["samples"])
    assert first["largest_piece"] == 40 / 60
    levels = (photo[0] + 1).movedim(0, -1)
    # The photo has no columns beyond its ends, so there is no step to compare with.
    assert (levels[:, 0] - levels[:, -1]).abs().sum() > 0
    assert first["seams"] == 1
    assert [{"largest_piece", "seams"} & set(other) for other in others] == [set(), set()]
    assert record()["meaning"]["seams"]["best"] == "1"
    assert "largest_piece" in answer.out
