"""What a run folder says about its run, read from its files alone."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from internal_gan.files import read_file
from internal_gan.report.pictures import Picture, read_picture
from internal_gan.runs.records import read_metrics, read_status, seconds_of


@dataclass(frozen=True)
class StageRow:
    """One stage of the run; ``seconds`` is measured once it is ``done``, planned before."""

    name: str
    size: tuple[int, int]
    steps: int
    seconds: float
    done: bool


@dataclass(frozen=True)
class Run:
    """What a run folder says about its run; ``rows`` are the lines of ``metrics.jsonl``."""

    folder: Path
    title: str
    status: Mapping[str, Any]
    stages: Sequence[StageRow]
    rows: Sequence[Mapping[str, Any]]
    memory_bytes: int | None
    photo: Picture | None
    config: str
    task: str | None
    checkpoint: str | None

    @property
    def state(self) -> str:
        """As in ``status.json``; "unknown" where there is none."""
        return str(self.status.get("state", "unknown"))

    @property
    def has_model(self) -> bool:
        """Whether the run is about a model; pictures can be judged without one."""
        return re.search(r"^  _target_:", self.config, re.MULTILINE) is not None

    @property
    def seconds_spent(self) -> float:
        """Training time so far."""
        return seconds_of(self.rows)

    @property
    def seconds_left(self) -> float:
        """Training time to come, as planned."""
        return max(sum(stage.seconds for stage in self.stages) - self.seconds_spent, 0.0)


def read_run(folder: Path, status: Mapping[str, Any] | None = None) -> Run:
    """Read a run folder, whatever is there already; ``status`` replaces ``status.json``."""
    rows = read_metrics(folder / "metrics.jsonl")
    config = _read_text(folder / "config.yaml")
    plans = [row for row in rows if row.get("event") == "plan"]
    return Run(
        folder=folder,
        title=_title(folder, config),
        status=read_status(folder / "status.json") if status is None else status,
        stages=_stages(plans[-1], rows) if plans else [],
        rows=rows,
        memory_bytes=plans[-1].get("peak_memory_bytes") if plans else None,
        photo=read_picture(folder / "photo.png"),
        config=config,
        task=_setting("task", config),
        checkpoint=_setting("checkpoint", config),
    )


def _stages(plan: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[StageRow]:
    ends = {row["stage"]: row["seconds"] for row in rows if row.get("event") == "stage_end"}
    stages = []
    for index, stage in enumerate(plan["stages"]):
        done = index in ends
        seconds = stage["steps"] * stage["seconds_per_step"]
        if done:
            seconds = ends[index] - ends.get(index - 1, 0.0)
        height, width = stage["size"]
        stages.append(StageRow(stage["name"], (height, width), stage["steps"], seconds, done))
    return stages


def _setting(key: str, config: str) -> str | None:
    """A plain value of the top level of ``config.yaml``; None for null and for what is lacking."""
    found = re.search(rf"^{key}: *(.+?) *$", config, re.MULTILINE)
    value = found[1].strip("'\"") if found else "null"
    return None if value == "null" else value


def _title(folder: Path, config: str) -> str:
    """The photos and the method by name; of a run without a photo, the folder's name."""
    image = _setting("image", config)
    several = re.search(r"^image:\n((?:- .+\n)+)", config, re.MULTILINE)
    names = several[1].splitlines() if several else [image] if image else []
    model = re.search(r"^model:\n(?:[ #].*\n)*?  _target_: *[\w.]*?(\w+) *$", config, re.MULTILINE)
    photos = [Path(name.removeprefix("- ").strip("'\"")).name for name in names]
    name = ", ".join(photos) or folder.resolve().name
    return f"{name} · {model[1]}" if model else name


def _read_text(path: Path) -> str:
    try:
        return read_file(path).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
