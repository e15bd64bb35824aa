"""Summarises the figures of single runs over the photos, as JSON and as Markdown."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks._common import means, number
from internal_gan.report.table import as_markdown

# Columns of the table that compares samples from several sources.
COMPARED = (
    *("swd1", "swd2", "swd4", "coherence", "completeness", "sharpness", "copy"),
    *("diversity", "diversity_gpdm", "field_diversity", "c2st", "c2st_32"),
    *("c2st_jpeg", "c2st_32_jpeg", "blockiness"),
)
# Columns of the table of photos: ratios to the published sample, then the samples' figures.
RATIOS = ("swd1", "swd2", "swd4", "coherence", "completeness", "copy")
OWN = (*("sharpness", "diversity", "field_diversity", "c2st", "c2st_32", "largest_piece", "seams"),)


def summarise(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean figures of each photo and of each source of samples, with a photo as the mean of its
    seeds."""
    by_photo = defaultdict(list)
    for result in runs:
        by_photo[result["photo"]].append(_own(result))
    return {
        "by_photo": {photo: means(each) for photo, each in by_photo.items()},
        "sources": _sources(runs),
    }


def _own(run: Mapping[str, Any]) -> dict[str, float]:
    """The figures of a run in the table of photos."""
    found = {f"{name} ratio": run["ratio"].get(name) for name in RATIOS}
    found |= {name: run["ours"].get(name) for name in OWN} | {"seconds": run["seconds"]}
    return {name: value for name, value in found.items() if value is not None}


def _sources(runs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """The mean figures of each source of samples over the photos, each the mean of its seeds."""
    found: dict[str, dict[str, list[dict[str, float]]]] = {}
    for run in runs:
        given = {"ours": run["ours"], "published": run["published"], **run["others"]}
        for source, figures in given.items():
            of_photo = found.setdefault(source, {}).setdefault(run["photo"], [])
            of_photo.append({name: figures[name] for name in COMPARED if name in figures})
    return {
        source: means([means(each) for each in photos.values()]) for source, photos in found.items()
    }


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """Of what :func:`summarise` returns: every photo and the mean of all, and samples from several
    sources."""
    titles = [*(f"{name} ratio" for name in RATIOS), *OWN, "seconds"]
    photos = record["by_photo"] | {"**mean**": means(list(record["by_photo"].values()))}
    rows = [
        {"photo": photo} | {title: _short(found.get(title)) for title in titles}
        for photo, found in photos.items()
    ]
    sources = [
        {"samples": source}
        | {name: number(found[name]) if name in found else "" for name in COMPARED}
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
