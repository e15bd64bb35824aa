"""The package on a GPU: whether it runs, how fast, and the papers' forms trained to their end.

    OUT=results bash benchmarks/gpu.sh PART...

Parts run one after the other, within LIMIT seconds in all. Those joined by ``+`` run at once, and
slow each other down: alone on the card, trainings at 250 pixels are several times as fast. Whatever
is found, also by a part that fails or runs out of time, is in the folder that OUT names:
``results.json``, ``log.txt``, and for each part a zip of its pictures and records. ``.gpu/photos``
may have photos for the papers' forms, ``singan.jpg``, ``ingan.png`` and ``edgeconnect.jpg``.
DEVICE=cpu and TINY=1 rehearse the parts.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import internal_gan
from benchmarks._common import ROOT, environment, run, say, write_json
from internal_gan.config.build import build
from internal_gan.config.compose import compose
from internal_gan.device import prepare_device, select_precision
from internal_gan.errors import UserError
from internal_gan.files import read_json_object
from internal_gan.images.files.image import read_image
from internal_gan.runs.records import read_metrics, read_status
from internal_gan.training.stage_trainer import StageTrainer

DEVICE, TINY = os.environ.get("DEVICE", "cuda"), bool(os.environ.get("TINY"))
OUT = Path(os.environ.get("OUT", ROOT / ".gpu" / "out")).absolute()
WORK = Path(os.environ.get("WORK", ROOT / ".gpu" / "work")).absolute()
PHOTOS = ROOT / "examples" / "photos"
LARGE, SMALL = PHOTOS / "large" / "mountains.jpg", PHOTOS / "peaks.jpg"
FAMILIES = ("singan", "edgeconnect", "ingan")
PRECISIONS = ("fp32", "bf16")
TESTS = (
    *("tests/training/test_cuda.py", "tests/test_device.py", "tests/training/test_engine.py"),
    "tests/training/test_graphs.py",
    *("tests/training/test_recovery.py", "tests/models/singan/test_model.py"),
    *("tests/patches", "tests/images/test_resize.py", "tests/images/test_pyramid.py"),
    *("tests/images/test_periodic.py", "tests/images/test_transforms.py", "tests/judging"),
)
# Seconds of all parts together.
LIMIT = int(os.environ.get("LIMIT", "560"))
# A zip is left out above this size, and so are files that can be made again.
MAX_BYTES = 15 * 2**20
LEFT_OUT = ("training.ckpt", "original.jpg", "index.html")
GRACE_SECONDS = 20.0
# For graphs: steps before the ones that are timed.
WARM_STEPS, TIMED_STEPS = (3, 2) if TINY else (16, 24)
# Overrides for a rehearsal, which must not take long.
QUICK = ("trainer=debug", "model.max_size=48") if TINY else ()
# For graphs, those of InGAN with few sizes.
FORMS = {
    "singan": ["model=singan"],
    "edgeconnect": ["model=edgeconnect"],
    "ingan": ["model=ingan", "model.size_grid=16", "model.discriminator_crop=null"],
    "singan_paper": ["experiment=singan_paper", "model.max_size=128"],
    "edgeconnect_paper": ["experiment=edgeconnect_paper", "model/features=random"],
    "ingan_paper": [
        *("experiment=ingan_paper", "model.max_size=128", "model.size_grid=24"),
        "model.curriculum=0",
    ],
}
# How much longer than on a card parts may take.
PATIENCE = 10 if TINY else 1


@dataclass
class Part:
    """What a part finds, and the processes that it may start until its time is over."""

    name: str
    ends: float
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return WORK / self.name

    @property
    def left(self) -> float:
        """Seconds until then, at least one."""
        return max(1.0, self.ends - time.monotonic())

    def command(self, name: str, *arguments: str) -> dict[str, Any]:
        """Run ``internal-gan ARGUMENTS`` with a run folder ``name``; how it ended."""
        output = self.folder / name
        words = ["-m", "internal_gan", *arguments]
        if not any(word.startswith(("output=", "resume=")) for word in arguments):
            words.append(f"output={output}")
        found = self.python(*words)
        status = read_status(output / "status.json")
        found |= {key: status.get(key) for key in ("state", "device", "seconds")}
        self.found[name] = found | {"stages": _stages(output)}
        return found

    def python(self, *words: str, stop_at: Path | None = None) -> dict[str, Any]:
        """Run Python until it ends; when there is a file ``stop_at``, or when the part's time is
        over, it is asked to stop."""
        began, lines = time.monotonic(), self.folder / f"{time.monotonic_ns()}.txt"
        with lines.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, *words],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            while process.poll() is None and time.monotonic() < self.ends:
                if stop_at and stop_at.exists():
                    break
                time.sleep(0.02)
            process.terminate()
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        output = lines.read_text(encoding="utf-8", errors="replace")
        lines.unlink()
        seconds = time.monotonic() - began
        command = " ".join(words).replace(str(ROOT) + "/", "")
        _log(f"$ python {command}\n{output}[{process.returncode}, {seconds:.1f} s]\n")
        return {"command": command, "code": process.returncode, "wall": round(seconds, 2)}


def smoke(part: Part) -> None:
    """Every family's training stopped, resumed and used, in both precisions."""
    precisions = PRECISIONS[:1] if TINY else PRECISIONS
    _at_once([partial(_lives, part, *one) for one in product(FAMILIES, precisions)])


def tests(part: Part) -> None:
    """The tests that take a device."""
    kind = ["-p", "no:cacheprovider", "-o", "filterwarnings=", "-n", "2"]
    files = ["tests/test_device.py"] if TINY else [*TESTS, "-k", "cuda"]
    part.found["tests"] = part.python("-m", "pytest", "-q", *kind, *files)


def agreement(part: Part) -> None:
    """What a model draws on the device beside what it draws on the CPU; peak memory."""
    quick = [*QUICK] or ["trainer.max_steps=50", "trainer.threads=1"]
    words = {family: [*_default(family, SMALL, "cpu", "fp32"), *quick] for family in FAMILIES}
    _at_once([partial(part.command, family, *words[family]) for family in FAMILIES])
    part.python("-m", "benchmarks.gpu", "--gaps", str(part.folder / "gaps.json"))
    part.found["gaps"] = read_json_object(part.folder / "gaps.json")


def _lives(part: Part, family: str, precision: str) -> None:
    """Train, stop, resume, and use the model."""
    name = f"{family}-{precision}"
    run_folder = part.folder / name
    quick = [*QUICK, "trainer.max_steps=40"] if TINY else ["trainer.steps_factor=0.2"]
    if family != "edgeconnect":  # whose results have the photo's size
        quick.append("finish.resolution=model")
    train = ["-m", "internal_gan", *_default(family, SMALL, DEVICE, precision), *quick]
    stop_at = run_folder / "metrics.jsonl"
    part.found[f"{name}, stopped"] = part.python(*train, f"output={run_folder}", stop_at=stop_at)
    part.command(name, f"resume={run_folder}", f"device={DEVICE}")
    for task, options in _tasks(family, part.folder).items():
        part.command(
            f"{name}-{task}",
            f"task={task}",
            f"checkpoint={run_folder}",
            f"device={DEVICE}",
            *options,
        )


def _tasks(family: str, folder: Path) -> dict[str, list[str]]:
    """Every task that uses a family's model, with options."""
    changed, mask = folder / "changed.png", folder / "mask.png"
    return {
        "singan": {
            "sample": ["sample.count=2", "sample.size=[200,300]"],
            "animate": ["animate.seconds=0.2"],
            "paint": [f"paint.image={changed}"],
            "edit": [f"edit.image={changed}", f"mask={mask}"],
            "harmonize": [f"edit.image={changed}", f"mask={mask}"],
            "super_resolution": ["super_resolution.factor=2"],
            "evaluate": ["sample.count=2"],
        },
        "ingan": {"retarget": ["retarget.shape=[100%,150%]"], "evaluate": []},
        "edgeconnect": {"fill": ["mask.box=[20,30,30,40]"]},
    }[family]


def gaps(target: Path) -> None:
    """How far what a model draws on the device is from what it draws on the CPU, and the peak
    memory of a default training; written to ``target``."""
    found: dict[str, Any] = {}
    network = {"detail": "network", "output_type": "pt"}
    draw: dict[str, Callable[[Any], Any]] = {
        "singan": lambda model: model.sample(2, seed=0, **network),
        "ingan": lambda model: model.retarget(("100%", "150%"), **network),
        "edgeconnect": lambda model: model.fill(**network),
    }
    for family, made in draw.items():
        folder = target.parent / family
        devices = "cpu", DEVICE
        pictures = [made(internal_gan.load(folder, device=device)) for device in devices]
        gap = (pictures[0] - pictures[1]).abs()
        found[family] = {"largest": float(gap.max()), "mean": float(gap.mean())}
        if DEVICE != "cpu":
            torch.cuda.reset_peak_memory_stats()
            for trainer in _stages_of(["model=" + family, *QUICK]):
                _steps(trainer, 2)
            found[family]["peak_mib"] = torch.cuda.max_memory_allocated() / 2**20
    write_json(target, found)


def defaults(part: Part) -> None:
    """The default command of each family on a photo of 6 megapixels, on the device and on this
    machine's CPU."""
    for device in dict.fromkeys((DEVICE, "cpu")):
        for family in FAMILIES:
            part.command(f"{family}-{device}", *_default(family, LARGE, device, "auto"), *QUICK)


def with_graphs(part: Part) -> None:
    """Steps and whole commands, with and without CUDA graphs, and figures of what these draw."""
    part.python("-m", "benchmarks.gpu", "--steps", str(part.folder / "steps.json"))
    part.found["steps"] = read_json_object(part.folder / "steps.json")
    for family in FAMILIES:
        words = [*_default(family, SMALL, DEVICE, "auto"), *FORMS[family][1:], *QUICK]
        for name in (f"{family}-auto", f"{family}-off"):
            trained, judged = part.folder / name, part.folder / f"{name}-judged"
            part.command(name, *words, f"trainer.graphs={name.split('-')[1]}")
            part.found[f"{name}, losses"] = read_metrics(trained / "metrics.jsonl")[-5:]
            if family != "edgeconnect":
                part.command(judged.name, "task=evaluate", f"checkpoint={trained}")
                figures = read_json_object(judged / "evaluation.json")["groups"]
                part.found[f"{name}, figures"] = figures


def steps(target: Path) -> None:
    """By form and stage, milliseconds of called steps and of graphs, what the graphs cost, and of
    called steps the device's kernels and how long these take."""
    found: dict[str, list[dict[str, Any]]] = {form: [] for form in FORMS}
    for form, rows in found.items():
        words = [*FORMS[form], *_quick(form)]
        for pair in zip(_stages_of(words), _stages_of(words, graphed=True), strict=True):
            rows.append({"name": pair[0].stage.name, "size": pair[0].stage.size})
            for name, trainer in zip(("called", "graph"), pair, strict=True):
                _steps(trainer, WARM_STEPS)
                made, trainer.graphs.at_once = trainer.graphs, True
                began = time.perf_counter() - made.seconds
                _steps(trainer, TIMED_STEPS)
                wall = time.perf_counter() - made.seconds - began
                rows[-1][f"{name}_ms"] = 1000 * wall / TIMED_STEPS
            rows[-1] |= {"graphs": len(made.captured), "mib": made.held / 2**20, "s": made.seconds}
            rows[-1] |= _kernels(pair[0])
            write_json(target, found)


def _kernels(trainer: StageTrainer, steps: int = 4) -> dict[str, float]:
    """Of a step: milliseconds in which the device computes, and the number of its kernels."""
    if DEVICE == "cpu":
        return {}
    activity = torch.profiler.ProfilerActivity.CUDA
    with torch.profiler.profile(activities=[activity]) as profile:
        _steps(trainer, steps)
    events = [e for e in profile.events() or () if "CUDA" in str(e.device_type)]
    busy = sum(e.time_range.elapsed_us() for e in events) / 1000
    return {"device_ms": busy / steps, "kernels": len(events) / steps}


def _stages_of(arguments: Sequence[str], *, graphed: bool = False) -> Iterator[StageTrainer]:
    """Each stage of a training on SMALL, untrained, as the engine would train it."""
    options = compose([*arguments, f"device={DEVICE}", f"image={SMALL}"])
    device, _ = prepare_device(DEVICE)
    precision, _ = select_precision(options.precision, device)
    recipe = build(options.model)
    pixels = read_image(SMALL).pixels.to(device)
    model = recipe.prepare(pixels).to(device, memory_format=torch.channels_last)
    rng, previous = torch.Generator(device).manual_seed(0), None
    for index, steps in enumerate(recipe.steps_of(model)):
        stage = recipe.stage(model, index, steps, previous, rng.manual_seed(index))
        yield StageTrainer(stage, precision, graphed)
        stage.finish()
        previous = stage


def _steps(trainer: StageTrainer, count: int) -> None:
    """Take some steps."""
    for _ in range(count):
        trainer.take_step()
    trainer.check_finite()  # waits for the device


def singan_paper(part: Part) -> None:
    """``experiment=singan_paper`` at 250 pixels, and its samples by start scale and size."""
    photo = _photo("singan", SMALL)
    part.command("run", *_paper("singan_paper", photo), *_until(part, 30), "sample.count=50")
    more = ["task=sample", f"checkpoint={part.folder / 'run'}", f"device={DEVICE}"]
    part.command("scale-1", *more, "sample.start_scale=1", "sample.count=50")
    part.command("scale-2", *more, "sample.start_scale=2", "sample.count=3")
    part.command("wide", *more, "sample.size=[188,600]", "sample.count=4")


def ingan_paper(part: Part) -> None:
    """``experiment=ingan_paper`` to half and twice the width, with and without the cycle."""
    photo, shapes = _photo("ingan", SMALL), "retarget.shape=[[100%,50%],[100%,200%]]"
    jobs = {"cycle": "ingan_paper", "no-cycle": "ingan_no_cycle"}
    for left, (name, experiment) in zip((2, 1), jobs.items(), strict=True):
        part.command(name, *_paper(experiment, photo), *_until(part, 15, left), shapes)


def edgeconnect_paper(part: Part) -> None:
    """``experiment=edgeconnect_paper`` on one photo with two holes, with and without edges."""
    photo, mask = _photo("edgeconnect", SMALL), part.folder / "holes.png"
    with Image.open(photo) as picture:
        holes = np.zeros((picture.height, picture.width), np.uint8)
    height, width = holes.shape
    for top, left in ((0.2, 0.15), (0.55, 0.6)):
        holes[int(top * height) :, int(left * width) :][: height // 4, : width // 5] = 255
    Image.fromarray(holes).save(mask)
    common = [*_paper("edgeconnect_paper", photo), f"mask={mask}", "model/features=random"]
    common.append("precision=bf16")
    jobs = {"edges": common, "no-edges": [*common, "model/edges=none"]}
    for left, (name, words) in zip((2, 1), jobs.items(), strict=True):
        part.command(name, *words, *_until(part, 15, left))


PARTS: dict[str, tuple[Callable[[Part], None], float]] = {
    "smoke": (smoke, 120),
    "tests": (tests, 120),
    "agreement": (agreement, 90),
    "graphs": (with_graphs, 540),
    "defaults": (defaults, 200),
    "singan_paper": (singan_paper, 430),
    "ingan_paper": (ingan_paper, 430),
    "edgeconnect_paper": (edgeconnect_paper, 430),
}
_writing = threading.Lock()
# Each is run in a process of its own, with the file to write.
MEASURES = {"--gaps": gaps, "--steps": steps}


def _default(family: str, photo: Path, device: str, precision: str) -> list[str]:
    """A family's default training; if it needs a hole, one a fifth of the photo's sides."""
    words = [f"model={family}", f"image={photo}", f"device={device}", f"precision={precision}"]
    if family == "edgeconnect":
        with Image.open(photo) as picture:
            width, height = picture.size
        words.append(f"mask.box=[{height // 3},{width // 3},{height // 5},{width // 5}]")
    return words


def _paper(experiment: str, photo: Path) -> list[str]:
    return [f"experiment={experiment}", f"image={photo}", f"device={DEVICE}", *_quick(experiment)]


def _quick(form: str) -> list[str]:
    """QUICK for a form; D of the paper's EdgeConnect sees 70 pixels."""
    large = form.endswith("edgeconnect_paper")
    few = ["model.batch=1"] if QUICK and "edgeconnect" in form else []
    return [*few, *(word.replace("=48", "=96") if large else word for word in QUICK)]


def _until(part: Part, reserve: float, trainings: int = 1) -> list[str]:
    """Fit the next of so many trainings to the part's time, less a reserve for drawing."""
    return [] if TINY else [f"trainer.time={part.left / trainings - reserve:.0f}s"]


def _at_once(jobs: Sequence[Callable[[], object]]) -> None:
    with ThreadPoolExecutor(len(jobs)) as pool:
        for job in [pool.submit(job) for job in jobs]:
            job.result()


def _photo(name: str, otherwise: Path) -> Path:
    """The photo of a part: ``.gpu/photos/NAME.*``, or a bundled one."""
    return next(iter(sorted((ROOT / ".gpu" / "photos").glob(f"{name}.*"))), otherwise)


def _stages(folder: Path) -> dict[str, float]:
    """The seconds at which each stage's last recorded step was done."""
    rows = read_metrics(folder / "metrics.jsonl")
    return {str(row["stage"]): row["seconds"] for row in rows if "stage" in row}


def _log(text: str) -> None:
    with (OUT / "log.txt").open("a", encoding="utf-8") as file:
        file.write(text + "\n")


def _zip(part: Part) -> None:
    """Keep a part's pictures and records, the smallest first, as long as they fit."""
    files = [p for p in part.folder.rglob("*") if p.is_file() and p.name not in LEFT_OUT]
    total = 0
    with zipfile.ZipFile(OUT / f"{part.name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files, key=lambda path: path.stat().st_size):
            total += path.stat().st_size
            if total < MAX_BYTES:
                archive.write(path, path.relative_to(part.folder))


def _prepare(folder: Path) -> None:
    """A changed photo and the mask of the change, for the tasks that need them."""
    folder.mkdir(parents=True, exist_ok=True)
    with Image.open(SMALL) as picture:
        photo = picture.convert("RGB")
    mask = Image.new("L", photo.size)
    mask.paste(255, (90, 60, 140, 100))
    photo.paste(photo.crop((10, 10, 60, 50)), (90, 60))
    photo.save(folder / "changed.png")
    mask.save(folder / "mask.png")


def main() -> None:
    words = sys.argv[1:]
    if len(words) == 2 and words[0] in MEASURES:
        MEASURES[words[0]](Path(words[1]))
        return
    groups = [word.split("+") for word in words]
    for name in (name for group in groups for name in group):
        if name not in PARTS:
            raise UserError(f"{name}: no such part; allowed: {', '.join(PARTS)}")
    if not groups:
        raise UserError(f"name a part: {', '.join(PARTS)}")
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "log.txt").write_text("", encoding="utf-8")
    ends = time.monotonic() + PATIENCE * LIMIT
    results: dict[str, Any] = {"environment": environment(), "device": prepare_device(DEVICE)[1]}
    for group in groups:
        _at_once([partial(_do, name, results, ends) for name in group])


def _do(name: str, results: dict[str, Any], ends: float) -> None:
    """Do a part, and write what it has found, however it ends."""
    work, seconds = PARTS[name]
    part = Part(name, min(ends, time.monotonic() + PATIENCE * seconds))
    shutil.rmtree(part.folder, ignore_errors=True)
    _prepare(part.folder)
    try:
        work(part)
    except Exception as error:
        part.found["error"] = repr(error)
        _log(f"{part.name}: {error!r}")
    finally:
        with _writing:
            results[part.name] = part.found
            write_json(OUT / "results.json", results)
        _zip(part)
        say(f"{part.name}: {json.dumps(part.found)}")


if __name__ == "__main__":
    run(main)
