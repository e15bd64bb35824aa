"""The ranking of formats: sheets, what judges write, and what people voted."""

from pathlib import Path

import pytest
from PIL import Image

from benchmarks.retargetme import METHODS, OURS, RIVALS, count, order, tables, votes, write_sheet
from internal_gan.errors import UserError


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A set of two photos, 2 with all eight results and 4 with seven, and votes."""
    for number, results in ((2, 8), (4, 7)):
        folder = tmp_path / "data" / str(number)
        folder.mkdir(parents=True)
        for name in ("src", *map(str, range(1, results + 1))):
            size = (90, 60) if name == "src" else (45, 60)
            Image.new("RGB", size, (20 * int(name.replace("src", "9")), 90, 90)).save(
                folder / f"{name}_lrg.jpg"
            )
    (tmp_path / "sessions").mkdir()
    lines = ["# New", "2.3", "1.2.3.4|x|y", "1|2|1"]
    lines += ["0|2|1|4|1|3.2", "1|2|1|4|4|3.2", "2|2|2|4|2|3.2|5|1.0", "3|4|1|2|1|2.2"]
    (tmp_path / "sessions" / "a.dat").write_text("\n".join(lines))
    return tmp_path


def test_votes_are_shares_of_pairs_of_photos_with_all_results(data: Path) -> None:
    assert votes(data) == {2: {"crop": 0.5, "seam carving": pytest.approx(1 / 3), "SV": 1.0}}


def test_a_sheet_shows_five_results_in_an_order_of_its_own(data: Path, tmp_path: Path) -> None:
    assert sorted(order(2)) == sorted([OURS, *RIVALS])
    assert order(2) == order(2)
    assert len({tuple(order(number)) for number in range(20)}) > 10
    files = dict(zip([OURS, *RIVALS], (data / "data/2").glob("[1-5]_lrg.jpg"), strict=True))
    write_sheet(tmp_path / "2.png", data / "data/2/src_lrg.jpg", files)
    with Image.open(tmp_path / "2.png") as sheet:
        # Of six pictures of a height of 360, the source is 540 wide and each other 270.
        assert sheet.size == (540 + 3 * 270 + 4 * 8, 2 * 398)


def test_verdicts_are_counted_by_method() -> None:
    names = order(2)
    text = "2: C>A>B>D>E ; broken: E, B (torn)\n\n4: A > B > C > D > E\n"
    found = count(text, "judged-1.txt", [2, 4])
    won = dict.fromkeys(names, 0.0)
    for number, letters in ((2, "CABDE"), (4, "ABCDE")):
        for place, letter in enumerate(letters):
            won[order(number)[ord(letter) - 65]] += (4 - place) / 8
    assert {name: one["won"] for name, one in found.items()} == pytest.approx(won)
    broken = {name for name, one in found.items() if one["broken"]}
    assert broken == {names[4], names[1]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2: C>A>B>D>D", "needs a sheet and its five letters"),
        ("9: C>A>B>D>E", "needs a sheet and its five letters"),
        ("C>A>B", "needs a sheet and its five letters"),
        ("2: C>A>B>D>E", r"no verdict on \[4\]"),
    ],
)
def test_a_verdict_that_cannot_be_counted_is_named(text: str, message: str) -> None:
    with pytest.raises(UserError, match=f"judged-1.txt: .*{message}"):
        count(text, "judged-1.txt", [2, 4])


def test_the_crop_is_the_tables_first_row() -> None:
    judge = {name: {"won": 0.5, "broken": 1} for name in (OURS, *RIVALS)}
    people = {"votes": dict.fromkeys(METHODS, 0.4), "tau": {"swd": -0.01}}
    made = tables({"numbers": [2, 4], "judges": {"1": judge, "2": judge}, "people": people})
    rows = made["ranked"].splitlines()
    assert rows[2].startswith("| crop | 0.50 | 1 of 2 | 0.50 | 1 of 2 | 0.40 |")
    assert len(rows) == 2 + 1 + len(METHODS)
    assert "| swd | -0.01 |" in made["taus"]
