"""A file is either written whole or left untouched."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest

from internal_gan import files
from internal_gan.errors import UserError
from internal_gan.files import atomic_write, disk_errors, make_folder


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_the_new_file_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_text("old")
    with atomic_write(path) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".safetensors"
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == ["model.safetensors"]


@pytest.mark.parametrize(
    ("call", "code"), [("fsync", errno.ENOSPC), ("replace", errno.EDQUOT), ("replace", errno.EROFS)]
)
def test_a_failing_disk_gives_one_line_and_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    monkeypatch.setattr(os, call, Mock(side_effect=OSError(code, os.strerror(code))))
    with pytest.raises(UserError) as caught, atomic_write(path) as temporary:
        temporary.write_text("new")
    assert str(caught.value).startswith(f"cannot write {path}: ")
    assert "\n" not in str(caught.value)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_copy_that_does_not_fit_names_the_file_to_write(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(bytes(9))
    # The system names the file that shutil.copyfile reads first.
    said, copy = pytest.raises(UserError, match="copy: the disk is full"), tmp_path / "copy"
    with said, atomic_write(copy) as temporary:
        raise OSError(errno.ENOSPC, "full", str(tmp_path / "photo.png"), None, str(temporary))
    with said, disk_errors(tmp_path):
        raise OSError(errno.ENOSPC, "full", "photo.png", None, str(copy))


def test_a_missing_folder_and_a_folder_in_the_way_are_named(tmp_path: Path) -> None:
    missing = pytest.raises(UserError, match="its folder does not exist")
    with missing, atomic_write(tmp_path / "no" / "a.txt") as temporary:
        temporary.write_text("new")
    (tmp_path / "taken").mkdir()
    in_the_way = pytest.raises(UserError, match="a folder of that name is in the way")
    with in_the_way, atomic_write(tmp_path / "taken") as temporary:
        temporary.write_text("new")
    assert names(tmp_path) == ["taken"]


def test_an_error_about_another_file_is_not_blamed_on_this_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "a.txt"):
        (tmp_path / "source.txt").read_text()


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "loop"])
def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "status.json"
    make: dict[str, Callable[[], None]] = {
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/zero"),
        "loop": lambda: path.symlink_to(path.name),
    }
    make[kind]()
    with pytest.raises(UserError, match=f"cannot read {path}: "):
        files.read_file(path)
    assert files.read_json_object(path) == {}
    assert not files.is_file(path)


def test_a_file_where_a_folder_belongs_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "sample").write_text("mine")
    for below in ("sample", "sample/x"):
        with pytest.raises(UserError, match=r"a (file|part of the path)"):
            make_folder(tmp_path / below)
    assert make_folder(tmp_path / "a" / "b").is_dir()
