"""Whatever a task writes can be removed, to start it again after it was stopped."""

from pathlib import Path

import pytest
import torch

from internal_gan.config.record import load_options, save_options
from internal_gan.images.files.image import write_image
from internal_gan.runs.folder import RunFolder
from tests.commands import Shell
from tests.tiny import INGAN_PAPER, picture, trained, trained_edgeconnect, trained_ingan

COMMANDS = {
    "sample": "checkpoint=singan sample.tileable=true finish.detail=patches layers=[hole.png]",
    "retarget": "checkpoint=ingan retarget.scale=[[1.0,2.0],[2.0,1.0]] retarget.collage=true",
    "paint": "checkpoint=singan paint.image=photo.png paint.quantize=true",
    "edit": "checkpoint=singan edit.image=photo.png edit.mask=hole.png",
    "harmonize": "checkpoint=singan harmonize.image=photo.png harmonize.mask=hole.png",
    "animate": "checkpoint=singan animate.seconds=1",
    "super_resolution": "checkpoint=singan super_resolution.factor=2",
    "make_tileable": "checkpoint=singan",
    "inpaint": "checkpoint=edgeconnect mask=hole.png finish.detail=patches",
    "evaluate": "checkpoint=singan evaluate.patches=[3] sample.count=2",
    "preview": "image=photo.png mask=hole.png",
    "verify": "image=out/preview/preview/000.png verify.photo=photo.png",
}


@pytest.mark.slow
def test_every_task_can_be_removed(shell: Shell, tmp_path: Path) -> None:
    write_image(tmp_path / "photo.png", picture(60, 84))
    hole = torch.zeros(1, 1, 60, 84)
    hole[..., 20:40, 30:50] = 1
    write_image(tmp_path / "hole.png", hole.expand(-1, 3, -1, -1) * 2 - 1)
    run = trained(tmp_path / "singan")
    save_options(run.options, run.folder.config_path)
    trained_ingan(tmp_path / "ingan", base=INGAN_PAPER)
    trained_edgeconnect(tmp_path / "edgeconnect", pixels=picture(60, 84), holes=[hole])
    for name in ("singan", "edgeconnect"):
        options = load_options(tmp_path / name / "config.yaml")
        options.image = "photo.png"
        save_options(options, tmp_path / name / "config.yaml")
    for task, arguments in COMMANDS.items():
        answer = shell(f"task={task}", *arguments.split(), f"output=out/{task}")
        assert answer.code == 0, answer.err
    for task in COMMANDS:
        folder = RunFolder(Path("out", task))
        folder.write_status("stopped")
        folder.clear(task)
        assert [path.name for path in folder.path.glob("[!.]*")] == ["status.json"]
