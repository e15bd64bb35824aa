"""Model files load as saved, or are refused in one line."""

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import internal_gan
from internal_gan.models.singan.training import SinGANRecipe
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.model_file import FORMAT_VERSION, load_model, save_model
from tests.tiny import Run, complaint, same_weights, tiny_options, untrained


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = Run(untrained(), tiny_options(), RunFolder(tmp_path_factory.mktemp("run")))
    save_model(made.model, made.folder.model_path, SinGANRecipe.architecture(made.options.model))
    return made


def test_a_file_describes_itself(run: Run) -> None:
    with safe_open(run.folder.model_path, framework="pt") as file:
        metadata = file.metadata()
    assert set(metadata) == {"format_version", "package_version", "family", "architecture", "model"}
    assert metadata["format_version"] == str(FORMAT_VERSION)
    assert metadata["package_version"] == internal_gan.__version__
    assert metadata["family"] == "singan"
    assert json.loads(metadata["architecture"]) == {
        "_target_": "internal_gan.models.singan.model.SinGAN",
        **{
            name: run.options.model[name]
            for name in (
                *("generator", "widths", "depths", "detail_noise", "noise_padding", "handover"),
                "enlarging_ratio",
            )
        },
    }
    assert json.loads(metadata["model"]) == {"sizes": [[14, 20], [17, 23], [20, 28]], "finished": 3}


def test_a_missing_file_says_that_no_scale_is_finished(tmp_path: Path) -> None:
    assert "no finished scale yet" in complaint(load_model, tmp_path / "model.safetensors")


@pytest.mark.parametrize(
    "architecture",
    [
        {"_target_": "os.system", "command": "touch owned"},
        {"_target_": "internal_gan.nn.losses.LSGAN"},
        {"_target_": "internal_gan.models.singan.model.SinGAN"},
        *({"_target_": "internal_gan.models.singan.training.SinGANRecipe"}, {}, [], None, 7),
    ],
)
def test_a_file_of_another_architecture_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, architecture: object
) -> None:
    monkeypatch.chdir(tmp_path)
    complaint(load_model, changed(run, tmp_path, architecture=json.dumps(architecture)))
    assert not Path("owned").exists()


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "null", "[]", '{"sizes": [[3]], "finished": 1}'),
        '{"sizes": [[14, 20], [17, 23]], "finished": 3}',
        '{"sizes": [[14, 20], [17, 23], [20, 28]], "finished": -1}',
        '{"sizes": [[14, 20], [17, 23], [20, 28]], "finished": 1.5}',
        *("[" * 100_000, "9" * 5000, '{"_target_": 1e999}'),
    ],
    ids=lambda text: text[:60],
)
@pytest.mark.parametrize("field", ["architecture", "model"])
def test_damaged_metadata_is_refused(run: Run, tmp_path: Path, field: str, text: str) -> None:
    complaint(load_model, changed(run, tmp_path, **{field: text}))


def test_files_of_equal_models_have_equal_bytes(run: Run, tmp_path: Path) -> None:
    # The order of a hash map differs between processes, and mostly between maps.
    for n in range(8):
        save_model(run.model, tmp_path / f"{n}", SinGANRecipe.architecture(run.options.model))
    (content,) = {(tmp_path / f"{n}").read_bytes() for n in range(8)}
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert next(iter(header)) == "__metadata__"
    assert list(header["__metadata__"]) == sorted(header["__metadata__"])
    with safe_open(tmp_path / "0", framework="pt") as file:
        assert file.metadata() == header["__metadata__"]
        names = set(file.keys())
    assert names == set(run.model.state_dict())
    assert all(name.startswith("generators.") or "." not in name for name in names)
    model: Any = load_model(tmp_path / "0")
    assert same_weights(model, run.model)
    assert not any(p.requires_grad for p in model.parameters())
    assert not any(module.training for module in model.generators.modules())


def test_a_file_of_another_format_is_refused(run: Run, tmp_path: Path) -> None:
    path = changed(run, tmp_path, format_version="99")
    assert "newer internal-gan" in complaint(load_model, path)
    save_file({}, path)
    assert "not an internal-gan file" in complaint(load_model, path)


def test_a_file_without_one_of_its_tensors_is_refused(run: Run, tmp_path: Path) -> None:
    path = changed(run, tmp_path, without="generators.1.output.weight")
    assert "complete" in complaint(load_model, path)


def changed(run: Run, folder: Path, without: str = "", **metadata: str) -> Path:
    tensors = load_file(run.folder.model_path)
    with safe_open(run.folder.model_path, framework="pt") as file:
        metadata = file.metadata() | metadata
    tensors.pop(without, None)
    path = folder / "model.safetensors"
    save_file(tensors, path, metadata)
    return path
