"""InGAN's fast form keeps the promises of the interface at any size."""

from functools import partial

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.resize import resize
from internal_gan.images.transforms import Transform
from internal_gan.models.ingan.pyramid import InGANPyramid
from internal_gan.nn.losses import LSGAN
from internal_gan.training.graphs import key_count
from tests import tiny
from tests.tiny import INGAN_FAST, same_weights

prepared = partial(tiny.model_of, base=INGAN_FAST)
stage_of = partial(tiny.stage_of, base=INGAN_FAST)
# With this, even an untrained generator changes the image.
ACTS = "model.generator.output_std=0.1"
KINDS = ("nearest_patch", "sliced_wasserstein")
NO_PATCH_LOSS = [f"model.patch_loss.{kind}.weight=0" for kind in KINDS]


@pytest.fixture(scope="module")
def model() -> InGANPyramid:
    """All of its scales are finished untrained."""
    found: InGANPyramid = prepared(ACTS, finished=3)
    return found


def test_a_step_in_which_no_term_is_due_changes_nothing() -> None:
    stage = stage_of("model.identity_interval=2", "model.adversarial_weight=0", *NO_PATCH_LOSS)
    due, scalars = stage.generator_loss()
    assert due.item() > 0
    assert set(scalars) == {"identity"}
    stage.step = 1
    idle, scalars = stage.generator_loss()
    assert (idle.item(), scalars) == (0.0, {})
    idle.backward()
    assert all(not p.grad.any() for p in stage.generator.parameters() if p.grad is not None)


class TestRetarget:
    def test_the_transformation_is_applied_at_the_coarsest_scale(self, model: InGANPyramid) -> None:
        class Mirror(Transform):
            def source(self, points: Tensor) -> Tensor:
                return points * torch.tensor([-1.0, 1.0])

            def inverse(self) -> Transform:
                return self

        sizes = [(14, 40), (17, 46), (20, 56)]
        expected = model.synthesise(Mirror()(model.real(0), sizes[0]), sizes).clamp(-1, 1)
        assert torch.allclose(model.retarget((20, 56), transform=Mirror()), expected, atol=1e-6)

    def test_a_size_beyond_the_range_is_reached_in_steps(self, model: InGANPyramid) -> None:
        low, high = model.scale_range
        assert (low, high) == (0.4, 2.25)
        last = model.retarget((20, 112), image=model.retarget((20, 56)))
        assert torch.equal(model.retarget((20, 112)), last)

    def test_an_unfinished_model_shows_its_finest_finished_scale(self) -> None:
        model = prepared(ACTS, finished=2)
        assert model.preview().shape == (1, 3, 17, 23)
        finest = model.synthesise(resize(model.real(0), (14, 40)), [(14, 40), (17, 46)])
        assert torch.equal(model.retarget((20, 56)), resize(finest, (20, 56)).clamp(-1, 1))


def test_a_scale_starts_from_the_previous_one(model: InGANPyramid) -> None:
    assert same_weights(model.generators[0], model.generators[1])
    assert same_weights(model.generators[1], model.generators[2])


class TestTraining:
    def test_sizes_grow_to_the_range_within_the_curriculum(self) -> None:
        stage = stage_of("model.curriculum=0.5", steps=1000)
        extents = []
        for step in (0, 100, 499, 999):
            factors = []
            for stage.step in range(step, step + 200):
                height, width = stage._target_sizes()[0]
                factors += [height / 14, width / 20]
            extents.append((min(factors), max(factors)))
        assert extents[0][1] < extents[1][1] < extents[2][1]
        assert extents[2] == extents[3]
        assert extents[3][1] == pytest.approx(2.25, abs=0.05)

    @pytest.mark.parametrize(("weight", "smallest"), [(1, 11), (0, 7)])
    def test_no_output_is_too_small_or_too_large(self, weight: int, smallest: int) -> None:
        judged = f"model.adversarial_weight={weight}"
        stage = stage_of("model.target_area=2", "model.curriculum=0", judged)
        sizes = set()
        for stage.step in range(500):
            ((height, width),) = stage._target_sizes()
            sizes.add((height, width))
            assert min(height, width) >= stage.smallest == smallest
            assert height * width <= 2.2 * 14 * 20
        assert len(sizes) > 200

    def test_the_identity_is_the_error_at_the_images_own_size(self) -> None:
        stage = stage_of(ACTS, index=1)
        model = stage.model
        _, scalars = stage.generator_loss()
        below = model.generators[0](None, model.real(0))
        drawn = stage.generator(None, resize(below, model.sizes[1]))
        torch.testing.assert_close(scalars["identity"], F.mse_loss(drawn, model.real(1)).detach())

    def test_the_cycle_goes_back_by_the_inverse(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """With a generator that changes nothing, what is lost on the way is resampling."""
        stage = stage_of("model.geometry=0.3", "model.cycle_interval=1", "model.cycle_weight=1")
        monkeypatch.setattr(stage, "generator", lambda noise, base: base)
        there = stage.batch
        moved = there(photo := stage.model.real(0), stage._target_sizes()[0])
        expected = F.l1_loss(there.inverse()(moved, photo.shape[-2:]), photo)
        assert float(expected) < 0.5 * float(F.l1_loss(there(moved, photo.shape[-2:]), photo))
        torch.testing.assert_close(stage.generator_loss()[1]["cycle"], expected)

    def test_no_two_steps_of_a_penalty_are_alike(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """So a step with an own penalty is not replayed from a graph of another."""
        stage = stage_of("model.size_grid=6", *NO_PATCH_LOSS)
        stage.steps = 100
        assert key_count(stage) < 100
        monkeypatch.setattr(LSGAN, "penalty", lambda loss, *images: images[0].sum())
        assert key_count(stage) == 100

    def test_each_term_alone_moves_the_generator(self) -> None:
        """By its weight, and by as many times that as there are steps from one to the next."""
        intervals = ("model.identity_interval=1", "model.patch_loss.nearest_patch.interval=2")
        options = {
            "generator": "adversarial_weight",
            "nearest_patch": "patch_loss.nearest_patch.weight",
            "sliced_wasserstein": "patch_loss.sliced_wasserstein.weight",
            "identity": "identity_weight",
            "cycle": "cycle_weight",
        }
        for term in options:
            weights = (f"model.{name}={3 * (term == key)}" for key, name in options.items())
            stage = stage_of(ACTS, *intervals, *weights)
            total, scalars = stage.generator_loss()
            assert set(scalars) == {term}
            assert not scalars[term].requires_grad
            expected = (6 if term == "nearest_patch" else 3) * float(scalars[term])
            assert float(total.detach()) == pytest.approx(expected, rel=1e-5)
            found = torch.autograd.grad(total, list(stage.generator.parameters()))
            assert all(bool(gradient.any()) for gradient in found), term
