"""Model and training files come back as they were, or say in one line why they cannot."""

import errno
import json
import os
import pickle
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import internal_gan
from internal_gan.errors import UserError
from internal_gan.models.singan.model import SinGAN
from internal_gan.runs import model_file
from internal_gan.runs.model_file import load_model, save_model
from internal_gan.training import checkpoint
from internal_gan.training.checkpoint import load_training, save_training
from tests.tiny import Run, same_weights, trained
from tests.toy import ToyModel

CPU = torch.device("cpu")
Load = Callable[[Path], object]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained(tmp_path_factory.mktemp("run"), "model.steps=2")


def read_model(path: Path) -> object:
    return load_model(path)


def read_singan(path: Path) -> SinGAN:
    model = load_model(path)
    assert isinstance(model, SinGAN)
    return model


def read_training(path: Path) -> object:
    return load_training(path, "singan", CPU)


def complaint(load: Load, path: Path) -> str:
    with pytest.raises(UserError) as caught:
        load(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


BOTH = pytest.mark.parametrize(
    ("load", "name"), [(read_model, "model.safetensors"), (read_training, "training.ckpt")]
)


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


class TestModelFile:
    def test_gives_the_same_samples_again(self, run: Run) -> None:
        model = read_singan(run.folder.model_path)
        assert same_weights(model, run.model)
        assert torch.equal(
            model.sample(2, (31, 44), start_scale=1, seed=3),
            run.model.sample(2, (31, 44), start_scale=1, seed=3),
        )
        assert torch.equal(model.reconstruct(), run.model.reconstruct())

    def test_of_a_name_that_is_not_its_models_is_refused(self, run: Run, tmp_path: Path) -> None:
        with safe_open(run.folder.model_path, framework="pt") as file:
            metadata = file.metadata() | {"family": "ingan"}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        save_file(tensors, tmp_path / "other.safetensors", metadata)
        assert "complete internal-gan model" in complaint(
            read_model, tmp_path / "other.safetensors"
        )

    def test_is_ready_for_inference(self, run: Run) -> None:
        model = read_singan(run.folder.model_path)
        assert model.device == CPU
        assert not any(p.requires_grad for p in model.parameters())
        assert not any(part.training for part in model.generators.modules())

    def test_tells_what_it_is(self, run: Run) -> None:
        with safe_open(run.folder.model_path, framework="pt") as file:
            metadata = file.metadata()
        assert set(metadata) == {
            "format_version",
            "package_version",
            "family",
            "architecture",
            "model",
        }
        assert metadata["format_version"] == str(model_file.FORMAT_VERSION)
        assert metadata["package_version"] == internal_gan.__version__
        assert metadata["family"] == "singan"
        assert json.loads(metadata["architecture"]) == run.options.model
        assert json.loads(metadata["model"]) == {
            "sizes": [[14, 20], [17, 23], [20, 28]],
            "steps": [2, 2, 2],
            "finished": 3,
        }

    def test_holds_generators_but_no_discriminator(self, run: Run) -> None:
        names = set(load_file(run.folder.model_path))
        assert {"image", "noise_std", "reconstruction_noise"} < names
        assert all(n.startswith("generators.") or "." not in n for n in names)

    def test_missing_says_that_no_scale_is_finished(self, tmp_path: Path) -> None:
        assert "no finished scale yet" in complaint(read_model, tmp_path / "model.safetensors")

    def test_of_another_program_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "model.safetensors"
        save_file({"weight": torch.zeros(3)}, path)
        assert "is not a file of internal-gan" in complaint(read_model, path)

    def test_of_a_newer_format_says_to_upgrade(self, run: Run, tmp_path: Path) -> None:
        newer = model_file.FORMAT_VERSION + 1
        path = self.changed(run, tmp_path, format_version=str(newer))
        message = complaint(read_model, path)
        assert f"format {newer}" in message
        assert "upgrade" in message

    @pytest.mark.parametrize(
        "architecture",
        [
            {"_target_": "os.system", "command": "echo"},
            {"_target_": "internal_gan.nn.losses.LSGAN"},
            {"_target_": "internal_gan.models.singan.model.SinGAN"},
            {},
            [],
            None,
            7,
        ],
    )
    def test_of_another_architecture_is_refused(
        self, run: Run, tmp_path: Path, architecture: object
    ) -> None:
        complaint(read_model, self.changed(run, tmp_path, architecture=json.dumps(architecture)))

    @pytest.mark.parametrize("text", ["", "{", "null", "[]", '{"sizes": [[3]], "finished": 1}'])
    def test_with_damaged_metadata_is_refused(self, run: Run, tmp_path: Path, text: str) -> None:
        complaint(read_model, self.changed(run, tmp_path, model=text))

    @pytest.mark.parametrize(
        ("part", "name", "value"),
        [
            ("generator", "depth", 10**6),
            ("generator", "depth", 10**12),
            ("generator", "kernel_size", 10**6 + 1),
            ("widths", "coarsest", 3000),
            ("widths", "coarsest", 10**5),
            ("widths", "factor", 1e308),
            ("generator", "channels", 10**9),
            (None, "sizes", [[14, 20], [17, 23], [10**6, 10**6]]),
            (None, "sizes", [[14, 20], [10**9, 23], [20, 28]]),
            (None, "sizes", [[14, 20], [17, 23]]),
            (None, "sizes", [[0, 20], [17, 23], [20, 28]]),
            (None, "finished", 10**9),
            (None, "finished", -1),
            (None, "finished", 1.5),
        ],
    )
    def test_that_asks_for_more_than_it_holds_is_refused_at_once(
        self, run: Run, tmp_path: Path, part: str | None, name: str, value: object
    ) -> None:
        with safe_open(run.folder.model_path, framework="pt") as file:
            metadata = file.metadata()
        field = "model" if part is None else "architecture"
        values = json.loads(metadata[field])
        (values if part is None else values[part])[name] = value
        path = self.changed(run, tmp_path, **{field: json.dumps(values)})
        began = time.monotonic()
        complaint(read_model, path)
        assert time.monotonic() - began < 3

    @pytest.mark.parametrize("field", ["architecture", "model"])
    @pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5000, '{"_target_": 1e999}'])
    def test_with_metadata_that_no_program_reads_is_refused(
        self, run: Run, tmp_path: Path, field: str, text: str
    ) -> None:
        complaint(read_model, self.changed(run, tmp_path, **{field: text}))

    def test_of_equal_models_has_equal_bytes(self, run: Run, tmp_path: Path) -> None:
        # A hash map has another order in every process, and mostly in every map.
        for n in range(8):
            save_model(run.model, tmp_path / f"{n}", run.options.model)
        (content,) = {(tmp_path / f"{n}").read_bytes() for n in range(8)}
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        assert next(iter(header)) == "__metadata__"
        assert list(header["__metadata__"]) == sorted(header["__metadata__"])
        with safe_open(tmp_path / "0", framework="pt") as file:
            assert file.metadata() == header["__metadata__"]
            assert set(file.keys()) == set(run.model.state_dict())
        assert same_weights(read_singan(tmp_path / "0"), run.model)

    def test_without_one_of_its_tensors_is_refused(self, run: Run, tmp_path: Path) -> None:
        path = self.changed(run, tmp_path, without="generators.1.output.weight")
        assert "complete" in complaint(read_model, path)

    def changed(self, run: Run, folder: Path, without: str = "", **metadata: str) -> Path:
        tensors = load_file(run.folder.model_path)
        with safe_open(run.folder.model_path, framework="pt") as file:
            metadata = file.metadata() | metadata
        tensors.pop(without, None)
        path = folder / "model.safetensors"
        save_file(tensors, path, metadata)
        return path


class TestTrainingFile:
    def test_comes_back_as_it_was(self, tmp_path: Path) -> None:
        state = {
            "family": "toy",
            "step": 7,
            "weights": {"a": torch.arange(6.0).view(2, 3).T},
            "ema": None,
            "list": [torch.ones(2, dtype=torch.uint8), 0.5],
        }
        save_training(state, tmp_path / "training.ckpt")
        loaded = load_training(tmp_path / "training.ckpt", "toy", CPU)
        assert loaded["format_version"] == checkpoint.FORMAT_VERSION
        assert (loaded["step"], loaded["ema"], loaded["list"][1]) == (7, None, 0.5)
        assert torch.equal(loaded["weights"]["a"], state["weights"]["a"])  # type: ignore[index]
        assert loaded["weights"]["a"].stride() == (1, 3)

    def test_holds_only_what_loads_without_running_code(self, run: Run) -> None:
        state = torch.load(run.folder.checkpoint_path, weights_only=True)
        assert (state["family"], state["stage"], state["step"]) == ("singan", 2, 2)

    def test_missing_says_that_there_is_nothing_to_resume(self, tmp_path: Path) -> None:
        assert "nothing to resume" in complaint(read_training, tmp_path / "training.ckpt")

    def test_of_another_family_names_both(self, tmp_path: Path) -> None:
        path = tmp_path / "training.ckpt"
        save_training({"family": "ingan"}, path)
        assert "of the family ingan, not singan" in complaint(read_training, path)

    def test_of_a_newer_format_says_to_upgrade(self, tmp_path: Path) -> None:
        path = tmp_path / "training.ckpt"
        newer = checkpoint.FORMAT_VERSION + 1
        torch.save({"family": "singan", "format_version": newer}, path)
        message = complaint(read_training, path)
        assert f"format {newer}" in message
        assert "upgrade" in message

    @pytest.mark.parametrize("content", [[1, 2], {"weights": torch.zeros(2)}, torch.zeros(2), 7])
    def test_of_another_program_is_refused(self, content: object, tmp_path: Path) -> None:
        path = tmp_path / "training.ckpt"
        torch.save(content, path)
        assert "is not a training checkpoint of internal-gan" in complaint(read_training, path)

    @pytest.mark.parametrize("writer", ["torch", "pickle"])
    def test_runs_no_code_from_the_file(self, writer: str, tmp_path: Path) -> None:
        path, made = tmp_path / "training.ckpt", tmp_path / "made"
        content = {"family": "singan", "format_version": 1, "trap": Trap(made)}
        if writer == "torch":
            torch.save(content, path)
        else:
            path.write_bytes(pickle.dumps(content))
        complaint(read_training, path)
        assert not made.exists()


@BOTH
class TestDamagedFile:
    def test_truncated_anywhere_is_refused(
        self, run: Run, load: Load, name: str, tmp_path: Path
    ) -> None:
        content = (run.folder.path / name).read_bytes()
        path = tmp_path / name
        lengths = {0, 1, 7, 8, 9, 100, len(content) - 1, len(content) - 100}
        for length in lengths | {len(content) * k // 20 for k in range(20)}:
            path.write_bytes(content[:length])
            assert "is truncated or not a" in complaint(load, path)

    def test_that_was_never_one_is_refused(self, load: Load, name: str, tmp_path: Path) -> None:
        chance = random.Random(0)
        path = tmp_path / name
        for content in [
            b"hello\n",
            b"\x89PNG\r\n\x1a\n" + bytes(100),
            b"\xff\xd8\xff\xe0" + bytes(100),
            pickle.dumps([1, 2, 3]),
            *(chance.randbytes(length) for length in (1, 2, 5, 50, 500) for _ in range(40)),
        ]:
            path.write_bytes(content)
            complaint(load, path)

    def test_that_is_a_folder_or_a_pipe_is_refused(
        self, load: Load, name: str, tmp_path: Path
    ) -> None:
        (tmp_path / "a").mkdir()
        os.mkfifo(tmp_path / "b")
        for path in (tmp_path / "a", tmp_path / "b"):
            assert "is not a file; remove it" in complaint(load, path)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: save_model(ToyModel(), path, {}),
        lambda path: save_training({"family": "toy"}, path),
    ],
    ids=["model", "training"],
)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_failed_write_leaves_the_file_before_as_it_was(
    write: Callable[[Path], None], number: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"the one before")
    write_bytes = Path.write_bytes

    def fail(self: Path, data: Any) -> int:
        write_bytes(self, bytes(data)[:100])
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(UserError, match=f"cannot write {path}: "):
        write(path)
    assert path.read_bytes() == b"the one before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
