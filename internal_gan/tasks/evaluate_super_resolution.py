"""task=evaluate_super_resolution: photos shrunk, enlarged again by a model each, and compared."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from torch import Tensor

from internal_gan.config.build import build
from internal_gan.config.compose import load_options, save_options
from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.evaluation.enlargements import (
    DEGRADATION,
    METHODS,
    interpolated,
    judge,
    markdown,
    shrink,
    summarise,
)
from internal_gan.files import atomic_write, read_json_object
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.files.names import READABLE_SUFFIXES
from internal_gan.images.photo import Photo, check_trainable
from internal_gan.models.base import Recipe
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.places import new_run_path
from internal_gan.tasks import command
from internal_gan.tasks.reporting import announce, recorded, say, write_page
from internal_gan.tasks.super_resolution import check
from internal_gan.tasks.train import TrainingStopped, train
from internal_gan.tasks.train import resume as resume_training

TASK = "evaluate_super_resolution"


def evaluate_super_resolution(options: Options, family: str | None = None) -> Path:
    """Judge task=super_resolution on every photo of a folder.

    Each photo is shrunk by ``super_resolution.factor``, a model is trained on the small one as
    that task does it, and the result is compared with the photo, beside plain interpolation.

    Returns:
        The run folder: ``results.json``, ``summary.md``, the pictures, and under ``runs/`` the
        run folder of every training.

    Raises:
        UserError: the folder, a photo or an option will not do. No folder is left behind.
        TrainingStopped: Ctrl-C or SIGTERM; it can be resumed.
    """
    photos = _photos(options)
    _check(photos, options)
    assert options.evaluate_super_resolution.photos is not None
    wanted = replace(
        options,
        evaluate_super_resolution=replace(
            options.evaluate_super_resolution,
            photos=str(Path(options.evaluate_super_resolution.photos).absolute()),
        ),
    )
    folder = RunFolder.create(new_run_path(options, "super_resolution", "evaluation"))
    with recorded(folder):
        save_options(wanted, folder.config_path)
        _evaluate(wanted, folder, photos)
    return folder.path


def resume(options: Options) -> None:
    """Go on with the evaluation in the run folder ``options.resume``.

    Photos that are done are not done again. All is as it was configured, except a device that is
    asked for here.

    Raises:
        UserError, TrainingStopped: as :func:`evaluate_super_resolution`.
    """
    assert options.resume is not None
    folder = RunFolder.open(options.resume)
    saved = load_options(folder.config_path)
    saved.device = saved.device if options.device == "auto" else options.device
    photos = _photos(saved)
    _check(photos, saved)
    folder.claim()
    with recorded(folder):
        _evaluate(saved, folder, photos)


def _photos(options: Options) -> dict[str, Path]:
    """The photos of the folder by what to call them: without suffix, where that is unambiguous."""
    name = options.evaluate_super_resolution.photos
    if name is None:
        raise UserError(f"task={TASK} needs {TASK}.photos=FOLDER, the photos to shrink and enlarge")
    if not Path(name).is_dir():
        raise UserError(f"{TASK}.photos={name}: there is no such folder")
    files = [
        path
        for path in sorted(Path(name).iterdir())
        if path.suffix.lower() in READABLE_SUFFIXES and not path.name.startswith(".")
    ]
    if not files:
        raise UserError(f"{TASK}.photos={name}: no images there")
    stems = [path.stem for path in files]
    names = [path.stem if stems.count(path.stem) == 1 else path.name for path in files]
    # They become names of run folders, which are valid text.
    return {
        os.fsencode(name).decode(errors="backslashreplace"): path
        for name, path in zip(names, files, strict=True)
    }


def _check(photos: Mapping[str, Path], options: Options) -> None:
    """Refuse at once what one of the trainings would refuse."""
    for path in photos.values():
        recipe: Recipe = build(options.model)
        small, _ = _pair(path, options)
        shrunk = Photo(small, path=path)
        try:
            check_trainable(shrunk, recipe.min_side, options.model.get("max_size"))
            check(recipe.prepare(small), options)
        except UserError as error:
            raise UserError(
                f"{path} shrunk to {'x'.join(map(str, shrunk.size))}: {error}"
            ) from error


def _pair(path: Path, options: Options) -> tuple[Tensor, Tensor | None]:
    """The small photo and the one to come back to, None where it is not shrunk."""
    pixels = read_image(path).pixels
    if not options.evaluate_super_resolution.shrink:
        return pixels, None
    return shrink(pixels, options.super_resolution.factor)


def _evaluate(options: Options, folder: RunFolder, photos: Mapping[str, Path]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    factor = options.super_resolution.factor
    degradation = DEGRADATION if options.evaluate_super_resolution.shrink else "none"
    about = f"{len(photos)} photos, factor {factor:g}; degradation: {degradation}"
    announce(console, folder, [about])
    go_on = command(f"resume={folder.path}")
    say(console, f"Ctrl-C stops; to go on later: {go_on}")
    results = []
    for number, (name, path) in enumerate(photos.items(), start=1):
        file = folder.path / "results" / f"{name}.json"
        result = read_json_object(file)
        if not result:
            say(console, f"[{number}/{len(photos)}] {name}: training")
            try:
                result = _evaluate_photo(name, path, options, folder)
            except TrainingStopped:
                say(console, f"Stopped.\n  Go on:    {go_on}")
                raise
            _write_json(file, result)
        results.append(result)
        say(console, f"[{number}/{len(photos)}] {name}: {_in_short(result)}")
        _write_json(
            folder.path / "results.json",
            {
                "factor": factor,
                "degradation": degradation,
                "mean": summarise(results),
                "photos": results,
            },
        )
        with atomic_write(folder.path / "summary.md") as temporary:
            temporary.write_text(
                markdown(results, factor), encoding="utf-8", errors="backslashreplace"
            )
        write_page(folder)
    folder.write_status("finished", photos=len(results))
    write_page(folder)
    say(console, f"  Table:    {folder.path / 'summary.md'}")
    say(console, f"  Page:     {folder.report_path}")


def _evaluate_photo(name: str, path: Path, options: Options, folder: RunFolder) -> dict[str, Any]:
    """Train, enlarge, judge, and write the pictures side by side."""
    small, original = _pair(path, options)
    low = folder.path / "shrunk" / f"{name}.png"
    low.parent.mkdir(exist_ok=True)
    write_image(low, small)
    run = RunFolder(folder.path / "runs" / name)
    _train(run, replace(options, task="super_resolution", image=str(low), output=str(run.path)))
    enlarged = read_image(run.path / "super_resolution" / "enlarged.png").pixels
    size = (enlarged.shape[-2], enlarged.shape[-1])
    pictures = interpolated(small, size) | {"enlarged": enlarged}
    if original is not None:
        pictures = {"original": original} | pictures
    shown = folder.path / TASK / name
    shown.mkdir(parents=True, exist_ok=True)
    for method, picture in pictures.items():
        write_image(shown / f"{method}.png", picture)
    factor = options.super_resolution.factor
    figures = {method: judge(pictures[method], original, factor) for method in METHODS}
    if original is not None and (natural := judge(original, None, factor)):
        figures = {"original": natural} | figures
    seconds = run.status().get("seconds")
    return {"photo": name, "size": size, "seconds": seconds, "figures": figures}


def _train(run: RunFolder, options: Options) -> None:
    """Bring the training of a photo to its end, whatever became of it before."""
    if run.status()["state"] == "finished":
        return
    if run.config_path.is_file():
        resume_training(Options(resume=str(run.path), device=options.device), quiet=True)
        return
    shutil.rmtree(run.path, ignore_errors=True)
    train(options, quiet=True)


def _in_short(result: Mapping[str, Any]) -> str:
    ours, plain = (result["figures"][method] for method in ("enlarged", "bicubic"))
    return ", ".join(
        f"{name.upper()} {ours[name]:.2f} (bicubic {plain[name]:.2f})"
        for name in ("psnr", "niqe")
        if name in ours
    )


def _write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
