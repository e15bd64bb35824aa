"""``index.html``: one page that shows a run, in one file that needs nothing else."""

from collections.abc import Mapping
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from internal_gan.files import atomic_write
from internal_gan.report import gallery, scores, sections
from internal_gan.report.run_data import read_run

REFRESH_SECONDS = 15


def write_report(folder: Path, status: Mapping[str, Any] | None = None) -> Path:
    """Write ``index.html`` of a run folder from what lies in it; call it again at any time.

    Whatever is not there yet is left out: the page of a run that has just begun shows the photo
    and the schedule. While the run goes on, the page loads itself again every 15 seconds.

    Args:
        folder: the run folder.
        status: what to show as its state, such as ``RunFolder.status()`` gives, which recognises
            a dead process; ``status.json`` as it is by default.

    Returns:
        The page's path.

    Raises:
        UserError: the page cannot be written.
    """
    run = read_run(Path(folder), status)
    refresh = f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}">\n'
    template = resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    page = Template(template).substitute(
        refresh=refresh if run.state == "running" else "",
        title=escape(run.title),
        header=sections.header(run),
        scores=scores.table(run),
        pictures=gallery.pictures(run),
        scales=gallery.scales(run),
        curves=sections.curves(run),
        times=sections.times(run),
        commands=sections.commands(run),
        config=sections.config(run),
        footer=sections.footer(run),
    )
    path = run.folder / "index.html"
    with atomic_write(path) as temporary:
        # A file's name need not be valid text.
        temporary.write_text(page, encoding="utf-8", errors="backslashreplace")
    return path
