"""Models small enough to train in a moment, composed as on the command line."""

import copy
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms
from safetensors import safe_open
from torch import Tensor
from torch.nn import functional as F

from internal_gan.config.build import build
from internal_gan.config.compose import compose, save_options
from internal_gan.config.options import Options, TrainerOptions
from internal_gan.errors import UserError
from internal_gan.images.colours import to_uint8
from internal_gan.images.files.png import png
from internal_gan.models.base import Model, Recipe, Stage
from internal_gan.models.singan.model import SinGAN
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.model_file import load_model
from internal_gan.training.callbacks import Callback
from internal_gan.training.engine import train
from internal_gan.training.stage_trainer import StageTrainer
from internal_gan.units import Size

Words = Sequence[str]
Given = Tensor | None

# Three scales of (14, 20), (17, 23) and (20, 28) for the tiny picture.
TINY = (
    *("model.min_size=14", "model.max_size=28", "model.scale_factor=0.75"),
    *("model.widths.coarsest=4", "model.widths.limit=4", "model.depths=5", "model.steps=4"),
    "trainer.log_interval=1",
)
LEAN = ("trainer=fast", "finish.detail=network", "model.drawings=8", *TINY)
PAPER = ("experiment=singan_paper", *TINY)
# The paper's form of InGAN on the tiny picture at (20, 28) pixels.
TINY_INGAN = (
    *("model.max_size=28", "model.crop=24", "model.steps=4", "model.generator.width=2"),
    *("model.generator.residual_blocks=1", "model.discriminator.discriminator.widths=[2,3,3]"),
    "trainer.log_interval=1",
)
INGAN_PAPER = ("experiment=ingan_paper", *TINY_INGAN)
# InGAN's fast form on SinGAN's three scales, without finishing.
INGAN_FAST = (
    *("model=ingan", "finish.detail=network"),
    *TINY,
    *("model.depths=3", "model.identity_weight=10", "model.discriminator.discriminator.depth=5"),
    *("model.discriminator.min_side=11", "model.cycle_weight=0", "model.cycle_interval=1"),
    *("model.penalty_crop=12", "model.patch_loss.nearest_patch.loss.queries=100"),
    "model.patch_loss.nearest_patch.loss.candidates=100",
)
# EdgeConnect on the tiny picture at (20, 28) pixels.
TINY_EDGECONNECT = (
    *("model.max_size=28", "model.crop=20"),
    "model.steps={edges: 3, completion: 3, refinement: 2, joint: 2}",
    *("model.edge_generator.width=2", "model.edge_generator.residual_blocks=1"),
    *("model.generator.width=2", "model.generator.residual_blocks=1"),
    *("model.discriminator.widths=[2,3]", "trainer.log_interval=1", "finish.detail=network"),
)
EDGECONNECT = ("model=edgeconnect", *TINY_EDGECONNECT)
ZSSR = (
    *(
        "model=zssr",
        "model.networks=2",
        "model.width=4",
        "model.depth=3",
        "model.crop=16",
        "model.steps=4",
    ),
    "trainer.log_interval=1",
)


class SignalAt(Callback):
    """Sends this process a signal after one step of one stage."""

    def __init__(self, stage: int, step: int, number: int = signal.SIGINT) -> None:
        self.at = (stage, step)
        self.number = number

    def on_step(self, stage_index: int, step: int, steps: int, scalars: object) -> None:
        if (stage_index, step) == self.at:
            signal.raise_signal(self.number)


@dataclass
class Run:
    """A trained model, its options and its run folder."""

    model: SinGAN
    options: Options
    folder: RunFolder


def picture(height: int = 40, width: int = 56, seed: int = 0) -> Tensor:
    """Blots of random colours, (1, 3, height, width) in [-1, 1]; neither flat nor periodic."""
    coarse = torch.rand(1, 3, 6, 8, generator=torch.Generator().manual_seed(seed)) * 1.8 - 0.9
    return F.interpolate(coarse, size=(height, width), mode="bicubic").clamp(-1, 1)


# The picture as levels (height, width, 3), and a hole in it.
ARRAY = to_uint8(picture())[0].permute(1, 2, 0).numpy()
HOLE = np.zeros(ARRAY.shape[:2], bool)
HOLE[14:24, 20:32] = True
# Colour profiles of RGB and of gray pixels.
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GRAY = bytes(16) + b"GRAY" + bytes(108)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    """Independent random values in [-1, 1], (1, 3, height, width)."""
    return torch.rand(1, 3, height, width, generator=rng(seed)) * 2 - 1


def holes(size: Size, *boxes: tuple[int, int, int, int]) -> Tensor:
    """A mask that is 1 in boxes of (top, left, height, width), (1, 1, *size)."""
    mask = torch.zeros(1, 1, *size)
    for top, left, height, width in boxes:
        mask[..., top : top + height, left : left + width] = 1
    return mask


def complaint(read: Callable[[Any], object], path: str | Path) -> str:
    """The one line, with its name, by which a file is refused."""
    with pytest.raises(UserError) as caught:
        read(path)
    line = str(caught.value)
    assert str(path) in line
    assert "\n" not in line
    return line


def write_png(path: str | Path, levels: Any) -> None:
    """Write an array (H, W) or (H, W, C) of 8 or 16 bits to a file."""
    Path(path).write_bytes(png(np.atleast_3d(levels)))


def labels(values: Any) -> Image.Image:
    """A palette image of values from 0 to 255, (H, W)."""
    made = Image.frombytes("P", values.shape[::-1], values.astype(np.uint8).tobytes())
    made.putpalette(bytes(range(256)) * 3)
    return made


def network_of(run: str | Path) -> Any:
    """The network trained in a run folder."""
    return load_model(Path(run) / "model.safetensors")


@cache
def _composed(overrides: tuple[str, ...]) -> Options:
    return compose(overrides)


def tiny_options(*overrides: str, base: Words = LEAN) -> Options:
    return copy.deepcopy(_composed((*base, *overrides)))


def recipe_of(*overrides: str, base: Words = LEAN) -> Any:
    """The recipe of any family."""
    return build(tiny_options(*overrides, base=base).model)


def model_of(
    *overrides: str, base: Words = LEAN, pixels: Given = None, hole: Given = None, finished: int = 0
) -> Any:
    """A prepared model of any family, whose first stages are ``finished`` untrained."""
    recipe = recipe_of(*overrides, base=base)
    model = recipe.prepare(picture() if pixels is None else pixels, hole)
    finish_stages(recipe, model, finished)
    return model


tiny_ingan = partial(model_of, base=INGAN_PAPER)
tiny_edgeconnect = partial(model_of, base=EDGECONNECT)


def untrained(*overrides: str, base: Words = LEAN, scales: int | None = None) -> SinGAN:
    """A model whose first scales, by default all, are finished untrained."""
    model: SinGAN = model_of(*overrides, base=base)
    finish_stages(recipe_of(*overrides, base=base), model, scales or model.num_stages)
    return model


def sample(model: Any, count: int = 1, size: Size | None = None, **options: Any) -> Tensor:
    """Random images, (count, 3, height, width) in [-1, 1]."""
    return torch.cat([*model.samples(count, size, **options)])


def finish_stages(recipe: Recipe, model: Model, count: int) -> list[Stage]:
    """Finish the first stages of a prepared model without training them."""
    rng, stages = torch.Generator().manual_seed(0), list[Stage]()
    for index in range(count):
        stages.append(recipe.stage(model, index, 4, stages[-1] if stages else None, rng))
        stages[-1].batch = stages[-1].prepare()
        stages[-1].finish()
    return stages


def stage_of(*overrides: str, base: Words = LEAN, index: int = 0, steps: int = 4) -> Any:
    """A stage of a new model of any family, whose earlier stages are finished untrained."""
    recipe = recipe_of(*overrides, base=base)
    model = recipe.prepare(picture())
    finish_stages(recipe, model, index)
    stage = recipe.stage(model, index, steps, None, rng())
    stage.batch = stage.prepare()
    return stage


def trainers(
    *overrides: str,
    base: Words,
    steps: int,
    device: torch.device | str = "cpu",
    precision: torch.dtype = torch.float32,
    graphs: bool = True,
) -> Iterator[StageTrainer]:
    """Those of all stages of a new model, each finished before the next is made."""
    recipe = recipe_of(*overrides, base=base)
    model, previous = recipe.prepare(picture().to(device)), None
    rng = torch.Generator(device).manual_seed(0)
    for index in range(model.num_stages):
        stage = recipe.stage(model, index, steps, previous, rng)
        trainer = StageTrainer(stage, precision, graphs)
        yield trainer
        trainer.finish()
        previous = stage


def trained(
    path: Path,
    *overrides: str,
    base: Words = LEAN,
    pixels: Given = None,
    hole: Given = None,
    **settings: Any,
) -> Run:
    """Train a model of any family in a folder, or resume it there; settings as `train_model`'s."""
    options = tiny_options(*overrides, base=base)
    model = model_of(*overrides, base=base, pixels=pixels, hole=hole)
    recipe = build(options.model)
    settings["architecture"] = recipe.architecture(options.model)
    folder = train_model(path, recipe, model, options.trainer, **settings)
    save_options(options, folder.config_path)
    return Run(model, options, folder)


def train_model(
    path: Path, recipe: Any, model: Model, trainer: TrainerOptions, **how: Any
) -> RunFolder:
    """Train a prepared model of any family in the folder ``path``; ``how`` as for the engine."""
    path.mkdir(parents=True, exist_ok=True)
    folder = RunFolder(path)
    usual: Any = {"seed": 0, "precision": torch.float32, "architecture": {}}
    train(recipe, model, options=trainer, folder=folder, **{**usual, **how})
    return folder


trained_edgeconnect = partial(trained, base=EDGECONNECT)


def same_weights(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    """Whether two models have the same named tensors, bit for bit."""
    x, y = a.state_dict(), b.state_dict()
    return x.keys() == y.keys() and all(torch.equal(x[name], y[name]) for name in x)


def contents(path: Path) -> tuple[dict[str, str], dict[str, bytes]]:
    """A model file's metadata and tensors, without their order."""
    with safe_open(path, framework="np") as file:
        return file.metadata(), {key: file.get_tensor(key).tobytes() for key in file.keys()}  # noqa: SIM118
