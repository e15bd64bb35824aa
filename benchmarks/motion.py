"""How much films move, and samples from each start scale differ, as drawn and as finished.

    python -m benchmarks.motion --photos a.jpg b.jpg --output motion/

Trains SinGAN on each photo. Beside its films are those of the closed form, without training: the
photo is held at HELD pixels, and the noise of everything smaller goes round a circle. If stopped or
killed, run the same command again to continue.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

import internal_gan
from benchmarks._common import (
    add_photos,
    by_name,
    keep_apart,
    print_json,
    run,
    say,
    training_parser,
    write_json,
    write_summary,
)
from internal_gan import SinGAN
from internal_gan.files import read_json_object
from internal_gan.finishing.finisher import Finisher
from internal_gan.images.files.image import read_image
from internal_gan.images.resize import resize, size_of
from internal_gan.patches.denoiser import Denoiser, denoised
from internal_gan.patches.statistics import diversity, layout_distances, sharpness
from internal_gan.report.table import as_markdown
from internal_gan.shapes import Pictures, Pixels

FPS, SECONDS, SAMPLES = 8, 3, 6
LONGEST = 512  # of the photo in films, in pixels
STILL = 1.0  # gray levels; a pixel that changes less does not move
# Of the closed form: the side at which the photo is held, that of a patch as a share of the
# drawing, the steps of denoising, and the drawings on the circle, between which frames are
# interpolated.
HELD, PATCH, STEPS, KEYS = 12, 0.2, 15, 8

Figures = dict[str, float]


def motion(photo: Pixels, frames: Pictures, loop: bool) -> Figures:
    """How much a film moves, in gray levels of 255 at the size of its frames.

    Args:
        photo: at this size.

    Returns:
        The mean change from ``frame`` to frame and from ``second`` to second, the share of pixels
        that ``move``, the distance of the first frame from the photo (``begin``), the mean second
        difference in time (``flicker``) and, of a loop, the step over its ``joint``, relative to
        the largest inside.
    """
    gray = frames.mean(dim=1) * 127.5
    steps = gray.diff(dim=0).abs().mean(dim=(1, 2))
    figures = {
        "frame": float(steps.mean()),
        "second": float((gray[FPS:] - gray[:-FPS]).abs().mean()),
        "move": float(((gray - gray[0]).abs().amax(dim=0) > STILL).float().mean()),
        "begin": float((frames[0] - photo[0]).abs().mean() * 127.5),
        "flicker": float(gray.diff(n=2, dim=0).abs().mean()),
    }
    if loop:
        joint = float((gray[-1] - gray[0]).abs().mean())
        figures["joint"] = joint / max(float(steps.max()), 1e-6)
    return figures


def films(path: Path, model: SinGAN) -> dict[str, Figures]:
    """The figures of films by the network, of its loops and of the closed form's, each as drawn and
    as finished."""
    drawn = {
        f"network{', loop' if loop else ''}": torch.cat(
            list(
                model.network.animate(  # type: ignore[operator]
                    SECONDS * FPS, alpha=0.1, beta=0.9, fps=FPS, start_scale=None, loop=loop
                )
            )
        )
        for loop in (False, True)
    }
    learnt = model.network.image.cpu()
    drawn["closed form, loop"] = circle(learnt, SECONDS * FPS)
    found = {}
    for name, drawings in drawn.items():
        finisher = Finisher(learnt, lambda longest: read_image(path), longest=LONGEST)
        frames = [frame.pixels for frame in finisher.film(drawings.split(1), still=True)]  # type: ignore[no-untyped-call]
        small = torch.cat([resize(frame, size_of(learnt)) for frame in frames])
        loop = name.endswith("loop")
        found[f"{name}, drawn"] = motion(learnt, drawings, loop)
        figures = motion(learnt, small, loop)
        figures["sharpness"] = fmean(sharpness(frames[0], frame) for frame in frames[1:])
        found[f"{name}, finished"] = figures
    return found


def circle(photo: Pixels, frames: int) -> Pictures:
    """Drawings of a small photo by the closed form whose noise goes round a circle."""
    side = round(PATCH * max(size_of(photo)))
    ratio = HELD / math.sqrt(math.prod(size_of(photo)))
    held = resize(photo, (round(photo.shape[2] * ratio), round(photo.shape[3] * ratio)))
    rng = torch.Generator().manual_seed(0)
    first, second = torch.randn(2, 1, *photo.shape[1:], generator=rng)
    denoiser, drawn = Denoiser(photo, side), list[Pixels]()
    for key in range(KEYS):
        angle = 2 * math.pi * key / KEYS
        noise = math.cos(angle) * first + math.sin(angle) * second
        drawn.append(denoised(denoiser, noise, STEPS, coarser=held))
    waves = torch.fft.rfft(torch.cat(drawn), dim=0)
    if frames > KEYS:
        waves[-1] /= 2  # the highest frequency becomes two
    made: Tensor = torch.fft.irfft(waves, frames, dim=0) * (frames / KEYS)
    return made


def start_scales(path: Path, model: SinGAN) -> dict[str, Figures]:
    """Diversity and layout of samples from each start scale, as drawn and as finished."""
    found, photo = {}, read_image(path).pixels
    for scale in range(model.network.finished):
        for detail in ("network", "patches"):
            samples: Tensor = model.sample(
                SAMPLES, start_scale=scale, detail=detail, seed=0, output_type="pt"
            )
            samples = samples * 2 - 1
            real = photo if detail == "patches" else model.network.image.cpu()
            layouts = [layout_distances(real, sample[None]) for sample in samples]
            name = f"{scale}, {'finished' if detail == 'patches' else 'drawn'}"
            found[name] = {
                "diversity": diversity(resize(real, size_of(samples)), samples),
                "layout": fmean(fmean(layout.values()) for layout in layouts),
            }
    return found


def judge(path: Path, output: Path, overrides: Sequence[str], threads: int) -> dict[str, Any]:
    """Train on a photo, or read the model trained before, and measure it."""
    folder, kept = output / "runs" / path.stem, output / "photos" / f"{path.stem}.json"
    if known := read_json_object(kept):
        return known
    say(f"{path.stem}: training")
    if (folder / "config.yaml").is_file():
        model = internal_gan.resume(folder).model
    else:
        how = ["sample.count=1", f"trainer.threads={threads}", *overrides]
        model = internal_gan.fit(path, "singan", overrides=how, output=folder).model
    assert isinstance(model, SinGAN)
    say(f"{path.stem}: films and samples")
    result = {
        "photo": path.stem,
        "films": films(path, model),
        "start_scales": start_scales(path, model),
    }
    write_json(kept, result)
    return result


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """A row for each photo, and means, of films and of start scales."""
    return {part: as_markdown(list(_rows(record["photos"], part))) for part in ("films", "scales")}


def _rows(photos: Sequence[Mapping[str, Any]], part: str) -> Iterator[dict[str, str]]:
    make = _film_row if part == "films" else _scale_row
    for photo in photos:
        yield {"photo": photo["photo"], **make([photo])}
    yield {"photo": f"**mean of {len(photos)}**", **make(photos)}


def _film_row(photos: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    def of(film: str, figure: str, digits: int = 2) -> str:
        return f"{fmean(photo['films'][film][figure] for photo in photos):.{digits}f}"

    row = {}
    for name in ("network", "closed form, loop"):
        drawn, done = f"{name}, drawn", f"{name}, finished"
        title = name.removesuffix(", loop")
        row[f"{title}: frame"] = f"{of(drawn, 'frame')}, {of(done, 'frame')}"
        row["second" if name == "network" else "its second"] = (
            f"{of(drawn, 'second')}, {of(done, 'second')}"
        )
        if name == "network":
            row |= {figure: of(done, figure) for figure in ("move", "begin", "flicker")}
            row["joint"] = of("network, loop, finished", "joint")
            row["sharpness"] = of(done, "sharpness")
        else:
            row["its flicker"] = of(done, "flicker")
    return row


def _scale_row(photos: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    row = {}
    for scale in range(max(len(photo["start_scales"]) // 2 for photo in photos)):
        for figure in ("diversity", "layout"):
            cell = []
            for how in ("drawn", "finished"):
                name = f"{scale}, {how}"
                known = [p["start_scales"][name] for p in photos if name in p["start_scales"]]
                cell.append(f"{fmean(one[figure] for one in known):.3f}")
            row[f"{scale}: {figure}"] = ", ".join(cell)
    return row


def main(argv: Sequence[str] | None = None) -> None:
    parser = training_parser("motion", __doc__)
    add_photos(parser)
    options = parser.parse_args(argv)
    torch.set_num_threads(options.threads)
    output = options.output.absolute()
    keep_apart(output, {"overrides": options.overrides})
    photos = by_name(options.photos).values()
    found = {"photos": [judge(p, output, options.overrides, options.threads) for p in photos]}
    write_summary(output, tables(found))
    print_json("motion", {"overrides": options.overrides, **found})


if __name__ == "__main__":
    run(main)
