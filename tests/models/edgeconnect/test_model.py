"""EdgeConnect: its training batches, its stages, and how it fills a hole."""

from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.models.edgeconnect.model import CONFIDENCE, EdgeConnect, evidence
from internal_gan.training.engine import TrainingStopped
from tests import tiny
from tests.nn.test_perceptual import WIDTHS
from tests.nn.test_perceptual import stand_in as vgg19
from tests.tiny import EDGECONNECT, finish_stages, holes, picture, recipe_of, same_weights


def box(height: int = 40, width: int = 56) -> Tensor:
    """A hole in the middle."""
    top, left = height // 4, width // 3
    return holes((height, width), (top, left, height // 2 - top, width // 2 - left))


@pytest.fixture(scope="module")
def model() -> EdgeConnect:
    """All of its stages are finished untrained."""
    found: EdgeConnect = tiny.tiny_edgeconnect(finished=4)
    return found


@pytest.mark.parametrize("alone", [True, False])
def test_a_tiny_training_without_a_part(tmp_path: Path, alone: bool) -> None:
    """Without edges, or without either loss that judges by a network."""
    parts = ("experiment=edgeconnect_no_adversarial", "model/features=none")
    without = ("model/edges=none",) if alone else parts
    model: Any = tiny.trained_edgeconnect(tmp_path / "run", base=(*EDGECONNECT, *without)).model
    assert model.finished == model.num_stages == (3 if alone else 4)
    assert (model.edge_network is None) == alone
    result, loaded = model.inpaint(picture(), box(), seed=1), tiny.network_of(tmp_path / "run")
    assert torch.equal(loaded.inpaint(picture(), box(), seed=1)[0], result[0])
    assert result[1].any() != alone
    assert not torch.equal(result[0], picture())


def test_a_tiny_training_with_the_papers_losses(tmp_path: Path) -> None:
    torch.save(vgg19(), tmp_path / "vgg.pth")
    base = (
        "experiment=edgeconnect_paper",
        f"model.features.weights='{tmp_path / 'vgg.pth'}'",
        f"model.features.widths={list(WIDTHS)}".replace(" ", ""),
        *tiny.TINY_EDGECONNECT,
        "model.discriminator.strides=[2,1]",
    )
    model = tiny.trained_edgeconnect(tmp_path / "run", "model.batch=2", base=base).model
    assert model.finished == 4
    (tmp_path / "vgg.pth").unlink()
    loaded = tiny.network_of(tmp_path / "run")
    assert same_weights(loaded, model)
    assert torch.isfinite(loaded.inpaint(picture(), box())[0]).all()


def test_a_hole_without_patches_warns(model: EdgeConnect, caplog: pytest.LogCaptureFixture) -> None:
    model.inpaint(picture(), box(), excluded=torch.ones(1, 1, 40, 56))
    assert "no patch can be taken near the hole" in caplog.text


def test_a_training_stopped_and_resumed_in_each_stage_ends_bit_equal(tmp_path: Path) -> None:
    extra = ("model.max_size=40", "model.crop=32", "model.batch=2", "model.steps=3")
    train = partial(tiny.trained, base=(*EDGECONNECT, *extra), hole=box())
    whole = train(tmp_path / "whole")
    for stage in range(4):
        with pytest.raises(TrainingStopped):
            train(tmp_path / "part", callbacks=[tiny.SignalAt(stage, 2)], resume=stage > 0)
    assert same_weights(train(tmp_path / "part", resume=True).model, whole.model)


def test_the_edge_network_learns_without_seeing_the_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ("model.crop=28", "model.flips=false", "model.sizes_learnt=1")
    stage = tiny.stage_of(*whole, base=EDGECONNECT)
    hole, seen = F.pad(torch.ones(1, 1, 8, 8), (8, 12, 6, 6)), list[Tensor]()
    monkeypatch.setattr("internal_gan.models.edgeconnect.training.draw_hole", lambda *_: hole)
    stage.generator.register_forward_hook(lambda _, given, drawn: seen.append(given[0]))
    (photo,) = stage.pyramid
    for under in (0.5, 1.0, 0.0):
        for part, shown in enumerate((2 * under - 1, under)):
            photo[part] = torch.where(hole > 0, shown, photo[part])
        stage.batch = stage.prepare()
        stage.discriminator_loss()
    assert torch.equal(seen[0], seen[1])
    assert torch.equal(seen[0], seen[2])


def test_the_later_stages_go_on_from_the_trained_networks() -> None:
    recipe = recipe_of(base=EDGECONNECT)
    made: list[Any] = finish_stages(recipe, recipe.prepare(picture()), 4)
    drawn, true, predicted, joint = made
    assert same_weights(joint.generator["edges"], drawn.generator)
    for before, after in ((true, predicted), (predicted, joint)):
        assert same_weights(after.completion, before.completion)
        assert same_weights(after.discriminator, before.discriminator)


def test_edges_are_known_right_up_to_the_hole(model: EdgeConnect) -> None:
    image, hole = torch.full((1, 3, 48, 64), -0.2), holes((48, 64), (8, 20, 32, 20))
    image[..., 24:, :] = 0.2
    everywhere = model.find_edges(image, torch.zeros_like(hole))
    assert everywhere.any()
    assert torch.equal(model.find_edges(image, hole), everywhere * (1 - hole))


def test_edges_steer_the_patches(model: EdgeConnect, monkeypatch: pytest.MonkeyPatch) -> None:
    """A square outline drawn in the hole is filled as a square if the image has one elsewhere."""
    image, hole = torch.full((1, 3, 48, 80), -0.6), holes((48, 80), (10, 44, 28, 28))
    image[..., 14:34, 8:28] = 0.6
    found = model.find_edges(image, hole)
    square = torch.where(hole > 0, found.roll(40, dims=-1), found)
    paint = Mock(wraps=model.paint)
    monkeypatch.setattr(model, "paint", paint)
    for drawn in (found, square):
        monkeypatch.setattr(model, "draw_edges", lambda *_, drawn=drawn: drawn)
        model.inpaint(image, hole)
    model.inpaint(image, hole, edges=square)
    starts = [call.args[1] for call in paint.call_args_list]
    empty, with_square, by_hand = (start[hole.expand_as(start) > 0] for start in starts)
    assert (empty < 0).all()
    for start in (with_square, by_hand):
        assert 0.3 < (start > 0).float().mean() < 0.8


def test_a_photo_is_learnt_at_several_sizes_around_its_hole() -> None:
    sizes = ("model.max_size=64", "model.crop=48", "model.sizes_learnt=2")
    recipe = recipe_of(*sizes, base=EDGECONNECT)
    model = recipe.prepare(picture(90, 60, seed=1), box(90, 60))
    assert model.image.shape[-2:] == model.unknown.shape[-2:] == (64, 43)
    stage = recipe.stage(model, 0, 4, None, tiny.rng())
    drawn = [stage.prepare() for _ in range(12)]
    assert {tuple(batch.image.shape[-2:]) for batch in drawn} == {(48, 43), (32, 22)}
    assert any(batch.unknown.any() for batch in drawn)
    for batch in drawn:
        assert not (batch.edges * batch.unknown).any()
        assert torch.equal(torch.maximum(batch.hole, batch.unknown), batch.hole)


def test_a_crop_and_its_edges_are_cut_and_mirrored_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """The edges tell where a pixel was, and whether it is unknown."""

    def places(_: EdgeConnect, image: Tensor, hole: Tensor) -> Tensor:
        return torch.where(hole > 0, 2, image[:, :1])

    monkeypatch.setattr(EdgeConnect, "find_edges", places)
    across = torch.linspace(-1, 1, 56).expand(1, 3, 40, 56)
    down = torch.linspace(-0.5, 0.5, 40).view(40, 1)
    model = tiny.tiny_edgeconnect("model.max_size=56", pixels=across + down, hole=box())
    stage = recipe_of(base=EDGECONNECT).stage(model, 0, 4, None, tiny.rng())
    mirrored = []
    for _ in range(20):
        batch = stage.prepare()
        assert torch.equal(batch.edges, torch.where(batch.unknown > 0, 2, batch.image[:, :1]))
        mirrored.append(bool(batch.image[..., 0].mean() > batch.image[..., -1].mean()))
    assert 5 < sum(mirrored) < 15


def test_a_hole_is_shrunk_with_the_photo_and_never_too_small() -> None:
    hole = holes((40, 56), (11, 13, 1, 1))
    unknown = tiny.tiny_edgeconnect(hole=hole).unknown
    assert unknown.shape == (1, 1, 20, 28)
    assert torch.equal(F.interpolate(unknown, (40, 56))[hole > 0], torch.ones(1))


def test_without_a_crop_a_batch_shows_the_whole_photo() -> None:
    stage = tiny.stage_of("model.crop=null", base=EDGECONNECT)
    assert stage.prepare().image.shape[-2:] == stage.model.image.shape[-2:]


def test_lines_count_by_how_much_likelier_they_are_than_the_average() -> None:
    """By Bayes' rule: odds divided by the average's odds."""
    hole = torch.zeros(1, 1, 2, 4)
    hole[..., :2] = 1
    drawn = torch.tensor([[0.2, 0.2, 0.9, 0.9], [0.1, 0.5, 0.9, 0.9]])[None, None]
    found = evidence(drawn, hole)[..., :2].flatten().tolist()
    # The average is 0.25, its odds 1/3; odds of 1/4, 1/9 and 1 become 3/4, 1/3 and 3.
    odds = [ratio**CONFIDENCE for ratio in (3 / 4, 3 / 4, 1 / 3, 3)]
    assert found == pytest.approx([each / (1 + each) for each in odds])


def test_drawn_lines_are_evidence(model: EdgeConnect, monkeypatch: pytest.MonkeyPatch) -> None:
    hole, start = box(), Mock(wraps=model.start)
    monkeypatch.setattr(model, "start", start)
    drawn = model.inpaint(picture(), hole)[1]
    inside, chosen = hole > 0, start.call_args_list[0].kwargs["lines"]
    assert chosen[inside].allclose(evidence(drawn, hole)[inside])
    assert not chosen[inside].allclose(drawn[inside], atol=0.05)
    # Around the hole, colours choose: lines say nothing within a patch of it, and 0 or 1 elsewhere.
    rim = F.max_pool2d(hole, 13, stride=1, padding=6) > hole
    assert (chosen[rim] == 0.5).all()
    assert set(chosen[~rim & ~inside].tolist()) <= {0.0, 1.0}
