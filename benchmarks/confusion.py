"""How often people take samples for photos, from the answers to a page of ``benchmarks.study``.

    python -m benchmarks.confusion answers/ > confusion.json

A table of the rates goes to standard error.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._common import print_json, run, say
from internal_gan.errors import UserError
from internal_gan.units import counted

# Percent, of samples from the coarsest scale: Shaham et al. 2019, Table 1.
PUBLISHED = {"paired": (21.45, 1.5), "unpaired": (42.9, 0.9)}
Counts = Sequence[tuple[int, int]]


def confusion(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Confusion rates with their errors.

    Practice trials do not count. The errors come from a bootstrap over participants and, within
    each, over trials. With one participant they cover the trials alone and say nothing about other
    people.

    Args:
        results: the contents of the answer files, one per participant.

    Returns:
        For each protocol the ``rate`` (share of wrong answers, 0 to 1; guessing gives .5), its
        standard ``error`` and 95 % ``interval``, ``trials`` and ``participants``; for unpaired
        trials also the same of ``fakes_taken_for_real`` and ``real_taken_for_fakes``.

    Raises:
        UserError: there are no results, they are of different studies, or two are of one
            participant.
    """
    if not results:
        raise UserError("there are no results")
    if len({result["study"] for result in results}) > 1:
        raise UserError("the results are of different studies; give those of one study")
    people = [result["participant"] for result in results]
    if len(set(people)) < len(people):
        twice = next(person for person in people if people.count(person) > 1)
        raise UserError(f"the results of participant {twice} are given twice")
    found: dict[str, Any] = {}
    for protocol in PUBLISHED:
        if every := _counts(results, protocol):
            found[protocol] = rate(every)
    if "unpaired" in found:
        found["unpaired"]["fakes_taken_for_real"] = rate(_counts(results, "unpaired", "fake"))
        found["unpaired"]["real_taken_for_fakes"] = rate(_counts(results, "unpaired", "real"))
    return {"study": results[0]["study"], "participants": len(results), **found}


def rate(counts: Counts, repeats: int = 10_000, seed: int = 0) -> dict[str, Any]:
    """The share of wrong answers with its error.

    Args:
        counts: (wrong answers, trials) of every participant, with at least one trial each.
    """
    wrong, trials = np.array(counts).T
    rng = np.random.default_rng(seed)
    chosen = rng.integers(len(counts), size=(repeats, len(counts)))
    # Resampling a participant's trials gives a binomial number of wrong answers.
    again = rng.binomial(trials[chosen], (wrong / trials)[chosen])
    repeated = again.sum(axis=1) / trials[chosen].sum(axis=1)
    low, high = np.quantile(repeated, [0.025, 0.975])
    return {
        "rate": float(wrong.sum() / trials.sum()),
        "error": float(repeated.std()),
        "interval": (float(low), float(high)),
        "trials": int(trials.sum()),
        "participants": len(counts),
    }


def read_results(names: Sequence[Path]) -> list[dict[str, Any]]:
    """Read answer files, and all those in folders.

    Raises:
        UserError: a file is missing, or is not an answer file.
    """
    files = [
        path
        for name in names
        for path in (sorted(name.glob("*.json")) if name.is_dir() else [name])
    ]
    results = []
    for path in files:
        try:
            result = json.loads(path.read_text(encoding="utf-8"))
            [(t["protocol"], t["truth"], t["confused"], t["practice"]) for t in result["trials"]]
            result["study"], result["participant"]
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}: is not an answer file of a study") from error
        results.append(result)
    return results


def table(found: Mapping[str, Any]) -> str:
    """The rates in percent, next to those published for SinGAN."""
    people = counted(found["participants"], "participant")
    lines = [people, "confusion, %   here            SinGAN, 2019"]
    for protocol, (published, error) in PUBLISHED.items():
        if protocol in found:
            own = f"{100 * found[protocol]['rate']:.1f} +- {100 * found[protocol]['error']:.1f}"
            lines.append(f"{protocol:<15}{own:<16}{published} +- {error}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.confusion", description=__doc__)
    parser.add_argument("results", nargs="+", type=Path, help="answer files, or folders of them")
    found = confusion(read_results(parser.parse_args(argv).results))
    say(table(found))
    print_json("confusion", found)


def _counts(
    results: Sequence[Mapping[str, Any]], protocol: str, truth: str | None = None
) -> Counts:
    """(wrong answers, trials) of every participant with a trial of this kind."""
    found: dict[str, list[bool]] = defaultdict(list)
    for result in results:
        for trial in result["trials"]:
            wanted = trial["protocol"] == protocol and truth in (None, trial["truth"])
            if wanted and not trial["practice"]:
                found[result["participant"]].append(bool(trial["confused"]))
    return [(sum(answers), len(answers)) for answers in found.values()]


if __name__ == "__main__":
    run(main)
