"""Saving models for the Hugging Face Hub and loading them, without a network."""

import shutil
import socket
import sys
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

import internal_gan
from internal_gan import Run, SinGAN, UserError
from internal_gan.config.compose import load_options
from internal_gan.images.files.image import read_image
from tests.commands import TINY_RUN, Shell, fitted
from tests.tiny import ARRAY, same_weights

huggingface_hub = pytest.importorskip("huggingface_hub")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse = Mock(side_effect=AssertionError("a connection was opened"))
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    place = tmp_path_factory.mktemp("private")
    Image.fromarray(ARRAY).save(place / "photo.png")
    overrides = [*TINY_RUN, "sample.count=10"]
    return internal_gan.fit(place / "photo.png", overrides=overrides, output=place / "run")


def test_a_saved_model_is_the_same_and_a_run_folder(run: Run, tmp_path: Path, shell: Shell) -> None:
    saved = tmp_path / "new" / "saved"
    run.model.save_pretrained(saved, licence="cc0-1.0")
    again = SinGAN.from_pretrained(saved)
    assert same_weights(again.network, run.model.network)
    assert again.sample(2) == run.model.sample(2)
    assert len(list((saved / "sample").iterdir())) == 8
    card = (saved / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: internal-gan\n")
    assert "\nlicense: cc0-1.0\n" in card
    assert "- singan\n" in card
    assert card.count("![A result](sample/00") == 8
    assert "`internal-gan task=sample checkpoint=FOLDER`" in card
    assert "| stages | 3 of 3 |" in card
    assert load_options(saved / "config.yaml").image is None
    files = [path for path in saved.rglob("*") if path.is_file()]
    assert not [path for path in files if str(run.folder.parent).encode() in path.read_bytes()]
    assert not {"training.ckpt", "log.txt", "status.json"} & {path.name for path in files}
    shell.done("task=sample", f"checkpoint={saved}", "output=out")


def test_the_licence_is_the_given_one_or_not_stated(run: Run, tmp_path: Path) -> None:
    bare = tmp_path / "model.safetensors"
    # Files next to a lone model file are unrelated to it.
    for other in ("photos/private.png", "edit/000.png", "photo.png"):
        (tmp_path / other).parent.mkdir(exist_ok=True)
        Image.new("RGB", (9, 9)).save(tmp_path / other)
    shutil.copy(run.folder / "model.safetensors", bare)
    internal_gan.load(bare).save_pretrained(tmp_path / "bare")
    card = (tmp_path / "bare" / "README.md").read_text()
    files = {path.name for path in (tmp_path / "bare").rglob("*") if path.is_file()}
    assert files == {"README.md", "config.json", "config.yaml", "model.safetensors", "photo.png"}
    assert read_image(tmp_path / "bare/photo.png").pixels.shape == run.model.network.image.shape
    assert "license:" not in card
    assert "Its licence is not stated" in card
    assert "## Figures" not in card
    assert "To train it again" not in card
    with pytest.raises(UserError, match=r"^licence=CC 0: needs a licence identifier of the Hub"):
        run.model.save_pretrained(tmp_path / "wrong", licence="CC 0")


@pytest.mark.parametrize("name", ["README.md", "config.yaml", "config.json", "status.json"])
def test_a_folder_with_other_files_is_refused(run: Run, tmp_path: Path, name: str) -> None:
    place = tmp_path / "place"
    place.mkdir()
    if name == "status.json":
        run.model.save_pretrained(place)
    (place / name).write_text('{"family": "mine"}')
    files = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    with pytest.raises(UserError, match=r"choose a new or empty folder") as caught:
        run.model.save_pretrained(place)
    assert str(place) in str(caught.value)
    assert files == {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("family", "folder"), [("ingan", "retarget"), ("edgeconnect", "fill")])
def test_pictures_of_every_family_are_saved(family: str, folder: str, tmp_path: Path) -> None:
    made = fitted(family, tmp_path / "run")
    made.model.save_pretrained(tmp_path / "saved")
    assert (tmp_path / "saved" / "unknown.png").is_file() == (folder == "fill")
    results = [path.name for path in (tmp_path / "saved" / folder).rglob("*.png")]
    assert results
    assert not {"before.png", "mask.png", "hole.png"} & set(results)
    again = internal_gan.load(tmp_path / "saved")
    assert same_weights(again.network, made.model.network)
    assert (np.asarray(again.photo) == np.asarray(Image.open(tmp_path / "run/photo.png"))).all()


def test_pushing_uploads_the_saved_files(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    uploaded = set[str]()

    def upload(folder_path: Path, repo_id: str, commit_message: str) -> str:
        uploaded.update(path.relative_to(folder_path).as_posix() for path in folder_path.rglob("*"))
        return f"{commit_message} in https://example.org/{repo_id}"

    api = Mock()
    api().create_repo.return_value.repo_id = "someone/ours"
    api().upload_folder.side_effect = upload
    monkeypatch.setattr(huggingface_hub, "HfApi", api)
    address = run.model.push_to_hub("someone/lake", private=True, token="key", message="A lake")
    assert address == "A lake in https://example.org/someone/ours"
    api.assert_called_with(token="key")
    api().create_repo.assert_called_once_with("someone/lake", private=True, exist_ok=True)
    expected = {"config.json", "config.yaml", "model.safetensors", "README.md", "photo.png"}
    assert expected | {"sample/000.png"} <= uploaded
    assert "training.ckpt" not in uploaded


def test_a_repository_is_loaded_as_a_run_folder(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    download = Mock(return_value=str(run.folder))
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    found = internal_gan.load("someone/lake", revision="v1", local_files_only=True)
    assert isinstance(found, SinGAN)
    (name,), asked = download.call_args
    assert (name, asked["revision"], asked["local_files_only"]) == ("someone/lake", "v1", True)
    assert {"model.safetensors", "config.yaml", "photo.png"} <= set(asked["allow_patterns"])
    with pytest.raises(UserError, match="a model of singan, not of ingan"):
        internal_gan.InGAN.from_pretrained("someone/lake")


def test_an_unknown_name_is_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = Mock(side_effect=OSError("404 Client Error.\n\nRepository Not Found for url: ..."))
    monkeypatch.setattr(huggingface_hub, "snapshot_download", nowhere)
    expected = r"^run folder no/where does not exist, and the .* \(404 Client Error\.\)$"
    with pytest.raises(UserError, match=expected):
        internal_gan.load("no/where")
    # Only valid Hub names are looked up there.
    for name in ("nowhere", "./no/where", tmp_path / "nowhere"):
        with pytest.raises(UserError, match=r"^run folder .*nowhere|no/where does not exist$"):
            internal_gan.load(name)
    with pytest.raises(UserError, match="is not a run folder"):
        internal_gan.load(tmp_path)


def test_without_huggingface_hub(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UserError, match=r"pip install 'internal-gan\[hub\]'"):
        run.model.push_to_hub("someone/lake")
    with pytest.raises(UserError, match=r"pip install 'internal-gan\[hub\]'"):
        internal_gan.load("someone/lake")
    run.model.save_pretrained(tmp_path)
    assert isinstance(internal_gan.load(tmp_path), SinGAN)
