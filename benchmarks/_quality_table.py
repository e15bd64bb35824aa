"""Summarises the figures of single runs over the photos, as JSON and as Markdown."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev
from typing import Any

from internal_gan.judging.figures import mean_interval
from internal_gan.report.table import as_markdown

PARTS = ("ours", "published", "ratio")
# Columns of the table that compares samples from several sources.
COMPARED = (
    *("swd1", "swd2", "swd4", "coherence", "completeness", "sharpness", "copy"),
    *("diversity", "diversity_gpdm", "field_diversity", "c2st", "c2st_32"),
    *("c2st_jpeg", "c2st_32_jpeg", "blockiness"),
)
# Columns of the table of photos: ratios to the published sample, then the samples' figures.
RATIOS = ("swd1", "swd2", "swd4", "coherence", "completeness", "copy")
OWN = (
    *("sharpness", "diversity", "field_diversity", "c2st", "c2st_32", "largest_piece", "seams"),
    "seconds",
)


def _farthest_from_one(values: Sequence[float]) -> float:
    return max(values, key=lambda value: abs(value - 1))


@dataclass(frozen=True)
class Column:
    """A figure of the table.

    Attributes:
        name: the figure's name in the files.
        part: where a run's file has it: in ``ratio`` (to the published samples), in ``ours`` (of
            the samples themselves), or outside both (empty).
        worst: picks the worst of several values.
        target: the aim, in words.
    """

    name: str
    part: str
    worst: Callable[[Sequence[float]], float] = max
    target: str = ""

    @property
    def title(self) -> str:
        return f"{self.name} ratio" if self.part == "ratio" else self.name

    def value(self, run: Mapping[str, Any]) -> float | None:
        found = run.get(self.part, {}).get(self.name) if self.part else run.get(self.name)
        return None if found is None else float(found)


_CLOSE = "mean <= 0.8"
COLUMNS = (
    *(Column(name, "ratio", target=_CLOSE) for name in ("swd1", "swd2", "swd4")),
    *(Column(name, "ratio") for name in ("coherence", "completeness")),
    Column("copy", "ratio", worst=min, target="mean >= 1"),
    Column("sharpness", "ours", worst=_farthest_from_one, target="0.9 to 1.1"),
    Column("diversity", "ours", worst=min, target="mean >= 0.5"),
    Column("diversity_gpdm", "ours", worst=min),
    Column("field_diversity", "ours", worst=min),
    Column("c2st", "ours", target="mean <= 0.58"),
    Column("c2st_32", "ours"),
    Column("c2st_jpeg", "ours"),
    Column("c2st_32_jpeg", "ours"),
    Column("largest_piece", "ours", target="mean <= 0.15"),
    Column("worst_piece", "ours", target="<= 0.35"),
    Column("seams", "ours", target="mean <= 1.15"),
    Column("seconds", ""),
)


def summarise(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean, median and worst of every figure over the photos; a photo is the mean of its seeds.

    Args:
        runs: the contents of the result files.
    """
    by_photo = defaultdict(list)
    for result in runs:
        by_photo[result["photo"]].append(result)
    photos = {photo: _mean_of_seeds(results) for photo, results in by_photo.items()}
    return {
        "photos": len(photos),
        "seeds": sorted({result["seed"] for result in runs}),
        "runs": len(runs),
        "commits": sorted({str(result["environment"]["commit"]) for result in runs}),
        "figures": {
            column.title: _over_photos(column, photos, runs)
            for column in COLUMNS
            if any(column.title in figures for figures in photos.values())
        },
        "sources": _sources(runs),
        "by_photo": photos,
    }


def _sources(runs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """The mean figures of each source of samples over the photos, each the mean of its seeds."""
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    for run in runs:
        given = {"ours": run["ours"], "published": run["published"], **run.get("others", {})}
        for source, figures in given.items():
            for name in COMPARED:
                if name in figures:
                    photos = found.setdefault(source, {}).setdefault(name, {})
                    photos.setdefault(run["photo"], []).append(figures[name])
    return {
        source: {name: fmean(map(fmean, photos.values())) for name, photos in figures.items()}
        for source, figures in found.items()
    }


def markdown(summary: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    """Three tables: every figure over the photos, the sources of samples, and every photo."""
    targets = {column.title: column.target for column in COLUMNS}
    figures = [_row(title, row, targets[title]) for title, row in summary["figures"].items()]
    sources = [
        {"samples": source} | {name: _number(found.get(name)) for name in COMPARED}
        for source, found in summary["sources"].items()
    ]
    photos = [
        {"photo": photo} | {title: _number(found.get(title)) for title in summary["figures"]}
        for photo, found in summary["by_photo"].items()
    ]
    return "\n".join(
        [
            f"{summary['photos']} photos, seeds {', '.join(map(str, summary['seeds']))}, "
            f"{summary['runs']} trainings; "
            f"{', '.join(f'{k} {_shown(v)}' for k, v in about.items())}; "
            f"commit {', '.join(commit[:10] for commit in summary['commits'])}.",
            "",
            "Ratios are to the published sample of the same photo. A photo's figure is the mean of "
            "its seeds.",
            "",
            "*interval*: the 95 % bootstrap interval of the mean over the photos. *spread*: the "
            "standard deviation over the photos. *of seeds*: the same over the seeds of a photo.",
            "",
            as_markdown(figures),
            "Samples from several sources: the figures themselves, means over the photos.",
            "",
            as_markdown(sources),
            as_markdown(photos),
        ]
    )


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """For the results page: every photo and the mean of all, and samples from several sources.

    Args:
        record: what :func:`summarise` returns.
    """
    titles = [f"{name} ratio" for name in RATIOS] + list(OWN)
    rows = [
        {"photo": photo} | {title: _short(found.get(title)) for title in titles}
        for photo, found in record["by_photo"].items()
    ]
    means = {title: found["mean"] for title, found in record["figures"].items()}
    rows.append({"photo": "**mean**"} | {title: _short(means.get(title)) for title in titles})
    sources = [
        {"samples": source} | {name: _number(found.get(name)) for name in COMPARED}
        for source, found in record["sources"].items()
    ]
    return {"photos": as_markdown(_used(rows)), "samples": as_markdown(_used(sources))}


def _used(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """The rows without the columns that are empty in all of them."""
    columns = [name for name in rows[0] if any(row[name] for row in rows)]
    return [{name: row[name] for name in columns} for row in rows]


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}"


def _row(title: str, row: Mapping[str, Any], target: str) -> dict[str, str]:
    return {
        "figure": title,
        "mean": _number(row["mean"]),
        "interval": _interval(row),
        "spread": _number(row["std"]),
        "of seeds": _number(row["std_of_seeds"]),
        "median": _number(row["median"]),
        "worst photo": f"{_number(row['worst'])} ({row['worst_photo']})",
        "worst run": _number(row["worst_run"]),
        "target": target,
    }


def rows(runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for every training, for the CSV file."""
    return [
        {"photo": run["photo"], "seed": run["seed"], "seconds": run["seconds"]}
        | {f"{part}_{name}": v for part in PARTS for name, v in run.get(part, {}).items()}
        for run in runs
    ]


def _mean_of_seeds(results: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    means = {}
    for column in COLUMNS:
        values = [value for r in results if (value := column.value(r)) is not None]
        if values:
            means[column.title] = fmean(values)
    return means


def _over_photos(
    column: Column,
    photos: Mapping[str, Mapping[str, float]],
    runs: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    values = {p: figures[column.title] for p, figures in photos.items() if column.title in figures}
    worst = column.worst(list(values.values()))
    return {
        "mean": fmean(values.values()),
        "interval": mean_interval(list(values.values())),
        "std": stdev(values.values()) if len(values) > 1 else None,
        "std_of_seeds": _std_of_seeds(column, runs),
        "median": median(values.values()),
        "worst": worst,
        "worst_photo": next(photo for photo, value in values.items() if value == worst),
        "worst_run": column.worst([v for r in runs if (v := column.value(r)) is not None]),
    }


def _std_of_seeds(column: Column, runs: Sequence[Mapping[str, Any]]) -> float | None:
    """Standard deviation over the seeds of a photo, pooled over the photos with several seeds."""
    by_photo = defaultdict(list)
    for run in runs:
        if (value := column.value(run)) is not None:
            by_photo[run["photo"]].append(value)
    several = [values for values in by_photo.values() if len(values) > 1]
    if not several:
        return None
    squares = sum((value - fmean(values)) ** 2 for values in several for value in values)
    return math.sqrt(squares / sum(len(values) - 1 for values in several))


def _interval(row: Mapping[str, Any]) -> str:
    if row["interval"] is None:
        return ""
    low, high = row["interval"]
    return f"{_number(low)} to {_number(high)}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _shown(value: Any) -> str:
    return (" ".join(map(str, value)) or "none") if isinstance(value, list) else str(value)
