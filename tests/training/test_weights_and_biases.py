"""Weights & Biases without a network: each step is logged once."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from internal_gan.errors import UserError
from internal_gan.training.weights_and_biases import WandbLogger
from tests.commands import TINY_RUN, Shell
from tests.training.test_loggers import ALL_STEPS, MODEL, PLAN, train

wandb = pytest.importorskip("wandb")


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def records(path: Path) -> Iterator[bytes]:
    """The records of a ``.wandb`` file: LevelDB's log format behind a header of 7 bytes."""
    content, at, parts = path.read_bytes(), 7, b""
    while at + 7 <= len(content):
        left = 32768 - at % 32768
        length, kind = int.from_bytes(content[at + 4 : at + 6], "little"), content[at + 6]
        if left < 7 or kind == 0:
            at += left
            continue
        parts += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):
            yield parts
            parts = b""


def messages_of(path: Path) -> list[Any]:
    """All records of a file, once its writer process has written the last one."""
    from wandb.proto import wandb_internal_pb2 as messages

    for _ in range(300):
        found = []
        for content in records(path):
            found.append(messages.Record())  # type: ignore[attr-defined, unused-ignore]
            found[-1].ParseFromString(content)
        if any(record.WhichOneof("record_type") == "exit" for record in found):
            return found
        time.sleep(0.1)
    raise AssertionError(f"{path} has no end")


def history(folder: Path) -> list[dict[str, Any]]:
    """The rows logged by all processes that wrote into ``folder``, in order."""
    return [
        {
            item.key or "/".join(item.nested_key): json.loads(item.value_json)
            for item in record.history.item
        }
        for path in sorted(folder.rglob("*.wandb"))
        for record in messages_of(path)
        if record.WhichOneof("record_type") == "history"
    ]


@pytest.mark.parametrize("last_step", [5, 10], ids=["within a stage", "at the end of a stage"])
def test_a_resumed_run_has_each_step_once_in_one_run(tmp_path: Path, last_step: int) -> None:
    for first, last in [((0, 1), (1, last_step)), ((1, 2), (2, 10))]:
        logger = WandbLogger(tmp_path, {"seed": 3})
        train(logger, first, last)
        logger.close()
    rows = history(tmp_path)
    scalars = [row for row in rows if any(name.startswith("rec/") for name in row)]
    assert [row["position"] for row in scalars] == [10 * s + step for s, step in ALL_STEPS]
    assert scalars[-1]["rec/scale 2"] == 2.09
    for kind in ("preview", "sample"):
        # An image has several keys in its row.
        shown = [name for row in rows for name in {"/".join(key.split("/")[:2]) for key in row}]
        shown = [name for name in shown if name.startswith(kind)]
        assert shown == [f"{kind}/scale {i}" for i in range(3)]
    names = {path.stem for path in (tmp_path / "wandb").rglob("*.wandb")}
    assert len(names) == 1, names
    assert b"seed" in b"".join(b"".join(records(p)) for p in tmp_path.rglob("*.wandb"))


def test_without_credentials_it_is_offline_and_asks_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WANDB_MODE")
    init = MagicMock()
    monkeypatch.setattr(wandb, "init", init)
    for known, mode in ((False, "offline"), (True, "online")):
        login = MagicMock(return_value=known)
        monkeypatch.setattr(wandb, "login", login)
        WandbLogger(tmp_path, {}).on_start(MODEL, PLAN)
        assert login.call_args.kwargs["prompt"] is False
        assert init.call_args.kwargs["mode"] == mode


def test_an_unreachable_server_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def init(**_: Any) -> None:
        raise wandb.Error("no route\nto the server")

    monkeypatch.setattr(wandb, "init", init)
    logger = WandbLogger(tmp_path, {})
    with pytest.raises(UserError, match=r"logger=wandb: no route; with WANDB_MODE=offline"):
        logger.on_start(MODEL, PLAN)
    logger.close()


def test_a_missing_wandb_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(UserError, match=r"pip install .*internal-gan\[wandb\]"):
        WandbLogger(tmp_path, {})


@pytest.mark.slow
def test_a_training_logs_itself(tmp_path: Path, tiny_photo: Path, capsys: Any) -> None:
    answer = Shell(capsys)(f"image={tiny_photo}", "logger=wandb", "output=out", *TINY_RUN)
    assert answer.code == 0, answer.err
    rows = history(Path("out/wandb"))
    names = {name.partition("/")[2] for row in rows for name in row}
    assert {"scale 0", "scale 1", "scale 2"} <= names, rows
