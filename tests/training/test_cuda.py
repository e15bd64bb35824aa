"""Training and drawing on a GPU mix no devices, and no training step waits for it.

On the machine's GPU if it has one; elsewhere ``tests/pretend_cuda.py`` pretends that there is one.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import internal_gan
from internal_gan import Run, TrainingStopped
from internal_gan.images.files.image import write_image
from tests import tiny
from tests.commands import OF_FAMILY, Shell, fitted
from tests.pretend_cuda import CUDA, PretendCuda, RealCuda, on_cuda, pretend_cuda, real_cuda
from tests.tiny import ARRAY, EDGECONNECT, HOLE, INGAN_FAST, INGAN_PAPER, TINY_EDGECONNECT

Trained = Callable[[str], Run]
Gpu = PretendCuda | RealCuda

# What changes which computations a step does.
EDGECONNECT_PAPER = (
    *("experiment=edgeconnect_paper", "model/features=random", "model.features.filters=4"),
    *("model.features.kernel_size=3", *TINY_EDGECONNECT, "model.discriminator.strides=[2,1]"),
)
FORMS = {
    "singan": tiny.LEAN,
    "singan, paper": tiny.PAPER,
    "ingan": (*INGAN_FAST, "model.cycle_weight=1", "model.geometry=0.3"),
    "ingan, paper": (*INGAN_PAPER, "model.geometry=0.3"),
    "edgeconnect": EDGECONNECT,
    "edgeconnect, paper": EDGECONNECT_PAPER,
    "zssr": tiny.ZSSR,
}
CORNERS = ((0, 0.2), (0, 0.8), (1, 1), (1, 0))
PATCHES, NETWORK = {"detail": "patches"}, {"detail": "network"}
BY_MASK = {"image": ARRAY[:, ::-1], "mask": HOLE}
DRAWINGS: list[tuple[str, str, dict[str, Any]]] = [
    ("singan", "sample", {"count": 2, **PATCHES}),
    ("singan", "sample", {"start_scale": 1, "tileable": True, "size": (30, 40), **NETWORK}),
    ("singan", "reconstruct", {}),
    ("singan", "animate", {"seconds": 0.1, "loop": True, **NETWORK}),
    ("singan", "animate", {"seconds": 0.1, **PATCHES}),
    ("singan", "paint", {"image": ARRAY, **NETWORK}),
    ("singan", "paint", {"image": ARRAY, **PATCHES}),
    ("singan", "edit", {**BY_MASK, **NETWORK}),
    ("singan", "edit", {**BY_MASK, **PATCHES}),
    ("singan", "harmonize", {**BY_MASK, **NETWORK}),
    ("singan", "super_resolve", {"factor": 1.5}),
    ("ingan", "retarget", {"size": ("100%", "150%"), **NETWORK}),
    ("ingan", "retarget", {"size": (30, 56), **PATCHES}),
    ("ingan", "retarget", {"size": ("100%", "150%"), "protect": HOLE, **NETWORK}),
    ("ingan", "retarget", {"corners": CORNERS, **NETWORK}),
    ("ingan", "retarget", {"corners": CORNERS, **PATCHES}),
    ("edgeconnect", "fill", {"mask": HOLE, **PATCHES}),
    ("edgeconnect", "fill", {"mask": HOLE, "seed": 1, **NETWORK}),
    ("edgeconnect", "fill", {"mask": HOLE, "edges": HOLE, "avoid": HOLE, **NETWORK}),
    ("zssr", "super_resolve", {"factor": 2.5}),
]
COMMANDS = {
    "evaluate singan": "task=evaluate checkpoint=singan",
    "evaluate ingan": "task=evaluate checkpoint=ingan",
    "evaluate files": ("task=evaluate image=photo.png evaluate.samples=photo.png"),
    "a start scale": "task=sample checkpoint=singan sample.start_scale=1 sample.count=1",
    "fill": "task=fill checkpoint=edgeconnect mask.box=[4,4,9,9]",
    "sample a photo": "sample photo.png sample.count=1 sample.start_scale=1 sample.tileable=x",
    "retarget a photo": "retarget photo.png retarget.shape=[30,56]",
    "animate a photo": "animate photo.png animate.seconds=0.1",
    "enlarge a photo": "super_resolution photo.png super_resolution.factor=2",
}


@pytest.fixture(scope="module")
def gpu() -> Iterator[Gpu]:
    with real_cuda() if torch.cuda.is_available() else pretend_cuda() as found:
        yield found


@pytest.fixture
def cuda(gpu: Gpu) -> Gpu:
    """A GPU that has counted nothing yet."""
    gpu.steps = 0
    gpu.waits.clear()
    return gpu


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``photo.png``, and the runs of :func:`trained` by their families' names."""
    folder = tmp_path_factory.mktemp("pretended")
    write_image(folder / "photo.png", tiny.picture())
    return folder


@pytest.fixture(scope="module")
def trained(gpu: Gpu, folder: Path) -> Trained:
    """Trains a family, once: to its first step, then resumed to the end."""

    @cache
    def train(family: str) -> Run:
        with pytest.raises(TrainingStopped):
            fitted(family, folder / family, device="cuda", stop=lambda: True)
        return internal_gan.resume(folder / family)

    return train


@pytest.mark.parametrize("family", OF_FAMILY)
def test_a_training_stops_and_resumes(trained: Trained, family: str) -> None:
    network = trained(family).model.network
    assert network.finished == network.num_stages
    assert {tensor.device for tensor in network.state_dict().values()} == {CUDA}


@pytest.mark.parametrize("form", FORMS)
def test_no_step_waits_for_the_device(cuda: Gpu, form: str) -> None:
    for trainer in tiny.trainers(base=FORMS[form], steps=2, device=CUDA, precision=torch.bfloat16):
        for _ in range(2):
            trainer.take_step()
    model = trainer.stage.model
    assert cuda.steps == 2 * model.num_stages
    assert cuda.waits == []
    assert model.preview().isfinite().all()


@pytest.mark.parametrize(("family", "method", "how"), DRAWINGS)
def test_drawing(cuda: Gpu, trained: Trained, family: str, method: str, how: Any) -> None:
    drawn = getattr(trained(family).model, method)(output_type="pt", **how)
    first: Tensor = drawn if isinstance(drawn, Tensor) else next(drawn)
    assert not first.is_cuda
    assert first.isfinite().all()


@pytest.mark.parametrize(
    ("number", "dtype"),
    [(0, torch.bfloat16), (7, torch.float16), (12, torch.bfloat16), (18, torch.float16)],
)
def test_drawing_in_half_precision(cuda: Gpu, trained: Trained, number: int, dtype: Any) -> None:
    family, method, how = DRAWINGS[number]
    model = internal_gan.load(trained(family).folder, device="cuda", dtype=dtype)
    assert getattr(model, method)(output_type="pt", **how).isfinite().all()


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_commands(cuda: Gpu, trained: Trained, folder: Path, shell: Shell, command: str) -> None:
    for family in OF_FAMILY:
        if f"checkpoint={family}" in command:
            trained(family)
    command = re.sub("photo.png|(?<=checkpoint=)", f"{folder}/\\g<0>", command)
    shell.done(*command.split(), "device=cuda")


@pytest.mark.skipif(torch.cuda.is_available(), reason="nothing is pretended on a GPU")
class TestThePretence:
    """It fails where CUDA would, and counts every wait."""

    def test_two_devices_in_one_call_are_refused(self, cuda: PretendCuda) -> None:
        here, there = torch.ones(2), torch.ones(2, device="cuda")
        for mixed in (
            *(lambda: here + there, lambda: there.add_(here)),
            *(lambda: torch.ones(()).add_(there.sum()), lambda: torch.cat([here, there])),
            lambda: torch.stack([torch.ones(()), torch.ones((), device=CUDA)]),
            lambda: torch.nn.functional.linear(here, there[None]),
            *(lambda: torch.nn.Linear(2, 2)(there), lambda: here[there > 0]),
        ):
            with pytest.raises(RuntimeError, match="device"):
                mixed()
        assert on_cuda(there + torch.ones(()))

    def test_a_generator_draws_for_its_own_device(self, cuda: PretendCuda) -> None:
        here, there = torch.Generator(), torch.Generator("cuda")
        assert torch.rand(2, generator=there, device=there.device).device == CUDA
        for device, rng in (("cuda", here), ("cpu", there)):
            with pytest.raises(RuntimeError, match="generator"):
                torch.rand(2, generator=rng, device=device)
        with pytest.raises(RuntimeError, match="generator"), torch.device("cuda"):
            torch.rand(2, generator=here)
        with pytest.raises(TypeError):
            there.set_state(there.get_state().to("cuda"))

    def test_waits_are_counted_in_steps(self, cuda: PretendCuda) -> None:
        there, here = torch.ones(2, device="cuda"), torch.ones(2)
        for wait in (
            *(lambda: there.sum().item(), lambda: float(there[0]), lambda: bool(there.any())),
            *(lambda: there.tolist(), lambda: there.cpu()),
            *(lambda: there.to("cpu", non_blocking=True), lambda: there.nonzero()),
            *(lambda: there[there > 0], lambda: torch.equal(there, there)),
            *(lambda: torch.tensor([1.0], device="cuda"), lambda: there.new_tensor([1.0])),
            *(lambda: here.to("cuda"), lambda: here.to("cuda", non_blocking=True)),
            *(lambda: there.copy_(here), lambda: there[torch.tensor([0])], torch.cuda.synchronize),
        ):
            cuda.waits.clear()
            wait()
            assert cuda.waits == []
            with cuda.step():
                wait()
            assert len(cuda.waits) == 1
        cuda.waits.clear()
        with cuda.step():
            here.pin_memory().to("cuda", non_blocking=True)
            assert here.sum().item() + there.dim() == 3
            there[there > 1] = 0
        assert cuda.waits == []
