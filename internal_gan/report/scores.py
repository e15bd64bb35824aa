"""The figures of an evaluation as tables: for its page, and for pandas."""

import csv
import io
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from internal_gan.files import atomic_write, read_json_object
from internal_gan.report.run_data import Run

EVALUATION = "evaluation.json"
_NOTE = (
    "Distances are root mean squared errors from 0 to 1. In the maps &ldquo;source&rdquo; a place "
    "has the colour that its nearest patch of the photo has in &ldquo;Places&rdquo;; "
    "&ldquo;error&rdquo; is black where that patch is the same, and light yellow from .15 on. "
    "Frames mark the worst places."
)


def table(run: Run) -> str:
    """The figures of ``evaluation.json``, a table for every group of samples."""
    found = read_json_object(run.folder / EVALUATION)
    groups = found.get("groups")
    if not isinstance(groups, dict):
        return ""
    parts = []
    for name, group in groups.items():
        title = "" if len(groups) == 1 else f"<h3>{escape(name)}</h3>"
        parts.append(f'<div class="card scroll">{title}{_figures(group, found["meaning"])}</div>')
    if found.get("reconstruction"):
        values = ", ".join(
            f"{name.upper()} {number(value)}" for name, value in found["reconstruction"].items()
        )
        parts.append(f'<p class="note">The photo as the model rebuilds it: {escape(values)}</p>')
    if found.get("inception"):
        weights = found["inception"]
        known = weights["published"] or "of no published file"
        source = f"{weights['file']} ({weights['layout']}'s layout, {known})"
        hashed = f"SHA-256 {weights['sha256']}"
        parts.append(f'<p class="note">SIFID of {escape(source)}, {escape(hashed)}</p>')
    return f'<section><h2>Figures</h2><p class="note">{_NOTE}</p>{"".join(parts)}</section>'


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as CSV: every name that any of them has is a column; what is lacking is empty.

    ``pandas.read_csv(path)`` reads it as it is.

    Raises:
        UserError: the file cannot be written.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with atomic_write(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8", errors="backslashreplace")


def count_of(samples: int) -> str:
    """How many samples, in words.

    >>> count_of(1), count_of(8)
    ('1 sample', '8 samples')
    """
    return "1 sample" if samples == 1 else f"{samples} samples"


def number(value: float | None) -> str:
    """Three digits, as tables show a figure.

    >>> number(0.12345), number(None)
    ('0.123', '')
    """
    return "" if value is None else f"{value:.3g}"


def _figures(group: Mapping[str, Any], meaning: Mapping[str, Mapping[str, str]]) -> str:
    rows = []
    for name, figure in group["figures"].items():
        low, high = figure["interval"] or (None, None)
        interval = "" if low is None else f"{number(low)} to {number(high)}"
        cells = [number(figure["mean"]), number(figure["std"]), interval, meaning[name]["best"]]
        rows.append(
            f"<tr><td>{escape(name)}</td>"
            + "".join(f'<td class="num">{escape(cell)}</td>' for cell in cells)
            + f"<td>{escape(meaning[name]['meaning'])}</td></tr>"
        )
    heads = ("mean", "std", "95 % interval", "best")
    titles = "".join(f'<th class="num">{head}</th>' for head in heads)
    head = f"<tr><th>{count_of(group['count'])}</th>{titles}<th></th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"
