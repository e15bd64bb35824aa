"""SinGAN is the method of its paper, and its samples keep the promises of the interface."""

import copy
from typing import Any
from unittest.mock import Mock, patch

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.resize import resize
from internal_gan.models.ladder import Widths, moving_window
from internal_gan.models.singan.model import SinGAN, sample_seed
from tests import tiny
from tests.tiny import finish_stages, model_of, recipe_of, same_weights, sample, stage_of, untrained

PADDED = (5, 5, 5, 5)


def test_in_training_every_coarser_scale_adds_its_own_noise() -> None:
    stage = stage_of(index=2)
    model = stage.model
    model.refine = Mock(wraps=model.refine)
    stage.discriminator_loss()
    assert [call.args[0] for call in model.refine.call_args_list] == [0, 1]
    for call in model.refine.call_args_list:
        scale, padded, *_ = call.args
        noise = padded[..., 5:-5, 5:-5]
        deviations = noise.std(dim=(1, 2, 3)) / model.noise_std[scale]
        assert deviations.tolist() == pytest.approx([1] * len(noise), abs=0.2)
        assert len(torch.unique(noise, dim=0)) == len(noise) > 1


def test_the_reconstruction_uses_z_star_and_no_further_noise(model: SinGAN) -> None:
    star = model.reconstruction_noise
    assert star.shape == (1, 1, 14, 20)
    image = model.generators[0](F.pad(star, PADDED).expand(1, 3, -1, -1))
    for scale in (1, 2):
        base = resize(image, model.sizes[scale])
        image = model.generators[scale](torch.zeros_like(F.pad(base, PADDED)), base)
    assert torch.equal(model.reconstruct(), image.clamp(-1, 1))


class TestWarmStart:
    def test_a_scale_starts_from_the_last_one_of_its_width(self) -> None:
        first = stage_of()
        with torch.no_grad():
            first.discriminator.get_parameter("output.weight").add_(0.1)
        first.finish()
        second = first.recipe.stage(first.model, 1, 4, first, tiny.rng(1))
        assert same_weights(second.generator, first.generator)
        assert same_weights(second.discriminator, first.discriminator)
        assert second.generator is not first.generator

    def test_a_scale_of_another_width_starts_from_new_weights(self) -> None:
        doubled = ("model.widths.factor=2", "model.widths.every=1", "model.widths.limit=8")
        stages = finish_stages(recipe_of(*doubled), model_of(*doubled), 3)
        assert [s.generator.get_parameter("output.weight").shape[1] for s in stages] == [4, 8, 8]
        assert same_weights(stages[2].generator, stages[1].generator)

    def test_a_finished_scale_is_frozen(self) -> None:
        stage = stage_of(index=1)
        stage.generator_loss()[0].backward()
        finished = stage.model.generators[0]
        assert not any(p.requires_grad for p in finished.parameters())
        assert not finished.training
        assert all(p.grad is not None for p in stage.generator.parameters())


class TestReals:
    def test_the_photo_is_the_first_and_the_closed_forms_drawings_follow(self) -> None:
        recipe, model = recipe_of("model.drawings=12"), model_of()
        stages: list[Any] = finish_stages(recipe, model, 3)
        for index, stage in enumerate(stages):
            assert torch.equal(stage.reals[:1], model.real(index))
            # As sharp as the photo, and all different.
            variations = stage.reals.diff(dim=3).abs().mean(dim=(1, 2, 3))
            assert float(variations[1:].min()) > 0.7 * float(variations[0])
            assert len(torch.unique(stage.reals, dim=0)) == len(stage.reals)
        assert [len(stage.reals) for stage in stages] == [8, 5, 3]
        # The finer ones have the arrangement of the coarser ones.
        coarse, fine = stages[0].reals, stages[1].reals
        assert float((resize(fine, stages[0].size) - coarse[: len(fine)]).abs().mean()) < 0.05

    def test_the_discriminator_judges_a_batch_of_them(self) -> None:
        stage = stage_of("model.batch=5", "model.drawings=8", "model.penalty_interval=1000")
        stage.judged = 1  # no penalty is due
        seen: list[Tensor] = []
        stage.discriminator.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        stage.discriminator_loss()
        real, fake = seen
        assert real.shape == fake.shape == (5, 3, *stage.size)
        nearest = [(stage.reals - one).abs().amax(dim=(1, 2, 3)).min() for one in real]
        assert max(map(float, nearest)) == 0
        assert len(torch.unique(real, dim=0)) > 1


class TestSample:
    def test_samples_with_the_training_seed_are_not_the_reconstruction(self, model: SinGAN) -> None:
        rebuilt = F.pad(model.reconstruction_noise, PADDED)
        with patch.object(model, "refine", wraps=model.refine) as refine:
            sample(model, 4, seed=0)
        noises = [call.args[1] for call in refine.call_args_list if call.args[0] == 0]
        assert len(noises) == 4
        assert not any(torch.equal(noise[:, :1], rebuilt) for noise in noises)

    def test_start_scale_injects_the_real_image(self, model: SinGAN) -> None:
        for scale in (1, 2):
            noises = tiny.rng(sample_seed(4, 0))
            image = resize(model.image, model.sizes[scale - 1]).clamp(-1, 1)
            for index in range(scale, 3):
                size = model.sizes[index]
                noise = model.random_noise(index, size, 1, noises)
                image = model.generators[index](noise, resize(image, size)).detach()
            drawn = sample(model, 1, start_scale=scale, seed=4)
            torch.testing.assert_close(drawn, image.clamp(-1, 1))


class TestLosses:
    def test_each_scale_has_its_weights(self) -> None:
        weights = ("model.adversarial_weight=[1,0.5,0]", "model.reconstruction_weight=[0,3,100]")
        for index, (beta, alpha) in enumerate([(1, 0), (0.5, 3), (0, 100)]):
            total, scalars = stage_of(*weights, base=tiny.PAPER, index=index).generator_loss()
            expected = beta * scalars["generator"] + alpha * scalars["reconstruction"]
            assert float(total.detach()) == pytest.approx(float(expected), rel=1e-5)

    def test_the_penalty_is_computed_at_intervals_with_proportional_weight(self) -> None:
        loss = "model/adversarial_loss=wgan_gp"  # which punishes gradients near 0, too
        stage = stage_of(loss, "model.penalty_interval=3", "model.penalty_crop=null")
        for stage.judged in range(7):
            total, scalars = stage.discriminator_loss()
            penalty = scalars.get("penalty", torch.zeros(()))
            expected = scalars["discriminator"] + 3 * penalty
            assert (penalty > 0.01) == (stage.judged % 3 == 0)
            assert float(total.detach()) == pytest.approx(float(expected), rel=1e-5)

    def test_the_generator_learns_from_the_last_images_that_were_judged(self) -> None:
        stage = stage_of("model.discriminator_steps=3", "model.penalty_interval=1000")
        seen: list[Tensor] = []
        stage.discriminator.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        for stage.judged in (3, 4, 5):  # no penalty is due
            stage.discriminator_loss()
        stage.generator_loss()
        assert [torch.equal(fake, seen[-1]) for fake in seen[1:6:2]] == [False, False, True]

    def test_windows_move_over_the_whole_image_and_fit_into_it(self) -> None:
        stage = stage_of("model.penalty_crop=12", "model.discriminator_crop=13")
        shapes, visits = set[torch.Size](), torch.zeros(14, 20)
        stage.discriminator.register_forward_pre_hook(lambda _, given: shapes.add(given[0].shape))
        for stage.step in range(40):
            stage.judged = stage.step
            visits[moving_window(stage.size, 13, stage.step)] += 1
            for loss in (stage.discriminator_loss, stage.generator_loss):
                total, _ = loss()
                assert torch.isfinite(total)
        assert shapes == {(4, 3, 13, 13), (4, 3, 12, 12)}
        assert int(visits.min()) > 0


def test_each_pass_enlarges_by_about_the_square_of_the_ratio_of_the_finest_scales() -> None:
    model = untrained()  # (17, 23) and (20, 28): a ratio of 1.197, its square 1.43
    assert model.enlarged_sizes(4, (20, 28)) == [(28, 40), (40, 56), (57, 79), (80, 112)]
    assert model.enlarged_sizes(1.01, (20, 28)) == [(20, 28)]


def test_back_projection_brings_the_result_closer_to_the_photo() -> None:
    photo, distances = tiny.picture(), []
    for ratio in ("null", "1.43"):
        model = untrained(f"model.enlarging_ratio={ratio}")
        model.noise_std.fill_(0.3)
        result = model.super_resolve(2, photo)
        distances.append(float((resize(result, (40, 56)) - photo).abs().mean()))
    assert distances[0] < 0.2 * distances[1]


def test_widths_change_every_few_scales_up_to_their_limit() -> None:
    for first, factor, limit in ((32, 2, 128), (64, 0.5, 16)):
        widths = Widths(coarsest=first, factor=factor, every=2, limit=limit)
        expected = [first] * 2 + [first * factor] * 2 + [limit] * 4
        assert [widths.at(scale) for scale in range(8)] == expected


def test_the_working_image_is_the_photo_at_the_finest_size() -> None:
    photo = tiny.picture(60, 84)
    torch.testing.assert_close(model_of(pixels=photo).image, resize(photo, (20, 28)).clamp(-1, 1))
    assert torch.equal(model_of("model.max_size=null", pixels=photo).image, photo)


def test_every_device_samples_the_same(device: torch.device, model: SinGAN) -> None:
    images = [sample(one, 2, (30, 41), seed=1) for one in (copy.deepcopy(model).to(device), model)]
    torch.testing.assert_close(*images, rtol=1e-3, atol=1e-3)
