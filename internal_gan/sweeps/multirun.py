"""Many runs by one command: Hydra's sweeper and launcher start the jobs, which run here.

A failed job never stops the others. A killed job resumes when it is started again, so a launcher
that lost a worker is restarted.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import time
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from internal_gan.api import commands
from internal_gan.config.arguments import check_image_file, key_of, quote
from internal_gan.config.compose import compose, compose_hydra, to_options
from internal_gan.config.messages import PLUGINS, needs_extra
from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.runs.folder import RunFolder
from internal_gan.sweeps.choices import check_countable, choices_of, jobs_of
from internal_gan.sweeps.job_names import how_to_call, job_name
from internal_gan.sweeps.jobs import Record, Sweep, lasting, run_apart
from internal_gan.training.signals import ctrl_c_raises

MISTAKE, CRASH = 2, 1
# How often a launcher that loses a worker is started.
ROUNDS = 10
# Launchers that raise an exception of their own package when a worker dies.
_CAN_LOSE_WORKERS = ("joblib", "submitit", "ray")
_BASIC_SWEEPER = f"{BasicSweeper.__module__}.BasicSweeper"
_BASIC_LAUNCHER = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
# The default in conf/config.yaml.
_SUBDIR = "${hydra.job.num}"
# Options that name files, which composing a job does not check.
_FILES = ("image", "checkpoint", "resume")
# Up to this many runs are measured at the end, in some seconds each.
MEASURED = 100

Say = Callable[[str], object]


class JobFailedError(Exception):
    """A failed job, which has already reported why, has no figure for its sweeper."""


def _name(photos: str, *keys: str, _root_: DictConfig) -> str:
    return job_name(list(_root_.hydra.overrides.task), keys, photos)


# The launchers' configurations in conf/ replace those of the plugins.
warnings.filterwarnings("ignore", r"\n'hydra/launcher/\w+' is validated against", UserWarning)
OmegaConf.register_new_resolver("job_name", _name, replace=True)


class Multirun:
    """A multirun, checked before its first job starts.

    Attributes:
        sweep: the folder of the run folders.
        overrides: for Hydra, in place of the user's.

    Raises:
        UserError: an option of a job, the folder or the launcher is invalid.
    """

    def __init__(self, overrides: Sequence[str]) -> None:
        choices = choices_of([o for o in overrides if not key_of(o).startswith("hydra")])
        settings = compose_hydra(
            [
                *(values[0] for values in choices.values() if values),
                *(o for o in overrides if key_of(o).startswith("hydra")),
            ]
        )
        _check_installed(settings)
        params = settings.sweeper.get("params") or {}
        in_files = [f"{key}={value}" for key, value in params.items()]
        choices = choices_of(in_files) | choices
        if settings.sweeper._target_ == _BASIC_SWEEPER:
            check_countable(choices, [*overrides, *in_files])
        _refuse_several_ablations(choices.get("experiment", []))
        _check_jobs(choices)
        self.sweep = Sweep(Path(str(settings.sweep.dir)).absolute())
        _check_folder(self.sweep.path, overrides, settings.sweep.dir)
        self.overrides = [
            *(_of_each_job(o, choices) for o in overrides if key_of(o) != "hydra.sweep.dir"),
            f"hydra.sweep.dir={quote(str(self.sweep.path))}",
        ]
        self._photos: str | None = None
        if OmegaConf.to_container(settings.sweep, resolve=False)["subdir"] == _SUBDIR:  # type: ignore[index, call-overload]
            images = [o.partition("=")[2] for o in choices.get("image", [])]
            self._photos = how_to_call(images, self.sweep.photos)
            keys = [key for key, values in choices.items() if len(values) != 1]
            name = ",".join([self._photos, *keys])
            self.overrides.append(f"hydra.sweep.subdir='${{job_name:{name}}}'")
            # Sweepers that search choose their jobs as they go.
            if settings.sweeper._target_ == _BASIC_SWEEPER:
                jobs = jobs_of([*in_files, *overrides])
                _check_at_once(settings, len(jobs))
                self._check_names(jobs, ["image", *keys], self._photos)

    def _check_names(self, jobs: Sequence[list[str]], keys: Sequence[str], photos: str) -> None:
        """Refuse jobs that would share a folder, with each other or with another sweep's."""
        names = [job_name(job, keys, photos) for job in jobs]
        for name, count in Counter(names).items():
            if count > 1:
                raise UserError(
                    f"{count} jobs of this sweep are all called {name}; leave out values that are "
                    "repeated or equal to six digits"
                )
        for name, job in zip(names, jobs, strict=True):
            known = self.sweep.read(name)
            if known is not None and (other := set(known.overrides) ^ set(lasting(job))):
                raise UserError(
                    f"{name} was made with other options ({', '.join(sorted(other))}); "
                    "choose another output folder for these"
                )

    def launch(self, application: Callable[[], Any], say: Say) -> None:
        """Run Hydra's ``application``, and again whenever its launcher loses a worker."""
        ctrl_c_raises()
        print(f"Run folders in {short(str(self.sweep.path))}", flush=True)
        # Sweepers write their own files there.
        self.sweep.path.mkdir(parents=True, exist_ok=True)
        self.sweep.settle([])
        if self._photos:
            self.sweep.photos = self._photos
        for start in range(1, ROUNDS + 1):
            try:
                application()
                return
            except Exception as error:
                lost = type(error).__module__.partition(".")[0] in _CAN_LOSE_WORKERS
                if not lost or start == ROUNDS:
                    raise
                say(f"the launcher lost a worker ({type(error).__name__}); starting the rest")
            self.sweep.settle(r.name for r in self.sweep.records() if r.state == "failed")

    def end(self, say: Say) -> int:
        """Report and compare the jobs; returns the exit code."""
        records = self.sweep.records()
        left = [record for record in records if record.state != "finished"]
        path = short(str(self.sweep.path))
        print(f"\n{len(records) - len(left)} of {len(records)} jobs finished in {path}", flush=True)
        if len(left) < len(records):
            from internal_gan.sweeps.comparison import compare  # with torch

            compare(Options(task="compare", runs=path), measure_at_most=MEASURED)
        for record in left:
            say(f"{record.name} {record.state}: {record.reason or 'it was interrupted'}")
        if left:
            say(f"the same command with output={path} skip_finished=true runs the remaining jobs")
        codes = {record.code or CRASH for record in left}
        return max(codes, default=0) if len(codes) <= 1 else CRASH


def job(config: DictConfig, say: Callable[[Exception, str], int]) -> float | None:
    """One run of a multirun, in this process or, for other launchers than Hydra's own, in another.

    Args:
        say: reports an error of the job of that name; returns the exit code.

    Returns:
        The figure that ``objective`` names, if any.

    Raises:
        JobFailedError: there is no such figure.
        SystemExit: Ctrl-C or SIGTERM stopped the job, and with it the multirun.
    """
    hydra_config: Any = HydraConfig.get()
    sweep = Sweep(Path(hydra_config.sweep.dir))
    folder = Path(hydra_config.runtime.output_dir)
    name = folder.relative_to(sweep.path).as_posix()
    overrides = list(hydra_config.overrides.task)
    record = Record(name, lasting(overrides))
    if sweep.is_settled(name):
        return None
    print(f"\nJob {hydra_config.job.num}: {name}", flush=True)
    try:
        options = to_options(config)
        if options.resume is None:
            options.output = short(str(folder))
            options.skip_finished = True
        done = RunFolder(folder).status()
        if options.resume is None and done["state"] == "finished":
            print(f"{name}: already finished", flush=True)
            record.state, record.seconds = "finished", done.get("seconds")
        else:
            sweep.write(record)
            _do(record, options, sweep, hydra_config)
    except Exception as error:
        record.code = say(error, name)
        record.state, record.reason = "failed", str(error)
    except KeyboardInterrupt:
        record.state, record.code, record.reason = "stopped", 130, "stopped immediately"
    sweep.write(record)
    if folder.is_dir() and not any(folder.iterdir()):
        # Hydra created it for a run that never began.
        folder.rmdir()
    if record.state == "stopped":
        raise SystemExit(record.code)
    if config.objective is None or hydra_config.sweeper._target_ == _BASIC_SWEEPER:
        return None  # no sweeper needs it
    if record.state != "finished":
        raise JobFailedError(record.name)
    from internal_gan.sweeps.comparison import objective

    return objective(sweep.path, record.name, config.objective)


def run(options: Options, changed: Collection[str] = ()) -> int:
    """:func:`internal_gan.api.commands.run`, with ``task=compare`` as well."""
    return commands.run(options, changed, {"compare": _compare})


def _compare(options: Options) -> None:
    from internal_gan.sweeps.comparison import compare

    compare(options)


def short(path: str) -> str:
    """``path``, relative if it is inside the working directory."""
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative


def _do(record: Record, options: Options, sweep: Sweep, hydra_config: Any) -> None:
    """Run a job, and complete its record."""
    started = time.monotonic()
    overrides = list(hydra_config.overrides.task)
    reason = ""
    if hydra_config.launcher._target_ == _BASIC_LAUNCHER:
        record.code = run(options, changed={key_of(o) for o in overrides})
    else:
        given = [o for o in overrides if key_of(o) not in ("skip_finished", "objective")]
        if options.resume is None:
            given += [f"output={quote(hydra_config.runtime.output_dir)}", "skip_finished=true"]
        where = str(hydra_config.runtime.cwd)
        # submitit itself limits a job to its cores only on a cluster.
        threads = hydra_config.launcher.get("cpus_per_task")
        log = sweep.log(record.name)
        record.code, reason = run_apart(given, log, where, record.name, threads)
    record.seconds = round(time.monotonic() - started, 1)
    if record.code in (130, 143):
        record.state, record.reason = "stopped", "stopped by Ctrl-C or SIGTERM"
    elif record.code:
        record.state, record.reason = "failed", reason
    else:
        record.state = "finished"
    print(f"{record.name}: {record.state} after {record.seconds:.0f} s {reason}", flush=True)


def _of_each_job(override: str, choices: Mapping[str, Sequence[str]]) -> str:
    """An override for Hydra, which first composes what all jobs have in common.

    If the model differs between jobs, Hydra may compose a model without this option.
    """
    differs = any(len(choices.get(group, [])) > 1 for group in ("model", "experiment"))
    of_model = override.startswith("model.") and len(choices.get(key_of(override), [])) == 1
    return f"++{override}" if differs and of_model else override


def _check_installed(settings: DictConfig) -> None:
    for target in (settings.launcher._target_, settings.sweeper._target_):
        package = target.partition(".")[2].partition(".")[0]
        try:
            found = package not in PLUGINS or importlib.util.find_spec(f"hydra_plugins.{package}")
        except ModuleNotFoundError:
            found = None
        if not found:
            raise needs_extra(package)


def _refuse_several_ablations(experiments: Sequence[str]) -> None:
    """Hydra would ignore the values that an ablation sweeps next to another experiment."""
    for value in experiments if len(experiments) > 1 else []:
        if compose_hydra([value]).sweeper.get("params"):
            raise UserError(f"{value}: makes several runs by itself; leave out other experiments")


def _check_jobs(choices: dict[str, list[str]]) -> None:
    """Compose every job, leaving out its files."""
    composed = [values for key, values in choices.items() if values and key not in _FILES]
    for values in itertools.product(*composed):
        options = compose(values)
        if options.trains and not choices.keys() & {"image", "resume", "checkpoint"}:
            check_image_file(None)


def _check_folder(path: Path, overrides: Sequence[str], name: str) -> None:
    """Refuse to mix a new sweep into an older one."""
    skips = compose([o for o in overrides if key_of(o) == "skip_finished"]).skip_finished
    if skips and not any(key_of(o) == "hydra.sweep.dir" for o in overrides):
        raise UserError("skip_finished=true needs output=FOLDER, the folder of the earlier sweep")
    if path.exists() and not path.is_dir():
        raise UserError(f"output={name}: a file of that name is in the way; choose another folder")
    if not skips and path.is_dir() and any(path.iterdir()):
        raise UserError(
            f"output folder {name} is not empty; choose another folder, or continue that sweep "
            "with skip_finished=true"
        )


def _check_at_once(settings: DictConfig, count: int) -> None:
    """Refuse to start more processes at once than this machine has cores."""
    at_once = min(settings.sweeper.get("max_batch_size") or count, count)
    cores = os.cpu_count() or 1
    if settings.launcher._target_.endswith("submitit_launcher.LocalLauncher") and at_once > cores:
        raise UserError(
            f"hydra/launcher=submitit_local starts {at_once} jobs at once on {cores} cores; add "
            f"hydra.sweeper.max_batch_size={cores}, or choose hydra/launcher=joblib"
        )
