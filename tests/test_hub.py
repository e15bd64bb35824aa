"""Models saved for the Hugging Face Hub and read back, without a network."""

import shutil
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from internal_gan.config.record import load_options, save_options
from internal_gan.errors import UserError
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.results import Result
from tests.commands import Shell
from tests.tiny import same_weights, trained

hub = pytest.importorskip("internal_gan.hub", exc_type=ImportError)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    made = trained(tmp_path / "run")
    made.options.image = str(tmp_path / "private" / "photo.png")
    save_options(made.options, made.folder.config_path)
    for index in range(10):
        (made.folder.path / "sample").mkdir(exist_ok=True)
        (made.folder.path / "sample" / f"{index:03d}.png").write_bytes(b"picture")
    return made.folder.path


def test_a_saved_model_is_the_same_and_is_a_run_folder(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = hub.HubModel(run)
    model.save_pretrained(tmp_path / "saved")
    again = hub.HubModel.from_pretrained(tmp_path / "saved")
    assert same_weights(again.model, model.model)
    assert len(list((tmp_path / "saved" / "sample").iterdir())) == hub.MOST_PICTURES
    card = (tmp_path / "saved" / "README.md").read_text()
    assert "library_name: internal-gan" in card
    assert "model_hub_mixin" in card
    assert load_options(tmp_path / "saved" / "config.yaml").image is None
    saved = [path for path in (tmp_path / "saved").rglob("*") if path.is_file()]
    assert not [path for path in saved if str(tmp_path).encode() in path.read_bytes()]
    answer = Shell(capsys)(
        "task=sample", f"checkpoint={tmp_path / 'saved'}", f"output={tmp_path / 'out'}"
    )
    assert answer.code == 0, answer.err


@pytest.mark.parametrize("picture", ["inpaint/000.png", "inpaint/lake/000.png", "retarget/a.png"])
def test_pictures_of_every_family_are_saved(run: Path, picture: str, tmp_path: Path) -> None:
    shutil.rmtree(run / "sample")
    (run / picture).parent.mkdir(parents=True)
    (run / picture).write_bytes(b"picture")
    (run / picture).with_name("before.png").write_bytes(b"what was removed")
    hub.HubModel(run).save_pretrained(tmp_path / "saved")
    assert (tmp_path / "saved" / picture).read_bytes() == b"picture"
    if picture.startswith("inpaint"):
        assert not list((tmp_path / "saved").rglob("before.png"))


def test_of_what_a_run_recorded_the_results_are_saved(run: Path, tmp_path: Path) -> None:
    made = [Result("sample/009.png"), Result("sample/008.png", "aside"), Result("sample/001.png")]
    RunFolder(run).write_status("finished", results=made)
    hub.HubModel(run).save_pretrained(tmp_path / "saved")
    saved = sorted(path.name for path in (tmp_path / "saved" / "sample").iterdir())
    assert saved == ["001.png", "009.png"]


def test_pushing_uploads_what_is_saved(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uploaded: list[str] = []

    class Api:
        def __init__(self, **_: Any) -> None:
            pass

        def create_repo(self, repo_id: str, **_: Any) -> Any:
            return type("Repository", (), {"repo_id": repo_id})

        def upload_folder(self, folder_path: Path, repo_id: str, **_: Any) -> str:
            files = (path for path in folder_path.rglob("*") if path.is_file())
            uploaded.extend(path.relative_to(folder_path).as_posix() for path in files)
            return f"https://example.org/{repo_id}"

    monkeypatch.setattr("huggingface_hub.hub_mixin.HfApi", Api)
    assert hub.HubModel(run).push_to_hub("someone/lake").endswith("someone/lake")
    assert {"config.yaml", "model.safetensors", "README.md", "sample/000.png"} <= set(uploaded)
    assert "training.ckpt" not in uploaded


def test_a_repository_is_downloaded_as_a_run_folder(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def download(name: str, **options: Any) -> str:
        asked.update(options, name=name)
        return str(run)

    monkeypatch.setattr(hub, "snapshot_download", download)
    monkeypatch.setattr("huggingface_hub.hub_mixin.hf_hub_download", lambda **_: None)
    found = hub.HubModel.from_pretrained("someone/lake", revision="v1", local_files_only=True)
    assert found.model.family == "singan"
    assert (asked["name"], asked["revision"]) == ("someone/lake", "v1")
    assert "training.ckpt" not in asked["allow_patterns"]


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a run folder"):
        hub.HubModel.from_pretrained(tmp_path)


def test_without_huggingface_hub_the_message_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "internal_gan.hub")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"pip install 'internal-gan\[hub\]'"):
        __import__("internal_gan.hub")
