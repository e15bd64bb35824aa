"""Weights are read without running code, and foreign files are refused in one line."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from internal_gan.errors import UserError
from internal_gan.weights import read_weights


class Malicious:
    def __reduce__(self) -> Any:
        return os.system, ("exit 1",)


def test_both_formats_are_read(tmp_path: Path) -> None:
    state = {"a": torch.arange(3.0)}
    torch.save(state, tmp_path / "a.pth")
    save_file(state, tmp_path / "a.safetensors")
    for name in ("a.pth", "a.safetensors"):
        assert torch.equal(read_weights(tmp_path / name, "w")["a"], state["a"])


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
