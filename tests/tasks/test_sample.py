"""task=sample on a trained model."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from internal_gan.commands import run
from internal_gan.config.compose import compose, load_options, save_options
from internal_gan.errors import UserError
from internal_gan.images.files.image import read_image, to_uint8, write_image
from internal_gan.images.resize import resize, size_of
from internal_gan.models.singan.training import SinGANRecipe
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.model_file import save_model
from tests.commands import Shell
from tests.tasks.conftest import copy_of
from tests.tiny import Run, network_of, sample, tiny_options, untrained


@pytest.fixture
def model(tmp_path: Path, shell: Shell, tiny_run: Run) -> str:
    """The run folder of a trained model of three scales, (20, 28) pixels at the finest."""
    copy_of(tiny_run, tmp_path / "model", str(tmp_path / "photo.png"))
    return "model"


def pictures(folder: str | Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(Path(folder, "sample").iterdir())]


def test_samples_go_to_a_run_folder_of_their_own(shell: Shell, model: str) -> None:
    before = sorted(p.name for p in Path(model).iterdir())
    answer = shell("task=sample", f"checkpoint={model}", "sample.count=3", "device=cpu")
    assert answer.code == 0, answer.err
    (folder,) = Path("runs/photo-singan").iterdir()
    assert len(pictures(folder)) == 3
    assert (folder / "index.html").is_file()
    assert RunFolder(folder).status()["state"] == "finished"
    assert load_options(folder / "config.yaml").checkpoint == str(Path(model).absolute())
    assert sorted(p.name for p in Path(model).iterdir()) == before
    assert str(folder) in answer.out


@pytest.fixture
def unfinished(tmp_path: Path, shell: Shell) -> str:
    """As ``model``, with two of its three scales finished."""
    options = tiny_options()
    (tmp_path / "part").mkdir()
    save_options(options, tmp_path / "part" / "config.yaml")
    architecture = SinGANRecipe.architecture(options.model)
    save_model(untrained(scales=2), tmp_path / "part" / "model.safetensors", architecture)
    return "part"


def test_an_unfinished_model_is_sampled_exactly_as_asked(shell: Shell, unfinished: str) -> None:
    wanted = ("sample.size=[33,91]", "sample.start_scale=1", "sample.count=1")
    answer = shell("task=sample", f"checkpoint={unfinished}", "output=out", *wanted)
    assert answer.code == 0, answer.err
    written = read_image("out/sample/000.png").pixels
    expected = sample(network_of(unfinished), 1, (33, 91), start_scale=1)
    assert written.shape == expected.shape
    assert (written - expected).abs().max() <= 1.01 / 255


def test_a_start_scale_that_is_not_finished_is_refused(shell: Shell, unfinished: str) -> None:
    answer = shell("task=sample", f"checkpoint={unfinished}", "sample.start_scale=2")
    assert answer.lines == [
        "error: sample.start_scale=2: 2 of the model's 3 scales are finished; allowed: 0 to 1"
    ]


@pytest.mark.parametrize(("alike", "said"), [(9.0, True), (0.0, False)])
def test_samples_that_hardly_differ_are_said_to(
    shell: Shell, model: str, monkeypatch: pytest.MonkeyPatch, alike: float, said: bool
) -> None:
    monkeypatch.setattr("internal_gan.tasks.sample.ALIKE", alike)
    answer = shell("task=sample", f"checkpoint={model}", "sample.start_scale=1", "sample.count=2")
    assert answer.code == 0, answer.err
    line = "The samples hardly differ; a sample.start_scale below 1 varies more"
    assert (line in answer.out.replace("\n", " ")) == said


def test_all_start_scales_are_a_row_each(shell: Shell, model: str) -> None:
    wanted = ("sample.start_scale=all", "sample.count=2", "sample.size=[33,91]")
    answer = shell("task=sample", f"checkpoint={model}", "output=out", *wanted)
    assert answer.code == 0, answer.err
    assert "2 samples from each of 3 start scales" in answer.out
    assert load_options(Path("out", "config.yaml")).sample.start_scale == "all"
    for scale in range(3):
        expected = sample(network_of(model), 2, (33, 91), start_scale=scale, candidates=4)
        for index in range(2):
            written = read_image(f"out/sample/scale-{scale}/{index:03d}.png").pixels
            assert (written - expected[index]).abs().max() <= 1.01 / 255
    page = Path("out", "index.html").read_text(encoding="utf-8")
    assert [page.count(f"<h3>Scale {scale}</h3>") for scale in range(4)] == [1, 1, 1, 0]


def test_all_start_scales_means_all_finished_scales(shell: Shell, unfinished: str) -> None:
    wanted = ("sample.start_scale=all", "sample.count=1", "output=out")
    assert shell("task=sample", f"checkpoint={unfinished}", *wanted).code == 0
    assert sorted(p.name for p in Path("out", "sample").iterdir()) == ["scale-0", "scale-1"]


def test_the_same_seed_gives_the_same_pictures(shell: Shell, model: str) -> None:
    for name, option in (("a", "seed=4"), ("b", "seed=4"), ("c", "seed=5")):
        answer = shell("task=sample", f"checkpoint={model}", f"output={name}", option)
        assert answer.code == 0
    assert pictures("a") == pictures("b")
    assert pictures("a") != pictures("c")


def rewrite(path: Path, **changes: str) -> None:
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file(tensors, path, metadata | changes)


def test_an_unusable_model_file_gives_a_one_line_error(shell: Shell, model: str) -> None:
    path = Path(model, "model.safetensors")
    whole = path.read_bytes()

    def complaint() -> str:
        answer = shell("task=sample", f"checkpoint={model}", "device=cpu")
        assert answer.code == 2
        assert len(answer.lines) == 1
        assert answer.lines[0].startswith(f"error: {path} ")
        return answer.lines[0]

    path.write_bytes(whole[: len(whole) // 2])
    assert "truncated" in complaint()
    path.write_bytes(b"")
    assert "truncated" in complaint()
    save_file({}, path)
    assert "not an internal-gan file" in complaint()
    path.write_bytes(whole)
    rewrite(path, format_version="99")
    assert "newer internal-gan" in complaint()
    path.write_bytes(whole)
    rewrite(path, architecture='{"_target_": "os.system", "command": "touch owned"}')
    assert "os.system" in complaint()
    assert not Path("owned").exists()
    path.unlink()
    assert shell("task=sample", f"checkpoint={model}").lines == [
        f"error: run folder {model} lacks model.safetensors"
    ]


def test_a_model_of_another_family_is_refused(model: str) -> None:
    options = compose(["task=sample", f"checkpoint={model}"])
    options.model = {"_target_": "internal_gan.models.ingan.whole.InGAN"}
    with pytest.raises(UserError, match="a model of singan, not of ingan"):
        run(options, changed={"task", "checkpoint", "model"})


@pytest.mark.parametrize("detail", ["patches", "network"])
def test_what_a_mask_keeps_stays_bit_for_bit(shell: Shell, learnt: str, detail: str) -> None:
    mask = torch.full((1, 3, 40, 56), -1.0)
    mask[..., 16:32, 20:40] = 1
    write_image("keep.png", mask)
    options = ("sample.keep=keep.png", "sample.count=2", f"finish.detail={detail}", "output=out")
    answer = shell("task=sample", f"checkpoint={learnt}", *options)
    assert answer.code == 0, answer.err
    source = {"patches": Path(learnt).parent / "photo.png", "network": Path("out/photo.png")}
    photo = to_uint8(read_image(source[detail]).pixels)
    kept = resize(mask[:, :1], size_of(photo))[0, 0] > 0
    for name in ("000.png", "001.png"):
        same = (to_uint8(read_image(f"out/sample/{name}").pixels) == photo).all(dim=1)[0]
        assert same[kept].all()
        assert same[~kept].float().mean() < 0.3


@pytest.mark.parametrize(
    ("tileable", "proof", "names"),
    [
        ("true", "tiled-2x2", ["top and bottom", "left and right"]),
        ("x", "tiled-1x2", ["left and right"]),
        ("y", "tiled-2x1", ["top and bottom"]),
    ],
)
def test_tileable_samples_come_with_a_proof(
    shell: Shell, model: str, tileable: str, proof: str, names: list[str]
) -> None:
    command = ("task=sample", f"checkpoint={model}", "output=out", "sample.count=2")
    answer = shell(*command, f"sample.tileable={tileable}", "sample.size=[30,41]")
    assert answer.code == 0, answer.err
    assert load_options(Path("out/config.yaml")).sample.tileable in (True, tileable)
    single, copies = (read_image(f"out/sample/{name}000.png").pixels for name in ("", f"{proof}/"))
    rows, columns = (int(n) for n in proof[-3::2])
    assert torch.equal(copies, single.repeat(1, 1, rows, columns))
    assert sorted(RunFolder(Path("out")).status()["seams"]) == sorted(names)
    page = Path("out/index.html").read_text()
    for name in names:
        assert name in answer.out
        assert name in page


def test_tileable_samples_from_every_start_scale(shell: Shell, model: str) -> None:
    command = ("task=sample", f"checkpoint={model}", "output=out", "sample.count=1")
    assert shell(*command, "sample.tileable=true", "sample.start_scale=all").code == 0
    folders = sorted(path.name for path in Path("out/sample").iterdir())
    assert folders == [f"scale-{n}{proof}" for n in range(3) for proof in ("", "-tiled-2x2")]
