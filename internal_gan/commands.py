"""Runs a command, after refusing options that do not apply to its task, before torch is loaded."""

import dataclasses
import gc
import importlib
import json
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Collection
from operator import attrgetter
from pathlib import Path
from typing import Any

from internal_gan.config.arguments import check_image_file
from internal_gan.config.catalogue import RESUMED, SPECS, check_able, check_trains, family_of
from internal_gan.config.compose import load_options
from internal_gan.config.options import FIELDS, FREE, PATHS, Options
from internal_gan.errors import UserError
from internal_gan.images.files.names import has_another, is_picture
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.records import changed_inputs
from internal_gan.training.signals import ctrl_c_ends, ctrl_c_raises

# Exit codes.
MISTAKE = 2  # after a user's mistake
CRASH = 1  # after an error in this package
# The environment variable by which the page asks for the fields of an error, as "json".
ERRORS = "INTERNAL_GAN_ERRORS"
# Options that decide the model; skip_finished=true compares the composed model in their place.
_MODEL = {"model", "trainer", "precision"}
# What tasks make that do not make a picture.
_MAKES = {"animate": "a film", "evaluate": "figures", "verify": "a verdict", "compare": "a table"}


def run(options: Options, changed: Collection[str] = ()) -> int:
    """Run the task that checked options describe; a UserError if they do not go together, or one
    that the user ``changed`` does not apply. Returns the process's exit code: 0; 130 or 143 after a
    stop by Ctrl-C or SIGTERM; 1 if task=verify finds a wrong claim."""
    given = {key for key in changed if not key.startswith("hydra")}
    if options.skip_finished and options.resume is None:
        if options.output is None:
            raise UserError("skip_finished=true needs output=FOLDER, the folder of the earlier run")
        if _goes_on(options, given):
            options = dataclasses.replace(options, resume=options.output, output=None)
            given &= RESUMED
    given -= {"skip_finished"}
    if options.resume is not None:
        _refuse(given - RESUMED, "resume", "continues with the options of that run")
        folder = RunFolder.open(options.resume)
        if folder.status()["state"] == "finished":
            print(f"{folder.path} is finished; its page is {folder.report_path}")
            return 0
    elif options.trains:
        check_trains(options.model)
        check_image_file(options.image)
    else:
        _check_use(options, given)
    return _do(options, given)


def run_piped(options: Options, changed: Collection[str] = ()) -> int:
    """:func:`run`, where ``image=-`` is standard input and ``output=-`` standard output; more than
    a picture is refused in both, and so is a terminal."""
    if options.output == "-":
        count = getattr(getattr(options, options.task, None), "count", 1)
        several = f"{options.task}.count={count}" if count > 1 else ""
        what = "a model" if options.trains else _MAKES.get(options.task) or several
        if what or options.layers.files:
            raise UserError(f"output=-: takes one picture, not {what or 'layers'}; name a folder")
        if sys.stdout is None or sys.stdout.isatty():
            raise UserError("output=-: a terminal shows no picture; add > result.png")
    elif is_picture(options.output or ""):
        raise UserError(f"output={options.output}: names a folder; write output=- > result.png")
    if options.image != "-":
        return run(options, changed)
    if sys.stdin is None or sys.stdin.isatty():
        raise UserError("image=-: nothing is piped into this command; add < x.jpg")
    with tempfile.TemporaryDirectory(prefix="internal-gan-") as folder:
        path = Path(folder, "stdin")
        try:
            with path.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
            if has_another(path):
                raise UserError("image=-: takes one picture, and another one follows it")
            return run(dataclasses.replace(options, image=str(path)), changed)
        except UserError as error:
            why = error.problem.replace(f"image={path}", str(path))
            raise error.reworded(why.replace(str(path), "image=-")) from error


def _check_use(options: Options, given: set[str]) -> None:
    """Check the options of a task that trains nothing."""
    task = SPECS[options.task]
    name = f"task={options.task}"
    checkpoint = options.checkpoint
    other = {key for key in given if not task.allows(key)}
    if options.task == "train":
        raise UserError(
            f"checkpoint={checkpoint}: task=train trains a new model; write task=sample to use "
            f"that one, or resume={checkpoint} to continue its training"
        )
    if options.judges:
        own = {key for key in given if key.partition(".")[0] == options.task}
        other = given - own - task.run | ({"checkpoint"} & given)
        _refuse(other, f"{task.instead}", "takes image=PHOTO and the other options of its task")
    elif not task.needs:
        _refuse(other, f"{options.task} --help", "lists the options that apply")
    elif checkpoint is not None:
        other |= set() if task.whole else {"image"} & given
        _refuse(other, f"{name} with checkpoint=", "uses the trained model")
        folder = RunFolder.open(checkpoint, needs=["model.safetensors"])
        found, named = (family_of(o.model) for o in (load_options(folder.config_path), options))
        if "model" in given and named != found:
            raise UserError(f"checkpoint={folder.path}: a model of {found}, not of {named}")
        if found:  # not in the configuration of a model file that was shared
            check_able(found, options.task, f"checkpoint={folder.path}")
    elif options.image is None:
        raise UserError(f"{name} needs a photo, image=FILE, or a trained model, checkpoint=RUN")
    else:
        what = "lists the options that apply; a training needs a model=, such as singan"
        _refuse(other, f"{options.task} --help", what)
    if task.allows("image") and (options.image is not None or checkpoint is None):
        check_image_file(options.image)


def _do(options: Options, given: Collection[str]) -> int:
    ctrl_c_ends()
    _load()
    from internal_gan.runs.source import Source
    from internal_gan.tasks.runner import run_task
    from internal_gan.tasks.train import Hooks, resume, train
    from internal_gan.training.engine import TrainingStopped

    ctrl_c_raises()
    hooks = Hooks(progress=True)
    try:
        if options.resume is not None:
            resume(options.resume, options.device, hooks)
        elif options.trains:
            train(Source(options), changed=given, hooks=hooks)
        else:
            return run_task(options)
    except TrainingStopped as stop:
        return 143 if stop.by == "SIGTERM" else 130
    return 0


def _load() -> None:
    """Import what tasks need, torch above all. All of it stays, so the garbage collector need not
    look through it, which would take .3 seconds now and .5 at the end of the process."""
    if "torch" in sys.modules:
        return
    gc.disable()
    try:
        importlib.import_module("internal_gan.tasks.train")
        gc.freeze()
    finally:
        gc.enable()


def _goes_on(options: Options, given: Collection[str]) -> bool:
    """Whether the run in ``options.output`` is resumed, rather than begun, once no other process
    works there; a UserError if it differs in options that were ``given`` or affect the result."""
    folder = RunFolder(Path(str(options.output)))
    folder.wait()
    begun = folder.config_path.is_file()
    if begun and (others := _others(options, folder, given)):
        raise UserError(
            f"output={options.output}: holds a run with other options ({', '.join(others)}); "
            "choose another output folder"
        )
    model = options.checkpoint and RunFolder(Path(options.checkpoint)).model_path
    if begun and (new := ", ".join(changed_inputs(folder.path, model or None))):
        if options.trains:
            raise UserError(
                f"output={options.output}: {new} changed since this training began; choose another "
                "output folder"
            )
        print(f"{folder.path}: {new} changed since; it is made again")
        folder.write_status("stopped", results=[])
    if folder.status()["state"] == "finished" or (begun and options.trains):
        return True
    # RunFolder.create accepts or refuses anything else.
    if begun and folder.status_path.is_file():
        folder.forget()
    return False


def _others(options: Options, folder: RunFolder, given: Collection[str]) -> list[str]:
    saved = load_options(folder.config_path)
    if saved.task != options.task:
        return ["task"]
    compared = FIELDS.keys() - FREE - _MODEL
    names = {key for key in given if key.partition(".")[0] in compared} | {"seed"}
    found = [key for key in sorted(names) if _value(options, key) != _value(saved, key)]
    # A time budget may have changed the model's steps.
    if options.trains and {**options.model, "steps": None} != {**saved.model, "steps": None}:
        found.append("model")
    return found


def _value(options: Options, key: str) -> Any:
    value: Any = attrgetter(key)(options)
    if key not in PATHS or value is None:
        return value
    paths = value if isinstance(value, list) else [value]
    return [os.path.abspath(Path(path).expanduser()) for path in paths]  # noqa: PTH100


def _refuse(extra: Collection[str], what: str, why: str) -> None:
    if extra:
        raise UserError(f"{', '.join(sorted(extra))}: cannot be changed here; {what} {why}")


def say(message: str) -> None:
    """Print an error in one line."""
    print("error: " + " ".join(message.splitlines()), file=sys.stderr)


def report(error: Exception, where: str = "") -> int:
    """Print where and why a command failed, and where its traceback is; returns its exit code."""
    code = MISTAKE
    if not isinstance(error, UserError):
        known = getattr(error, "__notes__", None)
        if not known:
            number, name = tempfile.mkstemp(".txt", "internal-gan-", text=True)
            with open(number, "w", encoding="utf-8", errors="backslashreplace") as file:  # noqa: PTH123
                traceback.print_exception(error, file=file)
            known = [f"the traceback is in {name}"]
        text = f"unexpected {type(error).__name__}: {error}; {'; '.join(known)}"
        error = UserError(text, kind="unexpected")
        code = CRASH
    say(json.dumps(vars(error)) if os.environ.get(ERRORS) == "json" else f"{where}{error}")
    return code
