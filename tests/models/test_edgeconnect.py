"""EdgeConnect: what it learns from, its stages, and what it fills a hole with."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import internal_gan
from internal_gan.build import build
from internal_gan.config import compose
from internal_gan.errors import UserError
from internal_gan.models.base import Stage
from internal_gan.training.callbacks import Callback
from internal_gan.training.engine import TrainingStopped
from tests.tiny import picture, same_weights, tiny_edgeconnect, trained_edgeconnect


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def box(height: int = 40, width: int = 56) -> Tensor:
    """A hole in the middle."""
    hole = torch.zeros(1, 1, height, width)
    hole[..., height // 4 : height // 2, width // 3 : width // 2] = 1
    return hole


def stages(*overrides: str) -> list[Stage]:
    """Every stage of a tiny model, each after the one before is finished."""
    model = tiny_edgeconnect(*overrides)
    source, built = rng(), []
    previous: Stage | None = None
    for index in range(model.num_stages):
        previous = model.stage(index, previous, source)
        built.append(previous)
        previous.finish()
        previous.generator.requires_grad_(True)
    return built


def test_a_tiny_training_fills_a_hole_and_is_read_back(tmp_path: Path) -> None:
    model = trained_edgeconnect(tmp_path / "run", holes=[box()])
    assert model.finished == 4
    loaded: Any = internal_gan.load(tmp_path / "run")
    assert same_weights(loaded, model)
    image, hole = picture(33, 50), box(33, 50)
    found, again = model.inpaint(image, hole), loaded.inpaint(image, hole)
    assert torch.equal(found.image, again.image)
    assert torch.equal(found.edges, again.edges)
    assert found.image.shape == image.shape
    assert found.edges.shape == hole.shape
    assert model.preview().shape == model.image.shape


def test_outside_of_the_hole_the_pixels_are_the_given_ones(tmp_path: Path) -> None:
    model = trained_edgeconnect(tmp_path / "run")
    image, hole = picture(31, 47), box(31, 47)
    filled = model.inpaint(image, hole).image
    outside = (hole == 0).expand_as(image)
    assert torch.equal(filled[outside], image[outside])
    assert not torch.equal(filled, image)


def test_pixels_under_the_hole_influence_nothing(tmp_path: Path) -> None:
    """Neither the weights nor the result, even where there is no number at all."""
    hole, results, models = box(), [], []
    for number, under in enumerate((picture(seed=1), torch.full((1, 3, 40, 56), torch.nan))):
        pixels = torch.where(hole > 0, under, picture())
        model = trained_edgeconnect(tmp_path / str(number), pixels=pixels, holes=[hole])
        models.append(model)
        results.append(model.inpaint(pixels, hole).image)
    assert same_weights(*models)
    assert torch.equal(*results)
    assert torch.isfinite(results[0]).all()


def test_pixels_outside_of_the_hole_do_influence_the_weights(tmp_path: Path) -> None:
    pixels = picture()
    pixels[..., 0, 0] = 1 - pixels[..., 0, 0].abs()
    models = [
        trained_edgeconnect(tmp_path / str(n), pixels=p, holes=[box()])
        for n, p in enumerate((picture(), pixels))
    ]
    assert not same_weights(*models)


@pytest.mark.parametrize("loss", ["lsgan", "hinge", "nsgan", "wgan_gp"])
def test_every_adversarial_loss_trains_both_networks_of_every_stage(loss: str) -> None:
    for stage in stages(f"model/adversarial_loss={loss}", "model.weights.matching=1"):
        for total, network in (
            (stage.discriminator_loss()[0], stage.discriminator),
            (stage.generator_loss()[0], stage.generator),
        ):
            network.zero_grad()
            torch.autograd.backward(total)
            for parameter in network.parameters():
                assert parameter.grad is not None
                assert torch.isfinite(parameter.grad).all()


def test_the_same_seed_gives_the_same_model(tmp_path: Path) -> None:
    models = [trained_edgeconnect(tmp_path / str(i), seed=seed) for i, seed in enumerate((0, 0, 1))]
    assert same_weights(models[0], models[1])
    assert not same_weights(models[0], models[2])


@pytest.mark.parametrize("stage", [0, 1, 2, 3])
def test_a_resumed_training_ends_bit_equal(tmp_path: Path, stage: int) -> None:
    class Stop(Callback):
        def on_step(self, stage_index: int, step: int, steps: int, scalars: object) -> None:
            if (stage_index, step) == (stage, 1):
                os.kill(os.getpid(), signal.SIGTERM)

    extra = ("model.noise=0.1", "model.scales=[1,0.8]", "model.batch=2")
    whole = trained_edgeconnect(tmp_path / "whole", *extra, holes=[box()])
    with pytest.raises(TrainingStopped):
        trained_edgeconnect(tmp_path / "part", *extra, holes=[box()], callbacks=[Stop()])
    resumed = trained_edgeconnect(tmp_path / "part", *extra, holes=[box()], resume=True)
    assert same_weights(resumed, whole)


def test_given_edges_take_the_place_of_drawn_ones(tmp_path: Path) -> None:
    model = trained_edgeconnect(tmp_path / "run")
    image, hole = picture(), box()
    given = torch.zeros_like(hole)
    given[..., 12, :] = 1
    drawn, guided = model.inpaint(image, hole), model.inpaint(image, hole, edges=given)
    inside = hole > 0
    assert torch.equal(guided.edges[inside], given[inside])
    assert torch.equal(guided.edges[~inside], drawn.edges[~inside])
    assert not torch.equal(guided.image, drawn.image)


def test_without_edges_there_is_one_stage_and_no_edge_network(tmp_path: Path) -> None:
    alone = ("model/edges=none", "model.steps=3", "model.learning_rates=1")
    model = trained_edgeconnect(tmp_path / "run", *alone)
    assert model.num_stages == model.finished == 1
    assert model.edge_network is None
    result = model.inpaint(picture(), box())
    assert not result.edges.any()
    assert not torch.equal(result.image, picture())
    loaded: Any = internal_gan.load(tmp_path / "run")
    assert same_weights(loaded, model)


def test_several_photos_of_several_sizes_are_learnt_each_around_its_hole(tmp_path: Path) -> None:
    model = build(compose(["model=edgeconnect", "model.max_size=64", "model.crop=48"]).model)
    model.prepare(picture(50, 60), picture(90, 60, seed=1), holes=[None, box(90, 60)])
    assert [tuple(image.shape[-2:]) for image in model.images] == [(50, 60), (64, 43)]
    assert [bool(hole.any()) for hole in model.unknown] == [False, True]
    cases = model.stage(0, None, rng()).cases
    drawn = [cases.draw() for _ in range(12)]
    assert {tuple(case.image.shape[-2:]) for case in drawn} == {(48, 43)}
    assert {bool(case.unknown.any()) for case in drawn} == {False, True}
    for case in drawn:
        assert not (case.edges * case.unknown).any()
        assert torch.equal(torch.maximum(case.hole, case.unknown), case.hole)


def test_a_hole_is_shrunk_with_the_photo_and_never_too_small() -> None:
    hole = torch.zeros(1, 1, 40, 56)
    hole[..., 11, 13] = 1
    model = tiny_edgeconnect(holes=[hole])
    unknown = model.unknown[0]
    assert unknown.shape == (1, 1, 20, 28)
    assert torch.equal(F.interpolate(unknown, (40, 56))[hole > 0], torch.ones(1))


@pytest.mark.parametrize(
    ("hole", "message"),
    [
        (torch.ones(1, 1, 40, 56), "the mask leaves 0 pixels of photo 1 to learn from"),
        (F.pad(torch.zeros(1, 1, 6, 6), (0, 50, 0, 34), value=1.0), "to learn from; needed are"),
    ],
)
def test_a_hole_that_leaves_too_little_is_refused(hole: Tensor, message: str) -> None:
    with pytest.raises(UserError, match=message):
        tiny_edgeconnect(holes=[hole])


def test_sizes_that_differ_and_an_untrained_model_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not trained"):
        tiny_edgeconnect().inpaint(picture(), box())
    model = trained_edgeconnect(tmp_path / "run")
    with pytest.raises(UserError, match="the hole and the image differ in size: 20x20 and 40x56"):
        model.inpaint(picture(), box(20, 20))
