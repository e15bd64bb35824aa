"""Many runs by one command: Hydra's sweeper and launcher start the jobs, which run here.

A failed job never stops the others. A job that was interrupted resumes when it is started again.
"""

from __future__ import annotations

import importlib
import itertools
import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from internal_gan.commands import run
from internal_gan.config.arguments import check_image_file, key_of, quote
from internal_gan.config.compose import compose, compose_hydra, to_options
from internal_gan.config.messages import PLUGINS, needs_extra
from internal_gan.errors import UserError
from internal_gan.runs.jobs import Record, lasting, log_of, read_records
from internal_gan.sweeps.choices import choices_of, job_name, jobs_of
from internal_gan.training.signals import ctrl_c_raises

MISTAKE, CRASH = 2, 1
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


def _name(*keys: str, _root_: DictConfig) -> str:
    return job_name(list(_root_.hydra.overrides.task), keys)


# The launchers' configurations in conf/ replace those of the plugins.
warnings.filterwarnings("ignore", r"\n'hydra/launcher/\w+' is validated against", UserWarning)
OmegaConf.register_new_resolver("job_name", _name, replace=True)


class Multirun:
    """A multirun, checked before its first job starts: the folder of its run folders, and its
    overrides for Hydra, in place of the user's."""

    def __init__(self, overrides: Sequence[str]) -> None:
        of_hydra = [o for o in overrides if key_of(o).startswith("hydra")]
        choices = choices_of([o for o in overrides if o not in of_hydra])
        first = [values[0] for values in choices.values() if values]
        settings = compose_hydra([*first, *of_hydra])
        _check_installed(settings)
        params = settings.sweeper.get("params") or {}
        choices = choices_of([f"{key}={value}" for key, value in params.items()]) | choices
        # Sweepers that search choose their jobs as they go.
        jobs = jobs_of(choices) if settings.sweeper._target_ == _BASIC_SWEEPER else []
        _refuse_several_ablations(choices.get("experiment", []))
        _check_jobs(choices)
        self.path = Path(str(settings.sweep.dir)).absolute()
        _check_folder(self.path, overrides, settings.sweep.dir)
        self.overrides = [
            *(_of_each_job(o, choices) for o in overrides if key_of(o) != "hydra.sweep.dir"),
            f"hydra.sweep.dir={quote(str(self.path))}",
        ]
        self._failed = False
        if OmegaConf.to_container(settings.sweep, resolve=False)["subdir"] == _SUBDIR:  # type: ignore[index, call-overload]
            keys = ["image", *(key for key, values in choices.items() if len(values) != 1)]
            _check_names([job_name(job, keys) for job in jobs], jobs, self.path)
            self.overrides.append(f"hydra.sweep.subdir='${{job_name:{','.join(keys)}}}'")

    def launch(self, application: Callable[[], Any], say: Say) -> None:
        """Run Hydra's ``application``, and report a launcher that ends before its jobs."""
        ctrl_c_raises()
        print(f"Run folders in {short(str(self.path))}", flush=True)
        try:
            application()
        except Exception as error:
            if not read_records(self.path):
                raise  # the launcher's options are wrong
            why = str(error).partition("\n")[0]
            say(f"the sweep ended early ({type(error).__name__}): {why}")
            self._failed = True

    def end(self, say: Say) -> int:
        """Report and compare the jobs; returns the exit code."""
        records = read_records(self.path)
        left = [record for record in records if record.state != "finished"]
        path = short(str(self.path))
        print(f"\n{len(records) - len(left)} of {len(records)} jobs finished in {path}", flush=True)
        if len(left) < len(records):
            from internal_gan.tasks.compare import compare  # with torch

            compare(path, measure=len(records) <= MEASURED)
        for record in left:
            say(f"{record.name} {record.state}: {record.reason or 'it was interrupted'}")
        if left or self._failed:
            say(f"the same command with output={path} skip_finished=true runs the remaining jobs")
        codes = {record.code or CRASH for record in left} | ({CRASH} if self._failed else set())
        return max(codes, default=0) if len(codes) <= 1 else CRASH


def job(config: DictConfig, say: Callable[[Exception, str], int]) -> float | None:
    """One run of a multirun, in the process that the launcher chose.

    ``say`` reports an error of the job of that name and returns the exit code. The result is the
    figure that ``objective`` names, if a sweeper needs it.

    Raises:
        JobFailedError: there is no such figure.
        SystemExit: Ctrl-C or SIGTERM stopped the job, and with it the multirun.
    """
    hydra_config: Any = HydraConfig.get()
    # Ray may start its workers elsewhere.
    os.chdir(hydra_config.runtime.cwd)
    sweep, folder = Path(hydra_config.sweep.dir), Path(hydra_config.runtime.output_dir)
    overrides = list(hydra_config.overrides.task)
    record = Record(folder.relative_to(sweep).as_posix(), lasting(overrides))
    print(f"\nJob {hydra_config.job.num}: {record.name}", flush=True)
    record.write(sweep)
    try:
        options = to_options(config)
        if options.resume is None:
            options.output, options.skip_finished = short(str(folder)), True
        with beside_others(hydra_config.launcher, log_of(sweep, record.name)):
            record.code = run(options, changed={key_of(o) for o in overrides})
    except Exception as error:
        record.code, record.reason = say(error, record.name), str(error)
    except KeyboardInterrupt:
        record.code = 130
    record.write(sweep)
    print(f"{record.name}: {record.state}", flush=True)
    if folder.is_dir() and not any(folder.iterdir()):
        # Hydra created it for a run that never began.
        folder.rmdir()
    if record.state == "stopped":
        raise SystemExit(record.code)
    if config.objective is None or hydra_config.sweeper._target_ == _BASIC_SWEEPER:
        return None  # no sweeper needs it
    if record.state != "finished":
        raise JobFailedError(record.name)
    from internal_gan.tasks.compare import objective

    return objective(sweep, record.name, config.objective)


def short(path: str) -> str:
    """``path``, relative if it is inside the working directory."""
    whole, here = Path(os.path.abspath(path)), Path.cwd()  # noqa: PTH100 (resolves "..", not links)
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else path


@contextmanager
def beside_others(launcher: DictConfig, log: Path) -> Iterator[None]:
    """With a launcher that runs jobs at the same time, write the block's output to ``log``."""
    if launcher._target_ == _BASIC_LAUNCHER:
        yield
        return
    if threads := launcher.get("cpus_per_task"):
        # submitit itself limits a job to its cores only on a cluster. torch reads this once.
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    with (
        log.open("a", encoding="utf-8", errors="backslashreplace", buffering=1) as file,
        redirect_stdout(file),
        redirect_stderr(file),
    ):
        yield


def _of_each_job(override: str, choices: Mapping[str, Sequence[str]]) -> str:
    """An override for Hydra, which first composes what all jobs have in common.

    If the model differs between jobs, Hydra may compose a model without this option.
    """
    differs = any(len(choices.get(group, [])) > 1 for group in ("model", "experiment"))
    of_model = override.startswith("model.") and len(choices.get(key_of(override), [])) == 1
    return f"++{override}" if differs and of_model else override


def _check_installed(settings: DictConfig) -> None:
    for target in (settings.launcher._target_, settings.sweeper._target_):
        package = target.split(".")[1]
        if package in PLUGINS:
            try:
                importlib.import_module(f"hydra_plugins.{package}")
            except ModuleNotFoundError as error:
                raise needs_extra(package) from error


def _refuse_several_ablations(experiments: Sequence[str]) -> None:
    """Hydra would ignore the values that an ablation sweeps next to another experiment."""
    for value in experiments if len(experiments) > 1 else []:
        if compose_hydra([value]).sweeper.get("params"):
            raise UserError(f"{value}: makes several runs by itself; leave out other experiments")


def _check_jobs(choices: Mapping[str, Sequence[str]]) -> None:
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
