"""task=export: a trained network as one file that works without this package."""

from __future__ import annotations

import importlib
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from internal_gan.config.catalogue import TABLE
from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.files import atomic_write, make_folder
from internal_gan.images.files.image import write_image
from internal_gan.process_settings import ignored_warnings
from internal_gan.tasks.base import Picture
from internal_gan.tasks.export.graphs import Export, export_of
from internal_gan.tasks.export.readme import explain
from internal_gan.tasks.reporting import enough_memory, finish, new_console, say
from internal_gan.tasks.runner import load_trained, mark_of, new_run, write
from internal_gan.units import counted

TASK = "export"
INSTALL = "pip install 'internal-gan[export]'"
# Of the file's pictures from the model's, whose values go from -1 to 1.
MOST_DIFFERENCE = 1e-4


def export(options: Options) -> Path:
    """Write the network in ``options.checkpoint`` as one file, and return the new run folder.

    The folder ``export`` holds the file, a README, a program that uses it, the image that this
    needs, if any, and a picture that the file drew. What the file draws is compared with what the
    model draws, at several sizes.

    Raises:
        UserError: the checkpoint or an option is not usable, or a package is missing.
        RuntimeError: the file draws something else; it is not kept.
    """
    wanted = options.export
    if options.device not in ("auto", "cpu"):
        raise UserError(f"device={options.device}: networks are exported on the CPU; allowed: cpu")
    if wanted.format == "onnx":
        _check_installed("onnx", "onnxscript", "onnxruntime")
    trained = load_trained(replace(options, device="cpu"))
    made = export_of(trained.model, wanted)
    console = new_console()
    with (
        new_run(options, trained, console) as run,
        enough_memory(TABLE[TASK].memory),
    ):
        folder = make_folder(run.path / TASK)
        file = folder / f"{made.name}.{'onnx' if wanted.format == 'onnx' else 'pt2'}"
        say(console, "This takes about half a minute.")
        with _quiet():
            (_write_onnx if wanted.format == "onnx" else _write_torch)(file, made)
        if made.image is not None:
            write_image(folder / "image.png", made.image, like=trained.like)
        worst, drawn = _compared(file, made)
        explain(folder, made, file.name, worst)
        mark = mark_of(options, trained.model.task, trained.model.family)
        results = write([Picture(f"{TASK}/000.png", drawn)], run, trained.like, mark)
        say(
            console,
            f"{file.name} draws what the model draws: at {counted(len(made.sizes), 'size')} "
            f"no value from -1 to 1 differs by more than {worst:.1g}.",
        )
        run.write_status("running", results=results)
        finish(console, run, f"{file.name} ({file.stat().st_size / 1e6:.1f} MB)", trained.started)
        say(console, f"  File:     {file}")
        say(console, f"  Its use:  {folder / 'README.md'}")
    return run.path


def _check_installed(*packages: str) -> None:
    for package in packages:
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise UserError(
                f"export.format=onnx needs {package}; {INSTALL}, or choose export.format=torch"
            ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's remarks on packages that it does not find here."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with ignored_warnings(), torch.no_grad():
            yield
    finally:
        log.setLevel(level)


def _program(made: Export) -> torch.export.ExportedProgram:
    inputs = made.inputs(made.sizes[0])
    return torch.export.export(made.graph.eval(), inputs, dynamic_shapes=made.dynamic(inputs))


def _write_onnx(path: Path, made: Export) -> None:
    converted = torch.onnx.export(
        _program(made),
        dynamo=True,
        input_names=list(made.names),
        output_names=["picture"],
        verbose=False,
    )
    assert converted is not None
    with atomic_write(path) as temporary:
        converted.save(temporary, external_data=False)


def _write_torch(path: Path, made: Export) -> None:
    program = _program(made)
    with atomic_write(path) as temporary:
        torch.export.save(program, temporary)


def _compared(file: Path, made: Export) -> tuple[float, Tensor]:
    """The largest difference of the file's pictures from the model's, and the first of them."""
    draw = _session(file, made.names) if file.suffix == ".onnx" else _loaded(file)
    worst, pictures = 0.0, list[Tensor]()
    for size in made.sizes:
        inputs = made.inputs(size)
        picture, ours = draw(inputs), made.ours(inputs, size)
        same = picture.shape == ours.shape
        difference = float((picture - ours).abs().max()) if same else math.inf
        # False of a difference that is not a number, too.
        if not difference <= MOST_DIFFERENCE:
            file.unlink()
            raise RuntimeError(f"{file.name} at {size} differs from the model by {difference:.2g}")
        worst = max(worst, difference)
        pictures.append(picture)
    return worst, pictures[0]


Draw = Callable[[tuple[Tensor, ...]], Tensor]


def _session(file: Path, names: Sequence[str]) -> Draw:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])

    def draw(inputs: tuple[Tensor, ...]) -> Tensor:
        arrays = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
        return torch.from_numpy(session.run(None, arrays)[0])

    return draw


def _loaded(file: Path) -> Draw:
    module = torch.export.load(file).module()

    def draw(inputs: tuple[Tensor, ...]) -> Tensor:
        picture: Tensor = module(*inputs).detach()
        return picture

    return draw
