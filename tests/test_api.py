"""The Python API: input and output types, options, stopping and callbacks."""

import re
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

import internal_gan
from internal_gan import ZSSR, EdgeConnect, InGAN, Model, Patches, Run, SinGAN, UserError
from internal_gan.api.model import option_of, source_of
from internal_gan.config.catalogue import SPECS
from internal_gan.config.compose import options_of
from internal_gan.config.options import PATHS, taken_by
from internal_gan.device import prepare_device
from internal_gan.images.files import decode
from internal_gan.images.files.memory import to_photo
from internal_gan.runs.records import read_results
from tests.commands import OF_FAMILY, TINY_RUN, Shell, fitted, pixels
from tests.images.test_frames import bundled
from tests.tiny import ARRAY, HOLE, TINY_INGAN, same_weights
from tests.training.test_cuda import DRAWINGS


def first(drawn: Any) -> torch.Tensor:
    """The first picture that a method returns."""
    return drawn if isinstance(drawn, torch.Tensor) else next(drawn)


def fit(image: Any, folder: Path, *overrides: str) -> Any:
    return internal_gan.fit(image, overrides=[*TINY_RUN, *overrides], output=folder).model


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "a b (1).png"
    Image.fromarray(ARRAY).save(path)
    return path


@pytest.fixture(scope="module")
def mask(photo: Path) -> Path:
    path = photo.with_name("mask.png")
    Image.fromarray(HOLE).save(path)
    return path


def trained(family: str) -> Any:
    """A fixture: a run of a family."""

    @pytest.fixture(scope="module", name=family)
    def run(photo: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
        return fitted(family, tmp_path_factory.mktemp("runs") / family, photo)

    return run


singan, ingan, edgeconnect, zssr = map(trained, OF_FAMILY)


class TestPicturesIn:
    def test_a_file_and_an_array_train_the_same_model(self, singan: Run, tmp_path: Path) -> None:
        model = fit(ARRAY.astype(np.float32) / 255, tmp_path / "run")
        assert same_weights(model.network, singan.model.network)
        assert torch.equal(to_photo(Image.fromarray(ARRAY)).pixels, to_photo(ARRAY).pixels)

    def test_a_tensor_trains_the_same_model_as_an_array(self) -> None:
        levels = torch.from_numpy(ARRAY).permute(2, 0, 1)
        expected = to_photo(ARRAY).pixels
        for tensor in (levels, levels / 255, (levels / 255)[None], (levels.double() / 255)):
            given = tensor.requires_grad_(tensor.is_floating_point())
            assert torch.allclose(to_photo(given).pixels, expected, atol=1e-6)
        assert torch.equal(to_photo(levels).pixels, expected)
        gray, faint = levels[:1] / 255, torch.cat([levels / 255, torch.full((1, 40, 56), 0.5)])
        assert to_photo(gray).is_gray
        alpha: Any = to_photo(faint).alpha
        assert (alpha == 0.5).all()

    def test_large_arrays_stay_whole(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(decode, "WHOLE_PIXELS", 1000)
        model = fit(np.kron(ARRAY, np.ones((8, 8, 1), np.uint8)), tmp_path / "run")
        assert model.photo.size == (448, 320)


FLOATS = np.linspace(0, 1, 40 * 56 * 3, dtype=np.float32).reshape(40, 56, 3)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 5, 2), np.uint8), r"an array of shape \(4, 5, 2\)"),
        (np.zeros((40, 56, 3), np.int64), "numbers of type int64"),
        (FLOATS * 255, r"from 0 to 255; floats must be in \[0, 1\].* x / 255, or to uint8"),
        (FLOATS * 2 - 1, r"from -1 to 1; floats must be in \[0, 1\].*\(x \+ 1\) / 2"),
        (np.full((40, 56), np.nan), "NaN or infinite"),
        (np.zeros((40, 56), np.uint8), "one flat colour"),
        (torch.rand(3, 40, 56) * 2 - 1, r"must be in \[0, 1\]"),
        (torch.rand(40, 56, 3), r"a tensor of shape \(40, 56, 3\); allowed: \(C, H, W\)"),
        (torch.zeros(3, 40, 56, dtype=torch.int64), "numbers of type int64"),
        (None, "of type NoneType; allowed: a Pillow image, a NumPy array, a tensor or the name"),
        ([ARRAY, ARRAY], "of type list; allowed: a Pillow image"),
        (Image.new("LAB", (40, 56)), "colour mode LAB is not supported"),
    ],
    ids=lambda value: None,
)
def test_values_that_are_no_photo_are_refused(tmp_path: Path, image: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        fit(image, tmp_path / "run")
    assert not (tmp_path / "run").exists()


class TestPicturesOut:
    def test_each_type_has_its_form(self, singan: Run) -> None:
        images = singan.model.sample(3, size=(31, 17))
        arrays = singan.model.sample(3, size=(31, 17), output_type="np")
        tensor = singan.model.sample(3, size=(31, 17), output_type="pt")
        assert [image.size for image in images] == [(17, 31)] * 3
        assert [(array.dtype, array.shape) for array in arrays] == [(np.float32, (31, 17, 3))] * 3
        assert (tensor.dtype, tensor.shape) == (torch.float32, (3, 3, 31, 17))
        for image, array, plane in zip(images, arrays, tensor, strict=True):
            assert (np.asarray(image) == (array * 255).round()).all()
            assert (array == plane.permute(1, 2, 0).numpy()).all()

    def test_a_single_picture_is_not_returned_as_a_list(self, singan: Run) -> None:
        assert singan.model.reconstruct().size == (28, 20)
        assert singan.model.reconstruct(output_type="np").shape == (20, 28, 3)
        assert singan.model.reconstruct(output_type="pt").shape == (1, 3, 20, 28)


class TestChance:
    def test_a_sample_does_not_depend_on_how_many_are_drawn(self, singan: Run) -> None:
        model = singan.model
        four = model.sample(4, seed=3, output_type="pt")
        assert torch.equal(model.sample(2, seed=3, output_type="pt"), four[:2])
        assert len({tuple(sample.flatten().tolist()) for sample in four}) == 4
        assert not torch.equal(model.sample(4, seed=4, output_type="pt"), four)
        assert model.sample(2) == model.sample(2, seed=0)

    def test_a_generator_advances_and_is_reproducible(self, singan: Run) -> None:
        def drawn(rng: torch.Generator) -> Any:
            return singan.model.sample(2, generator=rng, output_type="pt")

        first, second = (torch.Generator().manual_seed(1) for _ in range(2))
        a, b = drawn(first), drawn(first)
        assert not torch.equal(a, b)
        assert torch.equal(a, drawn(second))


REDRAWN = {"image": "PHOTO", "mask": "MASK", "dilate": 2, "seed": 1}
# A method, its arguments, and the options of the command that asks for the same.
SAME: list[tuple[str, dict[str, Any], str]] = [
    (
        "sample",
        {"count": 2, "size": (23, 61), "start_scale": 1, "seed": 9},
        "sample.count=2 sample.size=[23,61] sample.start_scale=1 seed=9",
    ),
    (
        "sample",
        {"detail": "patches", "resolution": 48},
        "sample.count=1 finish.detail=patches finish.resolution=48",
    ),
    ("paint", {"image": "PHOTO", "start_scale": 2}, "paint.image=PHOTO paint.start_scale=2"),
    ("edit", REDRAWN, "edit.image=PHOTO mask=MASK mask.dilate=2 seed=1"),
    ("harmonize", REDRAWN, "edit.image=PHOTO mask=MASK mask.dilate=2 seed=1"),
    ("animate", {"seconds": 0.5, "fps": 8}, "animate.seconds=0.5 animate.fps=8 animate.format=png"),
    ("super_resolve", {"factor": 2}, "image=PHOTO super_resolution.factor=2"),
    ("super_resolve", {"image": "PHOTO", "factor": 2}, "super_resolution.factor=2"),
    ("retarget", {"size": (None, 40)}, "retarget.shape=[null,40]"),
    ("retarget", {"size": ("100%", "150%")}, "retarget.shape=[100%,150%]"),
    (
        "retarget",
        {"size": (30, 40), "corners": [[0, 0.2], [0, 0.8], [1, 1], [1, 0]]},
        "retarget.shape=[30,40] retarget.corners=[[0,0.2],[0,0.8],[1,1],[1,0]]",
    ),
    ("retarget", {"size": "2:1", "protect": "MASK"}, "retarget.shape=2:1 retarget.protect=MASK"),
    ("retarget", {"size": "2:1", "outline": "MASK"}, "retarget.shape=2:1 retarget.mask=MASK"),
    ("fill", {"photo": "PHOTO", "mask": "MASK", "seed": 5}, "image=PHOTO mask=MASK seed=5"),
]


# The same of functions of a photo.
AT_ONCE: list[tuple[str, dict[str, Any], str]] = [
    (
        "sample",
        {"count": 2, "size": (30, 60), "start_scale": 1, "tileable": "x", "seed": 9},
        "sample.count=2 sample.size=[30,60] sample.start_scale=1 sample.tileable=x seed=9",
    ),
    ("retarget", {"size": (40, 80), "seed": 2}, "retarget.shape=[40,80] seed=2"),
    ("fill", {"mask": "MASK", "dilate": 1}, "mask=MASK mask.dilate=1"),
    ("fill", {"box": (0, 9, 8, 12), "seed": 3}, "mask.box=[0,9,8,12] seed=3"),
    ("edit", {"image": "OTHER", "mask": "MASK"}, "edit.image=OTHER mask=MASK"),
    ("harmonize", {"image": "OTHER", "mask": "MASK"}, "edit.image=OTHER mask=MASK"),
    ("paint", {"image": "OTHER", "seed": 1}, "paint.image=OTHER seed=1"),
    ("animate", {"seconds": 0.5, "fps": 8}, "animate.seconds=0.5 animate.fps=8 animate.format=png"),
    ("make_tileable", {"axes": "x", "seed": 3}, "make_tileable.axes=x seed=3"),
    (
        "extend",
        {"margins": (8, "10%", 0, 9), "avoid": "MASK"},
        "extend.margins=[8,10%,0,9] extend.avoid=MASK",
    ),
]


class TestEachMethodGivesWhatItsTaskGives:
    def test_a_photo_is_a_model_but_not_trained_or_saved(self, photo: Path, tmp_path: Path) -> None:
        model = Patches(photo)
        assert (model.family, model.folder, model.photo.size) == ("patches", None, (56, 40))
        assert model.reconstruct().size == (56, 40)
        assert model.sample(seed=4) == internal_gan.sample(ARRAY, seed=4)
        rng = torch.Generator().manual_seed(1)
        assert model.retarget((40, 80), generator=rng) != model.retarget((40, 80), generator=rng)
        with pytest.raises(UserError, match="keep the photo"):
            model.save_pretrained(tmp_path)
        with pytest.raises(UserError, match="model=patches: there is nothing to train"):
            internal_gan.fit(photo, "patches", output=tmp_path / "run")

    @pytest.mark.parametrize("case", [*SAME, *AT_ONCE], ids=lambda case: case[0])
    def test_bit_for_bit_for_files_and_images_in_memory(
        self, case: Any, request: pytest.FixtureRequest, shell: Shell, photo: Path, mask: Path
    ) -> None:
        method, arguments, words = case
        Image.fromarray(ARRAY[:, ::-1]).save("other.png")
        files = {"PHOTO": photo, "MASK": mask, "OTHER": Path("other.png")}
        in_memory = {"PHOTO": ARRAY, "MASK": HOLE, "OTHER": ARRAY[:, ::-1]}
        plain = {name: str(path) for name, path in files.items()}
        named = [re.sub("PHOTO|MASK|OTHER", lambda m: plain[m[0]], word) for word in words.split()]
        families = [family for family, name, _ in DRAWINGS if name == method]
        run = None if case in AT_ONCE else request.getfixturevalue(families[0])
        task = "super_resolution" if method == "super_resolve" else method
        where = [task, f"image={photo}" if run is None else f"checkpoint={run.folder}"]
        where += ["device=cpu"] if method in dir(Patches) else []
        shell.done(*where, *named, "output=out")
        found = read_results(Path("out"))
        results = [Path("out", one.file) for one in found if one.kind in ("result", "frame")]
        for pictures in (files, in_memory):
            values = {
                name: pictures[value] if isinstance(value, str) and value in pictures else value
                for name, value in arguments.items()
            }
            if run is None:
                made = getattr(internal_gan, method)(pictures["PHOTO"], **values)
            else:
                made = getattr(run.model, method)(**values)
            drawn = [made] if isinstance(made, Image.Image) else list(made)
            for image, file in zip(drawn, results, strict=True):
                assert np.array_equal(np.asarray(image), pixels(file))

    def test_a_training_decides_how_its_model_draws(self, photo: Path, tmp_path: Path) -> None:
        model = fit(photo, tmp_path / "run", "sample.candidates=1", "sample.count=2")
        written = [pixels(tmp_path / "run" / "sample" / f"00{n}.png") for n in range(2)]
        assert np.array_equal(model.sample(2), written)
        assert not np.array_equal(model.sample(2, candidates=6), written)

    def test_fill_without_arguments_gives_the_trainings_result(self, edgeconnect: Run) -> None:
        expected = pixels(edgeconnect.folder / "fill" / "000.png")
        assert (np.asarray(edgeconnect.model.fill()) == expected).all()
        assert (np.asarray(internal_gan.load(edgeconnect.folder).fill()) == expected).all()


class TestOptions:
    """Invalid and inapplicable options are refused with the command line's messages."""

    @pytest.mark.parametrize(
        ("task", "arguments", "options"),
        [
            ("sample", {"count": 0}, ["sample.count=0"]),
            ("sample", {"tileable": "z"}, ["sample.tileable=z"]),
            ("sample", {"count": "many"}, ["sample.count=many"]),
            ("paint", {"image": "none.png"}, ["paint.image=none.png"]),
            ("edit", {"image": "P", "dilate": 3}, ["edit.image=P", "mask.dilate=3"]),
            ("animate", {"seconds": 0}, ["animate.seconds=0"]),
        ],
        ids=lambda value: "-".join(value) if isinstance(value, list | dict) else None,
    )
    def test_mistakes_in_method_options(
        self, shell: Shell, singan: Run, photo: Path, task: str, arguments: Any, options: Any
    ) -> None:
        given = [option.replace("=P", f"={photo}") for option in options]
        expected = shell.refused(*given, f"task={task}", f"checkpoint={singan.folder}")
        method = getattr(singan.model, task)
        values = {name: photo if value == "P" else value for name, value in arguments.items()}
        with pytest.raises(UserError, match=f"^{re.escape(expected)}$"):
            method(**values)

    def test_the_model_is_that_of_the_experiment(self, tmp_path: Path) -> None:
        overrides = ["experiment=ingan_paper", *TINY_INGAN, "trainer=debug", "device=cpu"]
        run = internal_gan.fit(ARRAY, overrides=overrides, output=tmp_path / "run")
        assert isinstance(run.model, InGAN)
        with pytest.raises(UserError, match="experiment=ingan_paper is of model=ingan_unet"):
            internal_gan.fit(ARRAY, "ingan", overrides=overrides, output=tmp_path / "other")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"overrides": "seed=3"}, r"overrides=seed=3: needs a list of options"),
            ({"overrides": ["seed=3"], "seed": 4}, "^seed: is given twice"),
            ({"overrides": {"image": "x.png"}}, "^image: cannot be changed here"),
            ({"overrides": ["resume=run"]}, "^resume: cannot be changed here"),
            ({"overrides": ["task=sample"]}, "^model: a model of edgeconnect; task=sample needs"),
            ({"overrides": ["task=compare"]}, "^task=compare: trains no model"),
            ({"overrides": ["fast"]}, "^fast: an option is written option=value"),
            ({"mask": HOLE[:9]}, "^mask: 9x56 pixels .* while the image has 40x56"),
            ({"mask": ~np.zeros_like(HOLE)}, "^mask: the mask covers the whole image"),
        ],
        ids=lambda value: None,
    )
    def test_mistakes_only_in_python(self, tmp_path: Path, arguments: Any, message: str) -> None:
        with pytest.raises(UserError, match=message):
            internal_gan.fit(ARRAY, "edgeconnect", output=tmp_path / "run", **arguments)
        assert not (tmp_path / "run").exists()


class TestTraining:
    def test_a_mask_in_memory_is_kept_and_trained_around(self, edgeconnect: Run) -> None:
        assert np.array_equal(pixels(edgeconnect.folder / "inputs" / "mask.file.png") > 0, HOLE)
        assert edgeconnect.model.network.unknown.any()

    def test_a_stopped_training_resumes_to_the_same_result(
        self, singan: Run, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        steps = list[internal_gan.TrainingProgress]()
        how: Any = {"progress": steps.append, "stop": lambda: len(steps) >= 7}
        where = r"^stop\(\) at scale 2, step 1$"
        with pytest.raises(internal_gan.TrainingStopped, match=where) as stopped:
            internal_gan.fit(photo, overrides=TINY_RUN, output=tmp_path / "run", **how)
        assert len(steps) == 7
        assert stopped.value.folder == tmp_path / "run"
        later = list[internal_gan.TrainingProgress]()
        run = internal_gan.resume(stopped.value.folder, progress=later.append)
        assert (later[0].stage, later[0].step) == (steps[-1].stage, steps[-1].step + 1)
        assert same_weights(run.model.network, singan.model.network)
        moved = Mock(wraps=prepare_device)
        monkeypatch.setattr("internal_gan.api.model.prepare_device", moved)
        assert internal_gan.resume(run.folder, stop=lambda: True).folder == run.folder
        moved.assert_called_once_with("cpu")  # as the training was told

    def test_callbacks_are_called_and_closed_and_progress_is_printed(
        self, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        told: list[str] = []

        class Diary(internal_gan.Callback):
            def on_stage_end(self, model: Any, stage_index: int) -> None:
                told.append(f"stage {stage_index}, {model.finished} finished")

            def close(self) -> None:
                told.append("closed")

        how: Any = {"callbacks": [Diary()], "progress": True}
        internal_gan.fit(photo, overrides=TINY_RUN, output=tmp_path / "run", **how)
        assert told == [*(f"stage {n}, {n + 1} finished" for n in range(3)), "closed"]
        out, err = capsys.readouterr()
        assert "Done in" in out
        assert "scale 2 (3 of 3)" in err

    @pytest.mark.slow
    @pytest.mark.parametrize("family", list(OF_FAMILY))
    def test_default_networks_train_in_half_precision(self, tmp_path: Path, family: str) -> None:
        overrides = ["trainer.max_steps=2", "precision=bf16", "device=cpu"]
        run = internal_gan.fit(ARRAY, family, overrides=overrides, output=tmp_path)
        assert all(weights.isfinite().all() for weights in run.model.network.parameters())


class TestLoading:
    def test_a_model_file_is_enough(self, singan: Run, tmp_path: Path) -> None:
        file = tmp_path / "any name.safetensors"
        file.write_bytes((singan.folder / "model.safetensors").read_bytes())
        model = internal_gan.load(file)
        assert model.folder is None
        assert model.sample(detail="network") == singan.model.sample()
        assert model.sample(detail="patches")[0].size == (28, 20)
        model.save_pretrained(tmp_path / "saved")
        assert internal_gan.load(tmp_path / "saved").sample() == model.sample()

    def test_each_family_has_its_class(
        self, singan: Run, ingan: Run, edgeconnect: Run, zssr: Run
    ) -> None:
        kinds = [(singan, SinGAN), (ingan, InGAN), (edgeconnect, EdgeConnect), (zssr, ZSSR)]
        for run, kind in kinds:
            found = Model.from_pretrained(run.folder)
            assert (type(found), found.folder) == (kind, run.folder)
            assert type(run.model) is kind
            assert run.model.family == run.model.network.family
        with pytest.raises(UserError, match="a model of ingan, not of edgeconnect"):
            EdgeConnect.from_pretrained(ingan.folder)

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
    @pytest.mark.parametrize("family", OF_FAMILY)
    def test_every_method_in_half_precision_is_nearly_the_same(
        self, family: str, dtype: torch.dtype, request: pytest.FixtureRequest
    ) -> None:
        run = request.getfixturevalue(family)
        model = internal_gan.load(run.folder, dtype=dtype)
        drawings = [(name, how) for one, name, how in DRAWINGS if one == family]
        assert {name for name, _ in drawings} == set(dir(type(model))) - set(dir(Model))
        for name, how in drawings:
            if how.get("detail") == "patches":  # which may be the same
                continue
            whole, half = (
                first(getattr(one, name)(**how, output_type="pt")) for one in (run.model, model)
            )
            assert half.dtype == torch.float32, name
            assert not torch.equal(half, whole), name
            assert (half - whole).abs().mean() < 0.01, name
        assert next(model.network.parameters()).dtype == torch.float32

    @pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
    def test_a_model_moves_to_the_gpu_and_back(self, singan: Run) -> None:
        model = internal_gan.load(singan.folder, device="cuda", dtype=torch.float16)
        assert model.device.type == "cuda"
        assert model.sample(output_type="pt").device.type == "cpu"
        assert model.to("cpu", torch.float32).sample() == singan.model.sample()


def test_what_opencv_gives_for_a_missing_file_is_refused(mask: Path) -> None:
    given: Any = None
    names = ("sample", "retarget", "paint", "edit", "harmonize", "animate", "super_resolve", "fill")
    for name in (*names, "importance", "make_tileable", "extend", "Patches", "Previews"):
        with pytest.raises(UserError, match="image: of type NoneType; allowed: a Pillow image"):
            getattr(internal_gan, name)(given)
    with pytest.raises(UserError, match="image: of type NoneType"):
        internal_gan.evaluate(given, [mask])


@pytest.mark.parametrize("seed", [object(), 1j, {1}])
def test_an_object_is_no_value_of_an_option(photo: Path, seed: Any) -> None:
    with pytest.raises(UserError, match=r"^seed=.*: needs a whole number from 0"):
        internal_gan.sample(photo, seed=seed)


def test_functions_can_keep_a_frame() -> None:
    framed = ImageOps.expand(bundled("gravel").resize((60, 48)), 8, "white")
    assert internal_gan.make_tileable(framed, output_type="np").shape == (48, 60, 3)
    how: Any = {"output_type": "np", "keep_frame": True}
    extended = internal_gan.extend(framed, margins=(0, 10, 0, 0), **how)
    assert np.array_equal(extended[:, :76], np.asarray(framed, np.float32) / 255)
    assert internal_gan.make_tileable(framed, **how).shape == (64, 76, 3)
    assert internal_gan.retarget(framed, size=(64, 70), **how).shape == (64, 70, 3)


def test_every_public_name_is_there_and_no_other() -> None:
    for name in internal_gan.__all__:
        assert getattr(internal_gan, name) is not None
        assert name in dir(internal_gan)
    with pytest.raises(AttributeError, match="has no attribute 'fitt'"):
        internal_gan.fitt  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("task", [task for task in SPECS if SPECS[task].needs])
def test_every_plain_option_is_an_argument(task: str) -> None:
    for option in taken_by(task).difference(PATHS):
        assert option_of(task, option.rpartition(".")[2]) == option


def test_none_is_the_default_of_an_option() -> None:
    options = source_of("sample", {"count": None, "size": (30, 80), "resolution": None}).options
    assert options == options_of({"task": "sample", "sample.size": [30, 80]})
