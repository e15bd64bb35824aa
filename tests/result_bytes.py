"""A checksum of every result file of every task, to compare before and after a change of structure.

    python -m tests.result_bytes before.json
    python -m tests.result_bytes after.json before.json

A second file is compared with the first. Models are tiny, on one thread and in float32.
"""

import contextlib
import hashlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from internal_gan.cli import main as command
from internal_gan.images.files.image import write_image
from internal_gan.images.masks import write_mask
from tests.tiny import INGAN_FAST, LEAN, TINY_EDGECONNECT, holes, picture, write_16_bits

SIZE = (90, 126)
FAST = ("device=cpu", "precision=fp32", "trainer.threads=1")
WHITE = "mask.box=[30,60,24,30]"
OUTLINE = "retarget.corners=[[0,0.15],[0,0.85],[1,1],[1,0]]"
RESULTS = {".png", ".gif", ".jpg", ".tif", ".webp", ".safetensors"}


def inputs() -> None:
    """A photo of 8 bits, one with transparency, one of 16 bits, masks, labels and a paste."""
    small = torch.nn.functional.interpolate(picture(), SIZE, mode="bicubic").clamp(-1, 1)
    write_image("photo.png", small)
    array = np.asarray(Image.open("photo.png"))
    alpha = np.linspace(60, 255, SIZE[0] * SIZE[1]).astype(np.uint8).reshape(*SIZE, 1)
    Image.fromarray(np.concatenate([array, alpha], 2)).save("alpha.png")
    write_16_bits(Path("deep.png"), array.astype(int) * 257)
    write_mask("mask.png", holes(SIZE, (30, 60, 24, 30)))
    Image.fromarray((array[..., 0] // 64).astype(np.uint8)).save("labels.png")
    pasted = array.copy()
    pasted[30:54, 60:90] = array[5:29, 5:35]
    Image.fromarray(pasted).save("pasted.png")


def commands() -> dict[str, tuple[str, ...]]:
    """The overrides of every command by the name of its folder; models come first."""
    made = {
        "singan": ("model=singan", "image=photo.png", *LEAN, *FAST, "finish.detail=patches"),
        "singan16": ("model=singan", "image=deep.png", *LEAN, *FAST, "finish.detail=patches"),
        "ingan": ("image=photo.png", *INGAN_FAST, *FAST, "finish.detail=patches"),
        "clear": ("image=alpha.png", *INGAN_FAST, *FAST, "finish.detail=patches"),
        "edge": ("model=edgeconnect", "image=photo.png", *TINY_EDGECONNECT, *FAST, WHITE),
        "edge16": ("model=edgeconnect", "image=deep.png", *TINY_EDGECONNECT, *FAST, WHITE),
    }
    labels = ("layers=labels.png", "layers.labels=labels.png")
    masked = ("edit.image=pasted.png", "edit.mask=mask.png")
    harmonised = ("harmonize.image=pasted.png", "harmonize.mask=mask.png")
    for detail in ("patches", "network"):
        drawn = (f"finish.detail={detail}",)
        on = {
            f"sample-{detail}": ("task=sample", "checkpoint=singan", "sample.count=2"),
            f"wide-{detail}": ("task=sample", "checkpoint=singan16", "sample.size=[80,200]"),
            f"paint-{detail}": ("task=paint", "checkpoint=singan", "paint.image=pasted.png"),
            f"edit-{detail}": ("task=edit", "checkpoint=singan", *masked),
            f"edit16-{detail}": ("task=edit", "checkpoint=singan16", *masked),
            f"harmonize-{detail}": ("task=harmonize", "checkpoint=singan", *harmonised),
            f"animate-{detail}": ("task=animate", "checkpoint=singan", "animate.seconds=0.3"),
            f"retarget-{detail}": ("task=retarget", "checkpoint=ingan", "retarget.shape=[90,200]"),
            f"alpha-{detail}": ("task=retarget", "checkpoint=clear", "retarget.shape=[120,90]"),
            f"fill-{detail}": ("task=fill", "checkpoint=edge", "mask.box=[20,20,30,30]"),
            f"fill16-{detail}": ("task=fill", "checkpoint=edge16", "mask.box=[20,20,30,30]"),
        }
        made |= {name: (*words, *drawn) for name, words in on.items()}
    made |= {
        "layers": ("task=sample", "checkpoint=singan", "sample.count=1", *labels),
        "layers-edit": ("task=edit", "checkpoint=singan", *masked, *labels),
        "layers-filled": (
            *("task=fill", "checkpoint=edge", "mask=mask.png", *labels),
            "finish.detail=patches",
        ),
        "layers-wide": ("task=retarget", "checkpoint=ingan", "retarget.shape=[90,200]", *labels),
        "larger": ("task=super_resolution", "checkpoint=singan", "super_resolution.factor=2"),
        "outline": ("task=retarget", "checkpoint=ingan", "retarget.mask=mask.png"),
        "homography": ("task=retarget", "checkpoint=ingan", OUTLINE),
        "protect": (
            *("task=retarget", "checkpoint=ingan", "retarget.shape=[90,200]"),
            "retarget.protect=mask.png",
        ),
        "evaluate": ("task=evaluate", "checkpoint=singan"),
        "compare": ("task=compare", "runs=."),
    }
    for photo in ("photo", "alpha", "deep"):
        image = (f"image={photo}.png",)
        made |= {
            f"sample-{photo}": ("task=sample", *image, "sample.count=2"),
            f"retarget-{photo}": ("task=retarget", *image, "retarget.shape=[90,200]"),
            f"edit-{photo}": ("task=edit", *image, *masked),
            f"animate-{photo}": ("task=animate", *image, "animate.seconds=0.5"),
            f"fill-{photo}": ("task=fill", *image, "mask=mask.png"),
            f"extend-{photo}": ("task=extend", *image, "extend.margins=[0,30,0,30]"),
            f"tile-{photo}": ("task=make_tileable", *image),
            f"fill-layers-{photo}": ("task=fill", *image, "mask=mask.png", *labels),
        }
    return made


def checksums(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in RESULTS and "inputs" not in path.parts:
            found[str(path.relative_to(folder))] = hashlib.md5(path.read_bytes()).hexdigest()
    return found


def main() -> None:
    written, *compared = map(os.path.abspath, sys.argv[1:])
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        inputs()
        for name, words in commands().items():
            log = io.StringIO()
            try:
                with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
                    command([*words, f"output={name}"])
            except SystemExit as exit_:
                if exit_.code:
                    print(name, exit_.code, log.getvalue()[-300:], file=sys.stderr)
        found = checksums(Path(folder))
    Path(written).write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(len(found), "files")
    for other in compared:
        before = json.loads(Path(other).read_text(encoding="utf-8"))
        for name in sorted(before.keys() | found.keys()):
            if before.get(name) != found.get(name):
                here, there = name in found, name in before
                print("differs" if here and there else "new" if here else "gone", name)


if __name__ == "__main__":
    main()
