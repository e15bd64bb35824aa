"""What a page says about a run, read from its folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from internal_gan.config.compose import load_options
from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.files import read_file
from internal_gan.report.pictures import PagePicture, read_picture
from internal_gan.runs.records import read_metrics, read_status, seconds_of


@dataclass(frozen=True)
class StageRow:
    """A stage; ``seconds`` is measured if it is ``done``, else planned."""

    name: str
    size: tuple[int, int]
    steps: int
    seconds: float
    done: bool


@dataclass(frozen=True)
class RunState:
    """The state of a run: ``status`` and ``rows`` as :mod:`~internal_gan.runs.records` reads them,
    the ``photo`` that the model trains on or an evaluation compares with, the text of its
    configuration, and its options, if it is a run's.
    """

    folder: Path
    status: Mapping[str, Any]
    stages: Sequence[StageRow]
    rows: Sequence[Mapping[str, Any]]
    seconds_spent: float
    photo: PagePicture | None
    config: str
    options: Options | None

    @property
    def title(self) -> str:
        """The name of the photo, or of the folder, and of the model."""
        photo = self.options.image if self.options else None
        name = Path(photo).name if photo else self.folder.resolve().name
        return f"{name} · {self.model}" if self.model else name

    @property
    def model(self) -> str:
        """The name of the model; empty for an evaluation of files."""
        target = self.options.model.get("_target_") if self.options else None
        return str(target or "").rpartition(".")[2].removesuffix("Recipe")

    @property
    def state(self) -> str:
        return str(self.status.get("state", "unknown"))

    @property
    def can_resume(self) -> bool:
        """Whether this is an unfinished training."""
        return self.options is not None and self.options.trains and self.state != "finished"

    @property
    def model_path(self) -> str | None:
        """The folder of the run that trained the model: this one, or the one it used."""
        if (self.folder / "model.safetensors").is_file():
            return str(self.folder)
        return self.options.checkpoint if self.options else None


def read_run(folder: Path) -> RunState:
    """Read a run folder, which need not be complete."""
    rows = read_metrics(folder / "metrics.jsonl")
    plans = [row for row in rows if row.get("event") == "plan"]
    path = folder / "config.yaml"
    try:
        options = load_options(path)
    except UserError:
        options = None
    try:
        config = read_file(path).decode("utf-8", "replace")
    except FileNotFoundError:
        config = ""
    return RunState(
        folder=folder,
        status=read_status(folder / "status.json"),
        stages=_stages(plans[-1], rows) if plans else [],
        rows=rows,
        seconds_spent=seconds_of(rows),
        photo=read_picture(folder, "photo.png"),
        config=config,
        options=options,
    )


def _stages(plan: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[StageRow]:
    last = {row["stage"]: row for row in rows if "step" in row}
    stages = []
    for index, stage in enumerate(plan["stages"]):
        done = index in last and last[index]["step"] >= stage["steps"]
        seconds = stage["steps"] * stage["seconds_per_step"]
        if done:
            before = last[index - 1]["seconds"] if index - 1 in last else 0.0
            seconds = last[index]["seconds"] - before
        height, width = stage["size"]
        stages.append(StageRow(stage["name"], (height, width), stage["steps"], seconds, done))
    return stages
