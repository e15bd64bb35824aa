"""Confusion rates and their standard errors, computed from answers."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from benchmarks.confusion import confusion, main, rate, table


def answers(
    participant: str, wrong: int, trials: int, protocol: str = "paired", truth: str = "left"
) -> dict[str, Any]:
    kinds = [{"protocol": protocol, "truth": truth, "practice": False} for _ in range(trials)]
    shown = [{**kind, "confused": index < wrong} for index, kind in enumerate(kinds)]
    return {"study": "s", "participant": participant, "trials": shown}


def test_a_rate_is_the_share_of_wrong_answers_without_practice() -> None:
    result = answers("a", 3, 10)
    result["trials"] += [
        {"protocol": "paired", "truth": "left", "practice": True, "confused": True}
    ] * 5
    found = confusion([result, answers("b", 1, 10)])["paired"]
    assert found["rate"] == 0.2
    assert (found["trials"], found["participants"]) == (20, 2)


def test_the_error_of_one_participant_is_binomial() -> None:
    found = rate([(25, 100)])
    assert found["error"] == pytest.approx(math.sqrt(0.25 * 0.75 / 100), rel=0.03)
    low, high = found["interval"]
    assert low == pytest.approx(0.25 - 1.96 * 0.0433, abs=0.015)
    assert high == pytest.approx(0.25 + 1.96 * 0.0433, abs=0.015)


def test_differences_between_participants_increase_the_error() -> None:
    alike, differing = rate([(20, 40)] * 10), rate([(0, 40), (40, 40)] * 5)
    assert alike["rate"] == differing["rate"] == 0.5
    # Ten people who are always or never wrong amount to ten coin tosses.
    assert differing["error"] == pytest.approx(math.sqrt(0.25 / 10), rel=0.03)
    assert alike["error"] == pytest.approx(math.sqrt(0.25 / 400), rel=0.03)


def test_unpaired_trials_report_both_kinds_of_mistakes() -> None:
    fakes, reals = (
        answers("a", wrong, 10, "unpaired", t) for wrong, t in ((6, "fake"), (2, "real"))
    )
    fakes["trials"] += reals["trials"]
    found = confusion([fakes])
    assert "paired" not in found
    assert found["unpaired"]["rate"] == 0.4
    assert found["unpaired"]["fakes_taken_for_real"]["rate"] == 0.6
    assert found["unpaired"]["real_taken_for_fakes"]["rate"] == 0.2
    assert "42.9 +- 0.9" in table(found)


def test_the_command_reads_files_and_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "answers").mkdir()
    for name, wrong in (("a", 3), ("b", 5)):
        path = tmp_path / "answers" / f"{name}.json"
        path.write_text(json.dumps(answers(name, wrong, 10)))
    (tmp_path / "c.json").write_text(json.dumps(answers("c", 4, 10)))
    main([str(tmp_path / "answers"), str(tmp_path / "c.json")])
    told = capsys.readouterr()
    assert json.loads(told.out)["paired"]["rate"] == pytest.approx(0.4)
    assert "3 participants" in told.err
    assert "40.0 +- " in told.err
