"""``index.html``: a page that shows a run, in a single file."""

import os
from datetime import datetime
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from internal_gan.config.arguments import quoted
from internal_gan.files import read_json_object, write_text
from internal_gan.judging.tiling import seams_in_words
from internal_gan.report.curves import loss_curves
from internal_gan.report.gallery import read_gallery
from internal_gan.report.run import read_run
from internal_gan.units import counted, duration, three_digits

EVALUATION = "evaluation.json"


def write_report(folder: Path) -> Path:
    """Write the page of a run from the files that its folder has so far, and return its path.

    While the run is in progress, the page reloads itself every 15 seconds.
    """
    run = read_run(folder)
    sections, previews = read_gallery(run)
    template = _templates().get_template("page.html")
    page = template.render(
        run=run,
        sections=sections,
        previews=previews,
        evaluation=read_json_object(folder / EVALUATION),
        charts=loss_curves(run.rows, [(stage.name, stage.steps) for stage in run.stages]),
        now=datetime.now().astimezone().isoformat(timespec="seconds"),
    )
    path = folder / "index.html"
    # File names need not be valid text.
    write_text(path, page, errors="backslashreplace")
    return path


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("internal_gan.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "clock": _clock,
        "counted": counted,
        "digits": three_digits,
        "duration": duration,
        "link": lambda file: quote(os.fsencode(file)),  # names need not be valid text
        "seams": seams_in_words,
        "shell": quoted,
    }
    return templates


def _clock(time: str) -> str:
    """An ISO time as local date and time; any other text unchanged."""
    try:
        return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):
        return time
