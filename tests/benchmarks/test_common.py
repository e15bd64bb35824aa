"""The parts that all benchmarks share."""

from pathlib import Path
from unittest.mock import Mock

import pytest

from benchmarks._common import given_photos, keep_apart, kept, run, spread
from internal_gan.errors import UserError


def test_spread_is_the_median_between_the_extremes() -> None:
    assert spread([3.0, 1.0, 2.5]) == {"median": 2.5, "lowest": 1.0, "highest": 3.0, "runs": 3}


def test_a_mistake_gets_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    def mistaken() -> None:
        raise UserError("photos: there is no such folder")

    with pytest.raises(SystemExit) as stop:
        run(mistaken)
    assert stop.value.code == 2
    assert capsys.readouterr().err == "error: photos: there is no such folder\n"


def test_photos_are_those_of_a_folder_or_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no images"):
        given_photos([tmp_path])
    files = [tmp_path / name for name in ("10.png", "9.jpg")]
    for file in files:
        file.touch()
    assert list(given_photos([tmp_path])) == ["9", "10"]
    assert given_photos(files) == {"10": files[0], "9": files[1]}
    with pytest.raises(UserError, match=r"11.png: there is no such file"):
        given_photos([*files, tmp_path / "11.png"])


def test_what_was_found_is_kept_and_not_mixed_with_other_settings(tmp_path: Path) -> None:
    find = Mock(return_value={"figure": 1.5})
    found = kept(lambda name: tmp_path / f"{name}.json")(find)
    assert found("a") == found("a") == {"figure": 1.5}
    find.assert_called_once_with("a")
    for _ in range(2):
        keep_apart(tmp_path, {"size": 3})
    with pytest.raises(UserError, match="choose another folder"):
        keep_apart(tmp_path, {"size": 4})
