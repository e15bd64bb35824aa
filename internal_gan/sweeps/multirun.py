"""Many runs by one command: Hydra's sweeper and launcher start the jobs, which run here. A failed
job never stops the others; one that was interrupted resumes when it is started again."""

import hashlib
import importlib
import itertools
import math
import os
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.types import Override, RangeSweep, ValueType
from omegaconf import DictConfig, OmegaConf

from internal_gan.commands import CRASH, report, run, say
from internal_gan.config.arguments import check_image_file, command, key_of, quote, unquote, written
from internal_gan.config.build import build
from internal_gan.config.compose import CONFIG_NAME, compose, composed, hydra_of_conf, to_options
from internal_gan.config.conf import swept_by
from internal_gan.config.messages import parsed
from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.files import disk_errors, write_error
from internal_gan.runs.folder import LONGEST_NAME
from internal_gan.runs.jobs import RECORDS, Record, in_short, lasting, read_records
from internal_gan.training.signals import ctrl_c_raises

# Options that name files, which composing a job does not check.
_FILES = ("image", "checkpoint", "resume")
# Up to this many runs are measured at the end; each takes some seconds.
MEASURED = 100
# The most jobs of a sweep, which are all checked before the first one starts.
MAX_JOBS = 100_000

# The launchers' configurations in conf/ replace those of the plugins.
warnings.filterwarnings("ignore", r"\n'hydra/launcher/\w+' is validated against", UserWarning)
OmegaConf.register_new_resolver(
    "job_name",
    lambda *keys, _root_: job_name(list(_root_.hydra.overrides.task), keys),
    replace=True,
)


def sweep(overrides: Sequence[str]) -> int:
    """Run the jobs of a multirun, once the options of all compose; returns the exit code."""
    folder, overrides = _checked(overrides)
    ctrl_c_raises()
    print(f"Run folders in {short(str(folder))}", flush=True)
    try:
        with disk_errors(folder), hydra_of_conf():
            GlobalHydra.instance().hydra.multirun(CONFIG_NAME, job, overrides)  # type: ignore[union-attr]
    except Exception as error:
        why = str(error).partition("\n")[0]
        if not read_records(folder):
            # The launcher's options are wrong, or no folder can be made.
            wrong = write_error(folder, error) if isinstance(error, OSError) else None
            raise wrong or UserError(why) from error
        say(f"the sweep ended early ({type(error).__name__}): {why}")
        return _end(folder, ended_early=True)
    return _end(folder, ended_early=False)


def _checked(overrides: Sequence[str]) -> tuple[Path, list[str]]:
    """The folder of a multirun's run folders, and its overrides for Hydra, both checked."""
    of_hydra = [o for o in overrides if key_of(o).startswith("hydra")]
    choices = choices_of([o for o in overrides if o not in of_hydra])
    first = [values[0] for values in choices.values()]
    config = composed([*first, *of_hydra], with_hydra=True)
    settings = config.hydra
    _check_installed(settings)
    params = settings.sweeper.get("params") or {}
    choices = choices_of([f"{key}={value}" for key, value in params.items()]) | choices
    if math.prod(map(len, choices.values())) > MAX_JOBS:
        raise UserError(f"these options make too many runs; at most {MAX_JOBS} are allowed")
    trained = _check_jobs(choices)
    path = Path(str(settings.sweep.dir)).absolute()
    if config.skip_finished and "hydra.sweep.dir" not in map(key_of, overrides):
        raise UserError("skip_finished=true needs output=FOLDER, the folder of the earlier sweep")
    if not config.skip_finished and path.is_dir() and any(path.iterdir()):
        raise UserError(
            f"output folder {settings.sweep.dir} is not empty; choose another folder, or continue "
            "that sweep with skip_finished=true"
        )
    for_hydra = [
        *(_of_each_job(o, choices) for o in overrides if key_of(o) != "hydra.sweep.dir"),
        f"hydra.sweep.dir={quote(str(path))}",
    ]
    if "hydra.sweep.subdir" not in map(key_of, overrides):
        keys = ["image", *(key for key, values in choices.items() if len(values) != 1)]
        jobs = [*itertools.product(*choices.values())]
        _check_names([job_name(job, keys) for job in jobs], jobs, path)
        for_hydra.append(f"hydra.sweep.subdir='${{job_name:{','.join(keys)}}}'")
    for model in trained:
        build(model)  # comes last, since it loads torch
    return path, for_hydra


def _end(folder: Path, ended_early: bool) -> int:
    """Report and compare the jobs; returns the exit code."""
    records = read_records(folder)
    left = [record for record in records if record.state != "finished"]
    path = short(str(folder))
    print(f"\n{len(records) - len(left)} of {len(records)} jobs finished in {path}", flush=True)
    if len(records) > MEASURED:
        print(f"To compare them: {command('task=compare', f'runs={path}')}")
    elif len(left) < len(records):
        run(Options(task="compare", runs=path))
    for record in left:
        say(f"{record.name} {record.state}: {record.reason or 'it was interrupted'}")
    if left or ended_early:
        say(f"the same command with output={path} skip_finished=true runs the remaining jobs")
    codes = {record.code or CRASH for record in left} | ({CRASH} if ended_early else set())
    return max(codes, default=0) if len(codes) <= 1 else CRASH


def job(config: DictConfig) -> None:
    """One run of a multirun, in the process that the launcher chose; a SystemExit if the multirun
    was stopped, or its records cannot be written."""
    try:
        with disk_errors(Path(HydraConfig.get().sweep.dir)):
            _job(config, HydraConfig.get())
    except UserError as error:
        # Hydra would report it in its own words.
        raise SystemExit(report(error)) from error


def _job(config: DictConfig, settings: Any) -> None:
    os.chdir(settings.runtime.cwd)  # Ray may start its workers elsewhere
    sweep = Path(settings.sweep.dir)
    folder = Path(settings.runtime.output_dir)
    overrides = list(settings.overrides.task)
    name = folder.relative_to(sweep).as_posix()
    begun = {known.name: known.number for known in read_records(sweep)}
    record = Record(name, lasting(overrides), number=begun.get(name, len(begun)))
    print(f"\nJob {settings.job.num}: {name}", flush=True)
    record.write(sweep)
    try:
        options = to_options(config)
        if options.resume is None:
            options.output = short(str(folder))
            options.skip_finished = True
        given = {key_of(override) for override in overrides}
        if not options.trains and options.resume is None:
            # Those of a training are for the jobs of other models.
            given = {key for key in given if key.partition(".")[0] not in ("trainer", "precision")}
        with beside_others(settings, sweep / RECORDS / f"{record.name}.txt"):
            record.code = run(options, changed=given)
    except Exception as error:
        record.code = report(error, f"job {name}: ")
        record.reason = str(error)
    except KeyboardInterrupt:
        record.code = 130
    record.write(sweep)
    on = f"; to go on: the same command, with output={short(str(sweep))} skip_finished=true"
    print(f"{record.name}: {record.state}{on if record.state == 'stopped' else ''}", flush=True)
    if folder.is_dir() and not any(folder.iterdir()):
        # Hydra created it for a run that never began.
        folder.rmdir()
    if record.state == "stopped":
        raise SystemExit(record.code)


def short(path: str) -> str:
    """``path``, relative if it is inside the working directory."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100 (resolves "..", not links)
    here = Path.cwd()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else path


def choices_of(overrides: Iterable[str]) -> dict[str, list[str]]:
    """The values that each option takes, as overrides.

    >>> choices_of(["seed=1,2", "image=x.jpg"])
    {'seed': ['seed=1', 'seed=2'], 'image': ['image=x.jpg']}
    """
    return {key_of(override): _values(parsed(override)) for override in overrides}


def job_name(overrides: Sequence[str], keys: Iterable[str]) -> str:
    """The name of a job and its run folder: its photo, and its values of the options ``keys``.

    >>> job_name(["image='my photos/a b.jpg'", "seed=3", "trainer=fast"], ["image", "seed"])
    'a_b-seed=3'
    """
    wanted = set(keys)
    parts: list[str] = []
    for override in overrides:
        key, value = key_of(override), override.partition("=")[2]
        if key == "image":
            parts.insert(0, Path(unquote(value)).stem)
        elif key in wanted:
            parts.append(f"{key.removeprefix('model.')}={in_short(unquote(value))}")
    name = re.sub(r"[^\w.=+-]+", "_", "-".join(parts)).strip("_.") or "job"
    if len(name.encode()) > LONGEST_NAME:
        digest = hashlib.sha256(name.encode()).hexdigest()[:12]
        name = f"{name.encode()[: LONGEST_NAME - 13].decode(errors='ignore')}-{digest}"
    return name


def _values(override: Override) -> list[str]:
    written = override.input_line or ""
    value = override.value()
    if isinstance(value, RangeSweep) and value.step == 0:
        raise UserError(f"{written}: the step of a range cannot be 0")
    if not override.is_sweep_override():
        return [written]
    key = override.get_key_element()
    if not override.is_discrete_sweep() or override.value_type == ValueType.GLOB_CHOICE_SWEEP:
        raise UserError(f"{written}: list the values, separated by commas")
    found = [*itertools.islice(override.sweep_string_iterator(), MAX_JOBS + 1)]
    if not found:
        raise UserError(f"{written}: this range is empty")
    return [f"{key}={value}" for value in found]


@contextmanager
def beside_others(settings: DictConfig, log: Path) -> Iterator[None]:
    """With a launcher that runs jobs at the same time, write the block's output to ``log``."""
    if settings.runtime.choices["hydra/launcher"] == "basic":
        yield
        return
    if threads := settings.launcher.get("cpus_per_task"):
        # submitit itself limits a job to its cores only on a cluster. torch reads this once.
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    with (
        log.open("a", encoding="utf-8", errors="backslashreplace", buffering=1) as file,
        redirect_stdout(file),
        redirect_stderr(file),
    ):
        yield


def _of_each_job(override: str, choices: Mapping[str, Sequence[str]]) -> str:
    """An override for Hydra, which first composes what all jobs have in common and, if the model
    differs between jobs, may compose a model without this option."""
    differs = any(len(choices.get(group, [])) > 1 for group in ("model", "experiment"))
    of_model = override.startswith("model.") and len(choices.get(key_of(override), [])) == 1
    return f"++{override}" if differs and of_model else override


def _check_installed(settings: DictConfig) -> None:
    launcher = settings.launcher
    if not OmegaConf.is_dict(launcher):
        raise UserError(f"hydra.launcher={launcher}: write hydra/launcher={launcher}")
    home, package, *_ = launcher._target_.split(".")
    if home == "hydra_plugins":
        try:
            importlib.import_module(f"{home}.{package}")
        except ModuleNotFoundError as error:
            name = package.split("_")[1]
            raise UserError(
                f"hydra/launcher={name}: the plugin hydra-{name}-launcher is not installed: "
                f'pip install "internal-gan[{name}]"'
            ) from error


def _check_jobs(choices: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Compose every job, leaving out its files; returns the models that are still to be checked."""
    # Hydra would ignore the values that an ablation sweeps next to another experiment.
    for value in choices.get("experiment", []):
        if len(choices["experiment"]) > 1 and swept_by(value.partition("=")[2]):
            raise UserError(f"{value}: makes several runs by itself; leave out other experiments")
    lists = [values for key, values in choices.items() if key not in _FILES]
    of_model = any(key.startswith("model.") for key in choices)
    models = dict[str, dict[str, Any]]()
    for values in itertools.product(*lists):
        options = compose(values)
        trains = options.trains and not choices.keys() & {"resume", "checkpoint"}
        if trains and "image" not in choices:
            check_image_file(None)
        if trains and of_model:
            models[written(options.model)] = options.model
    return [*models.values()]


def _check_names(names: Sequence[str], jobs: Sequence[Sequence[str]], path: Path) -> None:
    """Refuse jobs that would share a folder, with each other or with another sweep's."""
    for name, count in Counter(names).items():
        if count > 1:
            raise UserError(
                f"{count} jobs of this sweep are all called {name}; rename photos of one name, "
                "or leave out values that are repeated or equal to six digits"
            )
    known = {record.name: record.overrides for record in read_records(path)}
    for name, wanted in zip(names, jobs, strict=True):
        if name in known and (other := set(known[name]) ^ set(lasting(wanted))):
            raise UserError(
                f"{name} was made with other options ({', '.join(sorted(other))}); "
                "choose another output folder for these"
            )
