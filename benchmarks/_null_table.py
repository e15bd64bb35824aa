"""Summarises the null test over the photos, as JSON and as Markdown."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks._common import means, number
from benchmarks._null_job import AS_DRAWN, DEFAULT
from internal_gan.report.table import as_markdown

Figures = Mapping[str, float]

FIGURES = (
    *("layout_coherence_15", "layout_completeness_15"),
    *("layout_coherence_21", "layout_completeness_21"),
    *("layout", "tokens", "l1", "patches"),
    *("swd1", "diversity", "sharpness", "largest_piece", "seams", "seconds"),
)
# What decides whether the default is better than its null: lower is better.
VERDICTS = ("layout", "tokens", "l1", "patches")


def summarise(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Means over the photos, each the mean of its seeds, by case: ``rows``, the mean figures of
    each; ``ratios``, the default's figures divided by those of each null; and ``better``, for each
    null the share of photos on which the default's figure is lower, as ``[count, photos]``."""
    found = {}
    for case, photos in _by_photo(results).items():
        names = dict.fromkeys(row for rows in photos.values() for row in rows)
        each = {row: means([rows[row] for rows in photos.values() if row in rows]) for row in names}
        nulls = [row for row in names if row != _default(row)]
        found[case] = {
            "rows": each,
            "ratios": {null: _ratio(each[_default(null)], each[null]) for null in nulls},
            "better": {null: _better(list(photos.values()), null) for null in nulls},
        }
    return found


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """The family's table of rows and figures."""
    return {record["settings"]["family"]: as_markdown(_lines(summarise(record["results"])))}


def _lines(summary: Mapping[str, Any]) -> list[dict[str, str]]:
    known = {name for case in summary.values() for row in case["rows"].values() for name in row}
    shown = [name for name in FIGURES if name in known]
    lines = []
    for case, of_case in summary.items():
        about = {"result": case} if len(summary) > 1 else {}

        def line(
            row: str, figures: Figures, better: str = "", about: Mapping[str, str] = about
        ) -> dict[str, str]:
            cells = {name: number(figures[name]) if name in figures else "" for name in shown}
            return {**about, "row": row, **cells, "default is better": better}

        lines += [line(row, figures) for row, figures in of_case["rows"].items()]
        for null, figures in of_case["ratios"].items():
            better = [
                f"{name}: {count} of {photos}"
                for name, (count, photos) in of_case["better"][null].items()
            ]
            lines.append(line(f"{_default(null)} / {null}", figures, ", ".join(better)))
    return lines


def _by_photo(
    results: Sequence[Mapping[str, Any]],
) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """Figures by case, photo and row, each the mean over the seeds."""
    found: dict[str, dict[str, dict[str, list[Figures]]]] = {}
    for result in results:
        for case, rows in result["figures"].items():
            of_photo = found.setdefault(case, {}).setdefault(result["photo"], defaultdict(list))
            for row, figures in rows.items():
                of_photo[row].append(figures)
    return {
        case: {
            photo: {row: means(each) for row, each in rows.items()}
            for photo, rows in photos.items()
        }
        for case, photos in found.items()
    }


def _default(row: str) -> str:
    """The default's row that a null's row is compared with."""
    return DEFAULT + AS_DRAWN if row.endswith(AS_DRAWN) else DEFAULT


def _ratio(default: Figures, null: Figures) -> dict[str, float]:
    return {name: default[name] / value for name, value in null.items() if value}


def _better(photos: Sequence[Mapping[str, Figures]], null: str) -> dict[str, tuple[int, int]]:
    found = {}
    for name in VERDICTS:
        pairs = [
            (rows[_default(null)][name], rows[null][name])
            for rows in photos
            if name in rows.get(null, {})
        ]
        if pairs:
            found[name] = sum(default < other for default, other in pairs), len(pairs)
    return found
